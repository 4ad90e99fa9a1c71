"""Decoding and model runtimes behind adapters: what turns footage into frames, and frames into boxes.

onnxruntime's wheels report each model and session to their maker unless they are told not to before they are imported
(from 1.29 on; its Privacy.md). Whoever imports anything from here has told them.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
