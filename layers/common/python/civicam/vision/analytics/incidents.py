"""Incidents: what the rules suspect, from the first sign to the last. Nothing is announced from one frame."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, JsonValue, create_model

from civicam.contracts.base import Body, Document
from civicam.contracts.facts import ClipFact
from civicam.contracts.ids import digest
from civicam.contracts.incidents import EvidenceFrame, IncidentSuspected
from civicam.vision.analytic import RATE_TOLERANCE, Analytic, View
from civicam.vision.ground import ground_of
from civicam.vision.incidents import RULES
from civicam.vision.incidents.life import Case, Instant, live
from civicam.vision.incidents.paths import Path, Step
from civicam.vision.incidents.rule import IncidentRule, RuleParameters
from civicam.vision.incidents.scene import Scene, Thing, certainty, is_whole, legs_of
from civicam.vision.tracks import Sighting, TrackedFrame

_FIELDS: dict[str, Any] = {rule.name: (type(rule.parameters), rule.parameters) for rule in RULES}
IncidentParameters = create_model("IncidentParameters", __base__=Body, **_FIELDS)
"""Every rule's parameters by its name; a camera's profile states those that differ."""
BLIND = frozenset({"black", "covered", "frozen", "moved"})
"""Under these conditions of the view nothing is looked at: what goes on goes on, what rises starts anew."""
EVIDENCE_MAX = 3
EVEN = 0.5
"""The threshold of a detector that names none."""


class Memory(Document):
    """What goes from clip to clip."""

    last_ms: int = 0
    """When was looked last."""
    paths: dict[str, Path] = Field(default_factory=dict)
    """By track id."""
    cases: dict[str, tuple[Case, ...]] = Field(default_factory=dict)
    """By the rule's name."""


class _Watch:
    """Follows the incidents of one camera through a clip."""

    def __init__(self, view: View, memory: JsonValue) -> None:
        self._view = view
        self._ground = ground_of(view.profile.ground) if view.profile.ground else None
        known = Memory.model_validate(memory or {})
        self._last_ms, self._paths, self._cases = known.last_ms, dict(known.paths), dict(known.cases)
        self._rules = [rule for rule in RULES if view.clip.sampled.sampling_fps >= RATE_TOLERANCE * rule.lowest_fps]
        self._shown: dict[tuple[str, str], list[EvidenceFrame]] = {}
        self.facts: list[IncidentSuspected] = []

    def see(self, frame: TrackedFrame) -> None:
        """Take the next moment into account."""
        scene = Scene(
            at_ms=frame.at_ms,
            at=_moment(frame.at_ms),
            things=tuple(self._things(frame)),
            zones=self._view.profile.zones,
            ground=self._ground,
        )
        for rule in self._rules:
            self._follow(rule, scene, frame)
        self._last_ms = frame.at_ms

    def remembered(self) -> JsonValue:
        """The paths that may go on, and the incidents."""
        paths = {track_id: path for track_id, path in self._paths.items() if track_id in self._view.live}
        cases = {name: known for name, known in self._cases.items() if known}
        document: JsonValue = Memory(last_ms=self._last_ms, paths=paths, cases=cases).model_dump(mode="json")
        return document

    def _things(self, frame: TrackedFrame) -> Iterator[Thing]:
        for sighting in frame.sightings:
            step = Step.of(sighting.box, frame.at_ms)
            before = self._paths.get(sighting.track_id)
            path = before.on(step) if before else Path.begun(step)
            self._paths[sighting.track_id] = path
            if sighting.established:
                yield self._thing(sighting, step, path)

    def _thing(self, sighting: Sighting, step: Step, path: Path) -> Thing:
        boxes = self._view.boxes
        return Thing(
            track_id=sighting.track_id,
            kind=sighting.kind,
            label=sighting.label,
            box=sighting.box,
            score=certainty(sighting.box.score, boxes.thresholds.get(sighting.box.label, EVEN)),
            now=step,
            path=path,
            whole=is_whole(sighting.box, boxes.width, boxes.height),
            legs=legs_of(path, step, sighting.label, self._ground),
        )

    def _follow(self, rule: IncidentRule, scene: Scene, frame: TrackedFrame) -> None:
        cases = self._cases.get(rule.name, ())
        parameters: RuleParameters = getattr(self._view.parameters, rule.name)
        known = frozenset(case.subject for case in cases if case.state != "over")
        signs = tuple(rule.look(scene, parameters, known))
        instant = Instant(frame.at_ms, self._last_ms, self._view.clip.sampled.clarity, signs)
        lived = live(cases, instant, parameters)
        self._cases[rule.name] = lived.cases
        for subject in lived.signs:
            shown = EvidenceFrame(clip_id=self._view.clip.footage.clip_id, index=frame.index, at=scene.at)
            self._shown.setdefault((rule.name, subject), []).append(shown)
        self.facts += [self._told(rule, case) for case in (*lived.begun, *lived.ended)]

    def _told(self, rule: IncidentRule, case: Case) -> IncidentSuspected:
        view, ended = self._view, case.state == "over"
        incident_id = digest("incident", view.clip.camera_id, rule.name, case.subject, str(case.since_ms))
        return view.state(
            IncidentSuspected,
            behind=(),
            about=f"{incident_id} {'ended' if ended else 'begun'}",
            confidence=round(min(1.0, case.confidence) * view.clip.sampled.coverage, 4),
            incident_id=incident_id,
            rule=rule.name,
            phase="ended" if ended else "begun",
            start=_moment(case.since_ms),
            end=_moment(case.seen_ms) if ended else None,
            evidence=_few(self._shown.get((rule.name, case.subject), [])),
            zone_id=case.zone_id,
            track_ids=case.track_ids,
            measures=case.measures | {"lasted_s": round(case.lasted_s, 1)},
        )


def judge(view: View, memory: JsonValue) -> tuple[tuple[ClipFact, ...], JsonValue]:
    """The incidents that begin or end in the clip; none, and all stays as it was, where the view cannot be trusted."""
    if view.suspended or BLIND & {*view.clip.sampled.conditions}:
        return (), memory
    watch = _Watch(view, memory)
    for frame in view.tracked:
        watch.see(frame)
    return tuple(watch.facts), watch.remembered()


def _few(frames: list[EvidenceFrame]) -> tuple[EvidenceFrame, ...]:
    """The first, one in the middle, and the last."""
    places = sorted({0, len(frames) // 2, len(frames) - 1}) if frames else []
    return tuple(frames[place] for place in places[:EVIDENCE_MAX])


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


INCIDENTS = Analytic(
    name="incident",
    version=2,
    reads="objects",
    lowest_fps=min(rule.lowest_fps for rule in RULES),
    states=IncidentSuspected,
    in_every_clip=False,
    parameters=IncidentParameters(),
    judge=judge,
)
