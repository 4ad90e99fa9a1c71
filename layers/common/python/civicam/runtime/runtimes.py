"""Which runtime a model runs on here: a GPU, else OpenVINO in bf16 where the processor has it, else onnxruntime."""

import os
from importlib.util import find_spec
from typing import Literal

from civicam.contracts.errors import Inconsistent
from civicam.runtime.host import cpu_flags
from civicam.runtime.network import CPU, Network, OnnxNetwork, providers
from civicam.vision.catalogue import Model

SETTING = "INFERENCE_PRECISION"
Precision = Literal["best", "f32"]
BF16_FLAGS = {"avx512_bf16", "amx_bf16"}


def network_for(model: Model, file: bytes, precision: Precision = "best") -> Network:
    """The model on the fastest runtime of this machine; `file` and errors as of the network's class.

    The precision asked for gives way to INFERENCE_PRECISION, where that is set. `f32` gives the same boxes on every
    machine.
    """
    wanted = providers()
    if wanted == (CPU,) and _wanted(precision) == "best" and has_bf16():
        from civicam.runtime.openvino_network import OpenVinoNetwork  # noqa: PLC0415 - not everywhere installed

        return OpenVinoNetwork(model, file)
    return OnnxNetwork(model, file, wanted)


def has_bf16() -> bool:
    """Whether this processor computes in bf16, and there is a runtime here that makes use of it."""
    return bool(BF16_FLAGS & cpu_flags()) and find_spec("openvino") is not None


def _wanted(precision: Precision) -> str:
    told = os.environ.get(SETTING) or precision
    if told not in ("best", "f32"):
        raise Inconsistent(f"{SETTING} is {told!r}: set it to best or f32")
    return told
