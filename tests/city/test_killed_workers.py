"""The GPU tier's worker killed fifty times with clips in its hands: nothing is lost, nothing is told twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import boto3
import pytest

from civicam.aws import clients
from civicam.aws.work import WorkStore
from civicam.vision.orders import SampledClip
from civicam_cli.deployment import REGION, Deployment
from civicam_cli.embedded.city import City
from tests.city.making import wait_for
from tests.fakes.city_in_moto import BUS, TABLES, make_table
from tests.fakes.gpu_queue import make_gpu_queues, short_pack, waiting_clip

pytestmark = pytest.mark.flow
KILLS = 50
AHEAD = 12
"""So many clips wait at least, so that a worker which starts always finds some."""


@pytest.fixture
def stores(emulated: City, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Queues, table, bucket and bus of the GPU tier, named in the environment."""
    told = Deployment("laptop", emulated.endpoint_url, REGION).env() | {
        "BUS_NAME": BUS,
        "CLIPS_TABLE": "clips-of-the-killed",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    clients.forget()
    boto3.client("events").create_event_bus(Name=BUS)
    make_table(told["CLIPS_TABLE"], *TABLES["CLIPS_TABLE"])
    make_gpu_queues(monkeypatch)
    yield
    clients.forget()


class Workers:
    """Workers one after the other; `reports` is what their parent tells of them."""

    def __init__(self, parent: subprocess.Popen[str], reports: TextIO) -> None:
        self._parent, self._reports = parent, reports

    def start(self) -> int:
        """A worker that has begun a clip; returns its process id."""
        assert self._parent.stdin
        print("start", file=self._parent.stdin, flush=True)
        pid = self._hear("started")
        self._hear("begun")
        return pid

    def ended(self) -> int:
        """The exit code of the one that was told to end, or was killed."""
        return self._hear("ended")

    def _hear(self, word: str) -> int:
        for line in self._reports:
            said, _, number = line.strip().partition(" ")
            if said == word:
                return int(number or 0)
        pytest.fail("the workers' parent has ended")


@pytest.fixture
def workers(stores: None, checkout: Path) -> Iterator[Workers]:
    reads, writes = os.pipe()
    command = [sys.executable, "-m", "tests.fakes.killable_worker", str(writes)]
    options: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True, "cwd": checkout}
    with (
        subprocess.Popen(command, pass_fds=[writes], start_new_session=True, **options) as parent,
        os.fdopen(reads) as told,
    ):
        os.close(writes)
        yield Workers(parent, told)
        os.killpg(parent.pid, signal.SIGKILL)


VISIBLE, HIDDEN = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"


def lying(variable: str, *kinds: Any) -> int:
    """Messages in a queue."""
    told = boto3.client("sqs").get_queue_attributes(QueueUrl=os.environ[variable], AttributeNames=kinds)
    return sum(int(value) for value in told["Attributes"].values())


def announced() -> Counter[str]:
    """How often each clip's boxes were announced to judge_clip."""
    sqs, url, heard = boto3.client("sqs"), os.environ["JUDGE_QUEUE_URL"], Counter[str]()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            heard[json.loads(message["Body"])["data"]["footage"]["clip_id"]] += 1
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return heard


def test_killed_fifty_times_with_clips_in_hand_it_loses_none_and_tells_of_each_once(workers: Workers) -> None:
    chance, pack, clips = random.Random(4), short_pack(1), list[SampledClip]()
    codes = Counter[int]()

    def fill_up() -> None:
        while lying("DETECT_QUEUE_URL", VISIBLE) < AHEAD:
            clips.append(waiting_clip(pack, f"clip {len(clips)}"))
            message = clips[-1].model_dump_json()
            boto3.client("sqs").send_message(QueueUrl=os.environ["DETECT_QUEUE_URL"], MessageBody=message)

    for number in range(KILLS):
        fill_up()
        pid = workers.start()
        time.sleep(chance.uniform(0, 0.06))
        how = signal.SIGTERM if number % 2 else signal.SIGKILL
        os.kill(pid, how)
        codes[workers.ended()] += 1
    workers.start()
    wait_for(lambda: lying("DETECT_QUEUE_URL", VISIBLE, HIDDEN) == 0, 60)

    assert codes == {-signal.SIGKILL: 25, 0: 25}, "half of them killed, half of them drained"
    assert lying("DETECT_DEAD_LETTERS_URL", VISIBLE) == 0
    assert announced() == Counter(clip.clip_id for clip in clips)
    for clip in clips:
        for boxes in WorkStore.from_env().boxes(clip.order.boxes).values():
            assert boxes.clip_id == clip.clip_id
