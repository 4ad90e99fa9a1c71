"""Faces: how many are in the picture, and how large. No templates, no tracks: nobody is followed by their face."""

from statistics import median

from pydantic import JsonValue

from civicam.contracts.base import Body
from civicam.contracts.facts import ClipFact
from civicam.contracts.vision import FacesSeen
from civicam.vision.analytic import Analytic, View, mean


class FaceParameters(Body):
    """What counts as a face is the detector's threshold: there is nothing to set."""


def judge(view: View, memory: JsonValue) -> tuple[ClipFact, JsonValue]:
    """Faces over all frames that were looked at. No frames give zeros."""
    faces = view.labelled("face")
    counts = [len(frame) for frame in faces]
    every = [box for frame in faces for box in frame]
    fact = view.state(
        FacesSeen,
        behind=every,
        window=view.window,
        faces_mean=mean(counts),
        faces_max=max(counts, default=0),
        width_px_median=round(median(box.xyxy[2] - box.xyxy[0] for box in every), 2) if every else None,
    )
    return fact, memory


FACES = Analytic(
    name="face",
    version=1,
    reads="faces",
    lowest_fps=0.0,
    states=FacesSeen,
    parameters=FaceParameters(),
    judge=judge,
)
