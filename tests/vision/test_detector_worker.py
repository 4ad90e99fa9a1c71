"""The GPU tier's worker: each clip once, whatever breaks in between, and none lost when it is told to stop."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread, Timer, current_thread
from typing import Any

import boto3
import pytest

from civicam.aws.claims import Claims, ClipState
from civicam.aws.detect_queue import DetectQueue, InHand, Message
from civicam.aws.detected_clips import DetectedClips
from civicam.aws.work import WorkStore
from civicam.contracts.facts import read_fact
from civicam.contracts.vision import ClipAbandoned, ClipBoxes
from civicam.vision.orders import SampledClip
from civicam.vision.pack import Pack
from containers.vision.detector.worker import SUSPECT_TRIES, Patience, Worker
from tests.fakes.city_in_moto import REGION, city_in_moto, published
from tests.fakes.detectors import FakeDetector
from tests.fakes.gpu_queue import CAMERA, TRIES, make_gpu_queues, short_pack, waiting_clip

pytestmark = pytest.mark.unit
PATIENT = Patience(tries=TRIES)


@pytest.fixture(autouse=True)
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with city_in_moto(monkeypatch):
        make_gpu_queues(monkeypatch)
        yield


@pytest.fixture
def sampled() -> SampledClip:
    return waiting_clip(short_pack())


def queued(body: str) -> None:
    boto3.client("sqs").send_message(QueueUrl=os.environ["DETECT_QUEUE_URL"], MessageBody=body)


def waiting(variable: str = "DETECT_QUEUE_URL") -> tuple[int, int]:
    """Messages in the queue: visible, and in somebody's hands."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=os.environ[variable], AttributeNames=names)
    return int(attributes["Attributes"][names[0]]), int(attributes["Attributes"][names[1]])


def judged() -> list[dict[str, Any]]:
    url = os.environ["JUDGE_QUEUE_URL"]
    answer = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
    return list(answer.get("Messages", []))  # type: ignore[arg-type]


class Dry(DetectQueue):
    """Tells the worker to stop once nothing is left to take."""

    stop = Event()

    def take(self, most: int = 1) -> list[Message]:
        messages = super().take(most)
        if not messages:
            self.stop.set()
        return messages


def work_off(*detectors: FakeDetector, patience: Patience = PATIENT) -> bool:
    """Until the queue is empty; as many clips at once as there are detectors."""
    queue = Dry(os.environ["DETECT_QUEUE_URL"], poll_seconds=0)
    queue.stop.clear()
    return a_worker(detectors, queue, patience).run(queue.stop)


def a_worker(
    detectors: Sequence[FakeDetector], queue: DetectQueue | None = None, patience: Patience = PATIENT
) -> Worker:
    return Worker(
        queue or DetectQueue(os.environ["DETECT_QUEUE_URL"], poll_seconds=0),
        detectors,
        work=WorkStore.from_env(),
        clips=DetectedClips.from_env(),
        patience=patience,
    )


def test_a_clip_gets_its_boxes_and_is_announced_to_the_judge(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    assert work_off(FakeDetector())
    assert [*sampled.order.boxes] == ["objects", "faces"]
    for boxes in WorkStore.from_env().boxes(sampled.order.boxes).values():
        assert boxes.clip_id == sampled.clip_id
    (message,) = judged()
    assert message["Attributes"]["MessageGroupId"] == CAMERA
    assert json.loads(message["Body"])["id"] == sampled.detected.id
    assert waiting() == (0, 0)


def test_a_clip_delivered_twice_is_judged_once(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    queued(sampled.model_dump_json())
    work_off(FakeDetector(), FakeDetector())
    assert len(judged()) == 1


def test_a_clip_that_was_announced_again_after_its_facts_stood_is_let_go(sampled: SampledClip) -> None:
    Claims.from_env().judged(sampled.clip_id)
    queued(sampled.model_dump_json())
    detector = FakeDetector()
    work_off(detector)
    assert (detector.clips, judged(), waiting()) == ([], [], (0, 0))


def test_as_many_clips_are_looked_at_at_once_as_there_are_hands() -> None:
    together = threading.Barrier(4, timeout=20)

    class Meeting(FakeDetector):
        def detect(self, clip_id: str, pack: Pack, passes: Collection[str]) -> dict[str, ClipBoxes]:
            together.wait()
            return super().detect(clip_id, pack, passes)

    pack = short_pack()
    for number in range(4):
        queued(waiting_clip(pack, f"clip {number}").model_dump_json())
    work_off(*(Meeting() for _ in range(4)))
    assert len(judged()) == 4


def test_a_clip_that_fails_returns_and_its_mates_are_worked_off(sampled: SampledClip) -> None:
    queued("no clip at all")
    queued(sampled.model_dump_json())
    work_off(FakeDetector(), FakeDetector())
    assert len(judged()) == 1
    assert waiting() == (0, 1), "the first one is kept back for some seconds, for another try"


def test_a_clip_that_was_tried_often_is_looked_at_alone() -> None:
    """What ends a worker again and again is among them: whoever is looked at with it would be ended too."""
    pack = short_pack()
    clips = [waiting_clip(pack, f"clip {number}") for number in range(6)]
    for clip in clips:
        queued(clip.model_dump_json())
    queue = DetectQueue.from_env()
    for _ in range(SUSPECT_TRIES - 1):
        queue.give_back(queue.take(3) + queue.take(3))
    looking, most = [0], [0]

    class Counting(FakeDetector):
        def detect(self, clip_id: str, pack: Pack, passes: Collection[str]) -> dict[str, ClipBoxes]:
            looking[0] += 1
            most[0] = max(most[0], looking[0])
            Event().wait(0.01)
            looking[0] -= 1
            return super().detect(clip_id, pack, passes)

    work_off(*(Counting() for _ in range(3)))
    assert (len(judged()), most) == (6, [1])


def test_nothing_is_announced_before_every_pass_has_its_boxes(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    work_off(FakeDetector(failures=1))
    assert (published(), judged()) == ([], [])


def test_after_the_last_try_the_clip_is_given_up_with_a_fact(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    work_off(FakeDetector(failures=1), patience=Patience(tries=1))
    (envelope,) = published()
    fact = read_fact(envelope["detail"], ClipAbandoned).data
    assert (fact.clip_id, fact.tries, fact.error) == (sampled.clip_id, 1, "RuntimeError: the card fell off the bus")
    assert Claims.from_env().get(sampled.clip_id).state is ClipState.ABANDONED


def test_told_to_stop_it_ends_and_gives_back_what_it_has_not_begun(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    stop, detector = Event(), FakeDetector()

    class LastMoment(DetectQueue):
        def take(self, most: int = 1) -> list[Message]:
            stop.set()
            return super().take(most)

    queue = LastMoment(os.environ["DETECT_QUEUE_URL"], poll_seconds=0)
    assert a_worker([detector], queue).run(stop)
    assert detector.clips == []
    assert waiting() == (1, 0)


def test_told_to_stop_it_finishes_what_it_has_in_hand() -> None:
    stop, pack = Event(), short_pack()

    class Slow(FakeDetector):
        def detect(self, clip_id: str, pack: Pack, passes: Collection[str]) -> dict[str, ClipBoxes]:
            stop.wait(20)
            return super().detect(clip_id, pack, passes)

    for number in range(5):
        queued(waiting_clip(pack, f"clip {number}").model_dump_json())
    Timer(0.2, stop.set).start()
    assert a_worker([Slow(), Slow()]).run(stop)
    finished = len(judged())
    assert 1 <= finished <= 2
    assert waiting() == (5 - finished, 0)


@pytest.mark.parametrize(
    ("patience", "is_told"),
    [(Patience(tries=TRIES, drain_seconds=0.1), True), (Patience(tries=TRIES, longest_seconds=0.1), False)],
    ids=["told to stop", "it hangs"],
)
def test_what_cannot_be_finished_in_time_is_given_back_and_ends_the_worker(
    sampled: SampledClip, patience: Patience, is_told: bool
) -> None:
    stop, released, hands = Event(), Event(), list[Thread]()

    class Hanging(FakeDetector):
        def detect(self, clip_id: str, pack: Pack, passes: Collection[str]) -> dict[str, ClipBoxes]:
            hands.append(current_thread())
            if is_told:
                stop.set()
            released.wait(20)
            raise RuntimeError("the card never answered")

    queued(sampled.model_dump_json())
    assert not a_worker([Hanging()], patience=patience).run(stop)
    assert waiting() == (1, 0)
    released.set()
    hands[0].join(20)  # what it still says of its clip is said to this test's queues, not to the next one's


def test_a_clip_that_hangs_is_not_kept_from_others() -> None:
    queued("long work")
    queue = DetectQueue.from_env()
    held = InHand(queue, most=1, longest_seconds=0)
    held.add(queue.take())
    queue.give_back(held.messages)
    with held.kept_hidden(every=0.01):
        Event().wait(0.05)
    assert (len(held.hanging), waiting()) == (1, (1, 0))


def test_all_that_is_in_hand_stays_hidden_for_as_long_as_it_is_held() -> None:
    for number in range(12):
        queued(f"long work {number}")
    beats = Event()

    class Beating(DetectQueue):
        def keep(self, messages: Sequence[Message]) -> None:
            super().keep(messages)
            beats.set()

    queue = Beating(os.environ["DETECT_QUEUE_URL"], poll_seconds=0)
    held = InHand(queue, most=12)
    held.add(queue.take(10) + queue.take(10))
    queue.give_back(held.messages)
    assert waiting() == (12, 0)
    with held.kept_hidden(every=0.01):
        assert beats.wait(5), "the first sign of life comes soon"
    assert waiting() == (0, 12)


def test_it_works_until_it_is_told_to_stop(sampled: SampledClip) -> None:
    queued(sampled.model_dump_json())
    stop, detector = Event(), FakeDetector()
    Timer(0.5, stop.set).start()
    a_worker([detector]).run(stop)
    assert detector.clips == [sampled.clip_id]
    assert waiting() == (0, 0)


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
    assert "environment variable DETECT_QUEUE_URL is not set" in ended.stderr
