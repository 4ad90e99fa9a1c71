"""A fact in its envelope: what a reader takes, ignores and refuses; ids that anybody can compute."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.contracts import ids
from civicam.contracts.base import utc_text
from civicam.contracts.catalogue import BY_TYPE, FACTS, read_any
from civicam.contracts.errors import Rejected
from civicam.contracts.facts import CloudEvent, read_fact
from civicam.contracts.vision import ClipAbandoned, FacesSeen

pytestmark = pytest.mark.unit

ABANDONED = ClipAbandoned(
    fact_id="f" * 64,
    camera_id="01JZ0M4P00AMZ385Y1R56D62JM",
    clip_id="c" * 32,
    tries=3,
    error="States.TaskFailed",
    abandoned_at=datetime(2026, 11, 24, 10, 45, tzinfo=UTC),
)


def envelope(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(CloudEvent.of(ABANDONED).model_dump_json())
    data = document["data"] | changes.pop("data", {})
    return document | changes | {"data": {name: value for name, value in data.items() if value is not ...}}


def test_a_fact_survives_its_envelope() -> None:
    assert read_fact(envelope(), ClipAbandoned).data == ABANDONED
    assert read_any(envelope()).data == ABANDONED


def test_a_field_that_a_newer_writer_added_is_ignored() -> None:
    assert read_fact(envelope(data={"mood": "grey"}), ClipAbandoned).data == ABANDONED


def test_a_missing_field_is_refused_by_name() -> None:
    with pytest.raises(Rejected, match="clip_id") as refused:
        read_fact(envelope(data={"clip_id": ...}), ClipAbandoned)
    assert refused.value.reason == "malformed_fact"


@pytest.mark.parametrize("kind", ["vision.clip.abandoned.v2", "vision.dreams.seen.v1", None])
def test_an_unknown_type_or_version_is_refused(kind: str | None) -> None:
    for read in (lambda document: read_fact(document, ClipAbandoned), read_any):
        with pytest.raises(Rejected) as refused:
            read(envelope(type=kind))
        assert refused.value.reason == "unknown_fact"


def test_another_fact_than_the_reader_takes_is_refused() -> None:
    with pytest.raises(Rejected, match=r"vision\.faces\.seen\.v1"):
        read_fact(envelope(), FacesSeen)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(Rejected, match="abandoned_at"):
        read_fact(envelope(data={"abandoned_at": "2026-11-24T10:45:00"}), ClipAbandoned)


def test_every_fact_has_its_own_type_of_the_catalogues_form() -> None:
    assert len(BY_TYPE) == len(FACTS)
    assert all(kind.count(".") == 3 and kind.endswith(".v1") for kind in BY_TYPE)


def test_a_revision_is_another_event_about_the_same_fact() -> None:
    revised = ABANDONED.model_copy(update={"revision": 2})
    assert (CloudEvent.of(ABANDONED).id, CloudEvent.of(revised).id) == ("f" * 64, "f" * 64 + ".2")


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)), st.integers(-14 * 4, 14 * 4))  # noqa: DTZ001 - the zone is drawn besides
def test_a_moment_reads_the_same_in_every_zone(moment: datetime, quarters: int) -> None:
    zone = timezone(timedelta(minutes=15 * quarters))
    aware = moment.replace(tzinfo=UTC)
    assert utc_text(aware.astimezone(zone)) == utc_text(aware)
    assert utc_text(aware).endswith("Z")


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4), st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_different_parts_have_different_digests(one: list[str], other: list[str]) -> None:
    assert (ids.digest(*one) == ids.digest(*other)) == (one == other)
