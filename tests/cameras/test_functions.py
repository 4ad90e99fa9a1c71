"""Cameras' functions on real payloads: a tick becomes pulls, a pull a clip, an object a claim."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any, Literal
from zipfile import ZipFile

import boto3
import pytest

from civicam.aws import clients
from civicam.aws.claims import Claims, ClipState
from civicam.aws.footage import FootageStore
from civicam.aws.leases import Leases
from civicam.aws.registry import Registry
from civicam.aws.sources import Sources
from civicam.cameras.circuit import CLOSED, Circuit, CircuitState
from civicam.cameras.errands import Errand, Turn
from civicam.cameras.planning import Limit, PullLimits, Situation, plan_minute
from civicam.cameras.pulls import CLOSING, Pull, minute_of
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import ClipRejected, ClipStored
from civicam.contracts.facts import read_fact
from civicam.contracts.footage import ClockQuality, Footage
from functions.cameras.announce_clip.handler import handler as announce_clip
from functions.cameras.plan_pulls.handler import handler as plan_pulls
from functions.cameras.plan_pulls.handler import tell_shed
from functions.cameras.pull_clips.handler import handler as pull_clips
from functions.cameras.sweep_clips.handler import handler as sweep_clips
from tests.cameras.conftest import AT, CLIP, PULLED, camera, declaration, pulled
from tests.fakes.camera_source import Answer, Source, camera_source
from tests.fakes.city_in_moto import Context, published
from tests.fakes.queue import received, waits

pytestmark = pytest.mark.unit
Payload = Callable[[str], Any]


@pytest.fixture
def source(city: None) -> Iterator[Source]:
    with camera_source() as one:
        yield one


def register(source: Source, kind: Literal["http_clip", "http_picture"] = "http_clip") -> None:
    Registry.from_env().put(pulled(source.url, kind))


def batch(*pulls: Pull, tries: int = 1) -> dict[str, Any]:
    """An errand for each pull as Lambda gets them from the queue, with handles that work."""
    return in_hand(*(errand(pull).model_copy(update={"tries": tries}) for pull in pulls))


def errand(*pulls: Pull, turns: tuple[Turn, ...] = (), circuits: dict[str, Circuit] | None = None) -> Errand:
    return Errand(
        pulls=pulls,
        until=pulls[-1].at + timedelta(seconds=60),
        keeps=True,
        host="127.0.0.1",
        turns=turns,
        circuits=circuits or {},
    )


def in_hand(*errands: Errand) -> dict[str, Any]:
    return {"Records": [_received(str(number), one.model_dump_json()) for number, one in enumerate(errands)]}


def errands_sent() -> list[Errand]:
    """What lies in the pull queue and may be taken now or later."""
    url, found = os.environ["PULL_QUEUE_URL"], []
    while got := boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found += [Errand.model_validate_json(message["Body"]) for message in got]
    return found


def _received(name: str, body: str, tries: int = 1, queue: str = "PULL_QUEUE_URL") -> dict[str, Any]:
    record = {
        "messageId": name,
        "body": body,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:pulls",
        "awsRegion": "us-east-1",
    }
    return received(os.environ[queue], record, tries=tries)


def read(seconds_ago: float = 0) -> Pull:
    return Pull(camera_id=PULLED, at=now() - timedelta(seconds=seconds_ago))


def jpeg(body: bytes) -> Answer:
    return Answer(body=body, media_type="image/jpeg")


def stored() -> list[Footage]:
    told = [envelope["detail"] for envelope in published() if envelope["detail-type"] == ClipStored.TYPE]
    return [read_fact(detail, ClipStored).data.footage for detail in told]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, city: None) -> Iterator[list[Errand]]:
    """Errands that are sent for later."""
    sent: list[Errand] = []

    def hear(params: dict[str, Any], **_: Any) -> None:
        sent.extend(Errand.model_validate_json(entry["MessageBody"]) for entry in params["Entries"])

    events, call = clients.sqs().meta.events, "provide-client-params.sqs.SendMessageBatch"
    events.register(call, hear)
    yield sent
    events.unregister(call, hear)


class TestPlanPulls:
    LATE = now() - timedelta(minutes=3)

    @pytest.fixture
    def tick(self, payload: Payload) -> dict[str, Any]:
        """A tick that comes three minutes late: whatever it plans is due."""
        tick: dict[str, Any] = payload("cameras_plan_pulls")
        return tick | {"time": utc_text(self.LATE)}

    def messages(self) -> list[Pull]:
        return [pull for errand in errands_sent() for pull in errand.pulls]

    def test_a_tick_plans_every_pulled_camera_and_no_other(
        self, city: None, context: Context, tick: dict[str, Any]
    ) -> None:
        Registry.from_env().put(camera())
        Registry.from_env().put(pulled("http://camera.example/picture.jpg", "http_picture", 12))
        plan_pulls(tick, context)
        pulls = self.messages()
        assert sorted(pull.action for pull in pulls) == ["close"] + ["read"] * 5
        assert {pull.camera_id for pull in pulls} == {PULLED}

    def test_a_tick_that_comes_late_plans_its_own_minute(
        self, city: None, context: Context, tick: dict[str, Any]
    ) -> None:
        Registry.from_env().put(pulled("http://camera.example/clip.mp4"))
        plan_pulls(tick, context)
        assert {minute_of(pull.at) for pull in self.messages()} == {minute_of(self.LATE)}

    def test_what_a_minute_has_no_room_for_is_told_by_priority_and_limit(
        self, city: None, context: Context, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "civicam")
        tight = PullLimits(host=Limit(at_once=1, per_minute=2))
        camera = pulled("http://camera.example/picture.jpg", "http_picture", 12)
        tell_shed(plan_minute([camera], minute_of(now()), Situation(tight)))
        (metric,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "PullsShed" in line]
        assert (metric["priority"], metric["limit"], metric["PullsShed"]) == ("normal", "host", [3.0])

    def test_a_call_that_names_no_time_means_the_present_minute(self, city: None, context: Context) -> None:
        Registry.from_env().put(pulled("http://camera.example/clip.mp4", interval_seconds=60))
        plan_pulls({}, context)
        answer = boto3.client("sqs").get_queue_attributes(
            QueueUrl=boto3.client("sqs").get_queue_url(QueueName="pulls")["QueueUrl"], AttributeNames=["All"]
        )["Attributes"]
        assert {answer["ApproximateNumberOfMessages"], answer["ApproximateNumberOfMessagesDelayed"]} == {"0", "1"}


class TestPullClips:
    def test_a_clip_is_fetched_stored_and_announced_with_the_time_its_source_states(
        self, source: Source, context: Context
    ) -> None:
        register(source)
        start, end = now() - timedelta(seconds=20), now() - timedelta(seconds=10)
        told = {"Capture-Start": utc_text(start), "Capture-End": utc_text(end), "ETag": '"7"'}
        source.answers = [Answer(body=CLIP, headers=told)]
        assert pull_clips(batch(read()), context) == {"batchItemFailures": []}
        (footage,) = stored()
        assert (footage.capture_start, footage.capture_end) == (start, end)
        assert footage.clock_quality is ClockQuality.DECLARED
        assert FootageStore.from_env().download(footage) == CLIP

    def test_a_source_that_states_no_time_gets_the_receivers(self, source: Source, context: Context) -> None:
        register(source)
        source.answers = [Answer(body=CLIP)]
        pull = read(seconds_ago=1)
        for _ in range(2):
            pull_clips(batch(pull), context)
        (footage,) = stored()
        assert (footage.capture_end, footage.clock_quality) == (pull.at, ClockQuality.RECEIVED)

    def test_the_next_pull_asks_only_for_something_new(self, source: Source, context: Context) -> None:
        register(source)
        source.answers = [Answer(body=CLIP, headers={"ETag": '"7"'}), Answer(304)]
        pull_clips(batch(read(), read()), context)
        assert source.asked[1]["if-none-match"] == '"7"'
        assert len(stored()) == 1

    def test_a_source_that_sends_the_same_for_ever_is_recognised(self, source: Source, context: Context) -> None:
        register(source)
        source.answers = [Answer(body=CLIP), Answer(body=b"another"), Answer(body=CLIP)]
        assert pull_clips(batch(read(9), read(6), read(3), read()), context) == {"batchItemFailures": []}
        assert len(stored()) == 2

    def test_a_pull_whose_successor_is_due_is_let_go(self, source: Source, context: Context) -> None:
        register(source)
        assert pull_clips(batch(read(seconds_ago=21)), context) == {"batchItemFailures": []}
        assert source.paths == []

    def test_only_a_clip_that_may_still_come_is_asked_for_again(
        self, source: Source, context: Context, later: list[Errand]
    ) -> None:
        register(source)
        source.answers = [Answer(404), Answer(503), Answer(body=b"x", media_type="text/html"), Answer(body=CLIP)]
        pulls = [read(seconds) for seconds in (4, 3, 2, 1)]
        assert pull_clips(batch(*pulls), context) == {"batchItemFailures": []}
        assert [(again.pulls, again.tries) for again in later] == [((pulls[1],), 2)]
        assert len(stored()) == 1

    def test_a_camera_that_stays_away_is_let_go_and_is_no_dead_letter(
        self, source: Source, context: Context, later: list[Errand]
    ) -> None:
        register(source)
        source.answers = [Answer(503)]
        assert pull_clips(batch(read(), tries=3), context) == {"batchItemFailures": []}
        assert later == []

    def test_a_picture_that_could_not_be_read_has_a_successor(
        self, source: Source, context: Context, later: list[Errand]
    ) -> None:
        register(source, "http_picture")
        source.answers = [Answer(503)]
        assert (
            pull_clips(in_hand(errand(read()).model_copy(update={"keeps": False})), context)["batchItemFailures"] == []
        )
        assert later == []

    def test_an_errand_that_comes_too_late_asks_nobody(self, source: Source, context: Context) -> None:
        register(source)
        assert pull_clips(in_hand(errand(read(seconds_ago=61))), context) == {"batchItemFailures": []}
        assert source.paths == []

    def test_an_errand_waits_for_its_turn_and_gives_it_back(self, source: Source, context: Context) -> None:
        register(source)
        source.answers = [Answer(body=CLIP)]
        turn = Turn(name="host/127.0.0.1", slots=2)
        turns = Leases(os.environ["TURNS_TABLE"])
        both = [f"{turn.name}/{slot}" for slot in range(turn.slots)]
        with turns.hold_one(both), turns.hold_one(both), waits() as heard:
            failed = pull_clips(in_hand(errand(read(), turns=(turn,))), context)["batchItemFailures"]
            assert len(failed) == 1
            assert source.paths == []
        assert 2 <= heard[0] <= 4
        assert pull_clips(in_hand(errand(read(), turns=(turn,))), context) == {"batchItemFailures": []}
        assert len(stored()) == 1
        with turns.hold_one(both), turns.hold_one(both):
            pass


class TestCircuits:
    def circuits(self) -> dict[str, Circuit]:
        return Sources.from_env().circuits()

    def test_a_source_that_fails_three_times_is_left_alone_and_closed_again_once_it_answers(
        self, source: Source, context: Context, later: list[Errand]
    ) -> None:
        register(source)
        source.answers = [Answer(404), Answer(503), Answer(503), Answer(304)]
        for failures in (1, 2, 3):
            pull_clips(in_hand(errand(read(), circuits=self.circuits())), context)
            assert self.circuits()[PULLED].failures == failures
        opened = self.circuits()
        assert opened[PULLED].state(now()) is CircuitState.OPEN
        assert plan_minute([pulled(source.url)], minute_of(now()), Situation(PullLimits(), circuits=opened)).paused == 1
        pull_clips(in_hand(errand(read(), circuits=opened)), context)
        assert self.circuits() == {}

    def test_failures_that_two_workers_see_at_once_both_count(
        self, source: Source, context: Context, later: list[Errand]
    ) -> None:
        register(source)
        source.answers = [Answer(503)]
        pull_clips(batch(read(1), read()), context)
        assert self.circuits()[PULLED].failures == 2

    def test_new_content_closes_it_in_the_write_that_is_made_anyway(self, source: Source, context: Context) -> None:
        register(source)
        Sources.from_env().failed(PULLED, CLOSED, now())
        source.answers = [Answer(body=CLIP)]
        pull_clips(in_hand(errand(read(), circuits=self.circuits())), context)
        assert self.circuits() == {}

    def test_what_is_no_failure_of_the_source_does_not_count(self, city: None, context: Context) -> None:
        pull_clips(batch(read()), context)
        assert self.circuits() == {}

    def test_a_host_whose_sources_are_away_one_after_the_other_is_left_alone_and_asked_no_further(
        self, source: Source, context: Context
    ) -> None:
        register(source)
        source.answers = [Answer(503)]
        one = errand(read(3), read(2), read(1), read()).model_copy(update={"keeps": False})
        for _ in range(3):
            pull_clips(in_hand(one), context)
        assert len(source.paths) == 6
        assert self.circuits()["host/127.0.0.1"].failures == 3


class TestLooks:
    @pytest.mark.parametrize("kind", ["http_clip", "http_picture"])
    def test_a_camera_that_is_not_analysed_leaves_its_footage_where_it_is(
        self, source: Source, context: Context, kind: Literal["http_clip", "http_picture"]
    ) -> None:
        register(source, kind)
        source.answers = [Answer(body=CLIP, media_type="video/mp4" if kind == "http_clip" else "image/jpeg")]
        look = Pull(camera_id=PULLED, at=now(), action="look")
        assert pull_clips(batch(look), context) == {"batchItemFailures": []}
        assert stored() == []
        assert boto3.client("s3").list_objects_v2(Bucket=os.environ["FOOTAGE_BUCKET"])["KeyCount"] == 0
        assert "sha256" in Sources.from_env().last(PULLED)


class TestWhatItCosts:
    """Calls of AWS, each of which has a price."""

    @pytest.fixture
    def calls(self, city: None) -> Iterator[Counter[str]]:
        counted = Counter[str]()

        def count(model: Any, **_: Any) -> None:
            counted[model.name] += 1

        heard = [getattr(clients, name)().meta.events for name in ("dynamodb", "sqs", "s3")]
        for events in heard:
            events.register("before-call.*", count)
        yield counted
        for events in heard:
            events.unregister("before-call.*", count)

    def test_a_look_that_finds_nothing_new_costs_two_reads(
        self, source: Source, context: Context, calls: Counter[str]
    ) -> None:
        register(source)
        source.answers = [Answer(304)]
        looks = [Pull(camera_id=PULLED, at=now() - timedelta(seconds=second), action="look") for second in (3, 2, 1, 0)]
        told = in_hand(errand(*looks))
        calls.clear()
        pull_clips(told, context)
        assert calls == {"GetItem": 8}

    def test_planning_a_thousand_cameras_costs_a_call_for_ten_messages_and_a_few_besides(
        self, context: Context, calls: Counter[str]
    ) -> None:
        items = [
            {"PutRequest": {"Item": {"camera_id": {"S": one.camera_id}, "document": {"S": one.model_dump_json()}}}}
            for one in (
                pulled(f"http://nvr-{number % 50}.example/{number}.jpg", "http_picture", 60).model_copy(
                    update={"camera_id": f"01JZ{number:022d}"}
                )
                for number in range(1000)
            )
        ]
        for start in range(0, len(items), 25):
            requests: Any = {os.environ["CAMERAS_TABLE"]: items[start : start + 25]}
            clients.dynamodb().batch_write_item(RequestItems=requests)
        calls.clear()
        plan_pulls({}, context)
        assert calls.pop("SendMessageBatch") <= 70
        assert calls.pop("Scan") <= 3
        assert calls == {"GetItem": 2, "PutItem": 1, "GetQueueAttributes": 1}


class TestPullingSafely:
    def test_a_source_inside_is_never_called(
        self, source: Source, context: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Registry.from_env().put(pulled("http://169.254.169.254/latest/meta-data/"))
        assert pull_clips(batch(read()), context) == {"batchItemFailures": []}

    def test_a_source_whose_clock_runs_ahead_is_told_and_its_clip_kept_apart(
        self, source: Source, context: Context
    ) -> None:
        register(source)
        told = {
            "Capture-Start": utc_text(now() + timedelta(hours=1)),
            "Capture-End": utc_text(now() + timedelta(hours=2)),
        }
        source.answers = [Answer(body=CLIP, headers=told)]
        assert pull_clips(batch(read()), context) == {"batchItemFailures": []}
        (fact,) = [read_fact(envelope["detail"], ClipRejected).data for envelope in published()]
        assert fact.reason == "from_the_future"

    def test_cameras_that_are_gone_or_push_now_are_let_go(self, city: None, context: Context) -> None:
        assert pull_clips(batch(read()), context) == {"batchItemFailures": []}
        Registry.from_env().put(camera(PULLED))
        assert pull_clips(batch(read()), context) == {"batchItemFailures": []}


class TestPictureSeries:
    def test_the_pictures_of_a_minute_become_one_clip_however_often_it_is_closed(
        self, source: Source, context: Context
    ) -> None:
        register(source, "http_picture")
        source.answers = [jpeg(b"one"), jpeg(b"one"), jpeg(b"two")]
        pull = Pull(camera_id=PULLED, at=now())
        pull_clips(batch(pull, pull, pull), context)
        minute = minute_of(pull.at)
        close = Pull(camera_id=PULLED, at=minute + timedelta(minutes=1) + CLOSING, action="close")
        for _ in range(2):
            assert pull_clips(batch(close), context) == {"batchItemFailures": []}
        (footage,) = stored()
        assert (footage.capture_start, footage.capture_end) == (minute, minute + timedelta(minutes=1))
        assert footage.media_type == "application/zip"
        with ZipFile(BytesIO(FootageStore.from_env().download(footage))) as series:
            assert [series.read(name) for name in series.namelist()] == [b"one", b"two"]

    def test_a_minute_without_a_new_picture_makes_no_clip(self, source: Source, context: Context) -> None:
        register(source, "http_picture")
        close = Pull(camera_id=PULLED, at=minute_of(now()) + CLOSING, action="close")
        assert pull_clips(batch(close), context) == {"batchItemFailures": []}
        assert stored() == []


class TestAnnounceClip:
    def test_the_event_that_s3_really_sends_claims_and_announces(
        self, city: None, context: Context, payload: Payload
    ) -> None:
        Registry.from_env().put(camera())
        footage = Footage.place(**dict(declaration(start=now() - timedelta(minutes=1))), bucket="footage-bucket")
        event = payload("cameras_announce_clip")
        event["detail"]["object"]["key"] = footage.key
        FootageStore.from_env().put(footage, CLIP)
        told = {"Records": [_received("1", json.dumps(event), queue="ARRIVAL_QUEUE_URL")]}
        for _ in range(2):
            assert announce_clip(told, context) == {"batchItemFailures": []}
        assert stored() == [footage]
        assert Claims.from_env().get(footage.clip_id).state is ClipState.STORED


class TestSweepClips:
    def test_a_claim_that_was_never_announced_is(self, city: None, context: Context) -> None:
        Registry.from_env().put(camera())
        footage = Footage.place(**dict(declaration()), bucket="footage-bucket")
        FootageStore.from_env().put(footage, CLIP)
        Claims.from_env().claim(footage, now() - timedelta(minutes=3))
        sweep_clips({}, context)
        assert stored() == [footage]
        sweep_clips({}, context)
        assert stored() == []


def test_payloads_are_what_the_errands_say() -> None:
    one = Errand(pulls=(Pull(camera_id=PULLED, at=AT),), until=AT + timedelta(minutes=1), host="camera.example")
    assert json.loads(one.model_dump_json(exclude_defaults=True)) == {
        "pulls": [{"camera_id": PULLED, "at": "2026-11-24T10:45:30.000Z"}],
        "until": "2026-11-24T10:46:30.000Z",
        "host": "camera.example",
    }
