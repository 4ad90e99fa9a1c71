"""The sweeper: what still waits is announced again, ever more seldom; what nobody claimed is claimed."""

from datetime import datetime, timedelta

import pytest

from civicam.aws.claims import ClipState
from civicam.aws.intake import Intake
from civicam.aws.sweeping import Sweeper, Swept
from civicam.cameras.sweeping import LISTING_MINUTES, is_due, is_hopeless, is_listed
from civicam.contracts.base import now
from civicam.contracts.cameras import ClipStored
from civicam.contracts.footage import Footage
from tests.cameras.conftest import AT, CLIP, PUSHING, at_time, camera, declaration
from tests.fakes.city_in_moto import published

pytestmark = pytest.mark.unit


def sweep(moment: datetime) -> Swept:
    return Sweeper(at_time(moment), lambda: moment).sweep()


def turn(start: datetime) -> datetime:
    """The first minute from then on in which the camera's objects are listed."""
    return next(at for at in (start + timedelta(minutes=n) for n in range(LISTING_MINUTES)) if is_listed(PUSHING, at))


def announced() -> int:
    return sum(told["detail-type"] == ClipStored.TYPE for told in published())


def test_each_announcement_is_given_twice_as_long() -> None:
    waits = [next(m for m in range(500) if is_due(n, AT, AT + timedelta(minutes=m))) for n in range(1, 7)]
    assert waits == [2, 4, 8, 16, 32, 64]
    assert is_due(0, None, AT)
    assert not is_hopeless(6)
    assert is_hopeless(7)


def test_every_camera_has_its_turn_once_in_a_quarter_of_an_hour() -> None:
    turns = [is_listed(PUSHING, AT + timedelta(minutes=minute)) for minute in range(LISTING_MINUTES * 4)]
    assert sum(turns) == 4


def test_a_clip_whose_announcement_was_lost_is_announced_again_until_judged(intake: Intake) -> None:
    intake.claims.claim(_stored(intake), AT)
    assert sweep(AT + timedelta(minutes=1)).announced == 0
    assert sweep(AT + timedelta(minutes=3)).announced == 1
    assert announced() == 1
    assert sweep(now() + timedelta(minutes=3)).announced == 0
    assert sweep(now() + timedelta(minutes=5)).announced == 1
    intake.claims.judged(_footage().clip_id)
    assert sweep(now() + timedelta(minutes=30)).announced == 0


def test_what_is_announced_in_vain_is_given_up_and_left_to_somebody(intake: Intake) -> None:
    intake.claims.claim(_stored(intake), AT)
    for _ in range(6):
        intake.claims.announced(_footage().clip_id)
    assert sweep(now() + timedelta(days=1)).given_up == 1
    clip = intake.claims.get(_footage().clip_id)
    assert (clip.state, clip.reason) == (ClipState.ABANDONED, "never_judged")
    assert sweep(now() + timedelta(days=2)) == Swept(0, 0, 0)


def test_an_object_that_no_event_told_of_is_found(intake: Intake) -> None:
    _stored(intake)
    at = turn(AT)
    assert sweep(at).found == 1
    assert announced() == 1
    assert intake.claims.get(_footage().clip_id).state is ClipState.STORED
    assert sweep(at).found == 0


def test_what_is_claimed_or_older_than_the_stretch_is_not_looked_at(intake: Intake) -> None:
    intake.claims.claim(_stored(intake), AT)
    old = Footage.place(**dict(declaration(b"old", start=AT - timedelta(hours=5))), bucket="footage-bucket")
    intake.store.put(old, b"old")
    assert sweep(turn(AT)).found == 0


def _footage() -> Footage:
    return Footage.place(**dict(declaration()), bucket="footage-bucket", retention=camera().retention)


def _stored(intake: Intake) -> Footage:
    intake.store.put(_footage(), CLIP)
    return _footage()
