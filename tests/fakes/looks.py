"""Looks at clips, as a recorder makes them whose camera's pixels stay at the edge; and the models beside it."""

from datetime import datetime
from pathlib import Path

from civicam.contracts.vision import Box, ClipBoxes, FrameBoxes
from civicam.runtime.models import load_model
from civicam.runtime.sandbox import sample_footage
from civicam.vision.catalogue import Task, load_catalogue
from civicam.vision.look import Look
from civicam.vision.pack import Manifest
from civicam_cli.model_sources import here

SEEN = Box(label="car", score=0.9, xyxy=(1, 2, 30, 40))


def floor_models(folder: Path) -> Path:
    """The floor of each pass, as files that somebody copied into the folder."""
    for task in Task:
        model = load_catalogue().floor(task)
        (folder / model.file).write_bytes(load_model(model, here()))
    return folder


def look_at(film: bytes, start: datetime, fps: float = 5.0) -> Look:
    """A look that found the same box in every picture, by every pass."""
    pack = sample_footage(film, "video/mp4", start, fps=fps)
    return Look({str(task): _found(task, pack.manifest) for task in Task}, pack)


def _found(task: Task, manifest: Manifest) -> ClipBoxes:
    model = load_catalogue().floor(task)
    return ClipBoxes(
        clip_id="",
        model=model.name,
        model_digest=model.sha256,
        width=manifest.sampled.width,
        height=manifest.sampled.height,
        sampling_fps=manifest.sampled.sampling_fps,
        frames=tuple(FrameBoxes(index=one.index, time_s=one.time_s, boxes=(SEEN,)) for one in manifest.frames),
        still=manifest.still,
    )
