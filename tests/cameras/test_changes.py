"""A camera's history: field by field, who changed what, and when."""

from typing import Any

import pytest

from civicam.cameras.changes import differences, steps
from civicam.contracts.cameras import Camera
from civicam.contracts.versions import Changed
from tests.cameras.conftest import AT, camera, pulled

pytestmark = pytest.mark.unit
GATE = {"line_id": "gate", "points": [[0, 9], [9, 9]]}
STOP = {"line_id": "stop", "points": [[0, 5], [9, 5]]}


def with_profile(**told: Any) -> Camera:
    return Camera.model_validate(camera().model_dump() | {"profile": told})


def changes(before: Camera, after: Camera) -> dict[str, tuple[Any, Any]]:
    return {one.field: (one.before, one.after) for one in differences(before, after)}


def test_a_field_is_named_by_the_way_to_it() -> None:
    assert changes(camera(), camera()) == {}
    assert changes(camera(), camera().model_copy(update={"name": "Chợ"})) == {"name": ("Ngã tư Nguyễn Huệ", "Chợ")}
    assert changes(with_profile(), with_profile(sampling_fps=2)) == {"profile.sampling_fps": (5.0, 2.0)}


def test_a_line_that_is_drawn_anew_changes_no_line_behind_it() -> None:
    before, after = with_profile(lines=[GATE, STOP]), with_profile(lines=[GATE | {"points": [[0, 8], [9, 8]]}, STOP])
    assert changes(before, after) == {"profile.lines.gate.points": ([[0, 9], [9, 9]], [[0, 8], [9, 8]])}


def test_what_comes_and_what_goes_is_told() -> None:
    told = changes(with_profile(lines=[GATE]), with_profile(lines=[GATE, STOP]))
    assert told["profile.lines.stop.points"] == (None, [[0, 5], [9, 5]])
    assert all(before is None for before, _ in told.values())
    assert changes(camera(), pulled("http://camera.example/").model_copy(update={"camera_id": camera().camera_id}))[
        "source.kind"
    ] == ("push", "http_clip")


def test_each_step_says_who_and_when_and_stamps_are_no_change() -> None:
    made = Changed(at=AT, by="anna")
    first = camera().model_copy(update={"changed": made})
    second = first.model_copy(update={"version": 2, "name": "Chợ", "changed": Changed(at=AT, by="binh")})
    told = steps((first, second))
    assert [(step.version, step.changed and step.changed.by) for step in told] == [(1, "anna"), (2, "binh")]
    assert [[one.field for one in step.fields] for step in told] == [[], ["name"]]
    assert steps(()) == ()
