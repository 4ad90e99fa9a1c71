"""`civicam analyse`, in parts: the camera, the input, the models, the document."""
