"""Which footage the city takes, decided without bytes or tables."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.cameras.intake import Limits, admit, place, rejected, stored
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import MEDIA_EXTENSIONS, Footage, FootageKind
from tests.cameras.conftest import AT, camera, declaration

pytestmark = pytest.mark.unit
LIMITS = Limits(max_bytes=1000, max_seconds=60)


def footage(*, ends_after: float = -5.0, seconds: float = 6.0, body: bytes = b"clip") -> Footage:
    """Footage whose end lies that many seconds after AT."""
    told = declaration(body, start=AT + timedelta(seconds=ends_after - seconds), seconds=seconds)
    return place(told, camera(), "bucket")


def reason(found: Footage) -> str:
    with pytest.raises(Rejected) as refused:
        admit(found, LIMITS, AT)
    return refused.value.reason


@given(
    ends_after=st.floats(-2_000_000, 1_000_000),
    seconds=st.floats(0.001, 1000),
    size=st.integers(1, 3000),
)
def test_footage_comes_in_exactly_within_the_limits(ends_after: float, seconds: float, size: int) -> None:
    found = footage(ends_after=ends_after, seconds=seconds, body=b"x" * size)
    fits = (
        found.capture_end <= AT + LIMITS.clock_slack
        and found.capture_start >= AT - LIMITS.max_age
        and (found.capture_end - found.capture_start).total_seconds() <= LIMITS.max_seconds
        and size <= LIMITS.max_bytes
    )
    if fits:
        admit(found, LIMITS, AT)
    else:
        assert reason(found) in {"from_the_future", "too_old", "too_long", "too_large"}


def test_a_clock_that_runs_two_minutes_fast_is_borne() -> None:
    admit(footage(ends_after=120), LIMITS, AT)
    assert reason(footage(ends_after=120.001)) == "from_the_future"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (footage(ends_after=3600), "from_the_future"),
        (footage(ends_after=-31 * 86400), "too_old"),
        (footage(seconds=61), "too_long"),
        (footage(body=b"x" * 1001), "too_large"),
    ],
)
def test_each_limit_has_its_reason(found: Footage, why: str) -> None:
    assert reason(found) == why


@pytest.mark.parametrize("media_type", ["image/jpeg", "application/vnd.apple.mpegurl", "text/plain", ""])
def test_other_media_types_are_refused(media_type: str) -> None:
    with pytest.raises(Rejected) as refused:
        place(declaration(media_type=media_type), camera(), "bucket")
    assert refused.value.reason == "unsupported_media_type"


@pytest.mark.parametrize("seconds", [0, -1])
def test_footage_that_ends_before_it_starts_is_refused(seconds: float) -> None:
    with pytest.raises(Rejected) as refused:
        place(declaration(seconds=seconds), camera(), "bucket")
    assert refused.value.reason == "malformed_footage"


@pytest.mark.parametrize("media_type", MEDIA_EXTENSIONS)
def test_footage_lies_under_its_cameras_retention_camera_and_day(media_type: str) -> None:
    kept = camera().model_copy(update={"retention": "long"})
    found = place(declaration(media_type=media_type), kept, "bucket")
    assert found.key.startswith(f"clips/long/{kept.camera_id}/2026-11-24/20261124T104520000Z_")
    assert found.key.endswith(MEDIA_EXTENSIONS[media_type])
    assert (found.kind is FootageKind.SERIES) == (media_type == "application/zip")


def test_the_fact_is_the_same_whoever_announces_it_and_when() -> None:
    assert stored(footage(), AT).fact_id == stored(footage(), AT + timedelta(hours=1)).fact_id
    assert stored(footage(), AT).fact_id != stored(footage(body=b"other"), AT).fact_id


def test_a_duplicate_and_the_first_are_rejected_by_facts_of_their_own() -> None:
    error = Rejected("truncated", "why")
    ids = {rejected(footage(ends_after=after), error, "key", AT).fact_id for after in (-5, -5, -65)}
    assert len(ids) == 2
