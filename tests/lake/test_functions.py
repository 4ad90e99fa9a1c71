"""The lake's two functions against the embedded AWS: queue message and scheduler tick -> Glue and S3."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import boto3
import pytest

from civicam.aws.lake import Lake
from civicam.contracts.facts import CloudEvent
from functions.lake.compact_tables import handler as compact_tables
from functions.lake.write_facts import handler as write_facts
from tests.fakes.queue import make_queue, received, waits

pytestmark = pytest.mark.flow

VEHICLES = "vision_vehicles_counted"
Made = Callable[..., CloudEvent[Any]]


@pytest.fixture(autouse=True)
def cold(cloud: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts its functions anew, with a queue of its own."""
    monkeypatch.setenv("LAKE_QUEUE_URL", make_queue(f"lake-{uuid4().hex[:8]}"))
    write_facts.lake.cache_clear()
    compact_tables.lake.cache_clear()


def message(detail: dict[str, Any]) -> dict[str, Any]:
    """A message as EventBridge puts it into the queue."""
    envelope = {"version": "0", "id": str(uuid4()), "detail-type": detail.get("type"), "detail": detail}
    return in_hand(json.dumps(envelope))


def in_hand(body: str) -> dict[str, Any]:
    return received(os.environ["LAKE_QUEUE_URL"], {"messageId": str(uuid4()), "body": body})


def told(event: CloudEvent[Any], **changes: Any) -> dict[str, Any]:
    return message(json.loads(event.model_dump_json()) | changes)


def put_back(answer: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_every_fact_delivered_twice_is_one_row(cloud: Lake, vehicles: Made, context: Any) -> None:
    messages = [told(vehicles(n)) for n in range(4)]
    for batch in (messages, messages[:2] + messages[:1], [*messages[1:], told(vehicles(4))]):
        assert put_back(write_facts.handler({"Records": batch}, context)) == []
    assert cloud.load(VEHICLES).scan().to_arrow().num_rows == 5


def test_the_same_fact_twice_in_one_delivery_is_one_row(cloud: Lake, vehicles: Made, context: Any) -> None:
    write_facts.handler({"Records": [told(vehicles(0)), told(vehicles(0))]}, context)
    assert cloud.load(VEHICLES).scan().to_arrow().num_rows == 1


def test_what_nobody_can_read_fails_alone(cloud: Lake, vehicles: Made, context: Any) -> None:
    good = told(vehicles(0))
    unknown = told(vehicles(1), type="vision.vehicles.counted.v9")
    incomplete = told(vehicles(2), data={"fact_id": "x"})
    bad = [unknown, incomplete, in_hand("{"), in_hand("[]")]
    with waits() as heard:
        answer = write_facts.handler({"Records": [bad[0], good, *bad[1:]]}, context)
    assert put_back(answer) == [record["messageId"] for record in bad]
    assert heard == [0] * 4, "no wait would help them"
    assert cloud.load(VEHICLES).scan().to_arrow().num_rows == 1


def test_a_field_that_a_newer_writer_added_does_no_harm(cloud: Lake, vehicles: Made, context: Any) -> None:
    data = json.loads(vehicles(0).model_dump_json())["data"] | {"weather": "rain"}
    assert put_back(write_facts.handler({"Records": [told(vehicles(0), data=data)]}, context)) == []
    assert cloud.load(VEHICLES).scan().to_arrow().num_rows == 1


def test_facts_that_cannot_be_written_now_come_again(cloud: Lake, vehicles: Made, context: Any) -> None:
    boto3.client("dynamodb").delete_table(TableName=os.environ["LEASES_TABLE"])
    records = [told(vehicles(0)), told(vehicles(1))]
    with waits() as heard:
        answer = write_facts.handler({"Records": records}, context)
    assert put_back(answer) == [record["messageId"] for record in records]
    assert all(1 <= wait <= 2 for wait in heard)
    assert len(heard) == 2


def test_two_functions_at_once_write_every_fact_once(cloud: Lake, vehicles: Made, context: Any) -> None:
    batches = [[told(vehicles(n)) for n in range(turn, turn + 3)] for turn in range(8)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda batch: write_facts.handler({"Records": batch}, context), batches))
    assert [put_back(answer) for answer in answers] == [[]] * 8
    clips = cloud.load(VEHICLES).scan().to_arrow()["clip_id"].to_pylist()
    assert sorted(clips) == sorted(vehicles(n).data.clip_id for n in range(10))


def test_the_tick_joins_small_files_and_keeps_every_row(cloud: Lake, vehicles: Made, context: Any) -> None:
    for n in range(6):
        write_facts.handler({"Records": [told(vehicles(n))]}, context)
    assert compact_tables.handler({}, context) == {"compacted": [VEHICLES], "waiting": []}
    scan = cloud.load(VEHICLES).scan()
    assert len(list(scan.plan_files())) == 1
    assert scan.to_arrow().num_rows == 6


def test_a_tick_without_time_leaves_the_tables_for_the_next(cloud: Lake, vehicles: Made, context: Any) -> None:
    write_facts.handler({"Records": [told(vehicles(0))]}, context)
    context.remaining_ms = 1000
    assert compact_tables.handler({}, context) == {"compacted": [], "waiting": [VEHICLES]}


def test_glue_names_the_tables_as_athena_expects_them(cloud: Lake, vehicles: Made, context: Any) -> None:
    write_facts.handler({"Records": [told(vehicles(0))]}, context)
    table = boto3.client("glue").get_table(DatabaseName=cloud.database, Name=VEHICLES)["Table"]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["Parameters"]["table_type"] == "ICEBERG"
    assert table["Parameters"]["metadata_location"].startswith(cloud.location(VEHICLES) + "/metadata/")
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    assert columns["capture_start"] == "timestamp"
    assert columns["crossings"].startswith("array<struct<line_id:string")


def test_a_message_as_it_really_comes_is_written(cloud: Lake, payload: Callable[[str], Any], context: Any) -> None:
    assert put_back(write_facts.handler(payload("lake_write_facts"), context)) == []
    assert cloud.load(VEHICLES).scan().to_arrow().num_rows == 1
