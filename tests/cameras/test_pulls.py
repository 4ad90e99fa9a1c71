"""The plan of a minute's pulls: spread, repeatable, and closed once."""

import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.cameras.pulls import Pull, captured, delay_seconds, is_late, minute_of, plan, series_minute
from civicam.cameras.series import pack, picture_name
from civicam.contracts.cameras import HttpSource
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import ClockQuality
from tests.cameras.conftest import PULLED, camera, pulled

pytestmark = pytest.mark.unit
MINUTE = datetime(2026, 11, 24, 10, 45, tzinfo=UTC)
URL = "http://camera.example/clip.mp4"
Kind = Literal["http_clip", "http_picture"]


def reads(kind: Kind, interval: int, minutes: int, start: datetime = MINUTE) -> list[datetime]:
    one = pulled(URL, kind, interval)
    planned = [plan(one, start + timedelta(minutes=number)) for number in range(minutes)]
    return [pull.at for pulls in planned for pull in pulls if pull.action == "read"]


@given(
    kind=st.sampled_from(["http_clip", "http_picture"]),
    interval=st.integers(10, 600),
    start=st.integers(0, 10_000_000).map(lambda number: MINUTE + timedelta(minutes=number)),
)
def test_reads_follow_each_other_at_the_interval_over_all_minutes(kind: Kind, interval: int, start: datetime) -> None:
    moments = reads(kind, interval, 30, start)
    assert {later - earlier for earlier, later in pairwise(moments)} <= {timedelta(seconds=interval)}
    assert len(moments) in {30 * 60 // interval, 30 * 60 // interval + 1}


def test_a_minute_planned_twice_is_planned_alike() -> None:
    assert plan(pulled(URL), MINUTE) == plan(pulled(URL), MINUTE)


def test_a_camera_that_pushes_is_not_pulled() -> None:
    assert plan(camera(), MINUTE) == ()


def test_a_thousand_cameras_do_not_ask_at_once() -> None:
    seconds = [
        pull.at.second
        for number in range(1000)
        for pull in plan(
            pulled(URL, interval_seconds=60).model_copy(update={"camera_id": f"01JZ{number:022d}"}), MINUTE
        )
    ]
    assert len(seconds) == 1000
    assert max(seconds.count(second) for second in range(60)) < 50


def test_pictures_of_a_minute_are_read_within_it_and_closed_after_it() -> None:
    pulls = plan(pulled(URL, "http_picture", 12), MINUTE)
    assert [pull.action for pull in pulls] == ["read"] * 5 + ["close"]
    assert {series_minute(pull) for pull in pulls} == {MINUTE}
    assert all(pull.at <= MINUTE + timedelta(seconds=56) for pull in pulls[:-1])
    assert pulls[-1].at > MINUTE + timedelta(minutes=1)


def test_a_message_waits_until_it_is_due_and_never_longer_than_the_queue_can() -> None:
    due = MINUTE + timedelta(seconds=40)
    assert delay_seconds(due, MINUTE + timedelta(seconds=1)) == 39
    assert delay_seconds(due, MINUTE + timedelta(minutes=5)) == 0
    assert delay_seconds(due, MINUTE - timedelta(days=1)) == 900


@pytest.mark.parametrize(
    ("kind", "late_after"), [("http_clip", timedelta(seconds=40 + 20)), ("http_picture", timedelta(seconds=60))]
)
def test_a_pull_is_late_when_the_next_is_due(kind: Kind, late_after: timedelta) -> None:
    source = HttpSource(kind=kind, url=URL, interval_seconds=20)
    pull = Pull(camera_id=PULLED, at=MINUTE + timedelta(seconds=40))
    assert not is_late(pull, source, MINUTE + late_after - timedelta(milliseconds=1))
    assert is_late(pull, source, MINUTE + late_after)


class TestCaptured:
    source = HttpSource(kind="http_clip", url=URL, interval_seconds=20)
    pull = Pull(camera_id=PULLED, at=MINUTE)

    def test_a_source_may_state_it(self) -> None:
        told = {"capture-start": "2026-11-24T17:44:00+07:00", "capture-end": "2026-11-24T10:44:06.5Z"}
        assert captured(told, self.pull, self.source) == (
            datetime(2026, 11, 24, 10, 44, tzinfo=UTC),
            datetime(2026, 11, 24, 10, 44, 6, 500_000, tzinfo=UTC),
            ClockQuality.DECLARED,
        )

    def test_else_the_interval_up_to_the_pull_stands_in_and_says_so(self) -> None:
        assert captured({}, self.pull, self.source) == (
            MINUTE - timedelta(seconds=20),
            MINUTE,
            ClockQuality.RECEIVED,
        )

    @pytest.mark.parametrize(
        "told",
        [
            {"capture-start": "2026-11-24T10:44:00Z"},
            {"capture-start": "now", "capture-end": "then"},
            {"capture-start": "2026-11-24T10:44:00", "capture-end": "2026-11-24T10:44:06"},
        ],
    )
    def test_half_a_statement_is_refused(self, told: dict[str, str]) -> None:
        with pytest.raises(Rejected) as refused:
            captured(told, self.pull, self.source)
        assert refused.value.reason == "malformed_footage"


def test_the_same_pictures_make_the_same_series_whoever_packs_them() -> None:
    moments = [MINUTE + timedelta(seconds=second, milliseconds=7) for second in (36, 0, 12)]
    pictures = {picture_name(moment): moment.isoformat().encode() for moment in moments}
    body = pack(pictures)
    assert body == pack(dict(sorted(pictures.items())))
    with zipfile.ZipFile(BytesIO(body)) as archive:
        assert archive.namelist() == [
            "20261124T104500007Z.jpg",
            "20261124T104512007Z.jpg",
            "20261124T104536007Z.jpg",
        ]
        assert archive.testzip() is None


def test_a_minute_is_whole() -> None:
    assert minute_of(MINUTE + timedelta(seconds=59, microseconds=999_999)) == MINUTE
