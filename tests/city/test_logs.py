"""What `civicam logs` makes of messages."""

from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from civicam.contracts.base import now
from civicam.contracts.errors import NotFound, Rejected
from civicam_cli.deployment import Deployment
from civicam_cli.logs import log_groups, read, readable, span

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

pytestmark = pytest.mark.unit
HERE = Deployment("laptop", None, "us-east-1")


def test_a_structured_message_is_told_in_one_line() -> None:
    message = '{"level":"INFO","message":"clip judged","service":"s","facts":3,"function_arn":"x","clip_id":"c"}'
    assert readable(message) == "INFO    clip judged  facts=3 clip_id=c"


def test_the_runtimes_own_lines_are_left_out() -> None:
    assert readable("REPORT RequestId: 1 Duration: 3 ms\n") == ""


@pytest.mark.parametrize("message", ["plain words", "{not json", '{"no":"message"}', "[1]"])
def test_anything_else_stays_as_it_was(message: str) -> None:
    assert readable(message) == message


def test_spans_of_time() -> None:
    assert (span("30s"), span("2h")) == (timedelta(seconds=30), timedelta(hours=2))
    with pytest.raises(Rejected, match="10m"):
        span("yesterday")


def test_functions_and_tasks_are_found_by_their_name_and_read_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        logs = boto3.client("logs")
        moment = int(now().timestamp() * 1000)
        groups = {"/aws/lambda/civicam-laptop-judge_clip": 2, "/civicam/laptop/detector": 1, "/aws/lambda/another": 0}
        for group, offset in groups.items():
            logs.create_log_group(logGroupName=group)
            logs.create_log_stream(logGroupName=group, logStreamName="s")
            events: list[InputLogEventTypeDef] = [{"timestamp": moment + offset, "message": f"said {offset}"}]
            logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)

        assert sorted(log_groups(HERE)) == ["detector", "judge_clip"]
        assert log_groups(HERE, "vision/judge_clip") == {"judge_clip": "/aws/lambda/civicam-laptop-judge_clip"}
        with pytest.raises(NotFound, match="detector"):
            log_groups(HERE, "vision/judge_clips")
        lines = read(log_groups(HERE), now() - timedelta(minutes=1), follow=False)
        assert [line.message for line in lines] == ["said 1", "said 2"]


def test_followed_each_message_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        logs = boto3.client("logs")
        logs.create_log_group(logGroupName="g")
        logs.create_log_stream(logGroupName="g", logStreamName="s")

        def say(message: str) -> None:
            event: InputLogEventTypeDef = {"timestamp": int(now().timestamp() * 1000), "message": message}
            logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[event])

        say("first")
        lines = read({"f": "g"}, now() - timedelta(minutes=1), follow=True)
        assert next(lines).message == "first"
        say("second")
        say("third")
        assert [next(lines).message, next(lines).message] == ["second", "third"]
