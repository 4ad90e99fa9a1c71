"""Where a camera on a vehicle was: what may be told of it, and what can be said between two waypoints."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.aws.routes import Routes
from civicam.cameras.routes import CLOCK_SLACK, GAP, KEPT, admit_report, place_at
from civicam.contracts.cameras import Camera, Profile
from civicam.contracts.errors import Rejected
from civicam.contracts.routes import RouteReport, Waypoint
from tests.cameras.conftest import AT, PUSHING, camera

pytestmark = pytest.mark.unit
SECOND = timedelta(seconds=1)
START, END = (106.70, 10.77), (106.71, 10.78)


def on_a_vehicle() -> Camera:
    return camera().model_copy(update={"profile": Profile(mount="vehicle")})


def waypoint(seconds: float, place: tuple[float, float] = START) -> Waypoint:
    return Waypoint(at=AT + seconds * SECOND, place=place)


def test_between_two_waypoints_it_went_straight_and_evenly() -> None:
    way = (waypoint(0, START), waypoint(60, END))
    assert place_at(on_a_vehicle(), way, AT) == START
    assert place_at(on_a_vehicle(), way, AT + 60 * SECOND) == END
    assert place_at(on_a_vehicle(), way, AT + 30 * SECOND) == pytest.approx((106.705, 10.775))


def test_where_nobody_knows_nothing_is_said() -> None:
    assert place_at(on_a_vehicle(), (), AT) is None
    assert place_at(on_a_vehicle(), (waypoint(0),), AT + SECOND) is None
    assert place_at(on_a_vehicle(), (waypoint(0),), AT - SECOND) is None
    far = (waypoint(0), waypoint(GAP.total_seconds() + 1))
    assert place_at(on_a_vehicle(), far, AT + SECOND) is None


def test_a_fixed_camera_is_where_it_is_registered() -> None:
    assert place_at(camera(), (waypoint(0, END),), AT) == camera().position


@given(
    st.lists(st.tuples(st.floats(-900, 900), st.floats(100, 110), st.floats(9, 12)), max_size=9), st.floats(-999, 999)
)
def test_it_never_left_what_its_waypoints_span(told: list[tuple[float, float, float]], seconds: float) -> None:
    way = [waypoint(moment, (east, north)) for moment, east, north in told]
    found = place_at(on_a_vehicle(), way, AT + seconds * SECOND)
    if found:
        for axis in (0, 1):
            spanned = [one.place[axis] for one in way]
            assert min(spanned) - 1e-9 <= found[axis] <= max(spanned) + 1e-9


@pytest.mark.parametrize(
    ("one", "seconds", "reason"),
    [
        (camera(), 0, "not_on_a_vehicle"),
        (on_a_vehicle(), CLOCK_SLACK.total_seconds() + 1, "not_a_time"),
        (on_a_vehicle(), -KEPT.total_seconds() - 1, "not_a_time"),
        (on_a_vehicle(), CLOCK_SLACK.total_seconds(), None),
        (on_a_vehicle(), -KEPT.total_seconds(), None),
    ],
)
def test_what_cannot_be_true_is_refused(one: Camera, seconds: float, reason: str | None) -> None:
    report = RouteReport(waypoints=(waypoint(-1), waypoint(seconds)))
    if reason is None:
        admit_report(one, report, AT)
        return
    with pytest.raises(Rejected) as refused:
        admit_report(one, report, AT)
    assert refused.value.reason == reason


def test_waypoints_come_back_in_order_once_and_by_time(city: None) -> None:
    routes = Routes.from_env()
    routes.put(PUSHING, [waypoint(60, END), waypoint(0), waypoint(0)])
    assert routes.between(PUSHING, AT, AT + 60 * SECOND, 9) == (waypoint(0), waypoint(60, END))
    assert routes.between(PUSHING, AT, AT + 60 * SECOND, 1) == (waypoint(0),)
    assert routes.between(PUSHING, AT + SECOND, AT + 59 * SECOND, 9) == ()
    assert place_at(on_a_vehicle(), routes.around(PUSHING, AT + 30 * SECOND), AT + 30 * SECOND) is not None
