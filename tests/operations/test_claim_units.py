"""Cognito's trigger: a user's units become a claim of the access token."""

from collections.abc import Callable
from typing import Any

import pytest

from civicam.operations.caller import Caller
from functions.operations.claim_units.handler import handler
from tests.fakes.city_in_moto import Context

pytestmark = pytest.mark.unit


def claimed(event: dict[str, Any], claim: str = "units") -> str:
    details = handler(event, Context())["response"]["claimsAndScopeOverrideDetails"]
    return str(details["accessTokenGeneration"]["claimsToAddOrOverride"][claim])


def test_units_are_a_claim_that_the_api_reads(payload: Callable[[str], Any]) -> None:
    units = claimed(payload("cognito_pre_token_v2"))
    assert units == "ward-1 ward-2"
    assert Caller.from_claims({"sub": "anna", "units": units}).units == {"ward-1", "ward-2"}


@pytest.mark.parametrize("units", [None, "", " ,"])
def test_a_user_without_units_sees_nothing(payload: Callable[[str], Any], units: str | None) -> None:
    event = payload("cognito_pre_token_v2")
    event["request"]["userAttributes"]["custom:units"] = units
    assert claimed(event) == ""
    assert Caller.from_claims({"sub": "anna", "units": claimed(event)}).units == frozenset()


def test_owners_are_a_claim_beside_them(payload: Callable[[str], Any]) -> None:
    event = payload("cognito_pre_token_v2")
    assert claimed(event, "owners") == ""
    event["request"]["userAttributes"]["custom:owners"] = "school-le-loi,  shop-1"
    owners = claimed(event, "owners")
    assert owners == "school-le-loi shop-1"
    assert Caller.from_claims({"sub": "anna", "owners": owners}).owners == {"school-le-loi", "shop-1"}


def test_everything_else_is_left_as_cognito_sent_it(payload: Callable[[str], Any]) -> None:
    event = payload("cognito_pre_token_v2")
    answer = handler(payload("cognito_pre_token_v2"), Context())
    assert {**answer, "response": None} == {**event, "response": None}
