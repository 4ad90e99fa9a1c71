"""Every right that a function or task is granted was used by a flow test, or stands here with its reason."""

from collections.abc import Callable
from typing import Any

import pytest

from civicam_cli.embedded.city import City
from tests.city.making import wait_for
from tests.city.whole import WholeCity

pytestmark = [pytest.mark.flow, pytest.mark.last]

ASKED_BY_AWS_ONLY = {
    "logs:CreateLogStream": "Lambda and ECS write logs in the role's name",
    "logs:PutLogEvents": "Lambda and ECS write logs in the role's name",
    "sqs:ReceiveMessage": "Lambda reads the queue in the role's name",
    "sqs:DeleteMessage": "Lambda reads the queue in the role's name",
    "sqs:GetQueueAttributes": "Lambda reads the queue in the role's name",
    "sqs:GetQueueUrl": "Lambda reads the queue in the role's name",
    "dynamodb:DescribeStream": "Lambda reads the stream in the role's name",
    "dynamodb:GetRecords": "Lambda reads the stream in the role's name",
    "dynamodb:GetShardIterator": "Lambda reads the stream in the role's name",
    "dynamodb:ListStreams": "Lambda reads the stream in the role's name",
    "kms:Decrypt": "S3 uses the city's key in the role's name",
    "kms:GenerateDataKey": "S3 uses the city's key in the role's name",
    "s3:ListBucket": "S3 says that a key is missing only to who may list; the emulator says it to anybody",
}
"""Rights that the emulator does not ask for, wherever they are granted."""
PUTS_OFF = "puts a message off that failed, and here none of its messages does"
LAMBDA_DEAD_LETTERS = "Lambda sends what failed to the last try to its dead letters in the role's name"
NOTHING_LOST = "nothing was lost here for the sweeper to find (tests/cameras/test_sweeping.py)"
NOTHING_TO_JOIN = "no partition has enough small files here to be joined (tests/lake/test_compaction.py)"
NO_SERIES = "reads a minute's pictures when it closes their series (tests/cameras/test_functions.py; the demo does)"
NO_TURNS = "takes turns at a host with more errands than it may have at once (tests/cameras/test_functions.py)"
REFUSES = "quarantines what tells nothing of itself, closes its claim (tests/cameras/test_ways_in.py, test_inbox.py)"
GIVES_UP = "gives a clip up after its last try (tests/vision/test_detector_worker.py)"
UNUSED_HERE: dict[str, dict[str, str]] = {
    "set_tiers": {
        "dynamodb:PutItem": "no camera changes its tier here (tests/vision/test_tiers.py)",
        "sqs:SendMessage": LAMBDA_DEAD_LETTERS,
    },
    "judge_clip": {"sqs:ChangeMessageVisibility": PUTS_OFF},
    "publish_facts": {"sqs:SendMessage": LAMBDA_DEAD_LETTERS},
    "detector": {
        "sqs:ChangeMessageVisibility": "holds a message longer than its first term, or puts it off",
        "dynamodb:UpdateItem": GIVES_UP,
        "events:PutEvents": GIVES_UP,
    },
    "claim_upload": {"sqs:ChangeMessageVisibility": PUTS_OFF, "dynamodb:UpdateItem": REFUSES},
    "pull_clips": {
        "sqs:ChangeMessageVisibility": PUTS_OFF,
        "s3:GetObject": NO_SERIES,
        "sqs:SendMessage": "sends an errand's rest again (tests/cameras/test_functions.py)",
        "dynamodb:PutItem": NO_TURNS,
        "dynamodb:DeleteItem": NO_TURNS,
        "dynamodb:UpdateItem": "writes a source's circuit when it fails, and here none does",
    },
    "announce_clip": {
        "dynamodb:UpdateItem": REFUSES,
        "s3:DeleteObject": REFUSES,
        "s3:PutObject": REFUSES,
        "sqs:ChangeMessageVisibility": PUTS_OFF,
    },
    "sweep_clips": {
        "dynamodb:GetItem": NOTHING_LOST,
        "dynamodb:PutItem": NOTHING_LOST,
        "dynamodb:UpdateItem": NOTHING_LOST,
        "events:PutEvents": NOTHING_LOST,
        "s3:GetObject": NOTHING_LOST,
        "s3:PutObject": NOTHING_LOST,
        "s3:DeleteObject": NOTHING_LOST,
        "sqs:SendMessage": LAMBDA_DEAD_LETTERS,
    },
    "watch_health": {"sqs:SendMessage": LAMBDA_DEAD_LETTERS},
    "allocate_cameras": {"sqs:SendMessage": LAMBDA_DEAD_LETTERS},
    "write_facts": {
        "s3:DeleteObject": "removes the files of a commit that failed, and metadata that are too old",
        "sqs:ChangeMessageVisibility": PUTS_OFF,
    },
    "compact_tables": {
        "glue:UpdateTable": NOTHING_TO_JOIN,
        "s3:DeleteObject": NOTHING_TO_JOIN,
        "s3:PutObject": NOTHING_TO_JOIN,
        "sqs:SendMessage": LAMBDA_DEAD_LETTERS,
    },
    "evaluate_rules": {"sqs:ChangeMessageVisibility": PUTS_OFF},
    "publish_alerts": {"sqs:SendMessage": LAMBDA_DEAD_LETTERS},
    "deliver_webhook": {"sqs:ChangeMessageVisibility": PUTS_OFF},
}
"""By function: the rights that it needs and no flow test uses, each with its reason. Whoever uses all has no row."""


def test_no_right_is_granted_that_nobody_needs(
    request: pytest.FixtureRequest, whole: WholeCity, city: City, aws: Callable[[str], Any]
) -> None:
    if not any(item.path.name == "test_way_of_a_clip.py" for item in request.session.items):
        pytest.skip("it looks back on the flow tests: run tests/city as a whole")
    functions = aws("lambda")
    for name in ("compact_tables", "set_tiers", "sweep_clips", "watch_health"):
        told = functions.invoke(FunctionName=f"civicam-laptop-{name}", Payload=b"{}")
        assert "FunctionError" not in told, told["Payload"].read()
    wait_for(city.rights_used.exists)
    used = {tuple(line.split()) for line in city.rights_used.read_text().splitlines()}

    unused = {
        name: {action for action in _granted(aws, role) if (role, action) not in used} - ASKED_BY_AWS_ONLY.keys()
        for name, role in _roles(aws).items()
    }

    assert {name: rights for name, rights in unused.items() if rights - UNUSED_HERE.get(name, {}).keys()} == {}


def _roles(aws: Callable[[str], Any]) -> dict[str, str]:
    """The role's name by function, and by task."""
    pages = aws("lambda").get_paginator("list_functions").paginate()
    roles = {
        function["FunctionName"].removeprefix("civicam-laptop-"): function["Role"].rpartition("/")[2]
        for page in pages
        for function in page["Functions"]
    }
    ecs = aws("ecs")
    for definition in ecs.list_task_definitions()["taskDefinitionArns"]:
        task = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
        roles[task["family"].removeprefix("civicam-laptop-")] = task["taskRoleArn"].rpartition("/")[2]
    return roles


def _granted(aws: Callable[[str], Any], role: str) -> set[str]:
    iam = aws("iam")
    policies = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    return {
        action
        for policy in policies
        for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
