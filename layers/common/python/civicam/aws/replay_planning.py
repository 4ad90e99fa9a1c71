"""What a replay would take: its clips are looked up, cut into batches, and written down as the manifest of a map."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from civicam.aws import clients
from civicam.aws.claims import Claims
from civicam.aws.environment import setting
from civicam.aws.registry import Registry
from civicam.aws.replays import Replays
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected
from civicam.contracts.replay import Batch, ReplayWish
from civicam.contracts.replay import Replay as Plan
from civicam.vision.analytics import ANALYTICS
from civicam.vision.catalogue import Catalogue, Task, load_catalogue
from civicam.vision.replaying import Span, Tally, Work, batches, overridden, run_id

MOST_BATCHES = 10_000
"""What the function can look up in its time, and far below what a Distributed Map takes: longer ones in parts."""


def manifest_key(run: str) -> str:
    """Where the manifest of a replay lies in WORK_BUCKET: a JSON list of batches."""
    return f"replays/{run}/manifest.json"


@dataclass(frozen=True)
class Planning:
    """Who knows the cameras and their clips, and where a plan is kept."""

    registry: Registry
    claims: Claims
    replays: Replays
    bucket: str

    @classmethod
    def from_env(cls) -> Self:
        """By this stack's tables and WORK_BUCKET."""
        return cls(Registry.from_env(), Claims.from_env(), Replays.from_env(), setting("WORK_BUCKET"))

    def plan(self, wish: ReplayWish) -> Plan:
        """The replay, planned and kept; nothing runs.

        Raises Rejected (`nothing_stored`, `too_long`, `unknown_analytic`, `wrong_parameters`, `wrong_model`), or
        NotFound for a camera or a model.
        """
        catalogue, planned_at, tally = load_catalogue(), now(), Tally()
        _require_parameters(wish)
        manifest = [batch.model_dump(mode="json") for batch in self._batches(wish, catalogue, tally)]
        if not manifest:
            raise Rejected("nothing_stored", "no clip of these cameras is stored that begins in this stretch of time")
        plan = Plan(
            run=run_id(wish, planned_at),
            wish=wish,
            estimate=tally.estimate(),
            batches=tally.batches,
            planned_at=planned_at,
        )
        clients.s3().put_object(
            Bucket=self.bucket,
            Key=manifest_key(plan.run),
            Body=json.dumps(manifest).encode(),
            ContentType="application/json",
        )
        self.replays.plan(plan)
        return plan

    def _batches(self, wish: ReplayWish, catalogue: Catalogue, tally: Tally) -> Iterator[Batch]:
        """Camera by camera; of the clips no more is kept than what a batch says of them."""
        frame_ms = _frame_ms(wish, catalogue)
        for camera in self._cameras(wish):
            overridden_parameters(camera, wish)
            work = Work.of(camera.profile.sampling_fps, frame_ms)
            clips = self.claims.captured(camera.camera_id, wish.start, wish.end)
            spans = (Span(clip.footage.capture_start, clip.footage.capture_end) for clip in clips)
            for batch in batches(camera.camera_id, spans, work, tally.batches):
                if tally.batches >= MOST_BATCHES:
                    raise Rejected(
                        "too_long", f"that is more than {MOST_BATCHES} batches: replay it in parts, of time or cameras"
                    )
                tally.add(batch, work)
                yield batch

    def _cameras(self, wish: ReplayWish) -> Iterator[Camera]:
        if wish.cameras:
            return map(self.registry.camera, dict.fromkeys(wish.cameras))
        return self.registry.all()


def overridden_parameters(camera: Camera, wish: ReplayWish) -> None:
    """Raise Rejected where an analytic could not take the replay's parameters at this camera."""
    profile = overridden(camera.profile, wish.overrides)
    for analytic in ANALYTICS:
        analytic.parameters_at(profile)


def _require_parameters(wish: ReplayWish) -> None:
    known = [analytic.name for analytic in ANALYTICS]
    for name in wish.overrides.parameters:
        if name not in known:
            raise Rejected("unknown_analytic", f"{name!r} is no analytic: there are {', '.join(known)}")


def _frame_ms(wish: ReplayWish, catalogue: Catalogue) -> list[float]:
    models = {Task(task): catalogue.model(name) for task, name in wish.overrides.models.items()}
    for task, model in models.items():
        if model.task != task:
            raise Rejected("wrong_model", f"model {model.name} finds {model.task}, not {task}")
    looking = [models.get(task, catalogue.floor(Task(task))) for task in Task] if models else []
    return [model.frame_ms for model in looking]
