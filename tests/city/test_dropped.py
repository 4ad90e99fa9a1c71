"""What the emulator's CloudFormation drops stands after a deployment all the same."""

from typing import Any

import pytest

from civicam_cli.embedded.assembly import assembly_for
from civicam_cli.embedded.aws import client
from civicam_cli.embedded.city import City
from civicam_cli.embedded.deploying import deployed_fingerprint
from civicam_cli.embedded.dropped import Due, settings_due
from civicam_cli.embedded.settings import SETTINGS, Setting
from tests.city.making import create_stack

pytestmark = pytest.mark.flow
KEY = "arn:aws:kms:us-east-1:000000000000:key/0"
PROBES = {
    ("AWS::S3::Bucket", "BucketEncryption"): {
        "ServerSideEncryptionConfiguration": [
            {
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
                "BucketKeyEnabled": True,
            }
        ]
    },
    ("AWS::S3::Bucket", "LifecycleConfiguration"): {
        "Rules": [
            {"Prefix": "packs/", "ExpirationInDays": 1, "Status": "Enabled"},
            {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}, "Status": "Enabled"},
        ]
    },
    ("AWS::S3::Bucket", "LoggingConfiguration"): {"DestinationBucketName": "elsewhere", "LogFilePrefix": "a/"},
    ("AWS::S3::Bucket", "Tags"): [{"Key": "word", "Value": "vision"}],
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification"): {"AttributeName": "expires_at", "Enabled": True},
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"): {"PointInTimeRecoveryEnabled": True},
    ("AWS::Lambda::Function", "ReservedConcurrentExecutions"): 3,
    ("AWS::StepFunctions::StateMachine", "LoggingConfiguration"): {
        "Level": "ALL",
        "Destinations": [
            {"CloudWatchLogsLogGroup": {"LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:x:*"}}
        ],
    },
    ("AWS::SNS::Topic", "KmsMasterKeyId"): KEY,
    ("AWS::ApiGatewayV2::Stage", "DefaultRouteSettings"): {"ThrottlingBurstLimit": 4, "ThrottlingRateLimit": 8},
}
"""A value for each setting: one that is no default."""
REST: dict[str, dict[str, Any]] = {
    "AWS::S3::Bucket": {},
    "AWS::DynamoDB::Table": {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
    "AWS::Lambda::Function": {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Code": {"ZipFile": "def handler(event, context): return 1"},
        "Role": "arn:aws:iam::000000000000:role/any",
    },
    "AWS::StepFunctions::StateMachine": {
        "DefinitionString": '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
        "RoleArn": "arn:aws:iam::000000000000:role/any",
        "StateMachineType": "EXPRESS",
    },
    "AWS::SNS::Topic": {},
    "AWS::ApiGatewayV2::Stage": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
}
"""What a resource of the type must have beside it."""


def test_every_setting_of_the_templates_reads_back(city: City) -> None:
    fingerprint = deployed_fingerprint(city)
    assert fingerprint
    due = [*settings_due(city, assembly_for(fingerprint, say=print))]
    missing = [f"{one.setting.name} of {one.resource}" for one in due if one.read_back(city) != one.wanted]
    assert not missing
    assert {(one.setting.resource_type, one.setting.name) for one in due} == set(PROBES)


@pytest.mark.parametrize("one", SETTINGS, ids=lambda setting: f"{setting.resource_type}-{setting.name}")
def test_the_emulators_cloudformation_still_drops_it(emulated: City, one: Setting) -> None:
    """Fails where upstream honours the property: then its Setting can go."""
    properties = {**REST[one.resource_type], one.name: PROBES[one.resource_type, one.name]}
    stack = f"drops-{one.resource_type.split('::')[1]}-{one.name}"
    resources = {"It": {"Type": one.resource_type, "Properties": properties}}
    if one.resource_type == "AWS::ApiGatewayV2::Stage":
        resources["Api"] = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": stack, "ProtocolType": "HTTP"}}
    assert create_stack(emulated, stack, resources)["StackStatus"] == "CREATE_COMPLETE"

    name = client(emulated, "cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId="It")
    due = Due(one, name["StackResourceDetail"]["PhysicalResourceId"], one.wanted(PROBES[one.resource_type, one.name]))
    assert due.read_back(emulated) != due.wanted
    due.apply(emulated)
    due.apply(emulated)
    assert due.read_back(emulated) == due.wanted
