"""judge_clip: a detected clip's facts stand once, whatever comes twice, late or not at all."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urldefrag

import boto3
import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from civicam.aws.clip_facts import ClipFacts
from civicam.aws.work import WorkStore
from civicam.contracts.facts import CloudEvent
from civicam.contracts.vision import CrowdMeasured, VehiclesCounted
from civicam.vision.succession import Judgement
from functions.vision.judge_clip.handler import handler
from tests.fakes.city_in_moto import Context
from tests.fakes.queue import make_queue, waits
from tests.fakes.scenes import Mover, SceneClip, clip_of, cut, instants

pytestmark = pytest.mark.unit

SEEN = instants([Mover(300, 100, vy=50), Mover(900, 500)], seconds=10)


@pytest.fixture(autouse=True)
def queue(city: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_QUEUE_URL", make_queue("judge.fifo"))


@pytest.fixture
def batch(payload: Callable[[str], Any]) -> Callable[[Sequence[SceneClip]], dict[str, Any]]:
    """Makes the queue's batch of these clips, whose boxes then lie in the bucket."""

    def made(scenes: Sequence[SceneClip]) -> dict[str, Any]:
        (like,) = payload("vision_judge_clip")["Records"]
        records = []
        for number, scene in enumerate(scenes):
            WorkStore.from_env().put_boxes({scene.detected.boxes[name]: seen for name, seen in scene.boxes.items()})
            body = CloudEvent.of(scene.detected).model_dump_json()
            records.append(like | {"messageId": str(number), "body": body})
        return {"Records": records}

    return made


Batch = Callable[[Sequence[SceneClip]], dict[str, Any]]


def standing(scene: SceneClip) -> Judgement:
    found = ClipFacts.from_env().get(scene.detected)
    assert found
    return found


def crossings(scenes: Sequence[SceneClip]) -> list[int]:
    facts = [event.data for scene in scenes for event in standing(scene).facts]
    return [sum(c.count for c in fact.crossings) for fact in facts if isinstance(fact, VehiclesCounted)]


def test_a_detected_clip_has_its_facts(payload: Callable[[str], Any], context: Context) -> None:
    scene = clip_of(SEEN)
    WorkStore.from_env().put_boxes({scene.detected.boxes["objects"]: scene.boxes["objects"]})
    assert handler(payload("vision_judge_clip"), context) == {"batchItemFailures": []}
    assert [event.type for event in standing(scene).facts] == [VehiclesCounted.TYPE, CrowdMeasured.TYPE]
    assert crossings([scene]) == [1]


def test_the_same_clip_again_changes_nothing(batch: Batch, context: Context) -> None:
    scene = clip_of(SEEN)
    handler(batch([scene]), context)
    before = standing(scene)
    handler(batch([scene, scene]), context)
    assert standing(scene) == before


def test_tracks_go_on_from_clip_to_clip(batch: Batch, context: Context) -> None:
    clips = cut(SEEN, [3, 6])
    handler(batch(clips), context)
    assert crossings(clips) == [0, 1, 0]
    assert standing(clips[1]).before == standing(clips[0]).after.digest


def test_a_late_clip_mends_those_after_it(batch: Batch, context: Context) -> None:
    clips = cut(SEEN, [4.6, 4.8])
    handler(batch([clips[0], clips[2]]), context)
    handler(batch([clips[1]]), context)
    assert crossings(clips) == [0, 0, 1]
    assert standing(clips[2]).revision == 1
    assert standing(clips[2]).before == standing(clips[1]).after.digest


def test_a_clip_without_its_boxes_goes_back_and_holds_its_camera_back(batch: Batch, context: Context) -> None:
    clips = cut(SEEN, [3, 6])
    event = batch(clips)
    address = urldefrag(clips[1].detected.boxes["objects"]).url.removeprefix("s3://work/")
    boto3.client("s3").delete_object(Bucket="work", Key=address)
    with waits() as heard:
        assert handler(event, context) == {"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "2"}]}
    assert len(heard) == 2
    assert max(heard) <= 2, "nobody's camera stands still for longer"
    assert ClipFacts.from_env().get(clips[2].detected) is None


@pytest.mark.parametrize("change", [{"type": "vision.clip.detected.v2"}, {"data": {"fact_id": "x"}}])
def test_a_fact_that_nobody_knows_is_refused(batch: Batch, context: Context, change: dict[str, Any]) -> None:
    event = batch([clip_of(SEEN)])
    (record,) = event["Records"]
    record["body"] = json.dumps(json.loads(record["body"]) | change)
    with pytest.raises(BatchProcessingError):
        handler(event, context)


def test_a_field_that_a_newer_writer_added_is_ignored(batch: Batch, context: Context) -> None:
    scene = clip_of(SEEN)
    event = batch([scene])
    (record,) = event["Records"]
    document = json.loads(record["body"])
    document["data"]["mood"] = "new"
    record["body"] = json.dumps(document)
    assert handler(event, context) == {"batchItemFailures": []}
    assert standing(scene).facts
