"""The embedded AWS starts, stops, keeps what it has, and leaves nothing behind."""

import os
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from civicam.contracts.errors import Unavailable
from civicam_cli.embedded import emulator
from civicam_cli.embedded.aws import client
from civicam_cli.embedded.city import City, write_json
from tests.city.making import WITH_IMAGES, kill, make_function, run_task, wait_for

pytestmark = pytest.mark.flow
Make = Callable[..., City]


def test_it_listens_on_this_machine_alone(emulated: City) -> None:
    process = emulated.running()
    assert process
    family = [process, *process.children(recursive=True)]
    listening = [one.laddr for member in family for one in member.net_connections() if one.status == psutil.CONN_LISTEN]
    assert {(address.ip, address.port) for address in listening} == {("127.0.0.1", emulated.port)}


def test_two_cities_run_side_by_side(a_city: Make) -> None:
    north, south = a_city("north"), a_city("south")
    emulator.start(north)
    emulator.start(south)
    client(north, "sqs").create_queue(QueueName="of-the-north")
    assert north.port != south.port
    assert not client(south, "sqs").list_queues().get("QueueUrls")
    emulator.stop(south)
    assert client(north, "sqs").list_queues()["QueueUrls"]


def test_what_it_held_is_there_after_down_and_up(a_city: Make) -> None:
    city = a_city()
    emulator.start(city)
    port = city.port
    url = client(city, "sqs").create_queue(QueueName="kept")["QueueUrl"]
    client(city, "sqs").send_message(QueueUrl=url, MessageBody="still here")
    client(city, "s3").create_bucket(Bucket="kept")
    client(city, "s3").put_object(Bucket="kept", Key="a/b", Body=b"bytes", Metadata={"camera-id": "c"})

    emulator.stop(city)
    assert not city.running()
    assert not city.crashed()
    emulator.start(city)

    assert city.port == port
    assert client(city, "sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "still here"
    found = client(city, "s3").get_object(Bucket="kept", Key="a/b")
    assert (found["Body"].read(), found["Metadata"]) == (b"bytes", {"camera-id": "c"})


def test_a_sigterm_from_elsewhere_is_a_stop_in_order(a_city: Make) -> None:
    city = a_city()
    emulator.start(city)
    process = city.running()
    assert process
    process.terminate()
    process.wait(20)
    assert not city.crashed()


def test_killed_it_is_known_to_have_crashed_and_keeps_only_what_s3_confirmed(a_city: Make) -> None:
    city = a_city()
    emulator.start(city)
    client(city, "sqs").create_queue(QueueName="lost")
    client(city, "s3").create_bucket(Bucket="truth")
    client(city, "s3").put_object(Bucket="truth", Key="clips/one.mp4", Body=b"footage", Metadata={"sha256": "ab"})
    kill(city)
    assert city.crashed()
    half_written = next(city.objects.glob("*/truth")) / "clips" / "two.mp4.tmp"
    half_written.write_bytes(b"foot")

    emulator.end_leftovers(city)
    emulator.forget_everything_but_objects(city)
    emulator.start(city)

    assert not city.crashed()
    assert city.due("recovery").exists()
    listed = client(city, "s3").list_objects_v2(Bucket="truth")["Contents"]
    assert [one["Key"] for one in listed] == ["clips/one.mp4"]
    assert client(city, "s3").head_object(Bucket="truth", Key="clips/one.mp4")["Metadata"] == {"sha256": "ab"}
    assert not client(city, "sqs").list_queues().get("QueueUrls")


def test_killed_at_work_it_leaves_no_process(a_city: Make) -> None:
    city = a_city()
    emulator.start(city, WITH_IMAGES)
    run_task(city, "import time; time.sleep(600)")
    sleeper = make_function(city, "sleeper", "import time\ndef handler(event, context): time.sleep(600)")
    client(city, "lambda").invoke(FunctionName=sleeper, InvocationType="Event", Payload=b"{}")
    wait_for(lambda: len(city.processes()) >= 3)
    kill(city)
    wait_for(lambda: not city.running())
    assert city.processes(), "the task outlives its emulator: that is why somebody must look for it"

    assert emulator.end_leftovers(city) >= 1
    assert city.processes() == []


def test_a_process_number_that_was_given_anew_is_not_ours(a_city: Make) -> None:
    city = a_city()
    assert city.port
    write_json(city.folder / "process.json", {"pid": os.getpid(), "created": 0.0})
    assert city.running() is None


def test_where_the_port_was_taken_it_takes_another_and_its_queues_go_along(a_city: Make) -> None:
    city = a_city()
    emulator.start(city)
    sqs = client(city, "sqs")
    queue = sqs.create_queue(QueueName="waiting")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="still here")
    emulator.stop(city)

    port = city.port
    with socket.create_server(("127.0.0.1", port)):
        emulator.start(city)

    assert city.port != port
    queue = client(city, "sqs").get_queue_url(QueueName="waiting")["QueueUrl"]
    assert queue.startswith(city.endpoint_url)
    assert client(city, "sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "still here"


def test_a_start_that_fails_says_why(a_city: Make) -> None:
    city = a_city()
    with pytest.raises(Unavailable, match="no such thing"):
        emulator.start(city, ["/bin/sh", "-c", "echo no such thing; exit 3"])
    assert not city.crashed()


def test_no_web_page_can_wipe_it(emulated: City) -> None:
    request = urllib.request.Request(f"{emulated.endpoint_url}/_ministack/reset", method="POST", data=b"")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


def test_paths_with_spaces_are_fine(a_city: Make) -> None:
    city = a_city("a city of ours")
    emulator.start(city)
    assert isinstance(city.folder, Path)
    emulator.stop(city)


READER = """
import boto3, json
def handler(event, context):
    for record in event["Records"]:
        queue = boto3.client("sqs").get_queue_url(QueueName="heard")["QueueUrl"]
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=record["dynamodb"]["Keys"]["id"]["S"])
"""


def test_a_function_that_reads_a_stream_goes_on_after_down_and_up(a_city: Make) -> None:
    city = a_city("streaming")
    emulator.start(city)
    table = client(city, "dynamodb").create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    client(city, "sqs").create_queue(QueueName="heard")
    make_function(city, "reader", READER, {"Effect": "Allow", "Action": ["sqs:*", "dynamodb:*"], "Resource": "*"})
    client(city, "lambda").create_event_source_mapping(
        EventSourceArn=table["LatestStreamArn"], FunctionName="reader", StartingPosition="TRIM_HORIZON"
    )
    _put(city, "before-1", "before-2")
    assert _heard(city, 2) == {"before-1", "before-2"}

    emulator.stop(city)
    emulator.start(city)
    _put(city, "after")

    assert _heard(city, 1) == {"after"}


def _put(city: City, *names: str) -> None:
    for name in names:
        client(city, "dynamodb").put_item(TableName="items", Item={"id": {"S": name}})


def _heard(city: City, count: int) -> set[str]:
    sqs = client(city, "sqs")
    queue, bodies = sqs.get_queue_url(QueueName="heard")["QueueUrl"], set[str]()

    def enough() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            bodies.add(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return len(bodies) >= count

    wait_for(enough)
    return bodies
