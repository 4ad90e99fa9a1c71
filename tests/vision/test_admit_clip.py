"""admit_clip: a stored clip is analysed once, or goes back to the queue, and in the end to the dead letters."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from botocore.stub import Stubber

from civicam.aws import clients
from civicam.aws.allocations import Allocations
from civicam.aws.claims import Claims, ClipState
from civicam.cameras.allocation import Allocation, Candidate, allocate
from civicam.contracts.allocation import Budget
from civicam.contracts.cameras import ClipStored
from civicam.contracts.facts import read_fact
from civicam.vision.admitted import AdmittedClip
from functions.vision.admit_clip.handler import handler
from tests.fakes.city_in_moto import Context, published
from tests.fakes.queue import make_queue, received, waits

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("city")]

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:analyse-clip"
ENDED = {"executionArn": f"{MACHINE}:1", "startDate": 0, "stopDate": 1}


@pytest.fixture
def machine(city: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Step Functions, which answers as a test tells it to and knows of no other call."""
    monkeypatch.setenv("ANALYSE_CLIP_ARN", MACHINE)
    monkeypatch.setenv("RUN_TRIES", "3")
    with Stubber(clients.stepfunctions()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def event(payload: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The queue's message about a stored clip, which is claimed."""
    monkeypatch.setenv("CLIP_QUEUE_URL", make_queue("clip"))
    message: dict[str, Any] = payload("vision_admit_clip")
    message["Records"] = [received(os.environ["CLIP_QUEUE_URL"], record) for record in message["Records"]]
    stored = stored_in(message)
    Claims.from_env().claim(stored.footage, stored.stored_at)
    return message


def stored_in(event: dict[str, Any]) -> ClipStored:
    return read_fact(json.loads(event["Records"][0]["body"])["detail"], ClipStored).data


def tried(event: dict[str, Any], times: int) -> dict[str, Any]:
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(times)
    return event


def state(event: dict[str, Any]) -> ClipState:
    return Claims.from_env().get(stored_in(event).footage.clip_id).state


def test_a_stored_clip_is_analysed(machine: Stubber, event: dict[str, Any], context: Context) -> None:
    event["Records"][0]["attributes"] |= {"SentTimestamp": "1000", "ApproximateFirstReceiveTimestamp": "8500"}
    clip = AdmittedClip(**dict(stored_in(event)), waited_s=7.5)
    told = {"stateMachineArn": MACHINE, "input": clip.model_dump_json()}
    machine.add_response("start_sync_execution", ENDED | {"status": "SUCCEEDED", "output": "{}"}, told)
    assert handler(event, context) == {"batchItemFailures": []}
    assert published() == []


def test_a_clip_that_is_judged_is_not_analysed_again(machine: Stubber, event: dict[str, Any], context: Context) -> None:
    Claims.from_env().judged(stored_in(event).footage.clip_id)
    assert handler(event, context) == {"batchItemFailures": []}


def test_a_clip_of_a_camera_that_is_passed_over_is_kept_and_not_analysed(
    machine: Stubber, event: dict[str, Any], context: Context
) -> None:
    camera = Candidate(camera_id=stored_in(event).camera_id)
    at = stored_in(event).stored_at
    Allocations.from_env().mark(allocate([camera], Budget(cameras=0), Allocation(since=at), at))
    assert handler(event, context) == {"batchItemFailures": []}
    assert (state(event), published()) == (ClipState.PASSED_OVER, [])
    assert list(Claims.from_env().pending(stored_in(event).stored_at + timedelta(days=1))) == []


def test_a_rejected_clip_is_looked_at_again_so_that_no_rejection_stays_half_done(
    machine: Stubber, event: dict[str, Any], context: Context
) -> None:
    Claims.from_env().reject(stored_in(event).footage.clip_id, "corrupt")
    machine.add_response("start_sync_execution", ENDED | {"status": "SUCCEEDED"})
    assert handler(event, context) == {"batchItemFailures": []}


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT"])
def test_a_failed_analysis_goes_back_to_the_queue(
    machine: Stubber, event: dict[str, Any], context: Context, status: str
) -> None:
    failed = ENDED | {"status": status, "error": "Lambda.Unknown", "cause": "throttled"}
    machine.add_response("start_sync_execution", failed)
    with waits() as heard, pytest.raises(BatchProcessingError, match="throttled"):
        handler(tried(event, 2), context)
    assert 2 <= heard[0] <= 4, "seconds, not the queue's own timeout"
    assert state(event) is ClipState.STORED
    assert published() == []


def test_a_machine_that_does_not_start_is_a_try_too(machine: Stubber, event: dict[str, Any], context: Context) -> None:
    machine.add_client_error("start_sync_execution", "StateMachineDoesNotExist")
    with pytest.raises(BatchProcessingError, match="did not start"):
        handler(event, context)


def test_after_the_last_try_a_fact_says_that_the_clip_was_given_up(
    machine: Stubber, event: dict[str, Any], context: Context
) -> None:
    failed = ENDED | {"status": "FAILED", "error": "ValueError", "cause": "no such layer"}
    for _ in range(2):
        machine.add_response("start_sync_execution", failed)
        with pytest.raises(BatchProcessingError):
            handler(tried(event, 3), context)
    first, second = (envelope["detail"] for envelope in published())
    assert first["type"] == "vision.clip.abandoned.v1"
    assert first["data"]["clip_id"] == stored_in(event).footage.clip_id
    assert first["data"]["tries"] == 3
    assert "no such layer" in first["data"]["error"]
    assert second["id"] == first["id"]
    assert state(event) is ClipState.ABANDONED


def test_a_clip_that_was_given_up_and_redriven_is_analysed(
    machine: Stubber, event: dict[str, Any], context: Context
) -> None:
    Claims.from_env().abandon(stored_in(event).footage.clip_id, "no such layer")
    machine.add_response("start_sync_execution", ENDED | {"status": "SUCCEEDED"})
    assert handler(event, context) == {"batchItemFailures": []}


def test_one_failing_clip_does_not_take_the_others_back(
    machine: Stubber, event: dict[str, Any], context: Context
) -> None:
    (record,) = event["Records"]
    event["Records"] = [record | {"messageId": "a"}, record | {"messageId": "b"}]
    machine.add_response("start_sync_execution", ENDED | {"status": "FAILED"})
    machine.add_response("start_sync_execution", ENDED | {"status": "SUCCEEDED"})
    assert handler(event, context) == {"batchItemFailures": [{"itemIdentifier": "a"}]}
