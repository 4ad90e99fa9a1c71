"""From a network's output to boxes: one file per kind of output, all listed here; pure numpy."""

from civicam.vision.decoders.anchors import decode_anchors
from civicam.vision.decoders.ask import Ask, Decoder, Outputs
from civicam.vision.decoders.centerface import decode_centerface
from civicam.vision.decoders.detections import decode_detections
from civicam.vision.decoders.picodet import decode_picodet
from civicam.vision.decoders.yolox import decode_yolox
from civicam.vision.decoders.yunet import decode_yunet

DECODERS: dict[str, Decoder] = {
    "anchors": decode_anchors,
    "centerface": decode_centerface,
    "detections": decode_detections,
    "picodet": decode_picodet,
    "yolox": decode_yolox,
    "yunet": decode_yunet,
}
"""By the name that the catalogue uses. A new kind of output is one function and one line here."""

__all__ = ["DECODERS", "Ask", "Decoder", "Outputs"]
