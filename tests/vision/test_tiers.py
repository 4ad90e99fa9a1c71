"""Which tier a camera's clips go to: hysteresis, the lowest priority first, and back from a GPU tier that is late."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.aws.tiers import Tiers
from civicam.contracts.cameras import Profile, Tier
from civicam.vision.tiers import DWELL, PRIORITIES, Backlog, GpuTier, TierSetting, next_setting
from functions.vision.set_tiers import handler as set_tiers
from tests.fakes.city_in_moto import Context, city_in_moto
from tests.fakes.gpu_queue import make_gpu_queues

pytestmark = pytest.mark.unit
START = datetime(2026, 11, 24, 8, tzinfo=UTC)
PRESSED, BETWEEN, RELAXED = (Backlog(waiting=40, oldest_seconds=age) for age in (45.0, 15.0, 1.0))
EMPTY = Backlog(waiting=0, oldest_seconds=0)


def gpu(*, running: int = 1, most: int = 2, backlog: Backlog = EMPTY) -> GpuTier:
    return GpuTier(backlog=backlog, running=running, most=most)


def after(on_gpu: int, clips: Backlog, gpu_tier: GpuTier, waited: timedelta = DWELL) -> int:
    """How many priorities are on the GPU tier, so long after the last change."""
    standing = TierSetting(version=3, on_gpu=on_gpu, since=START)
    return next_setting(standing, clips, gpu_tier, at_once=10, at=START + waited).on_gpu


@pytest.mark.parametrize(("on_gpu", "then"), [(0, 1), (1, 2), (2, 3), (3, 3)])
def test_while_clips_wait_one_priority_more_goes_to_the_gpu(on_gpu: int, then: int) -> None:
    assert after(on_gpu, PRESSED, gpu()) == then


def test_between_pressed_and_relaxed_nothing_changes() -> None:
    assert [after(on_gpu, BETWEEN, gpu()) for on_gpu in range(4)] == [0, 1, 2, 3]


def test_when_hardly_any_clip_waits_they_come_back_one_by_one() -> None:
    assert [after(on_gpu, RELAXED, gpu()) for on_gpu in range(4)] == [0, 0, 1, 2]


def test_nothing_changes_twice_within_the_dwell() -> None:
    soon = DWELL - timedelta(seconds=1)
    assert [after(1, clips, gpu(), soon) for clips in (PRESSED, RELAXED)] == [1, 1]


def test_the_others_follow_only_when_a_gpu_worker_is_at_work() -> None:
    assert after(0, PRESSED, gpu(running=0)) == 1
    assert after(1, PRESSED, gpu(running=0)) == 1


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(gpu(backlog=Backlog(waiting=9, oldest_seconds=300)), id="its clips wait"),
        pytest.param(gpu(running=0, backlog=Backlog(waiting=1)), id="no worker comes"),
        pytest.param(gpu(most=0), id="there is none"),
    ],
)
def test_a_gpu_tier_that_is_late_gives_all_back_and_gets_none(late: GpuTier) -> None:
    assert [after(on_gpu, PRESSED, late) for on_gpu in range(4)] == [0, 0, 0, 0]


def test_without_ages_the_number_that_waits_decides() -> None:
    assert after(0, Backlog(waiting=99), gpu()) == 0
    assert after(0, Backlog(waiting=100), gpu()) == 1
    assert after(1, Backlog(waiting=11), gpu()) == 1
    assert after(1, Backlog(waiting=10), gpu()) == 0


AGES = st.floats(0, 600)


@given(st.lists(st.tuples(AGES, AGES, st.integers(0, 2), st.integers(1, 3)), max_size=120))
def test_whatever_the_weather_changes_are_counted_explained_and_apart(
    weather: list[tuple[float, float, int, int]],
) -> None:
    standing, at, changes = TierSetting(since=START), START, []
    for clips_age, gpu_age, running, minutes in weather:
        at += timedelta(minutes=minutes)
        clips = Backlog(waiting=50, oldest_seconds=clips_age)
        tier = gpu(running=running, backlog=Backlog(waiting=5, oldest_seconds=gpu_age))
        wanted = next_setting(standing, clips, tier, at_once=10, at=at)
        if wanted != standing:
            changes.append(wanted.since)
            assert wanted.version == standing.version + 1
            assert wanted.on_gpu - standing.on_gpu == 1 or wanted.on_gpu < standing.on_gpu
        standing = wanted
    assert all(later - earlier >= DWELL for earlier, later in pairwise(changes))


def test_the_lowest_priority_goes_first_and_a_camera_s_own_tier_stands() -> None:
    setting = TierSetting(on_gpu=1, since=START)
    tiers = {priority: setting.effective(Profile(priority=priority)).tier for priority in PRIORITIES}
    assert tiers == {"low": Tier.GPU, "normal": Tier.LAMBDA, "high": Tier.LAMBDA}
    pinned = Profile(priority="low", tier=Tier.LAMBDA)
    assert setting.effective(pinned) == pinned


@pytest.fixture
def tiers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tiers]:
    with city_in_moto(monkeypatch):
        make_gpu_queues(monkeypatch)
        monkeypatch.setenv("CLIP_QUEUE_URL", boto3.client("sqs").create_queue(QueueName="clip")["QueueUrl"])
        told = {"CLUSTER_NAME": "city", "DETECTOR_SERVICE": "detector", "CLIPS_AT_ONCE": "1", "MOST_GPU_WORKERS": "2"}
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        set_tiers.setter.cache_clear()
        yield Tiers.from_env()


def tick() -> int:
    return int(set_tiers.handler({}, Context())["on_gpu"])


def send(variable: str, messages: int) -> None:
    for number in range(messages):
        boto3.client("sqs").send_message(QueueUrl=os.environ[variable], MessageBody=str(number))


def measured(namespace: str, metric: str, value: float, **dimensions: str) -> None:
    datum: Any = {
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": told} for name, told in dimensions.items()],
        "Timestamp": datetime.now(UTC) - timedelta(minutes=1),
        "Value": value,
    }
    boto3.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])


def test_a_city_that_was_never_pressed_is_on_the_lambda_tier(tiers: Tiers) -> None:
    assert tiers.current().on_gpu == 0
    assert tick() == 0
    assert tiers.current().version == 0, "nothing is written where nothing changes"


def test_a_tick_under_pressure_moves_cameras_and_the_next_leaves_them_there(tiers: Tiers) -> None:
    send("CLIP_QUEUE_URL", 10)
    assert (tick(), tick()) == (1, 1)
    assert tiers.current().version == 1


def test_the_age_of_the_oldest_message_and_the_running_tasks_are_cloudwatch_s(tiers: Tiers) -> None:
    send("DETECT_QUEUE_URL", 1)
    measured("AWS/SQS", "ApproximateAgeOfOldestMessage", 95, QueueName="clip")
    assert tick() == 0, "a clip waits for a GPU worker that does not come"
    measured("ECS/ContainerInsights", "RunningTaskCount", 1, ClusterName="city", ServiceName="detector")
    assert tick() == 1


def test_of_two_who_set_the_same_version_the_first_is_heard(tiers: Tiers) -> None:
    first, second = (TierSetting(version=1, on_gpu=on_gpu, since=START) for on_gpu in (1, 2))
    assert (tiers.put(first), tiers.put(second)) == (True, False)
    assert tiers.current() == first
