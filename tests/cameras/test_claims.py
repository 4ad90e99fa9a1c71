"""Claims: one conditional write decides, whatever comes twice, late or under another time."""

from datetime import timedelta

import pytest

from civicam.aws.claims import ClaimOutcome, Claims, ClipState
from civicam.cameras.intake import place
from civicam.contracts.base import now
from civicam.contracts.errors import NotFound, Rejected
from civicam.contracts.footage import Footage
from tests.cameras.conftest import AT, PULLED, PUSHING, camera, declaration

pytestmark = pytest.mark.unit
SOON = now() + timedelta(minutes=15)
PAST = now() - timedelta(seconds=5)


@pytest.fixture
def claims(city: None) -> Claims:
    return Claims.from_env()


def footage(body: bytes = b"clip", *, later: float = 0, camera_id: str = PUSHING) -> Footage:
    told = declaration(body, camera_id=camera_id, start=AT + timedelta(seconds=later))
    return place(told, camera(camera_id), "footage-bucket")


def test_the_first_claim_is_new_and_the_second_the_same(claims: Claims) -> None:
    assert claims.claim(footage(), AT) is ClaimOutcome.NEW
    assert claims.claim(footage(), AT + timedelta(seconds=9)) is ClaimOutcome.SAME
    clip = claims.get(footage().clip_id)
    assert (clip.footage, clip.state, clip.stored_at) == (footage(), ClipState.STORED, AT)


def test_the_same_bytes_under_another_capture_time_are_another_claim(claims: Claims) -> None:
    claims.claim(footage(), AT)
    assert claims.claim(footage(later=60), AT) is ClaimOutcome.OTHER
    assert claims.declare(footage(later=60), SOON) is ClaimOutcome.OTHER
    assert claims.get(footage().clip_id).footage == footage()


def test_the_same_bytes_of_another_camera_are_another_clip(claims: Claims) -> None:
    claims.claim(footage(), AT)
    assert claims.claim(footage(camera_id=PULLED), AT) is ClaimOutcome.NEW


def test_a_declaration_becomes_a_claim_once(claims: Claims) -> None:
    assert claims.declare(footage(), SOON) is ClaimOutcome.NEW
    assert claims.declare(footage(), SOON) is ClaimOutcome.NEW
    assert claims.get(footage().clip_id).state is ClipState.DECLARED
    assert claims.claim(footage(), AT) is ClaimOutcome.NEW
    assert claims.declare(footage(), SOON) is ClaimOutcome.SAME
    assert claims.get(footage().clip_id).state is ClipState.STORED


def test_a_declaration_that_ran_out_unused_stands_in_nobodys_way(claims: Claims) -> None:
    claims.declare(footage(), PAST)
    assert claims.declare(footage(later=60), PAST) is ClaimOutcome.NEW
    assert claims.claim(footage(later=120), AT) is ClaimOutcome.NEW


def test_a_declaration_in_force_keeps_another_time_out(claims: Claims) -> None:
    claims.declare(footage(), SOON)
    assert claims.claim(footage(later=60), AT) is ClaimOutcome.OTHER


def test_a_declaration_is_no_clip_of_the_camera_and_nobody_waits_for_it(claims: Claims) -> None:
    claims.declare(footage(), SOON)
    assert claims.by_camera(PUSHING).items == ()
    assert list(claims.pending(AT + timedelta(days=1))) == []


def test_a_claim_is_its_first_announcement_and_further_ones_are_counted(claims: Claims) -> None:
    claims.claim(footage(), AT)
    first = claims.get(footage().clip_id)
    assert (first.announcements, first.announced_at) == (1, AT)
    claims.announced(footage().clip_id)
    again = claims.get(footage().clip_id)
    assert again.announcements == 2
    assert again.announced_at is not None
    assert again.announced_at > AT


def test_a_judgement_is_never_taken_back(claims: Claims) -> None:
    claims.claim(footage(), AT)
    claims.judged(footage().clip_id)
    claims.reject(footage().clip_id, "truncated")
    claims.abandon(footage().clip_id, "tries")
    assert claims.get(footage().clip_id).state is ClipState.JUDGED
    assert claims.claim(footage(), AT) is ClaimOutcome.SAME


def test_an_abandoned_clip_can_be_judged_after_all(claims: Claims) -> None:
    claims.claim(footage(), AT)
    claims.abandon(footage().clip_id, "tries")
    assert claims.get(footage().clip_id).reason == "tries"
    claims.judged(footage().clip_id)
    clip = claims.get(footage().clip_id)
    assert (clip.state, clip.reason) == (ClipState.JUDGED, None)


def test_a_judgement_whose_facts_were_lost_is_asked_for_again(claims: Claims) -> None:
    claims.claim(footage(), now() - timedelta(hours=1))
    claims.judged(footage().clip_id)
    claims.reopen(footage().clip_id)
    assert claims.get(footage().clip_id).state is ClipState.STORED
    assert list(claims.pending(PAST)) == [], "patience with it begins anew"
    assert len(list(claims.pending(SOON))) == 1


def test_only_a_judgement_is_reopened(claims: Claims) -> None:
    claims.claim(footage(), AT)
    claims.reject(footage().clip_id, "truncated")
    claims.reopen(footage().clip_id)
    assert claims.get(footage().clip_id).state is ClipState.REJECTED


def test_nothing_happens_to_a_clip_that_is_not_there(claims: Claims) -> None:
    for change in (claims.announced, claims.judged, claims.reopen, lambda clip: claims.reject(clip, "why")):
        change("nobody")
    with pytest.raises(NotFound):
        claims.get("nobody")


def test_whoever_waits_is_listed_oldest_first_until_judged_rejected_or_abandoned(claims: Claims) -> None:
    for number in range(5):
        claims.claim(footage(b"%d" % number), AT - timedelta(minutes=number))
    waiting = [clip.stored_at for clip in claims.pending(AT)]
    assert waiting == [AT - timedelta(minutes=minutes) for minutes in (4, 3, 2, 1)]
    claims.judged(footage(b"4").clip_id)
    claims.reject(footage(b"3").clip_id, "truncated")
    claims.abandon(footage(b"2").clip_id, "tries")
    assert [clip.footage for clip in claims.pending(AT)] == [footage(b"1")]


class TestByCamera:
    @pytest.fixture(autouse=True)
    def clips(self, claims: Claims) -> None:
        for number in range(5):
            claims.claim(footage(b"%d" % number, later=number * 60), AT)
        claims.claim(footage(b"other", camera_id=PULLED), AT)

    def test_newest_first_page_by_page(self, claims: Claims) -> None:
        found, cursor = [], None
        while True:
            page = claims.by_camera(PUSHING, cursor=cursor, limit=2)
            found += [clip.footage.capture_start for clip in page.items]
            if (cursor := page.cursor) is None:
                break
        assert found == [AT + timedelta(minutes=minutes) for minutes in (4, 3, 2, 1, 0)]

    def test_a_stretch_of_time_takes_its_start_and_leaves_its_end(self, claims: Claims) -> None:
        page = claims.by_camera(PUSHING, start=AT + timedelta(minutes=1), end=AT + timedelta(minutes=3))
        assert [clip.footage.capture_start for clip in page.items] == [
            AT + timedelta(minutes=2),
            AT + timedelta(minutes=1),
        ]

    def test_no_token_reaches_another_cameras_clips(self, claims: Claims) -> None:
        cursor = claims.by_camera(PUSHING, limit=2).cursor
        assert cursor is not None
        page = claims.by_camera(PULLED, cursor=cursor)
        assert all(clip.footage.camera_id == PULLED for clip in page.items)
        with pytest.raises(Rejected):
            claims.by_camera(PUSHING, cursor={"clip_id": "x"})
