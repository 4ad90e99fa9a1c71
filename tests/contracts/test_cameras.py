"""A camera's entry: what is read of old and new ones, and what says nothing or contradicts itself."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from civicam.contracts.base import utc_text
from civicam.contracts.cameras import Camera
from civicam.contracts.owners import BY_AGREEMENT, Owner
from civicam.contracts.text import folded
from civicam.contracts.versions import Changed, unstamped

pytestmark = pytest.mark.unit
TOLD: dict[str, Any] = {
    "camera_id": "01JZ0000000000000000000001",
    "name": "Ngã tư Nguyễn Huệ",
    "owner_id": "transport-department",
    "unit_id": "ward-sai-gon",
    "position": [106.7032, 10.7742],
}
STORED_IN_NOVEMBER = """{"camera_id":"01JZ0000000000000000000001","version":3,"name":"Ngã tư Nguyễn Huệ",
"owner_id":"transport-department","unit_id":"ward-sai-gon","position":[106.7032,10.7742],"field_of_view":[],
"source":{"kind":"push"},"profile":{"analytics":["vehicle"],"sampling_fps":5.0,"tier":null,"priority":"normal",
"mount":"fixed","picture":null,"view":[],"lines":[],"zones":[],"ground":null,"parameters":{}},"retention":"short"}"""


def camera(**told: Any) -> Camera:
    return Camera.model_validate_json(json.dumps(TOLD | told))


def test_what_was_stored_before_owners_had_agreements_is_read() -> None:
    stored = Camera.model_validate_json(STORED_IN_NOVEMBER)
    assert (stored.version, stored.retention, stored.consent_until, stored.changed) == (3, "short", None, None)
    assert (stored.profile.schedule, stored.profile.pixels) == ((), "city")


@pytest.mark.parametrize(
    ("told", "ends"),
    [
        ("2026-12-31", "2026-12-31T17:00:00.000Z"),
        ("2026-12-31T23:59:00+07:00", "2026-12-31T16:59:00.000Z"),
        ("2026-12-31T16:59:00Z", "2026-12-31T16:59:00.000Z"),
    ],
)
def test_an_agreement_ends_with_a_minute_or_with_a_day_of_the_city(told: str, ends: str) -> None:
    until = camera(legal_basis="agreement", consent_until=told).consent_until
    assert until
    assert utc_text(until) == ends


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"consent_until": "2026-12-31T12:00:01Z"}, "whole minute"),
        ({"consent_until": "2026-12-31T12:00:00"}, "timezone"),
        ({"consent_until": "2026-31-12"}, "is no day"),
        ({"consent_until": "9999-12-31"}, "is no day"),
        ({"legal_basis": "consent"}, "consent_until"),
        ({"legal_basis": "agreement"}, "consent_until"),
        ({"legal_basis": "because"}, "public_task"),
        ({"model": "Hik Vision"}, "model"),
        ({"position": [181, 0]}, "position"),
        ({"position": [0, 91]}, "position"),
        ({"presets": [{"preset_id": "gate", "name": "Gate"}]}, "pan_tilt_zoom"),
        (
            {
                "presets": [{"preset_id": "gate", "name": name} for name in ("Gate", "Door")],
                "profile": {"mount": "pan_tilt_zoom"},
            },
            "one `preset_id`",
        ),
        ({"profile": {"pixels": "cloud"}}, "'city' or 'edge'"),
        ({"profile": {"schedule": [{"days": ["mon"]}]}}, "'monday'"),
        ({"profile": {"schedule": [{"days": []}]}}, "at least 1"),
        ({"profile": {"schedule": [{"hours": {"start": "07:00", "end": "07:00"}}]}}, "no `hours`"),
        ({"profile": {"schedule": [{"hours": {"start": "7", "end": "24:00"}}]}}, "pattern"),
    ],
)
def test_what_means_nothing_is_refused_with_its_reason(told: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        camera(**told)
    assert why in str(refused.value)


def test_two_versions_that_say_the_same_are_equal_without_their_stamps() -> None:
    first = camera()
    stamped = first.model_copy(
        update={"version": 7, "changed": Changed.model_validate({"at": "2026-11-30T10:00:00Z", "by": "anna"})}
    )
    assert stamped != first
    assert unstamped(stamped) == first


def test_an_owner_names_an_entry_of_the_address_book_and_no_address() -> None:
    told = {"owner_id": "truong-le-loi", "name": "Trường Lê Lợi", "kind": "school"}
    assert Owner.model_validate(told | {"contact": "truong-le-loi-office"}).kind in BY_AGREEMENT
    with pytest.raises(ValidationError, match="contact"):
        Owner.model_validate(told | {"contact": "028 3829 0000"})
    with pytest.raises(ValidationError, match="'police_post', 'school'"):
        Owner.model_validate(told | {"kind": "bank"})


def test_names_are_composed_and_found_without_their_marks() -> None:
    assert camera(name="Nguyê\u0303n Huê\u0323").name == "Nguyễn Huệ"
    assert folded("  ĐƯỜNG  Bến Nghé ") == folded("duong ben nghe") == "duong ben nghe"
