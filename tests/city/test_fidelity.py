"""What a bare ministack does otherwise than AWS, and what a city does.

A `bare` test that fails is good news: upstream has mended it, and the module of civicam_cli.embedded.fidelity under
whose name it stands can go.
"""

import base64
import inspect
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.core import lambda_runtime

from civicam.contracts.errors import Inconsistent
from civicam_cli.deployment import REGION
from civicam_cli.embedded import fidelity
from civicam_cli.embedded.aws import client
from civicam_cli.embedded.city import City
from civicam_cli.embedded.fidelity import batches, pace
from civicam_cli.embedded.fidelity.errors import exception_class
from tests.city.making import (
    create_stack,
    make_function,
    make_role,
    register_task,
    run_machine,
    run_task,
    stopped_task,
    wait_for,
)

pytestmark = pytest.mark.flow
RAISES = "class Bad(Exception): pass\ndef handler(event, context): raise Bad('no: such\\nthing')"
TALKS = "def handler(event, context):\n for n in range(20): print(f'line {n}')"


def test_another_version_of_ministack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fidelity, "MINISTACK", "0.0.1")
    with pytest.raises(Inconsistent, match="make setup"):
        fidelity.check_version()


# errors


def error_type(city: City) -> str:
    name = make_function(city, "raises", RAISES)
    answer = client(city, "lambda").invoke(FunctionName=name, Payload=b"{}")
    return str(json.loads(answer["Payload"].read())["errorType"])


def test_bare_names_no_exception(bare: City) -> None:
    assert error_type(bare) == "Runtime.HandlerError"


def test_a_failure_bears_the_exceptions_class(emulated: City) -> None:
    assert error_type(emulated) == "Bad"


@pytest.mark.parametrize(
    ("ending", "message", "name"),
    [
        ("KeyError: 'a'", "'a'", "KeyError"),
        ("civicam.contracts.errors.Rejected: a: b\nc: d", "a: b\nc: d", "Rejected"),
        ("builtins.ValueError", "", "ValueError"),
        ("ValueError: other words", "these words", None),
    ],
)
def test_the_class_is_read_from_the_end_of_a_traceback(ending: str, message: str, name: str | None) -> None:
    log = f'before\nTraceback (most recent call last):\n  File "x.py", line 1\n    raise\n{ending}\n'
    assert exception_class(log, message) == name


def test_a_log_without_a_traceback_names_no_class() -> None:
    assert exception_class("ValueError: x", "x") is None


# pace


def first_wait() -> float:
    """Seconds that the log reader of a worker waits for a first line."""
    waits = inspect.signature(lambda_runtime.Worker._drain_stderr_bounded).parameters
    return float(waits["first_line_wait"].default)


def test_bare_makes_a_silent_function_wait() -> None:
    assert first_wait() == 0.050


def test_a_silent_function_answers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = lambda_runtime.Worker._drain_stderr_bounded
    monkeypatch.setattr(reader, "__defaults__", reader.__defaults__)  # so that the test's end takes it back
    pace.install()
    assert first_wait() == pace.FIRST_LINE_SECONDS


def test_a_function_that_logs_loses_no_line(emulated: City) -> None:
    name = make_function(emulated, "talks", TALKS)
    answer = client(emulated, "lambda").invoke(FunctionName=name, Payload=b"{}", LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()
    assert [line for line in log.splitlines() if line.startswith("line ")] == [f"line {n}" for n in range(20)]


# batches


def batch_sizes(city: City, folder: Path) -> list[int]:
    """Into which batches 25 messages go, for a reader that asks for a hundred and gathers them for two seconds."""
    noted = folder / "batches"
    code = f"def handler(event, _):\n    open({str(noted)!r}, 'a').write(f\"{{len(event['Records'])}}\\n\")"
    queue_url = client(city, "sqs").create_queue(QueueName="gathered", Attributes={"VisibilityTimeout": "900"})[
        "QueueUrl"
    ]
    may_read = {
        "Effect": "Allow",
        "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "Resource": "*",
    }
    client(city, "lambda").create_event_source_mapping(
        EventSourceArn=f"arn:aws:sqs:{REGION}:000000000000:gathered",
        FunctionName=make_function(city, "gathers", code, may_read),
        BatchSize=100,
        MaximumBatchingWindowInSeconds=2,
    )
    for number in range(25):
        client(city, "sqs").send_message(QueueUrl=queue_url, MessageBody=str(number))
    wait_for(lambda: noted.exists() and sum(map(int, noted.read_text().split())) == 25)
    return [int(size) for size in noted.read_text().split()]


def test_bare_takes_ten_messages_at_most(bare: City, tmp_path: Path) -> None:
    assert max(batch_sizes(bare, tmp_path)) <= 10


def test_a_reader_with_a_window_gets_what_came_in_it(emulated: City, tmp_path: Path) -> None:
    assert batch_sizes(emulated, tmp_path) == [25]


def a_queue(*bodies: str, waits_since: float) -> dict[str, Any]:
    return {"messages": [{"body": body, "visible_at": waits_since} for body in bodies]}


@pytest.mark.parametrize(
    ("queue", "ripe"),
    [
        (a_queue(waits_since=0), False),
        (a_queue("a", waits_since=96), False),
        (a_queue("a", waits_since=95), True),
        (a_queue("a", "b", "c", waits_since=99), True),
        (a_queue("a", "b", "c", waits_since=101), False),
    ],
    ids=["empty", "within the window", "window over", "batch full", "in hand"],
)
def test_a_batch_is_ripe_when_its_window_is_over_or_it_is_full(queue: dict[str, Any], ripe: bool) -> None:
    assert batches.is_ripe({"BatchSize": 3, "MaximumBatchingWindowInSeconds": 5}, queue, now=100) is ripe


# transport

TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::closed", "arn:aws:s3:::closed/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def writer(city: City) -> Callable[[str], str | None]:
    """A function that may write below mine/ in a bucket closed to all but TLS: a key -> what it says of it."""
    s3 = client(city, "s3")
    s3.create_bucket(Bucket="closed")
    s3.put_bucket_policy(Bucket="closed", Policy=json.dumps({"Version": "2012-10-17", "Statement": [TLS_ONLY]}))
    code = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    boto3.client('s3').put_object(Bucket='closed', Key=event['key'], Body=b'x')\n"
    )
    allowed = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::closed/mine/*"}
    name = make_function(city, "writer", code, allowed)

    def write(key: str) -> str | None:
        answer = client(city, "lambda").invoke(FunctionName=name, Payload=json.dumps({"key": key}))
        said = json.loads(answer["Payload"].read())
        return said["errorMessage"] if said else None

    return write


def test_bare_knows_no_secure_way_to_it(bare: City) -> None:
    assert "explicit deny" in str(writer(bare)("mine/a"))


def test_a_caller_on_this_machine_counts_as_having_come_by_tls(emulated: City) -> None:
    write = writer(emulated)
    assert write("mine/a") is None
    assert "AccessDenied" in str(write("others/a")), "IAM is enforced: the role grants mine/* alone"


# actions


def sends_a_batch(city: City) -> str | None:
    url = client(city, "sqs").create_queue(QueueName="batches")["QueueUrl"]
    code = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    boto3.client('sqs').send_message_batch(QueueUrl=event, Entries=[{'Id': '1', 'MessageBody': 'x'}])\n"
    )
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    name = make_function(city, "sender", code, allowed)
    said = json.loads(client(city, "lambda").invoke(FunctionName=name, Payload=json.dumps(url))["Payload"].read())
    return said["errorMessage"] if said else None


def test_bare_wants_an_action_that_iam_does_not_know(bare: City) -> None:
    assert "sqs:SendMessageBatch" in str(sends_a_batch(bare))


def test_the_right_to_send_covers_a_batch(emulated: City) -> None:
    assert sends_a_batch(emulated) is None


# buckets


def bucket(name: str) -> dict[str, Any]:
    return {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}}


def fill(city: City, name: str) -> None:
    client(city, "s3").create_bucket(Bucket=name)
    client(city, "s3").put_object(Bucket=name, Key="footage", Body=b"kept")


def test_bare_refuses_a_bucket_that_survived(bare: City) -> None:
    fill(bare, "survivor")
    assert create_stack(bare, "over-it", bucket("survivor"))["StackStatus"] == "ROLLBACK_COMPLETE"


def test_stacks_take_over_a_bucket_that_survived(emulated: City) -> None:
    fill(emulated, "survivor")
    assert create_stack(emulated, "over-it", bucket("survivor"))["StackStatus"] == "CREATE_COMPLETE"
    assert client(emulated, "s3").get_object(Bucket="survivor", Key="footage")["Body"].read() == b"kept"


def test_bare_deletes_a_full_bucket_with_its_stack(bare: City) -> None:
    create_stack(bare, "gone", bucket("full"))
    client(bare, "s3").put_object(Bucket="full", Key="footage", Body=b"lost")
    client(bare, "cloudformation").delete_stack(StackName="gone")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        client(bare, "s3").get_object(Bucket="full", Key="footage")


def test_a_full_bucket_is_not_deleted_with_its_stack(emulated: City) -> None:
    create_stack(emulated, "stays", bucket("full"))
    client(emulated, "s3").put_object(Bucket="full", Key="footage", Body=b"kept")
    client(emulated, "cloudformation").delete_stack(StackName="stays")
    assert client(emulated, "s3").get_object(Bucket="full", Key="footage")["Body"].read() == b"kept"


# containers

RUN_AND_WAIT = {
    "Type": "Task",
    "Resource": "arn:aws:states:::ecs:runTask.sync",
    "Parameters": {"Cluster": "city", "TaskDefinition": "waited-for"},
    "End": True,
}


def waited_for(city: City, code: str, name: str) -> dict[str, Any]:
    register_task(city, "waited-for", code)
    return run_machine(city, name, {"Start": RUN_AND_WAIT})


def test_bare_tasks_run_nothing(bare: City) -> None:
    arn = run_task(bare, "raise SystemExit(3)")
    time.sleep(1)
    task = client(bare, "ecs").describe_tasks(cluster="city", tasks=[arn])["tasks"][0]
    assert task["lastStatus"] == "RUNNING"


@pytest.mark.parametrize(("code", "exit_code"), [("print('done')", 0), ("raise SystemExit(3)", 3)])
def test_a_task_runs_and_its_exit_code_is_told(emulated: City, code: str, exit_code: int) -> None:
    task = stopped_task(emulated, run_task(emulated, code))
    assert [one["exitCode"] for one in task["containers"]] == [exit_code]


def test_a_machine_goes_on_with_the_task_that_it_waited_for(emulated: City) -> None:
    execution = waited_for(emulated, "print('done')", "succeeds")
    assert execution["status"] == "SUCCEEDED"
    output = json.loads(execution["output"])
    assert (output["LastStatus"], output["Containers"][0]["ExitCode"]) == ("STOPPED", 0)


def test_a_machine_fails_with_the_task_that_it_waited_for(emulated: City) -> None:
    execution = waited_for(emulated, "raise SystemExit(3)", "fails")
    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(execution["cause"])["Containers"][0]["ExitCode"] == 3


def test_a_task_acts_as_its_role(emulated: City) -> None:
    client(emulated, "s3").create_bucket(Bucket="tasks")
    allowed = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::tasks/mine/*"}
    role = make_role(emulated, "task-role", "ecs-tasks", allowed)

    def write(key: str) -> Sequence[int]:
        code = f"import boto3; boto3.client('s3').put_object(Bucket='tasks', Key={key!r}, Body=b'x')"
        return [one["exitCode"] for one in stopped_task(emulated, run_task(emulated, code, role))["containers"]]

    assert write("mine/a") == [0]
    assert write("others/a") == [1]


def test_a_task_without_a_role_has_no_rights(emulated: City) -> None:
    code = "import boto3; boto3.client('s3').list_buckets()"
    assert stopped_task(emulated, run_task(emulated, code))["containers"][0]["exitCode"] == 1


def test_a_service_replaces_a_task_that_ended(emulated: City) -> None:
    ecs = client(emulated, "ecs")
    register_task(emulated, "served", "import time; time.sleep(600)")
    ecs.create_service(cluster="city", serviceName="served", taskDefinition="served", desiredCount=1)
    first = running(emulated, "served", but="")
    ecs.stop_task(cluster="city", task=first)
    assert running(emulated, "served", but=first) != first
    ecs.update_service(cluster="city", service="served", desiredCount=0)


def running(city: City, service: str, but: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        arns = client(city, "ecs").list_tasks(cluster="city", serviceName=service, desiredStatus="RUNNING")["taskArns"]
        others = [arn for arn in arns if arn != but]
        if others:
            return str(others[0])
        time.sleep(0.1)
    pytest.fail(f"service {service} runs no other task")
