"""Who is analysed, in a city in moto: chosen in one write, told once, and what follows for pulls and clips."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest

from civicam.aws.allocating import Allocator
from civicam.aws.allocations import Allocations, Standing, Wishes
from civicam.aws.bus import Bus
from civicam.aws.errands import MinutePlanner
from civicam.aws.registry import Registry
from civicam.cameras.allocation import Allocation, Candidate, allocate
from civicam.cameras.calendar import Occasion
from civicam.contracts.allocation import Budget, CameraAllocationChanged, Request, Why
from civicam.contracts.cameras import Camera, Profile
from civicam.contracts.errors import Conflict, Unavailable
from civicam.contracts.facts import CloudEvent, read_fact
from functions.cameras.allocate_cameras.handler import handler
from tests.cameras.conftest import AT, PULLED, PUSHING, camera, pulled
from tests.fakes.city_in_moto import Context, published

pytestmark = pytest.mark.unit
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def in_a_city(city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has one with a camera that pushes and one that is pulled, and a place for one of them."""
    monkeypatch.setenv("ANALYSED_BUDGET", Budget(cameras=1).model_dump_json())
    Registry.from_env().put(camera().model_copy(update={"profile": Profile(risk=1)}))
    Registry.from_env().put(pulled("https://camera.example.org/clip", interval_seconds=20))


def choose(minutes: float = 0) -> None:
    Allocator.from_env().choose(AT + minutes * MINUTE)


def told() -> list[tuple[str, bool, Why]]:
    facts = [read_fact(envelope["detail"], CameraAllocationChanged).data for envelope in published()]
    return [(fact.camera_id, fact.analysed, fact.why) for fact in facts]


def analyses(camera_id: str) -> bool:
    table = Allocations.from_env()
    said = not table.passes_over(camera_id)
    assert said == table.standing().allocation.analyses(camera_id)
    return said


def request(camera_id: str, minutes: int = 30) -> None:
    Allocations.from_env().request(camera_id, Request(until=AT + minutes * MINUTE, by="anna"))


def test_who_is_passed_over_is_told_once_and_who_is_analysed_as_before_not_at_all() -> None:
    choose()
    choose(1)
    assert told() == [(PULLED, False, Why.CAPACITY)]
    assert (analyses(PUSHING), analyses(PULLED)) == (True, False)


def test_a_city_with_fewer_cameras_than_places_never_says_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYSED_BUDGET", Budget(cameras=50).model_dump_json())
    choose()
    assert (told(), analyses(PULLED), analyses(PUSHING)) == ([], True, True)


def test_a_request_takes_a_place_until_it_ends_or_is_withdrawn() -> None:
    choose()
    request(PULLED)
    choose(1)
    assert (analyses(PULLED), analyses(PUSHING)) == (True, False)
    choose(31)
    assert (analyses(PULLED), analyses(PUSHING)) == (False, True)
    request(PULLED, 90)
    choose(32)
    Allocations.from_env().withdraw(PULLED)
    choose(33)
    assert not analyses(PULLED)
    assert len(told()) == 1 + 2 * 4


def test_an_occasion_and_another_budget_hold_from_the_next_round_on() -> None:
    table = Allocations.from_env()
    match = Occasion(name="match", first=AT.date(), last=AT.date(), units=("ward-ben-thanh",), weight=3)
    Registry.from_env().put(pulled("https://camera.example.org/clip").model_copy(update={"unit_id": "ward-ben-thanh"}))
    table.wish(Wishes(occasions=(match,)), table.wishes()[1])
    choose()
    assert table.standing().allocation.verdicts[PULLED].why is Why.OCCASION
    wishes, version = table.wishes()
    table.wish(wishes.model_copy(update={"budget": Budget(cameras=2)}), version)
    choose(1)
    assert analyses(PUSHING)
    with pytest.raises(Conflict, match="somebody else"):
        table.wish(wishes, version)


def test_of_two_rounds_at_once_one_counts() -> None:
    table, before = Allocations.from_env(), Allocations.from_env().standing()
    one = allocate([Candidate(camera_id=PUSHING)], Budget(cameras=0), before.allocation, AT)
    other = allocate([Candidate(camera_id=PULLED)], Budget(cameras=0), before.allocation, AT)
    assert table.put(one, before)
    assert not table.put(other, before)
    assert table.standing().allocation == one


def test_what_a_killed_round_did_not_tell_is_told_by_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(self: Bus, events: list[CloudEvent[Any]]) -> None:
        raise Unavailable("the bus")

    with monkeypatch.context() as patched:
        patched.setattr(Bus, "publish", dies)
        for minutes, wanted in ((0, None), (1, PULLED)):
            if wanted:
                request(wanted)
            with pytest.raises(Unavailable):
                choose(minutes)
    assert told() == []
    choose(2)
    choose(3)
    assert told() == [(PULLED, False, Why.CAPACITY), (PUSHING, False, Why.CAPACITY), (PULLED, True, Why.REQUESTED)]


def test_who_is_passed_over_is_pulled_for_its_health_alone() -> None:
    minute = AT.replace(second=0) + MINUTE
    planner = MinutePlanner.from_env()
    actions = [pull.action for errand in planner.plan(minute, AT).errands for pull in errand.pulls]
    assert len(actions) == 3
    choose()
    actions = [pull.action for errand in planner.plan(minute + MINUTE, AT).errands for pull in errand.pulls]
    assert actions == ["look"]


def test_the_changes_of_a_stretch_of_time_stand_in_order() -> None:
    choose()
    request(PULLED, 5)
    choose(1)
    choose(10)
    found = list(Allocations.from_env().changed_since(AT + MINUTE))
    assert [version for version, _ in found] == [2, 3]
    assert [verdicts[PULLED].analysed for _, verdicts in found] == [True, False]


def test_what_holds_for_five_thousand_cameras_fits_into_its_item() -> None:
    """400 kB (DynamoDB quota); ids are as random as real ones."""
    cameras = [Candidate(camera_id=f"01JZ{secrets.token_hex(11).upper()}") for _ in range(5000)]
    wanted = allocate(cameras, Budget(cameras=50), Allocation(since=AT), AT)
    table = Allocations.from_env()
    assert table.put(wanted, Standing(Allocation(since=AT)))
    assert len(table.standing().allocation.passed_over) == 4950


def test_the_function_says_what_the_round_came_to(context: Context) -> None:
    assert handler({}, context) == {"analysed": 1, "candidates": 2, "changes": 1, "told": 1}
    assert handler({}, context) == {"analysed": 1, "candidates": 2, "changes": 0, "told": 0}
    assert json.dumps(published()).count("cameras.allocation.changed.v1") >= 1


def test_a_camera_that_left_the_registry_gives_its_place_back() -> None:
    choose()
    gone: Camera = camera().model_copy(update={"profile": Profile(analytics=())})
    Registry.from_env().put(gone, at=datetime.now(tz=AT.tzinfo))
    choose(1)
    assert analyses(PULLED)
