"""The GPU tier on the templates and in its container file: it comes from nothing, goes back to it, and is drained."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from containers.vision.detector.worker import Patience
from infra.assembly import Assembly, Resource
from infra.constructs.gpu_service import CLIPS_A_WORKER
from infra.settings import PRODUCTION
from infra.stacks.vision import BACKLOG_SECONDS

pytestmark = pytest.mark.infra
SPOT_WARNING_SECONDS = 120
IMAGES = ("cameras/recorder", "vision/detector", "vision/replayer")


def one(city: Assembly, kind: str) -> Resource:
    [found] = city.resources(kind)
    return found


def detector(city: Assembly, kind: str = "AWS::ECS::TaskDefinition") -> Resource:
    [found] = (resource for resource in city.resources(kind) if resource.name.startswith("Detector"))
    return found


def test_tasks_scale_from_none_and_back_by_what_waits_for_each_of_them(production: Assembly) -> None:
    target = one(production, "AWS::ApplicationAutoScaling::ScalableTarget").properties
    assert (target["MinCapacity"], target["MaxCapacity"]) == PRODUCTION.gpu_workers
    steps = [
        (step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound"), step["ScalingAdjustment"])
        for policy in production.resources("AWS::ApplicationAutoScaling::ScalingPolicy")
        for step in policy.properties["StepScalingPolicyConfiguration"]["StepAdjustments"]
    ]
    assert sorted(steps, key=str) == sorted(
        [(None, 0, -1), (0, 9 * CLIPS_A_WORKER, 1), (9 * CLIPS_A_WORKER, None, 2)], key=str
    )
    thresholds = set()
    for alarm in production.resources("AWS::CloudWatch::Alarm"):
        expressions = [told["Expression"] for told in alarm.properties.get("Metrics", []) if "Expression" in told]
        if expressions:
            assert expressions == [
                f"(waiting + held) / IF(FILL(running, 0) > 0, FILL(running, 0), 1 / {CLIPS_A_WORKER})"
            ]
            thresholds.add(alarm.properties["Threshold"])
    assert thresholds == {0, CLIPS_A_WORKER}


def test_instances_come_and_go_with_the_tasks_and_are_drained_before_they_go(production: Assembly) -> None:
    provider = one(production, "AWS::ECS::CapacityProvider").properties["AutoScalingGroupProvider"]
    assert (provider["ManagedDraining"], provider["ManagedScaling"]["Status"]) == ("ENABLED", "ENABLED")
    group = one(production, "AWS::AutoScaling::AutoScalingGroup").properties
    spread = group["MixedInstancesPolicy"]["InstancesDistribution"]
    assert (spread["OnDemandBaseCapacity"], spread["OnDemandPercentageAboveBaseCapacity"]) == (0, 0)
    assert group["CapacityRebalance"]
    template = json.dumps(one(production, "AWS::EC2::LaunchTemplate").properties)
    assert "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true" in template
    assert '"HttpTokens": "required"' in template


def test_a_worker_has_drained_before_its_container_is_killed_and_its_instance_taken(production: Assembly) -> None:
    [container] = detector(production).properties["ContainerDefinitions"]
    assert Patience(tries=1).drain_seconds < container["StopTimeout"] < SPOT_WARNING_SECONDS


def test_the_worker_knows_how_often_its_queue_tries(production: Assembly) -> None:
    [container] = detector(production).properties["ContainerDefinitions"]
    told = {variable["Name"]: variable["Value"] for variable in container["Environment"]}
    [queue] = (one for one in production.resources("AWS::SQS::Queue") if one.name == "DetectQueue")
    assert int(told["DETECT_TRIES"]) == queue.properties["RedrivePolicy"]["maxReceiveCount"]


def test_somebody_is_told_when_clips_wait_too_long_for_either_tier(production: Assembly) -> None:
    watched = {
        alarm.name
        for alarm in production.resources("AWS::CloudWatch::Alarm")
        if alarm.properties.get("MetricName") == "ApproximateAgeOfOldestMessage"
        and alarm.properties["Threshold"] == BACKLOG_SECONDS
        and alarm.properties["AlarmActions"]
    }
    assert watched == {"ClipQueueAlarm", "DetectQueueAlarm"}


def test_tiers_are_set_every_minute_and_never_to_a_gpu_that_is_not_there(
    production: Assembly, laptop: Assembly
) -> None:
    def told(city: Assembly) -> dict[str, Any]:
        [setter] = (f for f in city.resources("AWS::Lambda::Function") if "set_tiers" in f.properties["Handler"])
        return dict(setter.properties["Environment"]["Variables"])

    [tick] = (one for one in production.resources("AWS::Scheduler::Schedule") if one.name == "SetTiersTick")
    assert tick.properties["ScheduleExpression"] == "cron(* * * * ? *)"
    assert told(production)["MOST_GPU_WORKERS"] == str(PRODUCTION.gpu_workers[1])
    assert told(laptop)["MOST_GPU_WORKERS"] == "0"


def instructions(checkout: Path, image: str) -> list[tuple[str, str]]:
    text = (checkout / "containers" / image / "Dockerfile").read_text()
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(word.upper(), rest) for word, _, rest in (line.partition(" ") for line in lines)]


@pytest.mark.parametrize("image", IMAGES)
def test_a_container_is_built_from_pinned_parts_and_runs_as_nobody(checkout: Path, image: str) -> None:
    """The rules of hadolint that bear on these files (DL3004, DL3006, DL3007, DL3013, DL3020, DL3025, DL3042)."""
    told = instructions(checkout, image)
    words = [word for word, _ in told]
    assert words[0] == "FROM"
    assert re.fullmatch(r"python:3\.13\.\d+-slim-\w+@sha256:[0-9a-f]{64}", told[0][1]), "the base is its digest"
    assert "ADD" not in words
    assert [rest for word, rest in told if word == "USER"] == ["65534:65534"]
    assert words.index("USER") > max(place for place, word in enumerate(words) if word in {"RUN", "COPY"})
    for word, rest in told:
        if word == "RUN" and not rest.startswith("install -d "):
            assert rest.startswith("pip install "), "nothing else is run than the installation of the lock"
            assert {"--require-hashes", "--no-deps", "--no-cache-dir", "--only-binary"} <= set(rest.split())
        if word in {"ENTRYPOINT", "CMD"}:
            assert isinstance(json.loads(rest), list), "it is started without a shell, so that it gets the signals"


@pytest.mark.parametrize("image", IMAGES)
def test_each_line_of_a_lock_is_a_version_with_hashes(checkout: Path, image: str) -> None:
    lock = (checkout / "containers" / image / "requirements.lock").read_text()
    entries = re.split(r"\n(?=\S)", lock.strip())
    for entry in entries:
        first, *rest = entry.split("\\\n")
        assert re.match(r"[a-z0-9._\[\]-]+==\S+", first), first
        assert rest, f"{first} has no hash"
        assert all(re.fullmatch(r"\s*--hash=sha256:[0-9a-f]{64}\s*", line) for line in rest)
    assert "://" not in lock


def test_the_gpu_s_lock_brings_cuda_for_linux_and_one_runtime(checkout: Path) -> None:
    lock = (checkout / "containers/vision/detector/requirements.lock").read_text()
    names = set(re.findall(r"^([a-z0-9.-]+)==", lock, re.MULTILINE))
    assert "onnxruntime-gpu" in names
    assert "onnxruntime" not in names, "the two share a package folder"
    assert {"nvidia-cudnn-cu13", "nvidia-cublas", "nvidia-cuda-runtime", "nvidia-cufft"} <= names
