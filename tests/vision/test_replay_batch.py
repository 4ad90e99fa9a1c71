"""A replay in moto: planned, worked through clip by clip, stopped, killed, resumed; the live facts stay as they are."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.claims import Claims, ClipState
from civicam.aws.clip_facts import ClipFacts
from civicam.aws.environment import setting
from civicam.aws.judging_line import JudgingLine
from civicam.aws.registry import Registry
from civicam.aws.replay_batch import FAILURES_TOLD, ReplayBatch
from civicam.aws.replay_looking import ReplayLooking
from civicam.aws.replay_planning import manifest_key
from civicam.aws.replays import Replays
from civicam.aws.work import WorkStore
from civicam.cameras.intake import STANDARD, stored
from civicam.contracts.cameras import Camera, Profile
from civicam.contracts.errors import NotFound
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import LOOK_MEDIA_TYPE, ClockQuality, Footage
from civicam.contracts.ids import LIVE
from civicam.contracts.replay import BatchDone, BatchOrder, Overrides, Replay, ReplayWish
from civicam.contracts.vision import ClipBoxes, ClipDetected
from civicam.runtime.sandbox import sample_footage
from civicam.vision.catalogue import Task
from civicam.vision.orders import detected, passes_wanted
from civicam.vision.pack import Pack
from civicam.vision.succession import Judgement
from containers.vision.replayer.replayer import work_off
from functions.vision.plan_replay.handler import handler as plan_replay
from functions.vision.plan_replay.handler import planning
from tests.fakes.city_in_moto import Context, city_in_moto
from tests.fakes.detectors import FakeDetector
from tests.fakes.footage import START, clip, passing
from tests.fakes.looks import look_at

pytestmark = pytest.mark.unit

CAMERAS = ("01JD8K3V4N0000000000000001", "01JD8K3V4N0000000000000002")
SECONDS = 2
FILM = clip(passing(25 * SECONDS), fps=25)


@dataclass
class Store:
    """The footage store, as far as a replay reads it."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def download(self, footage: Footage) -> bytes:
        self.reads.append(footage.clip_id)
        if footage.key not in self.bodies:
            raise NotFound(f"{footage.key} is gone")
        return self.bodies[footage.key]


@dataclass
class Town:
    """Two cameras whose clips are stored and judged, and what a replay of them needs."""

    store: Store = field(default_factory=Store)
    detector: FakeDetector = field(default_factory=FakeDetector)
    stop: Event = field(default_factory=Event)

    def film(self, camera_id: str, number: int, *, judged: bool = True, asked_fps: float | None = None) -> Footage:
        """The camera's clip number so much, in the store, claimed, and judged live unless told otherwise.

        `asked_fps`: it was sampled at less than this then, because too much waited.
        """
        start = START + timedelta(seconds=SECONDS * number)
        footage = Footage.place(
            camera_id=camera_id,
            capture_start=start,
            capture_end=start + timedelta(seconds=SECONDS),
            clock_quality=ClockQuality.SYNCED,
            sha256=hashlib.sha256(f"{camera_id}{number}".encode()).hexdigest(),
            size_bytes=len(FILM),
            media_type="video/mp4",
            bucket="footage-bucket",
        )
        self.store.bodies[footage.key] = FILM
        Claims.from_env().claim(footage, footage.capture_end)
        if judged:
            self._judge_live(footage, asked_fps)
        return footage

    def plan(self, context: LambdaContext, **wish: Any) -> Replay:
        """A replay of everything there is, planned and started."""
        told = ReplayWish(start=START, end=START + timedelta(hours=1), **wish)
        plan = Replay.model_validate(plan_replay(told.model_dump(mode="json"), context))
        return Replays.from_env().start(plan)

    def orders(self, replay: Replay) -> list[BatchOrder]:
        """What the state machine makes of its manifest."""
        body = boto3.client("s3").get_object(Bucket="work", Key=manifest_key(replay.run))["Body"].read()
        told = {"run": replay.run, "attempt": replay.attempt}
        return [BatchOrder.model_validate(told | {"batch": batch}) for batch in json.loads(body)]

    def work(self, replay: Replay) -> list[bool]:
        """Work through every batch."""
        return [self.batch(replay.wish.overrides).run(order, self.stop) for order in self.orders(replay)]

    def batch(self, overrides: Overrides) -> ReplayBatch:
        line = JudgingLine.from_env(overrides, shared=True)
        looking = ReplayLooking(self.store, line, lambda: self.detector, STANDARD)  # type: ignore[arg-type]
        return ReplayBatch(Replays.from_env(), Claims.from_env(), looking, line)

    def judged(self, run: str) -> list[Judgement]:
        table, end = ClipFacts.from_env(), START + timedelta(hours=1)
        return [one for camera in CAMERAS for one in table.between(camera, run, START, end)]

    def done(self, replay: Replay) -> list[BatchDone]:
        return list(Replays.from_env().done(replay.run))

    def _judge_live(self, footage: Footage, asked_fps: float | None) -> None:
        camera, work = Registry.from_env().camera(footage.camera_id), WorkStore.from_env()
        pack = sample_footage(FILM, "video/mp4", footage.capture_start, fps=camera.profile.sampling_fps)
        work.put_pack(work.pack_uri(footage.clip_id, LIVE), pack)
        wanted = passes_wanted(camera.profile)
        uris = {name: work.boxes_uri(footage.clip_id, LIVE, name) for name in wanted}
        found = FakeDetector().detect(footage.clip_id, pack, wanted)
        work.put_boxes({uris[name]: boxes for name, boxes in found.items()})
        said = stored(footage, footage.capture_end)
        sampled = pack.manifest.sampled.model_copy(update={"asked_fps": asked_fps})
        event: CloudEvent[ClipDetected] = CloudEvent.of(detected(said, camera, sampled, uris))
        list(JudgingLine.from_env().judge(event))
        Claims.from_env().judged(footage.clip_id)


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    with city_in_moto(monkeypatch):
        monkeypatch.setenv("WORK_BUCKET", "work")
        boto3.client("s3").create_bucket(Bucket="work")
        planning.cache_clear()
        for camera_id in CAMERAS:
            entry = {"camera_id": camera_id, "name": "x", "owner_id": "o", "unit_id": "u", "position": (106.7, 10.8)}
            Registry.from_env().put(Camera.model_validate(entry))
        yield Town()


@pytest.fixture
def context() -> LambdaContext:
    return Context()


NAMED = Overrides(models={"objects": "yolox-nano"})


def test_what_a_recorder_saw_is_judged_again_but_no_other_model_can_look(town: Town, context: LambdaContext) -> None:
    body = look_at(FILM, START).to_bytes()
    footage = Footage.place(
        camera_id=CAMERAS[0],
        capture_start=START,
        capture_end=START + timedelta(seconds=SECONDS),
        clock_quality=ClockQuality.SYNCED,
        sha256=hashlib.sha256(body).hexdigest(),
        size_bytes=len(body),
        media_type=LOOK_MEDIA_TYPE,
        bucket="footage-bucket",
    )
    town.store.bodies[footage.key] = body
    Claims.from_env().claim(footage, footage.capture_end)

    again, named = town.plan(context), town.plan(context, overrides=NAMED)

    assert (town.work(again), town.work(named)) == ([True], [True])
    assert ([one.clip.footage for one in town.judged(again.run)], town.detector.clips) == ([footage], [])
    (done,) = town.done(named)
    assert [failure.reason for failure in done.failures] == ["pixels_at_edge"]


def test_every_clip_has_a_second_judgement_beside_the_first(town: Town, context: LambdaContext) -> None:
    clips = [town.film(camera, number) for camera in CAMERAS for number in range(2)]
    live = town.judged(LIVE)

    replay = town.plan(context, overrides=NAMED)

    assert town.work(replay) == [True, True]
    assert (replay.estimate.clips, replay.batches) == (4, 2)
    again = town.judged(replay.run)
    assert [one.clip.footage for one in again] == [one.clip.footage for one in live]
    assert {event.data.run for one in again for event in one.facts} == {replay.run}
    assert not {e.id for one in again for e in one.facts} & {e.id for one in live for e in one.facts}
    assert town.judged(LIVE) == live
    assert {Claims.from_env().get(one.clip_id).state for one in clips} == {ClipState.JUDGED}


def test_a_model_looks_at_the_kept_pack_and_at_the_footage_once_that_is_gone(
    town: Town, context: LambdaContext
) -> None:
    kept, gone = town.film(CAMERAS[0], 0), town.film(CAMERAS[1], 0)
    boto3.client("s3").delete_object(Bucket="work", Key=f"packs/{gone.clip_id}/live.zip")
    town.work(town.plan(context, overrides=NAMED))
    assert sorted(town.detector.clips) == sorted([kept.clip_id, gone.clip_id])
    assert town.store.reads == [gone.clip_id]


def test_other_rules_are_judged_from_the_stored_boxes(town: Town, context: LambdaContext) -> None:
    town.film(CAMERAS[0], 0)
    replay = town.plan(context, overrides=Overrides(parameters={"vehicle": {"clear_px": 9.0}}))
    town.work(replay)
    (first,), (again,) = town.judged(LIVE), town.judged(replay.run)
    assert (town.detector.clips, town.store.reads) == ([], [])
    assert again.clip.boxes == first.clip.boxes
    assert {e.data.rules_digest for e in again.facts}.isdisjoint(e.data.rules_digest for e in first.facts)


def test_stored_boxes_that_are_gone_are_found_anew(town: Town, context: LambdaContext) -> None:
    footage = town.film(CAMERAS[0], 0)
    boto3.client("s3").delete_object(Bucket="work", Key=f"boxes/{footage.clip_id}/live.json.gz")
    replay = town.plan(context)
    town.work(replay)
    (again,) = town.judged(replay.run)
    assert town.detector.clips == [footage.clip_id]
    assert all(f"/{replay.run}." in uri for uri in again.clip.boxes.values())


def test_a_clip_that_was_looked_at_less_for_want_of_time_is_looked_at_in_full(
    town: Town, context: LambdaContext
) -> None:
    footage = town.film(CAMERAS[0], 0, asked_fps=25.0)
    replay = town.plan(context)
    town.work(replay)
    (again,) = town.judged(replay.run)
    assert (town.store.reads, town.detector.clips) == ([footage.clip_id], [footage.clip_id])
    assert again.clip.sampled.asked_fps is None


def test_a_clip_that_was_never_judged_is_judged_by_the_present_profile(town: Town, context: LambdaContext) -> None:
    town.film(CAMERAS[0], 0, judged=False)
    replay = town.plan(context)
    town.work(replay)
    (first,) = town.judged(replay.run)
    assert first.clip.profile_version == Registry.from_env().camera(CAMERAS[0]).version


def test_a_profile_that_changed_since_does_not_change_the_replay(town: Town, context: LambdaContext) -> None:
    town.film(CAMERAS[0], 0)
    registry = Registry.from_env()
    standing = registry.camera(CAMERAS[0])
    registry.put(standing.model_copy(update={"profile": Profile(analytics=("crowd",), sampling_fps=1.0)}))
    replay = town.plan(context)
    town.work(replay)
    (again,) = town.judged(replay.run)
    assert again.clip.profile_version == standing.version
    assert len(again.facts) == 3


def test_a_clip_that_fails_is_noted_with_its_reason_and_the_others_go_on(town: Town, context: LambdaContext) -> None:
    clips = [town.film(CAMERAS[0], number) for number in range(3)]
    boto3.client("s3").delete_object(Bucket="work", Key=f"packs/{clips[1].clip_id}/live.zip")
    del town.store.bodies[clips[1].key]
    replay = town.plan(context, overrides=NAMED)
    assert town.work(replay) == [True]
    (done,) = town.done(replay)
    assert [(one.clip_id, one.reason) for one in done.failures] == [(clips[1].clip_id, "not_found")]
    assert (done.failed, len(town.judged(replay.run))) == (1, 2)


def test_a_batch_of_nothing_but_failures_still_fits_its_marker(town: Town, context: LambdaContext) -> None:
    """As where the footage of a whole week has ended."""
    for number in range(FAILURES_TOLD + 20):
        del town.store.bodies[town.film(CAMERAS[0], number, judged=False).key]
    replay = town.plan(context)
    assert town.work(replay) == [True]
    (done,) = town.done(replay)
    assert (done.failed, len(done.failures)) == (FAILURES_TOLD + 20, FAILURES_TOLD)


def test_a_detector_that_breaks_on_a_clip_breaks_nothing_else(town: Town, context: LambdaContext) -> None:
    for number in range(2):
        town.film(CAMERAS[0], number)
    town.detector.failures = 1
    replay = town.plan(context, overrides=NAMED)
    town.work(replay)
    (done,) = town.done(replay)
    assert [one.reason for one in done.failures] == ["RuntimeError"]
    assert "the card fell off the bus" in done.failures[0].message


def test_what_aws_refuses_ends_the_batch_and_is_no_clips_fault(
    town: Town, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.film(CAMERAS[0], 0)
    replay = town.plan(context)
    monkeypatch.setenv("FACTS_TABLE", "nowhere")
    with pytest.raises(Exception, match="ResourceNotFoundException"):
        town.work(replay)
    assert not town.done(replay)


def test_a_replay_that_is_stopped_ends_before_its_next_clip_and_goes_on_there(
    town: Town, context: LambdaContext
) -> None:
    """The stop comes while the first clip is looked at."""
    for number in range(3):
        town.film(CAMERAS[0], number)
    replay, replays = town.plan(context, overrides=NAMED), Replays.from_env()
    town.detector = told = CallingDetector(call=lambda: replays.stop(replay))

    assert town.work(replay) == [False]
    assert (len(town.judged(replay.run)), town.done(replay)) == (1, [])

    told.call = list
    assert town.work(replays.start(replays.get(replay.run))) == [True]
    assert len(town.judged(replay.run)) == 3
    assert len(told.clips) == 3, "what was judged before the stop is not looked at again"


@dataclass
class CallingDetector(FakeDetector):
    """Something happens while it looks."""

    call: Callable[[], object] = list

    def detect(self, clip_id: str, pack: Pack, passes: Collection[str]) -> dict[str, ClipBoxes]:
        self.call()
        return super().detect(clip_id, pack, passes)


def test_a_task_of_an_earlier_start_does_nothing(town: Town, context: LambdaContext) -> None:
    town.film(CAMERAS[0], 0)
    replay = town.plan(context)
    Replays.from_env().start(replay)
    assert town.work(replay) == [False]
    assert not town.judged(replay.run)


def test_sigterm_ends_the_batch_after_the_clip_in_hand(town: Town, context: LambdaContext) -> None:
    town.film(CAMERAS[0], 0)
    town.stop.set()
    replay = town.plan(context)
    assert town.work(replay) == [False]
    assert not town.done(replay)


def test_a_batch_done_twice_leaves_one_marker_and_the_same_facts(town: Town, context: LambdaContext) -> None:
    town.film(CAMERAS[0], 0)
    replay = town.plan(context, overrides=NAMED)
    town.work(replay)
    first = town.judged(replay.run), town.done(replay)
    town.work(replay)
    assert (town.judged(replay.run), town.done(replay)) == first


def test_batches_of_one_camera_in_any_order_come_to_the_same_facts(town: Town, context: LambdaContext) -> None:
    """The later half first: what it starts from comes after it, and it is judged again."""
    for number in range(4):
        town.film(CAMERAS[0], number)
    live = [_measures(one) for one in town.judged(LIVE)]
    replay = town.plan(context)
    (whole,) = town.orders(replay)
    middle = START + timedelta(seconds=2 * SECONDS)
    halves = [
        whole.batch.model_copy(update={"batch": 1, "start": middle}),
        whole.batch.model_copy(update={"batch": 0, "end": middle}),
    ]
    for half in halves:
        town.batch(Overrides()).run(whole.model_copy(update={"batch": half}), town.stop)
    assert [_measures(one) for one in town.judged(replay.run)] == live
    assert max(one.revision for one in town.judged(replay.run)) >= 1


def test_a_clip_whose_neighbour_is_judged_in_the_same_moment_starts_from_it(town: Town, context: LambdaContext) -> None:
    """The other task writes the clip before between this one's look for it and its own write."""
    before, after = town.film(CAMERAS[0], 0), town.film(CAMERAS[0], 1)
    replay = town.plan(context)
    line = JudgingLine.from_env(shared=True)
    looked = [
        town.batch(Overrides()).looking.look(Claims.from_env().get(one.clip_id), replay.run) for one in (before, after)
    ]

    class Busy(ClipFacts):
        def put_once(self, judgement: Judgement) -> bool:
            list(line.judge(looked[0]))
            return super().put_once(judgement)

    list(replace(line, table=Busy(setting("FACTS_TABLE"))).judge(looked[1]))

    first, second = town.judged(replay.run)
    assert second.before == first.after.digest
    assert second.revision == 1


def test_a_task_says_what_became_of_its_batch(town: Town, context: LambdaContext) -> None:
    """Rules alone: no model is loaded."""
    town.film(CAMERAS[0], 0)
    replay = town.plan(context)
    (order,) = town.orders(replay)
    over = Event()
    over.set()
    assert work_off(order, over) == "interrupted"
    assert not town.done(replay)
    assert [work_off(order, Event()) for _ in range(2)] == ["done", "done"]
    assert len(town.done(replay)) == 1


def test_a_task_of_a_replay_that_was_stopped_is_not_wanted(town: Town, context: LambdaContext) -> None:
    town.film(CAMERAS[0], 0)
    replay = town.plan(context)
    (order,) = town.orders(replay)
    Replays.from_env().stop(replay)
    assert work_off(order, Event()) == "not wanted"
    assert not town.judged(replay.run)


def test_a_model_that_cannot_be_had_fails_the_batch_and_no_clip(
    town: Town, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELS_BUCKET", "work")
    town.film(CAMERAS[0], 0)
    replay = town.plan(context, overrides=NAMED)
    (order,) = town.orders(replay)
    with pytest.raises(NotFound, match="yolox-nano"):
        work_off(order, Event())
    assert not town.done(replay)


def _measures(judgement: Judgement) -> list[Any]:
    apart = {"fact_id", "run", "revision", "judged_at"}
    return [event.data.model_dump(exclude=apart) for event in judgement.facts]


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"overrides": {"parameters": {"weather": {}}}}, "unknown_analytic"),
        ({"overrides": {"parameters": {"vehicle": {"clear_miles": 1}}}}, "wrong_parameters"),
        ({"overrides": {"models": {"faces": "yolox-nano"}}}, "wrong_model"),
        ({"overrides": {"models": {"faces": "no-such-model"}}}, "not_found"),
        ({"cameras": ["01JD8K3V4N0000000000000009"]}, "not_found"),
        ({"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}, "nothing_stored"),
    ],
)
def test_what_cannot_be_replayed_is_refused_before_anything_runs(
    town: Town, context: LambdaContext, wish: dict[str, Any], reason: str
) -> None:
    town.film(CAMERAS[0], 0)
    whole = {"start": START.isoformat(), "end": (START + timedelta(hours=1)).isoformat()}
    told = plan_replay(whole | wish, context)
    assert told["refused"] == reason
    assert told["message"]
    assert not list(Replays.from_env().all())


def test_clips_in_quarantine_are_not_replayed(town: Town, context: LambdaContext) -> None:
    town.film(CAMERAS[0], 0)
    bad = town.film(CAMERAS[0], 1, judged=False)
    Claims.from_env().reject(bad.clip_id, "corrupt")
    assert town.plan(context).estimate.clips == 1


def test_the_passes_that_a_replay_can_name_are_those_that_there_are() -> None:
    assert Overrides.model_validate({"models": {str(task): "x" for task in Task}}).models.keys() == set(Task)
