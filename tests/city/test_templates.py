"""References of a template become what they stand for."""

import pytest

from civicam_cli.embedded.lifecycles import lifecycle_rules
from civicam_cli.embedded.templates import Deployed

pytestmark = pytest.mark.unit
STACK = Deployed(
    "civicam-laptop-vision",
    {"Bucket": "work-1", "Logs": "/aws/x", "Queue": "q"},
    {"Bucket": "AWS::S3::Bucket", "Logs": "AWS::Logs::LogGroup", "Queue": "AWS::SQS::Queue"},
    {"security:Key": "arn:aws:kms:us-east-1:000000000000:key/k"},
)


def test_references_are_followed_wherever_they_stand() -> None:
    value = STACK.value(
        {
            "Name": {"Fn::Join": ["", ["a-", {"Ref": "AWS::AccountId"}, "-", {"Ref": "Bucket"}]]},
            "Keys": [{"Fn::ImportValue": "security:Key"}, 1],
            "Group": {"Fn::GetAtt": ["Logs", "Arn"]},
        }
    )
    assert value == {
        "Name": "a-000000000000-work-1",
        "Keys": ["arn:aws:kms:us-east-1:000000000000:key/k", 1],
        "Group": "arn:aws:logs:us-east-1:000000000000:log-group:/aws/x:*",
    }


@pytest.mark.parametrize("unknown", [{"Ref": "Nobody"}, {"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::Sub": "${A}"}])
def test_what_cannot_be_known_is_an_error(unknown: object) -> None:
    with pytest.raises(KeyError):
        STACK.value(unknown)


def test_a_lifecycle_is_told_in_the_words_of_the_api() -> None:
    rules = [
        {"Prefix": "packs/", "ExpirationInDays": 1, "Status": "Enabled"},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 7}, "ExpiredObjectDeleteMarker": True, "Status": "Enabled"},
    ]
    assert lifecycle_rules({"Rules": rules}) == [
        {"ID": "rule-0", "Filter": {"Prefix": "packs/"}, "Expiration": {"Days": 1}, "Status": "Enabled"},
        {
            "ID": "rule-1",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "Status": "Enabled",
        },
    ]


def test_a_lifecycle_property_that_nobody_foresaw_is_not_dropped_in_silence() -> None:
    with pytest.raises(KeyError):
        lifecycle_rules({"Rules": [{"Status": "Enabled", "ObjectSizeLessThan": 5}]})
