"""Cognito's pre-token trigger, version 2 -> the same event, with the user's units as a claim of the access token.

`custom:units` is written by administrators only (the app client has no right to it). Cognito itself puts the groups in.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lines import city_logger
from civicam.operations.caller import UNITS_CLAIM, words

UNITS_ATTRIBUTE = "custom:units"
logger = city_logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda gives both
    """The event with what it adds to the token; a user without units gets an empty claim and sees nothing."""
    units = words(event["request"]["userAttributes"].get(UNITS_ATTRIBUTE))
    claims = {UNITS_CLAIM: " ".join(sorted(set(units)))}
    event["response"] = {"claimsAndScopeOverrideDetails": {"accessTokenGeneration": {"claimsToAddOrOverride": claims}}}
    logger.info("units claimed", units=len(units), source=event["triggerSource"])
    return event
