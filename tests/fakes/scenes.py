"""Scripted scenes: things that move as told, as a perfect detector would box them, in clips cut wherever one likes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from civicam.contracts.footage import ClockQuality, Footage
from civicam.contracts.ids import digest
from civicam.contracts.vision import Box, ClipBoxes, ClipDetected, FrameBoxes, Sampled
from civicam.vision.tracks import TimedFrame

CAMERA = "01JD8K3V4N0000000000000001"
START = datetime(2026, 11, 24, 10, 45, tzinfo=UTC)
START_MS = round(START.timestamp() * 1000)
WIDTH, HEIGHT = 1280, 720
THRESHOLDS = {"car": 0.5, "truck": 0.5, "motorcycle": 0.5, "person": 0.5, "face": 0.5}


@dataclass(frozen=True)
class Mover:
    """One thing: from (x, y) at `since_s`, with so many pixels a second, until `until_s`."""

    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0
    since_s: float = 0.0
    until_s: float = 1e9
    label: Any = "car"
    score: float = 0.9
    width: float = 80.0
    height: float = 60.0

    def box(self, at_s: float, **changes: Any) -> Box | None:
        """Its box at that second, where any of it is in the picture."""
        if not self.since_s <= at_s < self.until_s:
            return None
        x, y = self.x + self.vx * (at_s - self.since_s), self.y + self.vy * (at_s - self.since_s)
        x1, x2 = max(0.0, x - self.width / 2), min(float(WIDTH), x + self.width / 2)
        y1, y2 = max(0.0, y - self.height / 2), min(float(HEIGHT), y + self.height / 2)
        if x2 - x1 < self.width / 4 or y2 - y1 < self.height / 4:
            return None
        return Box(**{"label": self.label, "score": self.score, "xyxy": (x1, y1, x2, y2)} | changes)


def route(*places: tuple[float, float, float], **looks: Any) -> list[Mover]:
    """One thing's way through places (seconds, x, y): straight from one to the next; it stands where two are one."""
    return [
        Mover(x, y, vx=(to_x - x) / (to_s - at_s), vy=(to_y - y) / (to_s - at_s), since_s=at_s, until_s=to_s, **looks)
        for (at_s, x, y), (to_s, to_x, to_y) in pairwise(places)
    ]


Instant = tuple[float, tuple[Box, ...]]
"""Seconds from the scene's start, and what is seen."""


def instants(movers: Iterable[Mover], *, seconds: float, fps: float = 5.0) -> list[Instant]:
    """What is seen at each sample."""
    things = list(movers)
    return [
        (second, tuple(box for thing in things if (box := thing.box(second))))
        for second in (round(number / fps, 6) for number in range(round(seconds * fps)))
    ]


def timed(seen: Sequence[Instant]) -> list[TimedFrame]:
    """The samples as the tracker takes them."""
    return [TimedFrame(n, START_MS + round(1000 * at_s), boxes, THRESHOLDS) for n, (at_s, boxes) in enumerate(seen)]


@dataclass(frozen=True)
class SceneClip:
    """One clip of a scene: the fact that it was detected, and its boxes by pass."""

    detected: ClipDetected
    boxes: dict[str, ClipBoxes]


def clip_of(
    seen: Sequence[Instant],
    start_s: float = 0.0,
    end_s: float | None = None,
    fps: float = 5.0,
    faces: Sequence[Instant] | None = None,
    **sampled: Any,
) -> SceneClip:
    """The clip from `start_s` to `end_s` (the end of the scene) of what is seen."""
    end_s = round(seen[-1][0] + 1 / fps, 6) if end_s is None else end_s
    footage = Footage.place(
        camera_id=CAMERA,
        capture_start=START + timedelta(seconds=start_s),
        capture_end=START + timedelta(seconds=end_s),
        clock_quality=ClockQuality.SYNCED,
        sha256=digest("scene", str(start_s), str(end_s)),
        size_bytes=1000,
        media_type="video/mp4",
        bucket="footage",
    )
    boxes = {"objects": _boxes(footage, seen, start_s, end_s, fps)}
    if faces is not None:
        boxes["faces"] = _boxes(footage, faces, start_s, end_s, fps)
    facts = {"width": WIDTH, "height": HEIGHT, "duration_s": end_s - start_s, "source_fps": 25.0, "sampling_fps": fps}
    detected = ClipDetected(
        fact_id=digest("detected", footage.clip_id),
        camera_id=CAMERA,
        footage=footage,
        profile_version=1,
        sampled=Sampled(**facts | {"frames": len(boxes["objects"].frames), "coverage": 1.0} | sampled),
        boxes={name: f"s3://work/boxes/{footage.clip_id}/live.json.gz#{name}" for name in boxes},
        ingested_at=footage.capture_end,
    )
    return SceneClip(detected, boxes)


def cut(seen: Sequence[Instant], borders_s: Iterable[float], fps: float = 5.0) -> list[SceneClip]:
    """The scene in clips that begin and end at these seconds."""
    end_s = round(seen[-1][0] + 1 / fps, 6)
    edges = sorted({0.0, *(border for border in borders_s if 0 < border < end_s), end_s})
    return [clip_of(seen, start, end, fps) for start, end in pairwise(edges)]


def _boxes(footage: Footage, seen: Sequence[Instant], start_s: float, end_s: float, fps: float) -> ClipBoxes:
    inside = [(at_s, boxes) for at_s, boxes in seen if start_s <= at_s < end_s]
    return ClipBoxes(
        clip_id=footage.clip_id,
        model="scripted",
        model_digest="a" * 64,
        width=WIDTH,
        height=HEIGHT,
        sampling_fps=fps,
        frames=tuple(
            FrameBoxes(index=index, time_s=round(at_s - start_s, 6), boxes=boxes)
            for index, (at_s, boxes) in enumerate(inside)
        ),
        thresholds=THRESHOLDS,
    )
