"""Cognito's pre-token trigger, version 2 -> the same event, with the user's units and owners as claims of the token.

`custom:units` and `custom:owners` are written by administrators only (the app client has no right to them). Cognito
itself puts the groups in.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from civicam.aws.lines import city_logger
from civicam.operations.caller import OWNERS_CLAIM, UNITS_CLAIM, words

ATTRIBUTES = {UNITS_CLAIM: "custom:units", OWNERS_CLAIM: "custom:owners"}
logger = city_logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda gives both
    """The event with what it adds to the token; a user of no unit and no owner gets empty claims and sees nothing."""
    attributes = event["request"]["userAttributes"]
    claims = {claim: " ".join(sorted(set(words(attributes.get(name))))) for claim, name in ATTRIBUTES.items()}
    event["response"] = {"claimsAndScopeOverrideDetails": {"accessTokenGeneration": {"claimsToAddOrOverride": claims}}}
    logger.info("claims added", source=event["triggerSource"])
    return event
