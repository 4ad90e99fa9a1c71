"""Rules: every version is kept, the latest is current, and the table can be rebuilt from the bucket."""

import boto3
import pytest

from civicam.aws.rules import Rules
from civicam.contracts.errors import Conflict, NotFound
from civicam.contracts.watch import Rule

pytestmark = pytest.mark.unit
FIRST = "registry/rules/busy-line/00000001.json"


@pytest.fixture
def rules(city: None) -> Rules:
    return Rules.writable_from_env()


def versions() -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket="registry-bucket", Prefix="registry/rules/")
    return [item["Key"] for item in listed.get("Contents", [])]


def test_a_rule_gets_its_version_and_is_found_by_its_camera(rules: Rules, busy_line: Rule, full_square: Rule) -> None:
    rules.put(full_square)
    assert rules.put(busy_line.model_copy(update={"version": 7})).version == 1
    changed = rules.put(busy_line.model_copy(update={"title": "Busier"}))
    assert changed.version == 2
    assert Rules.from_env().of_camera(busy_line.camera_id) == (changed, full_square)
    assert Rules.from_env().of_camera("01JD8K3V4N0000000000000009") == ()


def test_the_same_rule_again_changes_nothing(rules: Rules, busy_line: Rule) -> None:
    assert rules.put(busy_line) == rules.put(busy_line)
    assert versions() == [FIRST]


def test_a_write_that_died_half_way_is_finished_by_the_next(rules: Rules, busy_line: Rule) -> None:
    boto3.client("s3").put_object(Bucket="registry-bucket", Key=FIRST, Body=busy_line.model_dump_json())
    assert rules.put(busy_line) == busy_line
    assert rules.get("busy-line") == busy_line


def test_of_two_writers_the_second_is_told(rules: Rules, busy_line: Rule) -> None:
    other = busy_line.model_copy(update={"title": "Somebody else's"})
    boto3.client("s3").put_object(Bucket="registry-bucket", Key=FIRST, Body=other.model_dump_json())
    with pytest.raises(Conflict, match="version 1"):
        rules.put(busy_line)
    assert rules.get("busy-line") == other


def test_an_older_version_never_replaces_a_newer_one(rules: Rules, busy_line: Rule) -> None:
    rules.put(busy_line)
    newer = rules.put(busy_line.model_copy(update={"title": "Busier"}))
    rules.make_current(busy_line)
    assert rules.get("busy-line") == newer


def test_the_table_is_rebuilt_from_the_newest_versions(rules: Rules, busy_line: Rule, full_square: Rule) -> None:
    rules.put(busy_line)
    newer = rules.put(busy_line.model_copy(update={"title": "Busier"}))
    rules.put(full_square)
    assert list(rules.archived()) == [newer, full_square]


def test_an_unknown_rule_is_not_found(rules: Rules) -> None:
    with pytest.raises(NotFound):
        rules.get("nobody")
