"""Incidents that are none: an hour of each piece of quiet footage, looped as a live camera, must raise no suspicion."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from civicam.contracts.cameras import ClipStored, Profile
from civicam.contracts.errors import Unavailable
from civicam.contracts.footage import ClockQuality, Footage
from civicam.contracts.geometry import Hours, Use, Zone
from civicam.contracts.ids import digest
from civicam.contracts.incidents import IncidentSuspected
from civicam.contracts.vision import ClipBoxes, ClipDetected, Sampled
from civicam.runtime.looking import ClipDetector
from civicam.runtime.sandbox import sample_footage
from civicam.vision.catalogue import Task, load_catalogue
from civicam.vision.judging import EMPTY, carried, judge
from civicam.vision.orders import detected
from civicam_cli.analysis.camera import FileCamera
from civicam_cli.analysis.choice import Models
from civicam_cli.bench.clips import WALKERS
from civicam_cli.bench.part import Bench, Goal, Part, Share, table
from civicam_cli.city.footage import Finder, catalogue

FPS, HOUR_S = 5.0, 3600
MORNING = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
"""Ten o'clock in the city."""
AT_NIGHT = (Hours(start="22:00", end="05:00"),)
USES: dict[str, Use] = {
    "junction": "carriageway",
    "car-park-from-above": "carriageway",
    "car-park": "area",
    "corridor": "restricted",
    "walkers": "footway",
}
"""What the ground in each scene is for: nothing unusual happens in any of them. Restricted ones are closed at night."""


@dataclass(frozen=True)
class Loop:
    """One piece of footage as its detector saw it, played again and again."""

    profile: Profile
    sampled: Sampled
    boxes: ClipBoxes

    def hour(self) -> Iterator[IncidentSuspected]:
        """The incidents that an hour of it is suspected of."""
        state, length = EMPTY, timedelta(seconds=self.sampled.duration_s)
        for turn in range(int(HOUR_S / self.sampled.duration_s)):
            start = MORNING + turn * length
            clip = self._clip(start, start + length, turn)
            judged = judge(self.profile, clip, {"objects": self.boxes}, carried(state, start), judged_at=start)
            state = judged.state
            yield from (fact for fact in judged.facts if isinstance(fact, IncidentSuspected))

    def _clip(self, start: datetime, end: datetime, turn: int) -> ClipDetected:
        camera = FileCamera().entry(("incident",), (self.sampled.width, self.sampled.height))
        footage = Footage.place(
            camera_id=camera.camera_id,
            capture_start=start,
            capture_end=end,
            clock_quality=ClockQuality.SYNCED,
            sha256=digest("loop", str(turn)),
            size_bytes=1,
            media_type="video/mp4",
            bucket="file",
        )
        stored = ClipStored(fact_id=footage.clip_id, camera_id=camera.camera_id, footage=footage, stored_at=end)
        return detected(stored, camera, self.sampled, {})


def measure(bench: Bench) -> Share:
    """Suspicions by scene and rule."""
    models, hours, false = Models(load_catalogue(), panel_frames_max=0), 0, 0
    scenes: dict[str, JsonValue] = {}
    for name, path in _footage():
        bench.say(f"incidents: an hour of {name}")
        told = Counter(fact.rule for fact in _loop(name, path, models).hour() if fact.phase == "begun")
        hours, false = hours + 1, false + told.total()
        scenes[name] = {"suspected": told.total(), "rules": {str(rule): count for rule, count in told.items()}}
    if not hours:
        raise Unavailable("no footage is at hand: run `make setup`, or set CIVICAM_CLIP_MIRROR")
    return {"false_incidents_per_camera_hour": round(false / hours, 3), "incidents": scenes}


def section(share: Share) -> Iterable[str]:
    """Suspicions of an hour by scene."""
    scenes: Any = share["incidents"]
    yield f"An hour of each piece at {FPS:g} fps, its boxes detected once; each turn of the loop is a jump cut."
    yield ""
    rows = ((name, USES[name], told["suspected"], told["rules"] or "") for name, told in scenes.items())
    yield from table(("scene", "its ground", "suspected in an hour", "by rule"), rows)


def _footage() -> Iterator[tuple[str, Path]]:
    finder = Finder()
    for clip in (*catalogue(), WALKERS):
        if clip.name in USES:
            try:
                yield clip.name, finder.path(clip)
            except Unavailable:
                continue


def _loop(name: str, path: Path, models: Models) -> Loop:
    media_type = "video/x-msvideo" if path.suffix == ".avi" else "video/mp4"
    pack = sample_footage(path, media_type, MORNING, fps=FPS)
    sampled = pack.manifest.sampled
    width, height = float(sampled.width), float(sampled.height)
    whole = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    zone = Zone(zone_id="ground", polygon=whole, use=USES[name], closed=AT_NIGHT if USES[name] == "restricted" else ())
    detector = ClipDetector({Task.OBJECTS: models.choose(Task.OBJECTS, pack).detector})
    boxes = detector.detect(name, pack, [Task.OBJECTS])[Task.OBJECTS]
    return Loop(Profile(analytics=("incident",), zones=(zone,)), sampled, boxes)


INCIDENTS = Part(
    name="incidents",
    title="False incidents",
    measure=measure,
    section=section,
    goals=(
        Goal(
            measure="false incidents per camera-hour of looped quiet footage",
            wanted="0",
            came_to=lambda share: str(share["false_incidents_per_camera_hour"]),
        ),
    ),
)
