"""What every resource of a kind keeps, whoever declares it."""

import pytest

from infra.assembly import Assembly, Resource, listed
from infra.settings import PRODUCTION

pytestmark = pytest.mark.infra

FUNCTION, QUEUE, BUCKET, TABLE = "AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::DynamoDB::Table"
TOPIC, LOGS = "AWS::SNS::Topic", "AWS::Logs::LogGroup"


def policies_of(city: Assembly, kind: str, subject: str, named: Resource) -> list[dict[str, object]]:
    """Statements of the resource policies that name this resource."""
    return [
        statement
        for policy in city.resources(kind)
        if city.led_to(policy.stack, policy.properties[subject]) == named
        for statement in policy.properties["PolicyDocument"]["Statement"]
    ]


def denies_plain_http(statements: list[dict[str, object]]) -> bool:
    wanted = {"Bool": {"aws:SecureTransport": "false"}}
    return any(statement["Effect"] == "Deny" and statement.get("Condition") == wanted for statement in statements)


def test_everything_at_rest_is_encrypted(production: Assembly) -> None:
    for bucket in production.resources(BUCKET):
        [rule] = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        algorithm = "AES256" if bucket.name == "AccessLogs" else "aws:kms"
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == algorithm, bucket.logical_id
    assert all(queue.properties["SqsManagedSseEnabled"] for queue in production.resources(QUEUE))
    assert all("KmsMasterKeyId" in topic.properties for topic in production.resources(TOPIC))
    assert all(key.properties["EnableKeyRotation"] for key in production.resources("AWS::KMS::Key"))


def test_nothing_is_reached_without_tls(production: Assembly) -> None:
    kinds = {BUCKET: ("AWS::S3::BucketPolicy", "Bucket"), QUEUE: ("AWS::SQS::QueuePolicy", "Queues")}
    for kind, (policy, subject) in {**kinds, TOPIC: ("AWS::SNS::TopicPolicy", "Topics")}.items():
        for resource in production.resources(kind):
            assert denies_plain_http(policies_of(production, policy, subject, resource)), resource.logical_id


def test_no_bucket_is_public_and_each_logs_its_access(production: Assembly) -> None:
    closed = {"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"}
    for bucket in production.resources(BUCKET):
        assert {name for name, on in bucket.properties["PublicAccessBlockConfiguration"].items() if on} == closed
        assert "LoggingConfiguration" in bucket.properties or bucket.name == "AccessLogs"


def test_what_holds_the_truth_outlives_its_stack(production: Assembly, laptop: Assembly) -> None:
    for resource in production.resources(BUCKET, TABLE, "AWS::KMS::Key", "AWS::Cognito::UserPool"):
        assert resource.definition["DeletionPolicy"] == "Retain", resource.logical_id
    for table in production.resources(TABLE):
        assert table.properties["DeletionProtectionEnabled"]
        assert table.properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert all(table.definition["DeletionPolicy"] == "Delete" for table in laptop.resources(TABLE))


def test_a_city_deployed_again_finds_its_buckets_by_name(laptop: Assembly) -> None:
    names = {bucket.name: bucket.properties["BucketName"] for bucket in laptop.resources(BUCKET)}
    assert names["FootageBucket"] == {
        "Fn::Join": ["", ["civicam-laptop-footage-", {"Ref": "AWS::AccountId"}, "-us-east-1"]]
    }


def test_footage_ends_by_its_retention_class(production: Assembly) -> None:
    [footage] = (bucket for bucket in production.resources(BUCKET) if bucket.name == "FootageBucket")
    rules = footage.properties["LifecycleConfiguration"]["Rules"]
    ends = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    kept = {f"clips/{name}/": days for name, days in PRODUCTION.retention_days.items()}
    assert ends == kept | {"inbox/": 1, "quarantine/": PRODUCTION.quarantine_days}
    assert any("NoncurrentVersionExpiration" in rule for rule in rules), "a deleted clip must really go"


def test_logs_end(production: Assembly) -> None:
    assert all(group.properties["RetentionInDays"] == 90 for group in production.resources(LOGS))
    for function in production.resources(FUNCTION):
        group = production.led_to(function.stack, function.properties["LoggingConfig"]["LogGroup"])
        assert group is not None, function.logical_id
        assert group.kind == LOGS


def test_every_function_is_bounded_and_traced(production: Assembly) -> None:
    functions = list(production.resources(FUNCTION))
    for function in functions:
        told = function.properties
        assert told["Runtime"] == f"python{PRODUCTION.python}"
        assert told["Architectures"] == ["x86_64"]
        assert told["Timeout"] <= 900
        assert told["TracingConfig"] == {"Mode": "Active"}
        assert told["ReservedConcurrentExecutions"] >= 1
    reserved = sum(function.properties["ReservedConcurrentExecutions"] for function in functions)
    assert reserved <= 900, "an account has 1,000 and keeps 100 unreserved"


def test_every_function_has_a_role_of_its_own(production: Assembly) -> None:
    roles = [str(function.properties["Role"]) for function in production.resources(FUNCTION)]
    assert len(set(roles)) == len(roles)


def test_failing_functions_and_dead_letters_wake_somebody(production: Assembly) -> None:
    watched = set()
    for alarm in production.resources("AWS::CloudWatch::Alarm"):
        action = production.led_to(alarm.stack, alarm.properties["AlarmActions"])
        if action and action.name == "Alarms":
            dimensions = alarm.properties["Dimensions"]
            watched |= {production.led_to(alarm.stack, dimension["Value"]) for dimension in dimensions}
    dead_letters = {queue for queue in production.resources(QUEUE) if "DeadLetters" in queue.name}
    assert dead_letters | set(production.resources(FUNCTION)) <= watched


def test_everything_bears_the_citys_tags(production: Assembly) -> None:
    for function in production.resources(FUNCTION):
        tags = {tag["Key"]: tag["Value"] for tag in function.properties["Tags"]}
        assert tags == {"project": "civicam", "environment": "production", "word": function.stack.lower()}


def test_people_sign_in_with_two_factors_and_cannot_give_themselves_units(production: Assembly) -> None:
    [pool] = production.resources("AWS::Cognito::UserPool")
    assert pool.properties["MfaConfiguration"] == "ON"
    assert pool.properties["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]
    assert pool.properties["LambdaConfig"]["PreTokenGenerationConfig"]["LambdaVersion"] == "V2_0"
    [client] = production.resources("AWS::Cognito::UserPoolClient")
    assert "custom:units" not in client.properties["WriteAttributes"]


def test_analysts_query_within_limits(production: Assembly) -> None:
    [group] = production.resources("AWS::Athena::WorkGroup")
    told = group.properties["WorkGroupConfiguration"]
    assert told["EnforceWorkGroupConfiguration"]
    assert told["BytesScannedCutoffPerQuery"] > 0
    assert told["ResultConfiguration"]["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
    assert listed(told["EngineVersion"]["SelectedEngineVersion"]) == ["Athena engine version 3"]
