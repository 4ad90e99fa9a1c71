"""Adapters for the heavy libraries (libav, onnxruntime): same level as `civicam.aws`, imported by what needs them."""
