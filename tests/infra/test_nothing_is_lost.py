"""Whatever fails to the last try lies in dead letters, and no reader gets more than it can do."""

import json
from typing import Any

import pytest

from infra.assembly import Assembly, Resource
from infra.constructs.analyse_clip import SECONDS, TRANSIENT_IN_LAMBDA
from infra.flow_steps import label
from infra.settings import PRODUCTION

pytestmark = pytest.mark.infra

QUEUE, MAPPING = "AWS::SQS::Queue", "AWS::Lambda::EventSourceMapping"


def led(city: Assembly, stack: str, value: Any) -> Resource:
    found = city.led_to(stack, value)
    assert found is not None, value
    return found


def machine_of(city: Assembly, name: str) -> Resource:
    [machine] = (one for one in city.resources("AWS::StepFunctions::StateMachine") if label(one) == name)
    return machine


def definition(city: Assembly, name: str = "AnalyseClip") -> dict[str, Any]:
    machine = machine_of(city, name)
    pieces = machine.properties["DefinitionString"]["Fn::Join"][1]
    parsed: dict[str, Any] = json.loads("".join(piece if isinstance(piece, str) else "x" for piece in pieces))
    return parsed


def test_every_queue_has_dead_letters_of_its_own(production: Assembly) -> None:
    ends = []
    for queue in production.resources(QUEUE):
        if "DeadLetters" in queue.name:
            assert queue.properties["MessageRetentionPeriod"] == 14 * 86_400
        else:
            redrive = queue.properties["RedrivePolicy"]
            ends.append(led(production, queue.stack, redrive["deadLetterTargetArn"]).logical_id)
            assert redrive["maxReceiveCount"] >= 3
    assert len(set(ends)) == len(ends)


def test_every_rule_retries_and_has_dead_letters(production: Assembly) -> None:
    for rule in production.resources("AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            assert "DeadLetters" in led(production, rule.stack, target["DeadLetterConfig"]["Arn"]).name
            assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_every_schedule_and_what_it_starts_has_dead_letters(production: Assembly) -> None:
    kept = {
        led(production, config.stack, config.properties["FunctionName"]).logical_id
        for config in production.resources("AWS::Lambda::EventInvokeConfig")
        if "DestinationConfig" in config.properties
    }
    for schedule in production.resources("AWS::Scheduler::Schedule"):
        target = schedule.properties["Target"]
        assert "DeadLetters" in led(production, schedule.stack, target["DeadLetterConfig"]["Arn"]).name
        assert led(production, schedule.stack, target["Arn"]).logical_id in kept


def test_a_message_stays_hidden_while_its_reader_works(production: Assembly) -> None:
    for mapping in production.resources(MAPPING):
        source = led(production, mapping.stack, mapping.properties["EventSourceArn"])
        reader = led(production, mapping.stack, mapping.properties["FunctionName"])
        if source.kind == QUEUE:
            window = mapping.properties.get("MaximumBatchingWindowInSeconds", 0)
            assert source.properties["VisibilityTimeout"] > reader.properties["Timeout"] + window, source.logical_id


def test_a_queue_never_calls_more_readers_than_are_reserved(production: Assembly) -> None:
    for mapping in production.resources(MAPPING):
        source = led(production, mapping.stack, mapping.properties["EventSourceArn"])
        reader = led(production, mapping.stack, mapping.properties["FunctionName"])
        if source.kind == QUEUE:
            at_once = mapping.properties["ScalingConfig"]["MaximumConcurrency"]
            assert at_once <= reader.properties["ReservedConcurrentExecutions"], source.logical_id


def test_one_bad_record_does_not_hold_its_batch(production: Assembly) -> None:
    for mapping in production.resources(MAPPING):
        told = mapping.properties
        assert told["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        if "StartingPosition" in told:
            assert told["BisectBatchOnFunctionError"]
            assert 0 < told["MaximumRetryAttempts"] <= 10
            assert (
                "DeadLetters"
                in led(production, mapping.stack, told["DestinationConfig"]["OnFailure"]["Destination"]).name
            )


def test_streams_tell_of_new_and_changed_items_only(production: Assembly) -> None:
    patterns = [
        json.loads(filtered["Pattern"])
        for mapping in production.resources(MAPPING)
        for filtered in mapping.properties.get("FilterCriteria", {}).get("Filters", [])
    ]
    assert patterns == [{"eventName": ["INSERT", "MODIFY"]}] * 2


def test_clips_of_one_camera_are_judged_in_order(production: Assembly) -> None:
    [judge] = (queue for queue in production.resources(QUEUE) if queue.name == "JudgeQueue")
    assert judge.properties["FifoQueue"]
    send = definition(production)["States"]["SendToJudge"]["Parameters"]
    assert send["MessageGroupId.$"] == "$.camera_id"
    assert send["MessageDeduplicationId.$"] == "$.detected.id"


def test_the_queue_learns_how_a_clip_ended_before_it_shows_it_again(production: Assembly) -> None:
    machine = machine_of(production, "AnalyseClip")
    [admit] = (f for f in production.resources("AWS::Lambda::Function") if "admit_clip" in f.properties["Handler"])
    [clips] = (queue for queue in production.resources(QUEUE) if queue.name == "ClipQueue")
    assert machine.properties["StateMachineType"] == "EXPRESS"
    assert SECONDS < admit.properties["Timeout"] < clips.properties["VisibilityTimeout"]
    tries = int(admit.properties["Environment"]["Variables"]["RUN_TRIES"])
    assert tries == clips.properties["RedrivePolicy"]["maxReceiveCount"]


def test_a_throttled_detector_is_tried_again_under_both_names_with_jitter(production: Assembly) -> None:
    states = definition(production)["States"]
    [retry] = states["LookAtClip"]["Retry"]
    assert retry["ErrorEquals"] == TRANSIENT_IN_LAMBDA
    assert {"Lambda.TooManyRequestsException", "Lambda.Unknown"} <= set(retry["ErrorEquals"])
    assert retry["JitterStrategy"] == "FULL"
    assert retry["MaxAttempts"] <= 5


@pytest.mark.parametrize("name", ["AnalyseClip", "Replay"])
def test_the_machines_use_only_what_the_embedded_aws_honours(production: Assembly, name: str) -> None:
    text = json.dumps(definition(production, name))
    for ignored in ("ItemBatcher", "ResultWriter", "HeartbeatSeconds", "JSONata", "MaxDelaySeconds"):
        assert ignored not in text or (name, ignored) == ("AnalyseClip", "MaxDelaySeconds")


@pytest.mark.parametrize(("name", "level"), [("AnalyseClip", "ERROR"), ("Replay", "ALL")])
def test_failed_runs_can_be_read_afterwards_without_their_content(production: Assembly, name: str, level: str) -> None:
    machine = machine_of(production, name)
    logging = machine.properties["LoggingConfiguration"]
    assert logging["Level"] == level
    assert not logging.get("IncludeExecutionData", False)
    assert machine.properties["TracingConfiguration"] == {"Enabled": True}


def test_a_replay_is_a_bounded_map_over_its_manifest_that_bears_a_failed_batch(production: Assembly) -> None:
    machine = machine_of(production, "Replay")
    every_batch = definition(production, "Replay")["States"]["EveryBatch"]
    assert machine.properties["StateMachineType"] == "STANDARD"
    assert every_batch["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert every_batch["ItemReader"]["Parameters"]["Key.$"] == "$.manifest"
    assert 1 <= every_batch["MaxConcurrency"] <= PRODUCTION.batches_at_once
    assert every_batch["ToleratedFailurePercentage"] == 10


def test_a_batch_is_a_task_waited_for_within_bounds_and_tried_again(production: Assembly) -> None:
    [batch] = definition(production, "Replay")["States"]["EveryBatch"]["ItemProcessor"]["States"].values()
    [retry] = batch["Retry"]
    assert batch["Resource"].endswith(":ecs:runTask.sync")
    assert batch["TimeoutSeconds"] <= 3 * 3600
    assert "States.TaskFailed" in retry["ErrorEquals"]
    assert 1 <= retry["MaxAttempts"] <= 3
    assert batch["ResultSelector"] == {"done": True}, "a map's output must stay below 256 KB, however many batches"
    placed = batch["Parameters"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert placed["AssignPublicIp"] == "DISABLED"
