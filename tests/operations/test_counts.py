"""Counts by hand: filed once, compared with the city's, and beside every count of the camera from then on."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.aws.manual_counts import ManualCounts
from civicam.cameras.counting import deviation
from civicam.contracts.base import utc_text
from civicam.contracts.errors import Rejected
from civicam_cli.counting import read_sheet
from tests.fakes.facts import crossing, vehicles
from tests.operations.conftest import SUBJECT, Api, City, store_facts, two_units

pytestmark = pytest.mark.unit


@pytest.fixture
def city() -> Iterator[City]:
    """The first camera's minute: four cars forward in each of six clips, two of them with a truck besides."""
    with two_units() as city:
        start, camera_id = city.own.footage.capture_start, city.own.camera.camera_id
        for n in range(1, 6):
            trucks = [crossing(1, label="truck")] if n < 3 else []
            at = start + timedelta(seconds=10 * n)
            store_facts(vehicles(crossing(4), *trucks, camera_id=camera_id, capture_start=at))
        yield city


def place(city: City) -> str:
    return f"/v1/cameras/{city.own.camera.camera_id}/counts"


def sheet(city: City, *tallies: dict[str, Any], **changes: Any) -> dict[str, Any]:
    told = {"line_id": "north", "direction": "forward", "count": 25}
    return {
        "start": utc_text(city.own.footage.capture_start),
        "minutes": 1,
        "tallies": list(tallies or (told,)),
    } | changes


def tally(count: int, **changes: Any) -> dict[str, Any]:
    return {"line_id": "north", "direction": "forward", "count": count} | changes


def test_a_count_stands_beside_the_city_s_own_with_its_error(api: Api, city: City) -> None:
    filed = api("POST", place(city), sheet(city, tally(30, label="car"), tally(2, label="truck")))
    assert filed.status == 200
    cars, trucks = filed.json["tallies"]
    assert (cars["by_hand"], cars["by_city"], cars["error_share"]) == (30, 24, -0.2)
    assert cars["error_low"] < -0.2 < cars["error_high"]
    assert (trucks["by_city"], trucks["error_share"]) == (2, 0)
    assert (filed.json["total"]["by_hand"], filed.json["total"]["by_city"]) == (32, 26)
    assert (filed.json["covered"], filed.json["counted_by"]) == (1, SUBJECT)
    facts = api("GET", "/v1/facts", camera_id=city.own.camera.camera_id).json
    assert facts["manual_counts"] == [filed.json] == api("GET", place(city)).json["items"]


def test_all_labels_may_be_counted_together(api: Api, city: City) -> None:
    filed = api("POST", place(city), sheet(city)).json
    assert (filed["tallies"][0]["by_city"], filed["tallies"][0]["error_share"]) == (26, 0.04)


def test_filed_again_it_is_the_count_that_stands(api: Api, city: City) -> None:
    first = api("POST", place(city), sheet(city))
    again = api("POST", place(city), sheet(city))
    assert again.json == first.json
    other = api("POST", place(city), sheet(city, tally(26)))
    assert other.json["count_id"] != first.json["count_id"]
    assert len(api("GET", place(city)).json["items"]) == 2


def test_a_clip_that_reaches_into_the_stretch_counts_in_proportion(api: Api, city: City) -> None:
    start = city.own.footage.capture_start - timedelta(seconds=5)
    filed = api("POST", place(city), sheet(city, start=utc_text(start))).json
    assert filed["tallies"][0]["by_city"] == 24
    assert filed["covered"] == pytest.approx(55 / 60, abs=1e-4)


def test_the_latest_stretch_is_told_first(api: Api, city: City) -> None:
    start = city.own.footage.capture_start
    for seconds in (0, 20, 10):
        api("POST", place(city), sheet(city, start=utc_text(start + timedelta(seconds=seconds))))
    starts = [count["start"] for count in api("GET", place(city)).json["items"]]
    assert starts == sorted(starts, reverse=True)
    assert len(starts) == 3


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"minutes": 3}, "not_covered"),
        ({"start": "2030-01-01T00:00:00Z"}, "future_count"),
        ({"tallies": [tally(1, line_id="south")]}, "unknown_line"),
        ({"tallies": []}, "invalid_request"),
        ({"tallies": [tally(1), tally(1)]}, "invalid_request"),
        ({"tallies": [tally(1), tally(1, label="car")]}, "invalid_request"),
        ({"tallies": [tally(-1)]}, "invalid_request"),
        ({"minutes": 0}, "invalid_request"),
        ({"colour": "red"}, "invalid_request"),
    ],
)
def test_a_count_that_proves_nothing_is_refused(api: Api, city: City, changes: dict[str, Any], problem: str) -> None:
    answer = api("POST", place(city), sheet(city, **changes))
    assert (answer.status, answer.problem) == (422, problem)
    assert ManualCounts.from_env().of_camera(city.own.camera.camera_id) == ()


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_the_error_lies_between_its_bounds(by_hand: int, by_city: int) -> None:
    told = deviation(by_hand, by_city)
    error = told.error_share if told.error_share is not None else float("inf")
    low = -1.0 if told.error_low is None else told.error_low
    high = float("inf") if told.error_high is None else told.error_high
    assert -1 <= low <= error + 1e-4
    assert error <= high + 1e-4


@given(st.integers(1, 300), st.integers(1, 300))
def test_more_counted_is_surer(by_hand: int, by_city: int) -> None:
    less, more = deviation(by_hand, by_city), deviation(10 * by_hand, 10 * by_city)
    assert less.error_low is not None
    assert more.error_low is not None
    assert less.error_low < more.error_low < by_city / by_hand - 1


def test_the_bounds_are_wilson_s() -> None:
    """For 81 of 263: 0.2553 to 0.3662 (Newcombe 1998, Statistics in Medicine 17, table I)."""
    told = deviation(by_hand=263 - 81, by_city=81)
    assert told.error_low is not None
    assert told.error_high is not None
    assert (1 + told.error_low) / (2 + told.error_low) == pytest.approx(0.2553, abs=1e-4)
    assert (1 + told.error_high) / (2 + told.error_high) == pytest.approx(0.3662, abs=1e-4)


class TestCommandLine:
    def test_tallies_are_read_as_they_are_written(self, city: City) -> None:
        start = city.own.footage.capture_start
        read = read_sheet(start, 15, ["stop/forward=12", "stop/backward/two_wheeler=0"])
        assert [(one.line_id, one.direction, one.label, one.count) for one in read.tallies] == [
            ("stop", "forward", None, 12),
            ("stop", "backward", "two_wheeler", 0),
        ]

    @pytest.mark.parametrize("told", ["stop=1", "stop/up=1", "stop/forward=many", "stop/forward/ufo=1", ""])
    def test_what_is_no_tally_is_refused(self, city: City, told: str) -> None:
        with pytest.raises(Rejected) as refused:
            read_sheet(city.own.footage.capture_start, 15, [told])
        assert refused.value.reason == "bad_count"
