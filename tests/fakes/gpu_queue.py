"""A GPU tier's queues and stores without a worker, and sampled clips that wait in it."""

from typing import Any

import boto3
import pytest

from civicam.aws.claims import Claims
from civicam.aws.work import WorkStore
from civicam.contracts.cameras import Camera, ClipStored
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import ClockQuality, Footage
from civicam.contracts.ids import digest
from civicam.runtime.sandbox import sample_footage
from civicam.vision.orders import DetectOrder, SampledClip, detected
from civicam.vision.pack import Pack
from tests.fakes.footage import START, clip, passing

CAMERA = "01JD8K3V4N0000000000000001"
TRIES = 10


def make_gpu_queues(monkeypatch: pytest.MonkeyPatch, hidden_seconds: int = 60) -> None:
    """The detect queue with its dead letters, the judge's queue and the work bucket, named in the environment."""
    sqs = boto3.client("sqs")
    dead = sqs.create_queue(QueueName="detect-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive: Any = {
        "VisibilityTimeout": str(hidden_seconds),
        "RedrivePolicy": f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": "{TRIES}"}}',
    }
    fifo: Any = {"FifoQueue": "true"}
    monkeypatch.setenv("WORK_BUCKET", "work")
    monkeypatch.setenv("DETECT_TRIES", str(TRIES))
    monkeypatch.setenv("DETECT_DEAD_LETTERS_URL", dead)
    monkeypatch.setenv("DETECT_QUEUE_URL", sqs.create_queue(QueueName="detect", Attributes=redrive)["QueueUrl"])
    monkeypatch.setenv("JUDGE_QUEUE_URL", sqs.create_queue(QueueName="judge.fifo", Attributes=fifo)["QueueUrl"])
    boto3.client("s3").create_bucket(Bucket="work")


def short_pack(pictures: int = 2) -> Pack:
    """A pack of so many kept frames at most, of something that passes."""
    return sample_footage(clip(passing(25 * pictures)), "video/mp4", START, fps=1)


def waiting_clip(pack: Pack, name: str = "raw") -> SampledClip:
    """A stored clip of a camera of the GPU tier, its pack in the work store, as the state machine puts it on."""
    footage = Footage.place(
        camera_id=CAMERA,
        capture_start=START,
        capture_end=START.replace(second=2),
        clock_quality=ClockQuality.SYNCED,
        sha256=digest(name),
        size_bytes=1,
        media_type="video/mp4",
        bucket="footage",
    )
    camera = Camera.model_validate(
        {"camera_id": CAMERA, "name": "x", "owner_id": "o", "unit_id": "u", "position": (0, 0)}
        | {"profile": {"tier": "gpu"}}
    )
    stored = ClipStored(fact_id=digest("stored", name), camera_id=CAMERA, footage=footage, stored_at=START)
    Claims.from_env().claim(footage, START)
    work = WorkStore.from_env()
    uri = work.pack_uri(footage.clip_id, "live")
    work.put_pack(uri, pack)
    boxes = {one: work.boxes_uri(footage.clip_id, "live", one) for one in ("objects", "faces")}
    return SampledClip(
        camera_id=CAMERA,
        clip_id=footage.clip_id,
        order=DetectOrder(clip_id=footage.clip_id, pack_uri=uri, boxes=boxes),
        detected=CloudEvent.of(detected(stored, camera, pack.manifest.sampled, boxes)),
    )
