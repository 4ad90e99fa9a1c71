"""/v1/cameras/{camera_id}/credentials: what opens a camera's source. It goes in here and never comes out again."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Depends
from pydantic import Field, SecretStr, ValidationError

from civicam.aws.vault import Vault
from civicam.contracts.base import Body, Document
from civicam.contracts.credentials import LONGEST, Credentials
from civicam.contracts.errors import Rejected
from civicam.contracts.sources import PulledSource
from civicam.operations.caller import Caller
from civicam.operations.policy import Action
from functions.operations.api.access import camera_of, may
from functions.operations.api.answers import answers
from functions.operations.api.routing import CameraPath, Resource

resource = Resource("cameras")
Keeper = Annotated[Caller, Depends(may(Action.SET_CREDENTIALS))]


class CredentialsSheet(Body):
    """What opens the source of a camera."""

    scheme: Literal["basic", "digest", "bearer"]
    username: str = Field(default="", max_length=LONGEST)
    secret: SecretStr = Field(max_length=LONGEST, description="The password or the token; no answer ever holds it")
    origins: tuple[str, ...] = Field(
        default=(), max_length=64, description="What else they open, as https://host:port; the camera's own is added"
    )


class CredentialsAnswer(Document):
    """What was set, without the secret and the name."""

    reference: str
    scheme: str
    origins: tuple[str, ...]


@resource.post("/v1/cameras/<camera_id>/credentials", answers(404, 415, ok=(CredentialsAnswer, "They are set")))
def set_credentials(caller: Keeper, camera_id: CameraPath, sheet: CredentialsSheet) -> CredentialsAnswer:
    """Set the credentials that the camera's source names, for all cameras of its owner that name the same ones."""
    camera = camera_of(caller, camera_id)
    source = camera.source
    if not isinstance(source, PulledSource) or source.credentials is None:
        told = f"the source of camera {camera_id} names no credentials: register it with `credentials` first"
        raise Rejected("no_credentials_named", told)
    credentials = _credentials(sheet, source)
    Vault.from_env().write(camera.owner_id, source.credentials, credentials)
    return CredentialsAnswer(reference=source.credentials, scheme=credentials.scheme, origins=credentials.origins)


def _credentials(sheet: CredentialsSheet, source: PulledSource) -> Credentials:
    try:
        return Credentials(**dict(sheet) | {"origins": (source.url, *sheet.origins)})
    except ValidationError as error:
        why = "; ".join(str(each["msg"]) for each in error.errors(include_input=False, include_context=False))
        raise Rejected("malformed_credentials", why) from None
