"""The tracker beside another implementation of ByteTrack, on the same boxes (tests/fakes/bytetrack_reference.json)."""

import json
from itertools import pairwise
from typing import Any

import pytest

from civicam.contracts.vision import Box
from civicam.vision.tracking import track
from civicam.vision.tracks import TimedFrame, TrackerState, TrackSettings
from tests.fakes.bytetrack_reference import COUNTS, REFERENCE

pytestmark = pytest.mark.unit
SCENES: dict[str, list[list[list[Any]]]] = json.loads(REFERENCE.read_text())["scenes"]
Named = list[dict[int, Any]]
"""By frame, the id of each thing's box."""


def reference(frames: list[list[list[Any]]]) -> Named:
    return [{box[0]: box[-1] for box in boxes if box[-1] is not None} for boxes in frames]


def ours(frames: list[list[list[Any]]], fps: int) -> Named:
    """Each thing's box by its corners: no two are alike. Tracks that were never established are none."""
    timed = [
        TimedFrame(n, 1 + round(1000 * n / fps), tuple(_box(row) for row in rows), {"car": COUNTS})
        for n, rows in enumerate(frames)
    ]
    tracked, _ = track(TrackerState(), timed, TrackSettings())
    proved = {one.track_id for frame in tracked for one in frame.sightings if one.established}
    return [
        {
            row[0]: one.track_id
            for row in rows
            for one in found.sightings
            if one.track_id in proved and one.box == _box(row)
        }
        for rows, found in zip(frames, tracked, strict=True)
    ]


def _box(row: list[Any]) -> Box:
    return Box(label="car", score=row[1], xyxy=tuple(row[2:6]))


def switches(named: Named) -> int:
    """How often a thing has another id than when it was seen before."""
    last: dict[int, Any] = {}
    changed = 0
    for ids in named:
        changed += sum(last.get(thing, one) != one for thing, one in ids.items())
        last |= ids
    return changed


def links(named: Named) -> set[tuple[int, int]]:
    """Frame and thing, where it has the id that it had in the frame before."""
    return {
        (number, thing)
        for number, (before, ids) in enumerate(pairwise(named))
        for thing, one in ids.items()
        if before.get(thing) == one
    }


@pytest.mark.parametrize("fps", ["25", "10", "5"])
def test_what_the_reference_joins_is_joined(fps: str) -> None:
    theirs, found = links(reference(SCENES[fps])), links(ours(SCENES[fps], int(fps)))
    assert len(theirs & found) / len(theirs) >= 0.97
    assert switches(ours(SCENES[fps], int(fps))) == 0


@pytest.mark.parametrize("fps", ["2", "1"])
def test_at_low_rates_more_is_followed_than_by_the_reference(fps: str) -> None:
    found, theirs = ours(SCENES[fps], int(fps)), reference(SCENES[fps])
    assert switches(found) <= switches(theirs)
    assert len(links(found)) > 1.5 * len(links(theirs))
