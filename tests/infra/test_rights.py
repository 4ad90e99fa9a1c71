"""Least privilege on the template: exact actions, exact resources, and rights that meet the calls that are made."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.assembly import Assembly, Resource, listed
from infra.flow_steps import by_machines, label

pytestmark = pytest.mark.infra

KNOW_NO_RESOURCES = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "dynamodb:ListStreams",
    "ecr:GetAuthorizationToken",
    "cloudwatch:GetMetricData",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
"""Actions that IAM grants on `*` only (Service Authorization Reference)."""


def statements(city: Assembly) -> Iterator[tuple[Resource, dict[str, Any]]]:
    for policy in city.resources("AWS::IAM::Policy"):
        yield from ((policy, statement) for statement in policy.properties["PolicyDocument"]["Statement"])
    for role in city.resources("AWS::IAM::Role"):
        for inline in role.properties.get("Policies", []):
            yield from ((role, statement) for statement in inline["PolicyDocument"]["Statement"])


def allowed(city: Assembly, role: Resource) -> dict[str, set[Resource]]:
    """Resources by action, of one role."""
    rights: dict[str, set[Resource]] = {}
    for policy, statement in statements(city):
        holders = [city.led_to(policy.stack, holder) for holder in policy.properties.get("Roles", [])]
        if role in holders:
            found = {city.led_to(policy.stack, resource) for resource in listed(statement["Resource"])}
            for action in listed(statement["Action"]):
                rights.setdefault(action, set()).update(resource for resource in found if resource)
    return rights


def test_no_role_may_do_anything_that_is_not_named(production: Assembly) -> None:
    for policy, statement in statements(production):
        for action in listed(statement["Action"]):
            assert "*" not in action or policy.stack == "VisionGpu", f"{policy.logical_id}: {action}"


def test_all_resources_are_meant_only_where_iam_knows_no_others(production: Assembly) -> None:
    for policy, statement in statements(production):
        if "*" in listed(statement["Resource"]):
            assert set(listed(statement["Action"])) <= KNOW_NO_RESOURCES, policy.logical_id


def test_what_stands_open_in_a_resource_is_a_prefix_a_database_or_what_one_thing_starts(production: Assembly) -> None:
    for policy, statement in statements(production):
        for resource in listed(statement["Resource"]):
            pieces = resource.get("Fn::Join", ["", []])[1] if isinstance(resource, dict) else [resource]
            text = "".join(piece for piece in pieces if isinstance(piece, str))
            if text != "*" and "*" in text:
                is_prefix = "arn:aws:s3:::" in text and text.endswith("/*") and text.count("*") == 1
                is_database = ":table/civicam_production_lake/*" in text
                is_version = text == ":*"
                is_task = text.endswith(":task/civicam-production-city/*")
                is_batch = text.endswith(":execution:civicam-production-replay/Batches:*")
                is_vault = text.endswith(":secret:civicam-production-sources/*")
                assert is_vault or is_prefix or is_database or is_version or is_task or is_batch, (
                    f"{policy.logical_id}: {text}"
                )


def rights_of(city: Assembly, machine: Resource) -> dict[str, set[Resource]]:
    role = city.led_to(machine.stack, machine.properties["RoleArn"])
    assert role is not None
    return {action: held for action, held in allowed(city, role).items() if action not in KNOW_NO_RESOURCES}


def test_the_machine_of_the_hot_path_may_do_exactly_what_its_states_call(production: Assembly) -> None:
    rights = rights_of(production, machine_of(production, "AnalyseClip"))
    assert set(rights) == {"lambda:InvokeFunction", "sqs:SendMessage"}
    assert {label(resource) for held in rights.values() for resource in held} == {
        step.effect for step in by_machines(production) if step.cause == "AnalyseClip"
    }


def test_the_machine_of_replays_may_read_manifests_and_run_its_one_task(production: Assembly) -> None:
    machine = machine_of(production, "Replay")
    rights = rights_of(production, machine)
    assert set(rights) == {
        "s3:GetObject",
        "kms:Decrypt",
        "states:StartExecution",
        "states:DescribeExecution",
        "states:StopExecution",
        "ecs:RunTask",
        "ecs:DescribeTasks",
        "ecs:StopTask",
        "iam:PassRole",
        "events:PutTargets",
        "events:PutRule",
        "events:DescribeRule",
    }
    assert {label(task) for task in rights["ecs:RunTask"]} == {"Replayer"}
    assert {role.name for role in rights["iam:PassRole"]} == {"ReplayerRole", "ReplayerTaskExecutionRole"}
    own = [text for _, text in resources_of(production, machine, "states:StartExecution")]
    assert own == [f"arn:aws:states:ap-southeast-1:account:stateMachine:{machine.properties['StateMachineName']}"]
    read = [text for _, text in resources_of(production, machine, "s3:GetObject")]
    assert [text.rpartition("-work-")[2] for text in read] == ["account-ap-southeast-1/replays/*"]


def machine_of(city: Assembly, name: str) -> Resource:
    [machine] = (one for one in city.resources("AWS::StepFunctions::StateMachine") if label(one) == name)
    return machine


def resources_of(city: Assembly, machine: Resource, action: str) -> Iterator[tuple[Resource, str]]:
    """The ARNs that a machine's role may do something to, the account's number as `account`."""
    role = city.led_to(machine.stack, machine.properties["RoleArn"])
    for policy, statement in statements(city):
        if action in listed(statement["Action"]) and city.led_to(policy.stack, policy.properties["Roles"][0]) == role:
            for resource in listed(statement["Resource"]):
                pieces = resource["Fn::Join"][1] if isinstance(resource, dict) else [resource]
                yield policy, "".join(piece if isinstance(piece, str) else "account" for piece in pieces)


def test_each_schedule_may_call_its_function_and_leave_dead_letters(production: Assembly) -> None:
    for schedule in production.resources("AWS::Scheduler::Schedule"):
        target = schedule.properties["Target"]
        role, function, dead_letters = (
            production.led_to(schedule.stack, target[key]) for key in ("RoleArn", "Arn", "DeadLetterConfig")
        )
        assert role is not None
        assert function is not None
        assert dead_letters is not None
        rights = allowed(production, role)
        assert rights.pop("lambda:InvokeFunction") == {function}
        assert rights == {"sqs:SendMessage": {dead_letters}}
        trust = role.properties["AssumeRolePolicyDocument"]["Statement"][0]
        assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
        assert "aws:SourceAccount" in trust["Condition"]["StringEquals"]


def test_each_rule_may_reach_its_targets(production: Assembly) -> None:
    for rule in production.resources("AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            reached = production.led_to(rule.stack, target["Arn"])
            dead_letters = production.led_to(rule.stack, target["DeadLetterConfig"]["Arn"])
            assert reached is not None
            assert dead_letters is not None
            assert may_be_reached(production, rule, reached), f"{rule.name} -> {reached.name}"
            assert may_be_reached(production, rule, dead_letters), f"{rule.name} -> {dead_letters.name}"


def may_be_reached(city: Assembly, rule: Resource, target: Resource) -> bool:
    """By the resource policy of a queue or topic, or the permission of a function; queues name the rule itself."""
    if target.kind == "AWS::Lambda::Function":
        permissions = city.resources("AWS::Lambda::Permission")
        return any(
            city.led_to(permission.stack, permission.properties["FunctionName"]) == target
            and permission.properties["Principal"] == "events.amazonaws.com"
            and city.led_to(permission.stack, permission.properties["SourceArn"]) == rule
            for permission in permissions
        )
    subjects = {"AWS::SQS::QueuePolicy": "Queues", "AWS::SNS::TopicPolicy": "Topics"}
    for policy in city.resources(*subjects):
        if city.led_to(policy.stack, policy.properties[subjects[policy.kind]]) == target:
            for statement in policy.properties["PolicyDocument"]["Statement"]:
                source = statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn")
                named = city.led_to(policy.stack, source) == rule if source else target.kind == "AWS::SNS::Topic"
                if statement.get("Principal") == {"Service": "events.amazonaws.com"} and named:
                    return True
    return False


def test_the_key_serves_who_publishes_to_encrypted_topics(production: Assembly) -> None:
    [key] = production.resources("AWS::KMS::Key")
    granted = key.properties["KeyPolicy"]["Statement"]
    services = {statement["Principal"].get("Service") for statement in granted}
    assert {"events.amazonaws.com", "cloudwatch.amazonaws.com"} <= services


def test_every_function_that_reads_personal_pictures_is_known(production: Assembly) -> None:
    readers = {
        policy.logical_id.removesuffix("RoleDefaultPolicy")
        for policy, statement in statements(production)
        if "s3:GetObject" in listed(statement["Action"]) and "footage" in str(statement["Resource"])
    }
    names = {reader.split("RoleDefaultPolicy")[0] for reader in readers}
    assert names == {"PullClips", "AnnounceClip", "ClaimUpload", "SweepClips", "LookAtClip", "Replayer", "Api"}
