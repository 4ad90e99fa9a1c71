"""Which cameras are analysed, through the city: another budget, a request, and what becomes of clips."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from civicam.aws.allocations import Allocations
from civicam.aws.claims import Claims, ClipState
from civicam.contracts.allocation import Budget, CameraAllocationChanged
from civicam.contracts.cameras import Profile
from civicam.contracts.vision import VehiclesCounted
from civicam.operations.policy import Role
from tests.city.making import wait_for
from tests.city.whole import WholeCity
from tests.fakes.footage import clip as video
from tests.fakes.footage import passing

pytestmark = pytest.mark.flow


@pytest.fixture
def choose(whole: WholeCity, aws: Callable[[str], Any]) -> Iterator[Callable[[Budget], None]]:
    """Has the city choose anew, by another budget; in the end by its own again."""
    table = Allocations.from_env()
    usual = table.wishes()[0]

    def one(budget: Budget) -> None:
        wishes, version = table.wishes()
        table.wish(wishes.model_copy(update={"budget": budget}), version)
        told = aws("lambda").invoke(FunctionName="civicam-laptop-allocate_cameras", Payload=b"{}")
        assert "FunctionError" not in told, told["Payload"].read()

    yield one
    assert usual.budget
    one(usual.budget)


def test_with_one_place_the_other_camera_s_clips_are_kept_until_somebody_asks_for_it(
    whole: WholeCity, choose: Callable[[Budget], None]
) -> None:
    profile = Profile(analytics=("vehicle",), sampling_fps=1)
    first = whole.camera("chosen", profile.model_copy(update={"promised": True}))
    other = whole.camera("passed-over", profile)
    choose(Budget(cameras=1))
    kept, analysed = whole.deliver(other, video(passing(74))), whole.deliver(first, video(passing(76)))
    whole.facts_of(analysed, VehiclesCounted)
    wait_for(lambda: Claims.from_env().get(kept).state is ClipState.PASSED_OVER)

    asked = f"/v1/cameras/{other.camera_id}/analysis"
    assert whole.call(Role.OPERATOR, "GET", asked).json()["why"] == "capacity"
    assert whole.call(Role.OPERATOR, "PUT", f"{asked}/request", json={"hours": 0.1}).status_code == 202
    choose(Budget(cameras=2))
    assert whole.call(Role.OPERATOR, "DELETE", f"{asked}/request").json()["why"] == "requested"
    for what in ("health", "coverage"):
        assert whole.call(Role.OPERATOR, "GET", f"/v1/cameras/{other.camera_id}/{what}").status_code == 200
    whole.facts_of(whole.deliver(other, video(passing(77))), VehiclesCounted)

    changed = CameraAllocationChanged.TYPE
    told = whole.hear(lambda event: event.type == changed and event.subject == other.camera_id, count=2)
    assert [fact.analysed for fact in sorted(told, key=lambda fact: fact.version)] == [False, True]
    assert not [event for event in whole.heard if event.type == changed and event.subject == first.camera_id]
