"""Units in time: whoever took over whose ground, asked from either end."""

import json
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.cameras.units import HERE, Units, units
from civicam.contracts.errors import Rejected
from civicam.contracts.schedule import CITY_TIME
from civicam.contracts.text import nfc

pytestmark = pytest.mark.unit
JUNE_2019 = datetime(2019, 6, 15, tzinfo=UTC)
TODAY = datetime(2026, 11, 30, tzinfo=UTC)
DISTRICTS = {"urban_district", "rural_district", "city_district"}


def test_the_resolution_made_168_units_of_three_kinds() -> None:
    now = Counter(unit.kind for unit in units() if unit.is_valid(TODAY.date()))
    assert now == {"ward": 113, "commune": 54, "special_zone": 1}


def test_there_were_24_districts_then_22_then_none() -> None:
    counts = [
        sum(unit.kind in DISTRICTS and unit.is_valid(day) for unit in units())
        for day in (date(2020, 12, 31), date(2021, 1, 1), date(2025, 6, 30), date(2025, 7, 1))
    ]
    assert counts == [24, 22, 22, 0]


def test_every_unit_that_ended_has_successors_that_began_the_day_after() -> None:
    for unit in units():
        assert bool(unit.valid_to) == bool(unit.successors), unit.id
        for successor in map(units().get, unit.successors):
            assert unit.valid_to
            assert successor.valid_from
            assert (successor.valid_from - unit.valid_to).days == 1


def test_the_ground_is_followed_forwards_and_backwards() -> None:
    assert "district-1" in units().at("ward-sai-gon", JUNE_2019)
    assert "ward-ben-nghe-district-1" in units().at("ward-sai-gon", JUNE_2019)
    assert units().at("ward-ben-nghe-district-1", TODAY) == ("ward-sai-gon",)
    assert set(units().at("ward-ben-nghe-district-1", JUNE_2019)) == {"ward-ben-nghe-district-1", "district-1"}
    assert set(units().at("district-2", datetime(2022, 1, 1, tzinfo=UTC))) == {"city-thu-duc"}
    assert set(units().at("ward-thu-duc", JUNE_2019)) == {"district-2", "district-9", "district-thu-duc"}


def test_divided_ground_may_lie_in_each_part() -> None:
    assert set(units().at("ward-da-kao-district-1", TODAY)) == {"ward-tan-dinh", "ward-sai-gon"}
    assert len(units().at("district-1", TODAY)) == 4


@pytest.mark.parametrize(
    ("moment", "valid"),
    [
        (datetime(2025, 6, 30, 23, 59, tzinfo=CITY_TIME), "district-1"),
        (datetime(2025, 7, 1, tzinfo=CITY_TIME), "ward-sai-gon"),
        (datetime(2025, 6, 30, 16, 59, tzinfo=UTC), "district-1"),
        (datetime(2025, 6, 30, 17, 0, tzinfo=UTC), "ward-sai-gon"),
    ],
)
def test_the_districts_end_with_the_last_minute_of_their_day_in_the_city(moment: datetime, valid: str) -> None:
    units().require_valid(valid, moment)
    other = {"district-1": "ward-sai-gon", "ward-sai-gon": "district-1"}[valid]
    with pytest.raises(Rejected) as refused:
        units().require_valid(other, moment)
    assert refused.value.reason == "ended_unit"
    assert valid in str(refused.value)


@given(unit=st.sampled_from(sorted(unit.id for unit in units())), moment=st.datetimes(timezones=st.just(UTC)))
def test_a_place_lies_in_units_that_are_valid_then(unit: str, moment: datetime) -> None:
    for found in units().at(unit, moment) if 1 < moment.year < 9999 else ():
        units().require_valid(found, moment)


def test_what_is_no_unit_of_the_city_stays_what_it_is_called_and_cannot_be_asked_for() -> None:
    assert units().at("ward-1", JUNE_2019) == ("ward-1",)
    with pytest.raises(Rejected) as refused:
        units().get("ward-1")
    assert refused.value.reason == "unknown_unit"


@pytest.mark.parametrize(
    ("text", "moment", "unit_id"),
    [
        ("ward-sai-gon", TODAY, "ward-sai-gon"),
        ("Sài Gòn", TODAY, "ward-sai-gon"),
        ("phuong sai gon", TODAY, "ward-sai-gon"),
        ("ĐA KAO", JUNE_2019, "ward-da-kao-district-1"),
        ("Quận 1", JUNE_2019, "district-1"),
        ("quan 1", JUNE_2019, "district-1"),
        ("Bến Thành", JUNE_2019, "ward-ben-thanh-district-1"),
        ("Bến Thành", TODAY, "ward-ben-thanh"),
        ("Thạnh An", TODAY, "commune-thanh-an-can-gio"),
        ("Xã Thanh An", TODAY, "commune-thanh-an"),
        ("thanh an", TODAY, None),
        ("Quận 1", TODAY, None),
        ("Atlantis", TODAY, None),
    ],
)
def test_a_name_means_the_unit_that_bears_it_then(text: str, moment: datetime, unit_id: str | None) -> None:
    if unit_id:
        assert units().named(text, moment).id == unit_id
        return
    with pytest.raises(Rejected):
        units().named(text, moment)


def test_a_search_forgives_marks_and_finds_all() -> None:
    assert {unit.id for unit in units().search("ben nghe")} == {"ward-ben-nghe-district-1"}
    assert len(units().search("Thanh An", TODAY)) == 2
    assert units().search("Bến Nghé", TODAY) == ()


def test_names_are_composed_and_the_file_says_who_says_so() -> None:
    told = json.loads((HERE / "units.json").read_text(encoding="utf-8"))
    assert any("1685/NQ-UBTVQH15" in source for source in told["sources"])
    assert all(unit["name"] == nfc(unit["name"]) for unit in told["units"])
    assert len({unit["id"] for unit in told["units"]}) == len(told["units"]) == len(list(Units.of_the_city()))
