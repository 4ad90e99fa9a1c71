"""Coverage: what was analysed of what was promised, and a gap whose reasons add up to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.cameras.coverage import Coverage, Filmed, Stretch, covered
from civicam.cameras.promised import analytics_of, promised
from civicam.contracts.cameras import Camera, Profile
from civicam.contracts.health import Looked
from civicam.contracts.schedule import Shift
from civicam.contracts.versions import Changed
from tests.cameras.conftest import camera

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
"""Ten in the morning in the city, a Monday."""
MINUTE = 60_000


def at(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def stretch(start: float, end: float) -> Stretch:
    return Stretch(at(start), at(end))


def filmed(start: float, end: float, fate: Any = "judged", **looked: Any) -> Filmed:
    return Filmed(at(start), at(end), fate, Looked(**({"coverage": 1, "sampling_fps": 5} | looked)))


A_MINUTE = [stretch(0, 60)]


def test_what_was_looked_at_as_promised_leaves_no_gap() -> None:
    assert covered(A_MINUTE, [filmed(0, 30), filmed(30, 60)]) == Coverage(promised_ms=MINUTE, analysed_ms=MINUTE)


@pytest.mark.parametrize(
    ("clips", "gap"),
    [
        ([], {"not_received": 60_000}),
        ([filmed(0, 20), filmed(40, 60)], {"not_received": 20_000}),
        ([filmed(0, 40), filmed(40, 60, "rejected")], {"rejected": 20_000}),
        ([filmed(0, 40), filmed(40, 60, "abandoned")], {"abandoned": 20_000}),
        ([filmed(0, 40), filmed(40, 60, "waiting")], {"waiting": 20_000}),
        ([filmed(0, 60, coverage=0.25, conditions=("black",))], {"blind": 45_000}),
        ([filmed(0, 60, coverage=0.9)], {"not_received": 6_000}),
        ([filmed(0, 60, sampling_fps=2, asked_fps=5)], {"shed": 36_000}),
        ([filmed(0, 60, coverage=0.5, sampling_fps=1, asked_fps=2)], {"shed": 15_000, "not_received": 30_000}),
        ([filmed(-60, 120), filmed(0, 60, "rejected")], {}),
        ([filmed(0, 60, "rejected"), filmed(0, 60, "waiting"), filmed(0, 30)], {"waiting": 30_000}),
    ],
)
def test_each_reason_has_its_share_of_the_gap(clips: list[Filmed], gap: dict[str, int]) -> None:
    told = covered(A_MINUTE, clips)
    assert (told.promised_ms, told.gap_ms) == (MINUTE, gap)
    assert told.analysed_ms == MINUTE - sum(gap.values())


def test_what_nobody_chose_is_not_allocated_unless_it_was_looked_at_all_the_same() -> None:
    told = covered(A_MINUTE, [filmed(0, 10)], allocated=[stretch(30, 60)])
    assert told.gap_ms == {"not_allocated": 20_000, "not_received": 30_000}


def test_outside_of_what_is_promised_nothing_counts() -> None:
    assert covered([], [filmed(0, 60)]) == Coverage()
    assert covered([stretch(10, 20)], [filmed(0, 60)]).promised_ms == 10_000
    assert Coverage().share is None


SECONDS = st.floats(-50, 700).map(lambda second: round(second, 3))
STRETCHES = st.lists(st.tuples(SECONDS, SECONDS).map(lambda pair: stretch(min(pair), max(pair))), max_size=5)
CLIPS = st.lists(
    st.builds(
        Filmed,
        start=SECONDS.map(at),
        end=SECONDS.map(at),
        fate=st.sampled_from(["judged", "waiting", "abandoned", "rejected"]),
        looked=st.one_of(
            st.none(),
            st.builds(
                Looked,
                coverage=st.floats(0, 1),
                sampling_fps=st.floats(0.01, 25),
                asked_fps=st.one_of(st.none(), st.floats(0.01, 25)),
                conditions=st.lists(st.sampled_from(["black", "rain"]), max_size=2).map(tuple),
            ),
        ),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(promise=STRETCHES, clips=CLIPS, allocated=st.one_of(st.none(), STRETCHES))
def test_the_reasons_add_up_to_the_gap_exactly(
    promise: list[Stretch], clips: list[Filmed], allocated: list[Stretch] | None
) -> None:
    told = covered(promise, clips, allocated)
    assert told.analysed_ms + sum(told.gap_ms.values()) == told.promised_ms
    assert all(lost > 0 for lost in told.gap_ms.values())
    assert 0 <= told.analysed_ms <= told.promised_ms
    assert covered([*promise, *promise], [*reversed(clips), *clips], allocated) == told


def version(number: int, since: datetime | None, **profile: Any) -> Camera:
    changed = Changed(at=since, by="somebody") if since else None
    return camera().model_copy(update={"version": number, "changed": changed, "profile": Profile(**profile)})


def test_each_version_promises_for_its_own_time() -> None:
    versions = [
        version(1, at(10), analytics=("vehicle",)),
        version(2, at(40), analytics=("crowd", "vehicle")),
        version(3, at(50), analytics=()),
    ]
    whole = stretch(0, 60)
    assert promised(versions, "vehicle", whole) == (stretch(10, 40), stretch(40, 50))
    assert promised(versions, "crowd", whole) == (stretch(40, 50),)
    assert promised(versions, "face", whole) == ()
    assert analytics_of(versions) == ("crowd", "vehicle")


def test_outside_the_schedule_and_after_the_agreement_nothing_is_promised() -> None:
    morning = (Shift.model_validate({"days": ["monday"], "hours": {"start": "10:01", "end": "10:03"}}),)
    scheduled = version(1, None, schedule=morning)
    assert promised([scheduled], "vehicle", stretch(0, 600)) == (stretch(60, 180),)
    ended = scheduled.model_copy(update={"consent_until": at(120)})
    assert promised([ended], "vehicle", stretch(0, 600)) == (stretch(60, 120),)
    assert promised([scheduled], "vehicle", stretch(90, 100)) == (stretch(90, 100),)
