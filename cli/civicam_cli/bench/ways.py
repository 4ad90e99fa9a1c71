"""Two ways of looking at a clip: the city's own code, and the naive one that it is compared with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Protocol

import av
import numpy as np
import onnxruntime
from av.video.reformatter import VideoReformatter
from PIL import Image

from civicam.contracts.cameras import Camera, ClipStored, Profile
from civicam.contracts.errors import NotFound
from civicam.contracts.facts import ClipFact
from civicam.contracts.footage import ClockQuality, Footage
from civicam.contracts.geometry import Line
from civicam.contracts.ids import digest
from civicam.contracts.vision import Box, ClipBoxes, ClipDetected, Sampled
from civicam.runtime.decoding import DecodedFrame
from civicam.runtime.detector import Detector
from civicam.runtime.looking import ClipDetector
from civicam.runtime.models import load_model
from civicam.runtime.onnx_file import ready_onnx
from civicam.runtime.runtimes import Precision, network_for
from civicam.runtime.sandbox import sample
from civicam.runtime.sandbox_protocol import SampleRequest
from civicam.vision.boxes import Size, fit
from civicam.vision.catalogue import Model, Task, load_catalogue
from civicam.vision.finding import find_boxes
from civicam.vision.judging import EMPTY, judge
from civicam.vision.orders import detected, passes_wanted
from civicam.vision.pack import Pack
from civicam_cli.bench.clips import FPS, SECONDS
from civicam_cli.model_sources import here

START = datetime(2026, 11, 24, tzinfo=UTC)
MEDIA_TYPE = "video/mp4"
CAMERA = Camera(
    camera_id="01JZ0M4P000000000000000000",
    name="a camera of the benchmark",
    owner_id="nobody",
    unit_id="nowhere",
    position=(106.7, 10.8),
    profile=Profile(lines=(Line(line_id="across", points=((100.0, 400.0), (1200.0, 400.0))),)),
)
"""Vehicles with a line, crowd and faces: what most cameras are for."""


class Way(Protocol):
    """A way of looking at clips."""

    def get_ready(self, clips: Sequence[Path]) -> None:
        """Do what a worker does once in its life."""

    def look(self, path: Path) -> None:
        """Do all the work that one clip of ten seconds takes."""


def model_and_file(task: Task) -> tuple[Model, bytes]:
    """The catalogue's default model for a pass, or the floor where only that one is here."""
    known = load_catalogue()
    for model in (*(one for one in known.of(task) if one.tier == "default"), known.floor(task)):
        try:
            return model, load_model(model, here())
        except NotFound:
            continue
    raise NotFound(f"no model for {task} is here: run `make setup`, or `civicam models fetch`")


def detector_of(task: Task, precision: Precision = "best") -> Detector:
    """The detector of a pass as the functions make it."""
    model, file = model_and_file(task)
    return Detector(model, network_for(model, file, precision))


@dataclass(frozen=True)
class CityWay:
    """Sampled in the sandbox, detected once from the pack, judged by every analytic: the functions' code."""

    fps: float
    precision: Precision = "best"

    @cached_property
    def detector(self) -> ClipDetector[Detector]:
        """The detectors of every pass."""
        return ClipDetector({str(task): detector_of(task, self.precision) for task in Task})

    def get_ready(self, clips: Sequence[Path]) -> None:
        """Look at each clip once: models loaded, networks compiled for its canvases, the decoder's helper started."""
        for clip in clips:
            self.look(clip)

    def look(self, path: Path) -> None:
        """Sample, detect and judge."""
        self.judge(self.sample(path))

    def sample(self, path: Path) -> Pack:
        """The clip's pack."""
        return sample(path, SampleRequest(media_type=MEDIA_TYPE, capture_start=START, fps=self.fps))

    def judge(self, pack: Pack) -> dict[str, ClipBoxes]:
        """The boxes of every pass, the facts stated."""
        clip, boxes = self._seen(pack)
        judge(CAMERA.profile, clip, boxes, EMPTY, judged_at=START)
        return boxes

    def facts(self, path: Path) -> tuple[ClipFact, ...]:
        """What is stated of a clip."""
        clip, boxes = self._seen(self.sample(path))
        return judge(CAMERA.profile, clip, boxes, EMPTY, judged_at=START).facts

    def _seen(self, pack: Pack) -> tuple[ClipDetected, dict[str, ClipBoxes]]:
        clip = _clip(pack.manifest.sampled)
        return clip, self.detector.detect(clip.footage.clip_id, pack, passes_wanted(CAMERA.profile))


@dataclass(frozen=True)
class Sampling(CityWay):
    """As far as the pack alone."""

    def look(self, path: Path) -> None:
        """Sample."""
        self.sample(path)


@dataclass(frozen=True)
class NaiveWay:
    """Each of the three analytics decodes every frame for itself, and detects in each sampled one for itself.

    By the book: libav and onnxruntime as they come, one thread, pictures by Pillow, the recipe in numpy.
    """

    fps: float

    @cached_property
    def networks(self) -> Mapping[Task, "PlainNetwork"]:
        """The model of each pass."""
        return {task: PlainNetwork(*model_and_file(task)) for task in Task}

    def get_ready(self, clips: Sequence[Path]) -> None:  # noqa: ARG002 - nothing of it depends on the clips
        """Load the models."""
        for network in self.networks.values():
            network.find(Image.new("RGB", (1920, 1080)))

    def look(self, path: Path) -> None:
        """What vehicles, crowd and faces take, one after the other."""
        for task in (Task.OBJECTS, Task.OBJECTS, Task.FACES):
            for _, picture in sampled_pictures(path, self.fps):
                self.networks[task].find(picture)


class PlainNetwork:
    """A model on onnxruntime as it was exported, its input prepared as its recipe is written."""

    def __init__(self, model: Model, file: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        ready = ready_onnx(file, free_size=model.input.size is None)
        self._session = onnxruntime.InferenceSession(ready, options, providers=["CPUExecutionProvider"])
        self.model = model

    def find(self, picture: Image.Image, source: Size | None = None) -> tuple[Box, ...]:
        """The boxes in a picture, in its pixels or those of the `source` that it shows."""
        wanted = self.model.input
        place = fit(wanted.fit, picture.size, wanted.canvas(picture.size))
        canvas = Image.new("RGB", place.canvas, (wanted.pad,) * 3)
        canvas.paste(picture.resize(place.content, Image.Resampling.BILINEAR))
        pixels = np.asarray(canvas)[..., :: 1 if wanted.colour == "rgb" else -1].astype(np.float32)
        mean, deviation = np.array(wanted.mean, np.float32), np.array(wanted.deviation, np.float32)
        normal = (pixels - mean) / deviation
        batch = normal.transpose(2, 0, 1)[None] if wanted.layout == "nchw" else normal[None]
        names = [output.name for output in self._session.get_outputs()]
        found = self._session.run(names, {self._session.get_inputs()[0].name: np.ascontiguousarray(batch)})
        return find_boxes(self.model.output, dict(zip(names, found, strict=True)), place, source or picture.size)


def sampled_pictures(path: Path, fps: float, long_side: int | None = None) -> Iterator[tuple[int, Image.Image]]:
    """Every so manieth frame of a bench clip with its index, all of them decoded; by libav's scaler if at all."""
    scaler = VideoReformatter()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for index, frame in enumerate(container.decode(stream)):
            if index % round(FPS / fps) == 0:
                whole = long_side or max(frame.width, frame.height)
                yield index, DecodedFrame(index, frame, scaler).image(whole)


def _clip(sampled: Sampled) -> ClipDetected:
    footage = Footage.place(
        camera_id=CAMERA.camera_id,
        capture_start=START,
        capture_end=START + timedelta(seconds=SECONDS),
        clock_quality=ClockQuality.SYNCED,
        sha256=digest("bench"),
        size_bytes=1,
        media_type=MEDIA_TYPE,
        bucket="file",
    )
    stored = ClipStored(fact_id=footage.clip_id, camera_id=CAMERA.camera_id, footage=footage, stored_at=START)
    return detected(stored, CAMERA, sampled, {})
