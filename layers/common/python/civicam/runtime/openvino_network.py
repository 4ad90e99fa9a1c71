"""A network on OpenVINO: in bf16 twice as fast as onnxruntime in f32, where the processor has that arithmetic."""

import os
from collections import Counter
from functools import partial
from threading import Lock, local
from typing import Any

import openvino
from openvino.preprocess import PrePostProcessor

from civicam.contracts.errors import Rejected
from civicam.runtime.network import CPU
from civicam.runtime.onnx_channels import channels_in_place
from civicam.runtime.onnx_file import ready_onnx
from civicam.runtime.onnx_graph import outputs_of, rewritten
from civicam.runtime.onnx_heads import short_heads
from civicam.runtime.onnx_rewrites import spelled_out_shuffles
from civicam.vision.boxes import Floats, Pixels
from civicam.vision.catalogue import Input, Model

MOST_SHAPES = 12
"""Canvases that a network is compiled for by name: a fifth faster than for any size, and half a second each..."""
WORTH_RUNS = 32
"""... so only for those that come back: what is seen of heads is seldom twice of one size."""
Shape = tuple[int, ...]
_CORE = openvino.Core()


class OpenVinoNetwork:
    """One model, compiled for each size of canvas that it meets; any number of threads may run it, each on a core."""

    def __init__(self, model: Model, file: bytes, precision: str = "bf16") -> None:
        """`file` as `load_model` gives it; raises Rejected (`malformed_model`) where the runtime cannot take it."""
        ready = rewritten(
            ready_onnx(file, free_size=model.input.size is None),
            partial(short_heads, classes=model.output.classes),
            partial(channels_in_place, block=1),
            spelled_out_shuffles,
        )
        self._options, self._lock, self._own = _options(precision), Lock(), local()
        try:
            self._model = _normalising(_CORE.read_model(ready), model.input)
            self._for_any = _CORE.compile_model(self._model, "CPU", self._options)
        except RuntimeError as error:
            raise Rejected("malformed_model", f"OpenVINO cannot run {model.name}: {error}") from error
        self._compiled: dict[Shape, Any] = {}
        self._runs: Counter[Shape] = Counter()
        self._names = outputs_of(ready)  # OpenVINO may know one by another name
        self.precision = precision

    @property
    def provider(self) -> str:
        """The CPU, as the other runtime calls it."""
        return CPU

    @property
    def gains_by_batches(self) -> bool:
        """No: it is a CPU."""
        return False

    @property
    def takes_bytes(self) -> bool:
        """Yes: normalising is a part of its first operation."""
        return True

    def run(self, pixels: Pixels) -> dict[str, Floats]:
        """One run, by a request of the calling thread's own."""
        found = self._request(pixels.shape).infer([pixels], share_inputs=True)
        return dict(zip(self._names, (found[place] for place in range(len(self._names))), strict=True))

    def _request(self, shape: Shape) -> Any:
        requests: dict[Any, Any] = self._own.__dict__.setdefault("requests", {})
        compiled = self._compiled_for(shape)
        return requests.get(compiled) or requests.setdefault(compiled, compiled.create_infer_request())

    def _compiled_for(self, shape: Shape) -> Any:
        with self._lock:
            self._runs[shape] += 1
            worth = self._runs[shape] > WORTH_RUNS and len(self._compiled) < MOST_SHAPES
            if worth and shape not in self._compiled:
                self._model.reshape([*shape])
                self._compiled[shape] = _CORE.compile_model(self._model, "CPU", self._options)
            return self._compiled.get(shape, self._for_any)


def _normalising(network: openvino.Model, wanted: Input) -> Any:
    """The network with bytes as its input."""
    steps: Any = PrePostProcessor(network)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout(wanted.layout.upper()))
    steps.input().model().set_layout(openvino.Layout(wanted.layout.upper()))
    normal = steps.input().preprocess().convert_element_type(openvino.Type.f32)
    normal.mean([*wanted.mean]).scale([*wanted.deviation])
    return steps.build()


def _options(precision: str) -> dict[str, object]:
    """A thread for a picture, and as many pictures at once as there are cores.

    Without `ENABLE_CPU_PINNING: False` every process pins itself to core 0 (measured).
    """
    cores = len(os.sched_getaffinity(0))
    return {
        "INFERENCE_PRECISION_HINT": precision,
        "ENABLE_CPU_PINNING": False,
        "INFERENCE_NUM_THREADS": cores,
        "NUM_STREAMS": cores,
    }
