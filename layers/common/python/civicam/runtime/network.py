"""A network on a runtime: pixels in, outputs by name. Whoever has boxes to make of them need not know what runs it."""

from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Protocol

import onnxruntime

from civicam.contracts.errors import Rejected
from civicam.runtime.onnx_channels import channels_in_place
from civicam.runtime.onnx_file import ready_onnx
from civicam.runtime.onnx_graph import rewritten
from civicam.runtime.onnx_heads import short_heads
from civicam.runtime.onnx_rewrites import hard_sigmoid, nearest_by_floor
from civicam.vision.boxes import Floats, Pixels
from civicam.vision.catalogue import Model

CPU, CUDA, TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"

BLOCK = 16
"""Channels that onnxruntime takes at once with AVX-512; AVX2's 8 divide it."""


class Network(Protocol):
    """What a detector asks of its network."""

    @property
    def provider(self) -> str:
        """Where it really runs."""

    @property
    def precision(self) -> str:
        """The arithmetic that it runs in: `f32`, `bf16`."""

    @property
    def gains_by_batches(self) -> bool:
        """Whether several pictures at once are worth it, and possible."""

    @property
    def takes_bytes(self) -> bool:
        """Whether it takes pixels as pictures have them, a byte a channel, and normalises them by itself."""

    def run(self, pixels: Pixels) -> Mapping[str, Floats]:
        """Its outputs for a batch as a canvas holds it, each with the batch as its first axis."""


def providers(available: Sequence[str] | None = None, *, has_tensorrt: bool | None = None) -> tuple[str, ...]:
    """Where to run, best first: TensorRT where its libraries are installed, CUDA where the runtime has it, the CPU.

    The runtime for GPUs names TensorRT among its providers whether or not its libraries are there.
    """
    available = onnxruntime.get_available_providers() if available is None else available
    has_tensorrt = find_spec("tensorrt_libs") is not None if has_tensorrt is None else has_tensorrt
    wanted = (TENSORRT, CUDA) if has_tensorrt else (CUDA,)
    return (*(one for one in wanted if one in available), CPU)


class OnnxNetwork:
    """One session of onnxruntime for one model; any number of threads may run it."""

    def __init__(self, model: Model, file: bytes, providers: Sequence[str] = (CPU,)) -> None:
        """`file` as `load_model` gives it; raises Rejected (`malformed_model`) where the runtime cannot take it."""
        if CUDA in providers:
            onnxruntime.preload_dlls()  # CUDA's libraries come as wheels, where no loader looks by itself
        try:
            self._session = onnxruntime.InferenceSession(
                _rewritten(model, file),
                _options(),
                providers=list(providers),
            )
        except Exception as error:  # onnxruntime raises classes of its own for each way a file can be wrong
            raise Rejected("malformed_model", f"onnxruntime cannot run {model.name}: {error}") from error
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]

    @property
    def provider(self) -> str:
        """The runtime falls back to the next provider where one cannot be started."""
        return str(self._session.get_providers()[0])

    @property
    def precision(self) -> str:
        """As the file has it."""
        return "f32"

    @property
    def gains_by_batches(self) -> bool:
        """On a GPU, where the model leaves the batch open; on a CPU batches gain nothing (measured)."""
        ends = (*self._session.get_inputs(), *self._session.get_outputs())
        return self.provider != CPU and not any(isinstance(end.shape[0], int) for end in ends)

    @property
    def takes_bytes(self) -> bool:
        """No: converting and transposing cost it more than a kept canvas does (measured)."""
        return False

    def run(self, pixels: Pixels) -> dict[str, Floats]:
        """One run of the session."""
        found = self._session.run(self._outputs, {self._input: pixels})
        return dict(zip(self._outputs, found, strict=True))


def _rewritten(model: Model, file: bytes) -> bytes:
    return rewritten(
        ready_onnx(file, free_size=model.input.size is None),
        hard_sigmoid,
        nearest_by_floor,
        partial(short_heads, classes=model.output.classes),
        partial(channels_in_place, block=BLOCK),
    )


def _options() -> onnxruntime.SessionOptions:
    """One thread a session and one session a core: two threads on one picture waste a third (measured)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3  # its warnings are about how the file was exported
    return options
