"""publish_facts: what is new in the table of judgements is on the bus, and nothing else."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from civicam.aws.claims import Claims, ClipState
from civicam.contracts.vision import CrowdMeasured, VehiclesCounted
from functions.vision.publish_facts.handler import handler
from tests.fakes.city_in_moto import BUS, Context, published
from tests.fakes.scenes import Mover, clip_of, instants

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("city")]

FOOTAGE = clip_of(instants([Mover(300, 100, vy=50), Mover(900, 500)], seconds=10)).detected.footage


@pytest.fixture
def changes(payload: Callable[[str], Any]) -> list[dict[str, Any]]:
    """A judgement put, one replaced, one that ran out; the clip is claimed."""
    Claims.from_env().claim(FOOTAGE, FOOTAGE.capture_end)
    records: list[dict[str, Any]] = payload("vision_publish_facts")["Records"]
    return records


def state() -> ClipState:
    return Claims.from_env().get(FOOTAGE.clip_id).state


def test_a_new_judgement_is_told_and_the_clip_is_judged(changes: list[dict[str, Any]], context: Context) -> None:
    assert handler({"Records": changes[:1]}, context) == {"batchItemFailures": []}
    told = published()
    assert sorted(envelope["detail-type"] for envelope in told) == [CrowdMeasured.TYPE, VehiclesCounted.TYPE]
    assert {envelope["source"] for envelope in told} == {"civicam/vision"}
    clip = Claims.from_env().get(FOOTAGE.clip_id)
    assert clip.state is ClipState.JUDGED
    assert clip.looked
    assert (clip.looked.coverage, clip.looked.conditions) == (1.0, ())


def test_of_a_revision_only_what_changed_is_told(changes: list[dict[str, Any]], context: Context) -> None:
    handler({"Records": changes[1:2]}, context)
    (envelope,) = published()
    assert envelope["detail"]["data"]["revision"] == 1
    assert envelope["detail"]["id"].endswith(".1")


def test_told_again_it_bears_the_same_ids(changes: list[dict[str, Any]], context: Context) -> None:
    for _ in range(2):
        handler({"Records": changes[:1]}, context)
    ids = [envelope["detail"]["id"] for envelope in published()]
    assert len(ids) == 4
    assert len(set(ids)) == 2


def test_an_item_that_ran_out_says_nothing(changes: list[dict[str, Any]], context: Context) -> None:
    assert handler({"Records": changes[2:]}, context) == {"batchItemFailures": []}
    assert published() == []
    assert state() is ClipState.STORED


def test_a_replay_does_not_touch_the_clip(changes: list[dict[str, Any]], context: Context) -> None:
    changes[0]["dynamodb"]["NewImage"]["run"]["S"] = "replay-7"
    handler({"Records": changes[:1]}, context)
    assert state() is ClipState.STORED


def test_a_bus_that_is_away_has_the_stream_read_again(changes: list[dict[str, Any]], context: Context) -> None:
    events = boto3.client("events")
    events.remove_targets(Rule="all", EventBusName=BUS, Ids=["queue"])
    events.delete_rule(Name="all", EventBusName=BUS)
    events.delete_event_bus(Name=BUS)
    with pytest.raises(BatchProcessingError):
        handler({"Records": changes[:1]}, context)
    assert state() is ClipState.STORED
