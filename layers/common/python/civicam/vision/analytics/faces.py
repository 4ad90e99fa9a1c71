"""Faces: how many are in the picture, how large and clear. No templates, no tracks: a face follows nobody."""

from collections.abc import Sequence
from statistics import median
from typing import Any, cast

from pydantic import Field, JsonValue

from civicam.contracts.base import Body, Document
from civicam.contracts.facts import ClipFact
from civicam.contracts.vision import Box, FacesSeen
from civicam.vision.analytic import Analytic, View, mean
from civicam.vision.held import Held, Look


class FaceParameters(Body):
    """How well faces can be counted. What counts as a face is the detector's threshold."""

    small_px: float = Field(default=16.0, gt=0)
    """Narrower faces are missed and invented more often than others: whoever reads the count shall know."""


class Memory(Document):
    """What goes from clip to clip: when how many were seen in the last second, nothing of whom."""

    held: dict[str, tuple[Look, ...]] = Field(default_factory=dict)


def judge(view: View, memory: JsonValue) -> tuple[tuple[ClipFact, ...], JsonValue]:
    """Faces over all frames that were looked at. No frames give zeros."""
    held, faces = Held(Memory.model_validate(memory or {}).held), view.labelled("face")
    looks = [(view.at_ms(frame), len(boxes)) for frame, boxes in zip(view.frames, faces, strict=True)]
    every = [box for boxes in faces for box in boxes]
    fact = view.state(
        FacesSeen,
        behind=every,
        window=view.window,
        faces_mean=mean([count for _, count in looks]),
        faces_max=held.most("", looks),
        **_measured(every, cast(FaceParameters, view.parameters)),
    )
    document: JsonValue = Memory(held=held.after).model_dump(mode="json")
    return (fact,), document


def _measured(faces: Sequence[Box], parameters: FaceParameters) -> dict[str, Any]:
    if not faces:
        return {"width_px_median": None}
    widths = [box.xyxy[2] - box.xyxy[0] for box in faces]
    return {
        "width_px_median": round(median(widths), 2),
        "small_share": round(sum(width < parameters.small_px for width in widths) / len(widths), 4),
        "score_median": round(median(box.score for box in faces), 4),
    }


FACES = Analytic(
    name="face",
    version=2,
    reads="faces",
    lowest_fps=0.0,
    states=FacesSeen,
    parameters=FaceParameters(),
    judge=judge,
)
