"""Whose cameras the city registers, and that an agreement ends at every door: registering, planning, arriving."""

from datetime import UTC, datetime, timedelta

import pytest

from civicam.aws.owners import Owners
from civicam.aws.registration import Registration
from civicam.aws.registry import Registry
from civicam.cameras.pulls import plan
from civicam.cameras.registration import admit_camera, require_right_to
from civicam.cameras.schedule import is_scheduled
from civicam.contracts.cameras import Camera, HttpSource, Profile
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import LOOK_MEDIA_TYPE, ClockQuality, Footage
from civicam.contracts.geometry import Hours
from civicam.contracts.owners import BY_AGREEMENT, Owner, OwnerKind
from civicam.contracts.schedule import CITY_TIME, Shift
from tests.cameras.conftest import AT, CLIP, at_time, camera, declaration, pulled
from tests.fakes.city_in_moto import published

pytestmark = pytest.mark.unit
END = datetime(2026, 11, 24, 10, 46, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def owner(kind: OwnerKind = OwnerKind.SHOP) -> Owner:
    return Owner(owner_id="transport", name="Ai đó", kind=kind)


def until(end: datetime, one: Camera | None = None) -> Camera:
    told = {"legal_basis": "agreement", "consent_until": end}
    return Camera.model_validate((one or camera()).model_dump() | told)


def clip(end: datetime) -> Footage:
    return Footage.place(
        camera_id=camera().camera_id,
        capture_start=end - 6 * SECOND,
        capture_end=end,
        clock_quality=ClockQuality.DECLARED,
        sha256="0" * 64,
        size_bytes=9,
        media_type="video/mp4",
        bucket="footage",
    )


class TestAtTheDoor:
    @pytest.mark.parametrize("kind", sorted(BY_AGREEMENT))
    def test_who_must_agree_gives_a_basis_and_an_end_that_is_to_come(self, kind: OwnerKind) -> None:
        with pytest.raises(Rejected, match="`agreement` or `consent`"):
            admit_camera(camera(), owner(kind), AT)
        with pytest.raises(Rejected, match="`agreement` or `consent`"):
            admit_camera(camera().model_copy(update={"legal_basis": "public_task"}), owner(kind), AT)
        admit_camera(until(END), owner(kind), END - SECOND)
        with pytest.raises(Rejected, match=r"ended at 2026-11-24T10:46:00\.000Z") as refused:
            admit_camera(until(END), owner(kind), END)
        assert refused.value.reason == "bad_camera"

    @pytest.mark.parametrize("kind", sorted(set(OwnerKind) - BY_AGREEMENT))
    def test_an_authority_needs_no_leave_but_an_end_that_it_gives_counts(self, kind: OwnerKind) -> None:
        admit_camera(camera(), owner(kind), AT)
        with pytest.raises(Rejected, match="ended at"):
            admit_camera(until(END), owner(kind), END)

    def test_footage_is_kept_for_a_time_that_has_a_name(self) -> None:
        with pytest.raises(Rejected, match="short, standard, long"):
            admit_camera(camera().model_copy(update={"retention": "for-ever"}), owner(OwnerKind.DEPARTMENT), AT)

    def test_every_complaint_is_told_at_once(self) -> None:
        with pytest.raises(Rejected, match=r"for-ever .*; owner transport"):
            admit_camera(camera().model_copy(update={"retention": "for-ever"}), owner(), AT)

    def test_nobody_registers_for_an_owner_whom_nobody_knows(self, city: None) -> None:
        registration = Registration.from_env()
        with pytest.raises(Rejected, match="civicam owners set transport") as refused:
            registration.register(camera(), by="anna")
        assert refused.value.reason == "unknown_owner"
        Owners.from_env().put(owner(OwnerKind.DEPARTMENT), by="anna")
        assert registration.would(camera()) == "added"
        assert registration.register(camera(), by="anna").change == "added"
        assert registration.would(camera()) == "unchanged"
        (made,) = Registry.from_env().history(camera().camera_id)
        assert made.changed
        assert made.changed.by == "anna"

    @pytest.mark.parametrize(("unit_id", "reason"), [("ward-1", "unknown_unit"), ("district-1", "ended_unit")])
    def test_a_unit_that_is_none_is_refused(self, city: None, unit_id: str, reason: str) -> None:
        with pytest.raises(Rejected) as refused:
            Registration.from_env().register(camera(unit_id=unit_id), by="anna")
        assert refused.value.reason == reason

    def test_a_profile_that_means_nothing_goes_no_further(self, city: None) -> None:
        Owners.from_env().put(owner(OwnerKind.DEPARTMENT), by="anna")
        odd = camera().model_copy(update={"profile": Profile(analytics=("weather",))})
        with pytest.raises(Rejected, match="weather is no analytic"):
            Registration.from_env().register(odd, by="anna")
        assert list(Registry.from_env().all()) == []

    def test_an_owner_changes_in_versions_too(self, city: None) -> None:
        owners = Owners.from_env()
        assert [owners.put(owner(kind), by="anna")[1] for kind in (OwnerKind.SHOP, OwnerKind.SHOP, OwnerKind.HOME)] == [
            "added",
            "unchanged",
            "changed",
        ]
        assert [one.kind for one in owners.history("transport")] == [OwnerKind.SHOP, OwnerKind.HOME]
        assert [one.version for one in owners.all()] == [2]


class TestTheEndOfAnAgreement:
    @pytest.mark.parametrize("kind", ["http_clip", "http_picture"])
    def test_pulling_stops_by_itself_at_its_minute(self, kind: str) -> None:
        source = HttpSource.model_validate({"kind": kind, "url": "http://camera.example/", "interval_seconds": 12})
        one = until(END, pulled(source.url).model_copy(update={"source": source}))
        assert len(plan(one, END - MINUTE)) >= 5
        assert plan(one, END) == plan(one, END + MINUTE) == ()
        assert plan(until(END + MINUTE, one), END)

    def test_footage_counts_to_its_last_millisecond(self) -> None:
        require_right_to(clip(END), until(END))
        for late in (END + timedelta(milliseconds=1), END + 3 * SECOND, END + 99 * MINUTE):
            with pytest.raises(Rejected) as refused:
                require_right_to(clip(late), until(END))
            assert refused.value.reason == "agreement_ended"
        require_right_to(clip(END + 99 * MINUTE), camera())

    def test_what_was_filmed_before_it_may_come_after_it_and_nothing_else(self, city: None) -> None:
        Registry.from_env().put(until(END))
        intake = at_time(END + 10 * MINUTE)
        assert intake.declare(declaration(start=END - 6 * SECOND)).upload
        with pytest.raises(Rejected) as refused:
            intake.declare(declaration(b"later", start=END - 5 * SECOND))
        assert refused.value.reason == "agreement_ended"
        with pytest.raises(Rejected):
            intake.take(declaration(b"later", start=END - 5 * SECOND), b"later")
        assert published() == []

    def test_an_agreement_that_is_ended_early_counts_for_what_is_on_its_way(self, city: None) -> None:
        registry = Registry.from_env()
        registry.put(until(END + 99 * MINUTE), at=AT - 99 * MINUTE)
        intake = at_time(END + MINUTE)
        footage = intake.declare(declaration(start=END)).clip.footage
        intake.store.put(footage, CLIP)
        registry.put(until(END), at=END)
        assert intake.found(footage.key) is None
        (event,) = published()
        assert (event["detail"]["data"]["reason"], intake.store.holds(footage)) == ("agreement_ended", False)


class TestPixelsThatStayAtTheEdge:
    STAYING = camera().model_copy(update={"profile": Profile(pixels="edge")})

    def test_only_a_recorder_can_keep_them_there(self) -> None:
        admit_camera(self.STAYING, owner(OwnerKind.DEPARTMENT), AT)
        with pytest.raises(Rejected, match=r"give `source\.kind` push"):
            admit_camera(
                pulled("https://camera.example.org").model_copy(update={"profile": Profile(pixels="edge")}),
                owner(OwnerKind.DEPARTMENT),
                AT,
            )

    def test_a_picture_gets_no_leave_and_is_kept_nowhere_a_look_does(self, city: None) -> None:
        Registry.from_env().put(self.STAYING)
        intake = at_time(AT)
        for way in (lambda: intake.declare(declaration()), lambda: intake.take(declaration(), CLIP)):
            with pytest.raises(Rejected) as refused:
                way()
            assert refused.value.reason == "pixels_at_edge"
        assert (published(), list(intake.store.keys(""))) == ([], [])
        assert intake.declare(declaration(media_type=LOOK_MEDIA_TYPE)).upload

    def test_a_look_is_small(self, city: None) -> None:
        Registry.from_env().put(self.STAYING)
        large = declaration(media_type=LOOK_MEDIA_TYPE).model_copy(update={"size_bytes": 20_000_001})
        with pytest.raises(Rejected, match="in one look"):
            at_time(AT).declare(large)


class TestSchedule:
    MONDAY = datetime(2026, 11, 30, tzinfo=CITY_TIME)
    RUSH = Shift(days=("monday", "friday"), hours=Hours(start="07:00", end="09:00"))
    NIGHT = Shift(days=("monday",), hours=Hours(start="22:00", end="05:00"))

    def at(self, day: int, clock: str) -> datetime:
        hours, minutes = map(int, clock.split(":"))
        return (self.MONDAY + timedelta(days=day, hours=hours, minutes=minutes)).astimezone(UTC)

    @pytest.mark.parametrize(
        ("day", "clock", "holds"),
        [
            (0, "06:59", False),
            (0, "07:00", True),
            (0, "08:59", True),
            (0, "09:00", False),
            (1, "07:30", False),
            (4, "07:30", True),
            (0, "21:59", False),
            (0, "22:00", True),
            (1, "04:59", True),
            (1, "05:00", False),
            (0, "03:00", False),
            (7, "03:00", False),
            (6, "23:00", False),
        ],
    )
    def test_a_shift_holds_on_its_days_in_the_citys_hours(self, day: int, clock: str, holds: bool) -> None:
        assert is_scheduled((self.RUSH, self.NIGHT), self.at(day, clock)) is holds

    def test_no_shift_is_always_and_a_shift_without_hours_is_the_whole_day(self) -> None:
        assert is_scheduled((), self.at(2, "12:00"))
        whole = (Shift(days=("tuesday",)),)
        assert [is_scheduled(whole, self.at(day, "00:00")) for day in range(4)] == [False, True, False, False]
