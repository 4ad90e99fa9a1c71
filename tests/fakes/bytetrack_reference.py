"""Writes bytetrack_reference.json beside it: what another implementation of ByteTrack says of scripted boxes.

    uv run --with supervision==0.26.1 python -m tests.fakes.bytetrack_reference

It is no dependency of the project: it brings OpenCV and matplotlib. Boxes tremble, some are missed, some are faint.
"""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from tests.fakes.scenes import Mover, instants

REFERENCE = Path(__file__).with_suffix(".json")
SECONDS = {25: 5, 10: 8, 5: 12, 2: 20, 1: 20}
"""By sampling rate."""
LOST_S = 2.0
COUNTS = 0.5
SMALL: dict[str, Any] = {"width": 34, "height": 80}
THINGS = (
    Mover(40, 150, vx=90, until_s=14),
    Mover(1240, 190, vx=-80, until_s=16),
    Mover(45, 240, vx=60, vy=4, since_s=1, width=90, height=70),
    Mover(640, 45, vx=5, vy=60, since_s=0.5, width=70, height=90),
    Mover(300, 670, vx=20, vy=-55, since_s=1, until_s=13, width=60, height=90),
    Mover(20, 420, vx=45, **SMALL),
    Mover(1260, 430, vx=-40, **SMALL),
    Mover(200, 520, vx=30, **SMALL),
    Mover(500, 535, vx=-28, until_s=16, **SMALL),
    Mover(900, 600, width=120, height=90),
    Mover(1100, 500, vx=-25, vy=10, since_s=2, width=40, height=70),
    Mover(60, 640, vx=110, vy=-8, since_s=2, until_s=18, width=90, height=64),
)
"""Cars that meet, people who pass each other, one that stands."""


def seen(fps: int) -> list[list[list[Any]]]:
    """By frame, the boxes of a trembling detector: which thing, its score, and its corners in whole pixels."""
    chance = random.Random(fps)
    frames = []
    for at_s, _ in instants((), seconds=SECONDS[fps], fps=fps):
        boxes = [(number, box) for number, thing in enumerate(THINGS) if (box := thing.box(at_s))]
        frames.append(
            [
                [number, round(min(0.95, max(0.15, chance.gauss(0.75, 0.15))), 2), *_trembling(box.xyxy, chance)]
                for number, box in boxes
                if chance.random() > 0.04
            ]
        )
    return frames


def _trembling(corners: tuple[float, float, float, float], chance: random.Random) -> list[int]:
    x1, y1, x2, y2 = corners
    size = ((x2 - x1) * (y2 - y1)) ** 0.5
    return [round(corner + chance.gauss(0, 0.03 * size)) for corner in corners]


def main() -> None:
    """Ask the reference, and write its ids beside the boxes."""
    import supervision as sv  # type: ignore[import-not-found] # noqa: PLC0415 - only whoever writes the file needs it

    scenes = []
    for fps in SECONDS:
        tracker = sv.ByteTrack(track_activation_threshold=COUNTS, frame_rate=fps)
        tracker.max_time_lost = round(LOST_S * fps)
        frames = seen(fps)
        for boxes in frames:
            told = tracker.update_with_detections(
                sv.Detections(
                    xyxy=np.array([box[2:] for box in boxes], float),
                    confidence=np.array([box[1] for box in boxes]),
                    data={"thing": np.array([box[0] for box in boxes])},
                )
            )
            ids = dict(zip(told.data.get("thing", ()), told.tracker_id, strict=True))
            for box in boxes:
                box.append(int(ids[box[0]]) if box[0] in ids else None)
        rows = ",\n".join(json.dumps(boxes, separators=(",", ":")) for boxes in frames)
        scenes.append(f'"{fps}": [\n{rows}\n]')
    source = f"supervision {sv.__version__} (MIT), ByteTrack, a box counts from {COUNTS} on, lost after {LOST_S} s"
    REFERENCE.write_text(f'{{"source": "{source}",\n"scenes": {{{", ".join(scenes)}}}}}\n')


if __name__ == "__main__":
    main()
