"""A detector: a catalogued model on onnxruntime, which turns a pack's pictures into boxes."""

import io
from collections.abc import Sequence

import onnxruntime
from PIL import Image

from civicam.contracts.errors import Inconsistent, Rejected
from civicam.contracts.vision import Box, ClipBoxes, FrameBoxes
from civicam.runtime.canvas import Canvas
from civicam.runtime.onnx_file import ready_onnx
from civicam.vision.boxes import Size
from civicam.vision.catalogue import Model
from civicam.vision.finding import find_boxes
from civicam.vision.pack import Pack

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def providers(available: Sequence[str] | None = None) -> tuple[str, ...]:
    """Where to run: CUDA if this machine's runtime has it, and in any case the CPU."""
    available = onnxruntime.get_available_providers() if available is None else available
    return (CUDA, CPU) if CUDA in available else (CPU,)


class Detector:
    """One session for one model. Not for two threads at once: it keeps its canvas from picture to picture."""

    def __init__(self, model: Model, file: bytes, providers: Sequence[str] = (CPU,)) -> None:
        """`file` as `load_model` gives it; raises Rejected (`malformed_model`) where the runtime cannot take it."""
        self.model = model
        if CUDA in providers:
            onnxruntime.preload_dlls()  # CUDA's libraries come as wheels, where no loader looks by itself
        try:
            self._session = onnxruntime.InferenceSession(
                ready_onnx(file, free_size=model.input.size is None), _options(), providers=list(providers)
            )
        except Exception as error:  # onnxruntime raises classes of its own for each way a file can be wrong
            raise Rejected("malformed_model", f"onnxruntime cannot run {model.name}: {error}") from error
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._canvas = Canvas(model.input)

    @property
    def provider(self) -> str:
        """Where it really runs: the runtime falls back to the CPU where CUDA cannot be started."""
        return str(self._session.get_providers()[0])

    def find(self, picture: Image.Image, source: Size) -> tuple[Box, ...]:
        """The boxes in one RGB picture, in pixels of the `source` that it shows (of which it may be a smaller copy)."""
        laid = self._canvas.lay(picture)
        found = self._session.run(self._outputs, {self._input: self._canvas.pixels})
        return find_boxes(self.model.output, dict(zip(self._outputs, found, strict=True)), laid, source)

    def detect(self, clip_id: str, pack: Pack) -> ClipBoxes:
        """What the model sees in each kept frame of a pack; frames that were still are listed as they are."""
        sampled = pack.manifest.sampled
        size = (sampled.width, sampled.height)
        frames = [
            FrameBoxes(index=frame.index, time_s=frame.time_s, boxes=self.find(open_picture(frame.jpeg), size))
            for frame in pack.frames
        ]
        return ClipBoxes(
            clip_id=clip_id,
            model=self.model.name,
            model_digest=self.model.sha256,
            width=size[0],
            height=size[1],
            sampling_fps=sampled.sampling_fps,
            frames=tuple(frames),
            still=pack.manifest.still,
            thresholds=self.model.output.counting,
        )


def open_picture(jpeg: bytes) -> Image.Image:
    """A pack's picture as RGB; raises Inconsistent where it cannot be decoded."""
    try:
        return Image.open(io.BytesIO(jpeg), formats=["JPEG"]).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise Inconsistent(f"a picture of the pack cannot be decoded: {error}") from error


def _options() -> onnxruntime.SessionOptions:
    """One thread a session and one session a core: two threads on one picture waste a third (measured)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3  # its warnings are about how the file was exported
    return options
