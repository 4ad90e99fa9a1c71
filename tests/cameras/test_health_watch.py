"""The watch over cameras, in a city in moto and in virtual time: what it finds is written once, and told once."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from civicam.aws.bus import Bus
from civicam.aws.claims import Claims
from civicam.aws.health import HealthTable, Known
from civicam.aws.health_watch import HealthWatch
from civicam.aws.registry import Registry
from civicam.cameras.health import Health
from civicam.contracts.base import utc_text
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Unavailable
from civicam.contracts.facts import CloudEvent, read_fact
from civicam.contracts.footage import Footage
from civicam.contracts.health import CameraHealthChanged, Looked
from civicam.contracts.sources import CitizenSource
from functions.cameras.watch_health.handler import handler
from tests.cameras.conftest import AT, PULLED, PUSHING, camera, declaration, pulled
from tests.fakes.city_in_moto import Context, published

pytestmark = pytest.mark.unit
SEEN = Looked(coverage=1, sampling_fps=5)


@pytest.fixture(autouse=True)
def in_a_city(city: None) -> None:
    """Each test has an empty one."""


def register(one: Camera) -> Camera:
    return Registry.from_env().put(one).camera


def deliver(end: datetime, *, conditions: tuple[str, ...] = (), camera_id: str = PUSHING, seconds: float = 10) -> None:
    """A clip that came three seconds after its end, and was judged."""
    body = hashlib.sha256(f"{camera_id} {end}".encode()).digest() * 30_000
    told = declaration(body, camera_id=camera_id, start=end - timedelta(seconds=seconds), seconds=seconds)
    footage = Footage.place(**dict(told), bucket="footage-bucket")
    claims = Claims.from_env()
    claims.claim(footage, end + timedelta(seconds=3))
    claims.judged(footage.clip_id, SEEN.model_copy(update={"conditions": conditions}))


def minute(number: float) -> datetime:
    return AT + timedelta(minutes=number)


def watch(*minutes: float) -> None:
    for number in minutes:
        HealthWatch.from_env().watch(minute(number))


def told() -> list[CameraHealthChanged]:
    facts = [read_fact(envelope["detail"], CameraHealthChanged).data for envelope in published()]
    return sorted(facts, key=lambda fact: fact.number)


def note(camera_id: str, changed: datetime | None, *, fails: bool = False) -> None:
    """What the table of sources has of one that is read."""
    item: dict[str, Any] = {"camera_id": {"S": camera_id}}
    item |= {"changed_at": {"S": utc_text(changed)}} if changed else {}
    boto3.client("dynamodb").put_item(
        TableName="sources-table", Item=item | ({"circuit": {"S": "{}"}} if fails else {})
    )


class TestPushed:
    def test_a_camera_freezes_goes_silent_and_comes_back_and_each_change_is_told_once(self) -> None:
        register(camera())
        for number in range(1, 60):
            view = ("frozen",) if 20 <= number < 40 else ()
            if not 40 <= number < 70:
                deliver(AT + timedelta(seconds=10 * number), conditions=view)
        for number in range(90, 130):
            deliver(AT + timedelta(seconds=10 * number))
        watch(*(0.5 + number for number in range(22)))

        facts = told()
        assert [(fact.state, fact.reasons) for fact in facts] == [
            ("healthy", ()),
            ("blind", ("frozen",)),
            ("dead", ("silent",)),
            ("healthy", ()),
        ]
        assert [fact.state_before for fact in facts] == ["unknown", "healthy", "blind", "dead"]
        assert facts[2].since - minute(0) <= timedelta(seconds=400) + timedelta(minutes=3)
        assert len({fact.fact_id for fact in facts}) == 4

    def test_nothing_is_written_while_nothing_changes(self) -> None:
        register(camera())
        for number in range(1, 40):
            deliver(AT + timedelta(seconds=10 * number))
        watch(1)
        before = boto3.client("dynamodb").scan(TableName="health-table")["Items"]
        watch(2, 3, 4, 5, 6)
        assert boto3.client("dynamodb").scan(TableName="health-table")["Items"] == before

    def test_what_the_bus_did_not_take_is_told_by_the_next_round(self, monkeypatch: pytest.MonkeyPatch) -> None:
        register(camera())
        deliver(AT + timedelta(seconds=20))
        known = HealthWatch.from_env()
        with pytest.raises(Unavailable):
            HealthWatch(known.registry, known.claims, known.sources, known.table, Refusing("city")).watch(minute(0.5))
        assert published() == []
        watch(0.6, 0.7)
        assert [fact.state for fact in told()] == ["healthy"]

    def test_a_camera_that_nobody_expects_anything_of_is_not_watched(self) -> None:
        register(camera().model_copy(update={"consent_until": AT.replace(second=0)}))
        register(camera(PULLED).model_copy(update={"source": CitizenSource()}))
        watch(1, 10)
        assert told() == []


class Refusing(Bus):
    def publish(self, events: Any) -> None:
        if events:
            raise Unavailable("the bus refused all of it")


class TestPulled:
    @pytest.fixture(autouse=True)
    def looked_at(self, city: None) -> None:
        """A camera that is not analysed: a picture a minute, of which nothing is kept."""
        register(pulled("https://example.org/picture.jpg", "http_picture", 12))

    def run(self, pictures: range, upto: int, *, fails: bool) -> list[tuple[str, tuple[str, ...]]]:
        for number in range(1, upto + 1):
            newest = max((minute(one) for one in pictures if one <= number), default=None)
            note(PULLED, newest, fails=fails and number not in pictures)
            watch(number + 0.2)
        return [(fact.state, fact.reasons) for fact in told()]

    def test_a_picture_a_minute_keeps_it_healthy(self) -> None:
        assert self.run(range(1, 12), 11, fails=False) == [("healthy", ())]

    def test_one_that_fails_is_dead_within_three_intervals(self) -> None:
        assert self.run(range(1, 6), 8, fails=True) == [("healthy", ()), ("dead", ("silent",))]

    def test_one_that_answers_the_same_for_ever_is_frozen_not_dead(self) -> None:
        assert self.run(range(1, 6), 14, fails=False) == [("healthy", ()), ("blind", ("frozen",))]

    def test_one_that_answers_again_is_back(self) -> None:
        pictures = range(1, 4)
        assert self.run(pictures, 7, fails=True)[-1] == ("dead", ("silent",))
        note(PULLED, minute(8))
        watch(8.2)
        assert [fact.state for fact in told()] == ["healthy"]

    def test_one_that_never_answered_is_dead(self) -> None:
        note(PULLED, None, fails=True)
        watch(0, 1, 2, 3)
        assert [(fact.state, fact.last_seen) for fact in told()] == [("dead", None)]


class TestTable:
    def test_of_two_who_write_one_change_one_does(self) -> None:
        table = HealthTable.from_env()
        first, known = Health(since=AT), Known(PUSHING, Health(since=AT))
        assert table.put(known, None)
        assert not table.put(known, None)
        second = Known(PUSHING, Health(since=minute(1), state="healthy", number=1), event(1))
        assert table.put(second, first)
        assert not table.put(second, first)
        table.told(Known(PUSHING, first))
        assert table.current()[PUSHING] == second
        table.told(second)
        assert table.current()[PUSHING].untold is None

    def test_history_is_every_change_of_a_stretch_and_the_one_behind_it(self) -> None:
        table, standing = HealthTable.from_env(), None
        for number in range(1, 6):
            wanted = Health(since=minute(10 * number), state="healthy", number=number)
            assert table.put(Known(PUSHING, wanted, event(number)), standing)
            standing = wanted
        changes, now = table.history(PUSHING, minute(15), minute(35))
        assert [change.number for change in changes] == [2, 3, 4]
        assert now.number == 4
        assert table.history(PUSHING, minute(60), minute(90)) == ((), standing)
        assert table.history(PULLED, minute(0), minute(9))[1].state == "unknown"
        assert set(table.of([PUSHING, PULLED])) == {PUSHING}


def event(number: int) -> CloudEvent[CameraHealthChanged]:
    return CloudEvent.of(
        CameraHealthChanged(
            fact_id=f"change {number}",
            camera_id=PUSHING,
            since=minute(10 * number),
            number=number,
            state="healthy",
            state_before="unknown",
            since_before=minute(10 * number - 10),
        )
    )


def test_the_function_says_what_a_round_came_to(context: Context) -> None:
    register(camera())
    assert handler({}, context) == {"cameras": 1, "changes": 0, "told": 0}
