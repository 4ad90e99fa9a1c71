"""The GPU tier's worker: each clip once, whatever breaks in between, and none lost when it is told to stop."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Timer
from typing import Any

import boto3
import pytest

from civicam.aws.detect_queue import Announcement, DetectQueue, Message
from civicam.aws.work import WorkStore
from civicam.contracts.cameras import Camera, ClipStored, Tier
from civicam.contracts.facts import read_fact
from civicam.contracts.footage import ClockQuality, Footage
from civicam.contracts.ids import digest
from civicam.contracts.vision import ClipDetected
from civicam.runtime.sandbox import sample_footage
from civicam.vision.orders import SampledClip, sampled_clip
from containers.vision.detector.worker import Worker
from tests.fakes.city_in_moto import REGION, city_in_moto, published
from tests.fakes.detectors import FakeDetector
from tests.fakes.footage import START, clip, passing

pytestmark = pytest.mark.unit
CAMERA = "01JD8K3V4N0000000000000001"


@pytest.fixture(autouse=True)
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with city_in_moto(monkeypatch):
        sqs = boto3.client("sqs")
        fifo: Any = {"FifoQueue": "true"}
        monkeypatch.setenv("WORK_BUCKET", "work")
        monkeypatch.setenv("DETECT_QUEUE_URL", sqs.create_queue(QueueName="detect")["QueueUrl"])
        monkeypatch.setenv("JUDGE_QUEUE_URL", sqs.create_queue(QueueName="judge.fifo", Attributes=fifo)["QueueUrl"])
        boto3.client("s3").create_bucket(Bucket="work")
        yield


@pytest.fixture
def sampled() -> SampledClip:
    """A clip of a camera of the GPU tier, its pack in the store, as the state machine puts it into the queue."""
    raw = clip(passing(50))
    footage = Footage.place(
        camera_id=CAMERA,
        capture_start=START,
        capture_end=START.replace(second=2),
        clock_quality=ClockQuality.SYNCED,
        sha256=digest("raw"),
        size_bytes=len(raw),
        media_type="video/mp4",
        bucket="footage",
    )
    camera = Camera.model_validate(
        {"camera_id": CAMERA, "name": "x", "owner_id": "o", "unit_id": "u", "position": (0, 0)}
        | {"profile": {"tier": Tier.GPU}}
    )
    stored = ClipStored(fact_id=digest("x"), camera_id=CAMERA, footage=footage, stored_at=START)
    pack, work = sample_footage(raw, "video/mp4", START, fps=1), WorkStore.from_env()
    uri = work.pack_uri(footage.clip_id, "live")
    work.put_pack(uri, pack)
    boxes = {name: work.boxes_uri(footage.clip_id, "live", name) for name in ("objects", "faces")}
    return sampled_clip(stored, camera, pack.manifest.sampled, pack_uri=uri, boxes=boxes)


def queued(body: str) -> None:
    boto3.client("sqs").send_message(QueueUrl=os.environ["DETECT_QUEUE_URL"], MessageBody=body)


def waiting() -> tuple[int, int]:
    """Messages in the queue: visible, and in somebody's hands."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = os.environ["DETECT_QUEUE_URL"]
    attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(attributes[names[0]]), int(attributes[names[1]])


def judged() -> list[dict[str, Any]]:
    url = os.environ["JUDGE_QUEUE_URL"]
    answer = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
    return list(answer.get("Messages", []))  # type: ignore[arg-type]


def a_worker(detector: FakeDetector, queue: DetectQueue | None = None) -> Worker:
    queue = queue or DetectQueue(os.environ["DETECT_QUEUE_URL"], poll_seconds=0)
    detectors = {"objects": detector, "faces": detector}
    return Worker(queue, detectors, WorkStore.from_env(), Announcement.from_env().send)


def work_off(detector: FakeDetector, *, messages: int = 1) -> None:
    worker = a_worker(detector)
    for _ in range(messages):
        message = worker.queue.take()
        assert message is not None
        worker.handle(message)


def test_a_clip_gets_its_boxes_and_is_announced_to_bus_and_judge(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    work_off(FakeDetector())
    for order in sampled.passes.values():
        assert WorkStore.from_env().boxes(order.boxes_uri).clip_id == sampled.clip_id
    (envelope,) = published()
    assert read_fact(envelope["detail"], ClipDetected).id == sampled.detected.id
    (message,) = judged()
    assert message["Attributes"]["MessageGroupId"] == CAMERA
    assert json.loads(message["Body"])["id"] == sampled.detected.id
    assert waiting() == (0, 0)


def test_a_clip_delivered_twice_is_judged_once(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    queued(sampled.model_dump_json())
    work_off(FakeDetector(), messages=2)
    assert len(judged()) == 1


def test_a_clip_that_fails_returns_and_the_next_one_gets_its_turn(sampled: SampledClip) -> None:
    queued("no clip at all")
    queued(sampled.model_dump_json())
    work_off(FakeDetector(), messages=2)
    assert len(judged()) == 1
    assert waiting() == (0, 1), "the first one is kept back for some seconds, for another try"


def test_nothing_is_announced_before_every_pass_has_its_boxes(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    work_off(FakeDetector(failures=1))
    assert (published(), judged()) == ([], [])


def test_told_to_stop_it_ends_and_gives_back_what_it_has_not_begun(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    stop, detector = Event(), FakeDetector()

    class LastMoment(DetectQueue):
        def take(self) -> Message | None:
            stop.set()
            return super().take()

    queue = LastMoment(os.environ["DETECT_QUEUE_URL"], poll_seconds=0)
    a_worker(detector, queue).run(stop)
    assert detector.clips == []
    assert waiting() == (1, 0)


def test_it_works_until_it_is_told_to_stop(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    stop, detector = Event(), FakeDetector()
    Timer(0.5, stop.set).start()
    a_worker(detector).run(stop)
    assert len(detector.clips) == 2
    assert waiting() == (0, 0)


def test_a_message_stays_hidden_for_as_long_as_it_is_held() -> None:
    queued("long work")
    queue, beats = DetectQueue.from_env(), Event()

    class Beating(DetectQueue):
        def hide(self, message: Message, seconds: int) -> None:
            super().hide(message, seconds)
            beats.set()

    message = queue.take()
    assert message is not None
    with Beating(queue.url).held(message, every=0.01):
        assert beats.wait(5), "the first sign of life comes soon"
    assert waiting() == (0, 1)


def test_the_process_says_what_its_stack_forgot(checkout: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.endswith(("_BUCKET", "_URL"))}
    ended = subprocess.run(
        [sys.executable, "-m", "containers.vision.detector"],
        cwd=checkout,
        env=environment | {"AWS_REGION": REGION},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "environment variable MODELS_BUCKET is not set" in ended.stderr
