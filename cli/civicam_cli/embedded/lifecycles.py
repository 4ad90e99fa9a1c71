"""A bucket's lifecycle as CloudFormation writes it, in the words of S3's API."""

from collections.abc import Callable
from typing import Any


def lifecycle_rules(value: Any) -> list[dict[str, Any]]:
    """The rules of a LifecycleConfiguration, a stable ID each; raises KeyError for a property unknown here."""
    return [_rule(number, rule) for number, rule in enumerate(value["Rules"])]


def _rule(number: int, rule: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"ID": f"rule-{number}", "Filter": {"Prefix": ""}}
    for name, value in rule.items():
        _PROPERTIES[name](made, value)
    return made


def _expiration(made: dict[str, Any], **part: Any) -> None:
    made["Expiration"] = {**made.get("Expiration", {}), **part}


_PROPERTIES: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "Id": lambda made, value: made.update(ID=value),
    "Status": lambda made, value: made.update(Status=value),
    "Prefix": lambda made, value: made.update(Filter={"Prefix": value}),
    "ExpirationInDays": lambda made, value: _expiration(made, Days=value),
    "ExpiredObjectDeleteMarker": lambda made, value: _expiration(made, ExpiredObjectDeleteMarker=value),
    "NoncurrentVersionExpiration": lambda made, value: made.update(NoncurrentVersionExpiration=value),
    "AbortIncompleteMultipartUpload": lambda made, value: made.update(AbortIncompleteMultipartUpload=value),
    "Transitions": lambda made, value: made.update(
        Transitions=[{"Days": one["TransitionInDays"], "StorageClass": one["StorageClass"]} for one in value]
    ),
}
