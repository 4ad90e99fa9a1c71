"""/v1/uploads: how citizens hand in what they filmed, and how they learn what became of it."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON

from civicam.aws.inbox import Form, Inbox
from civicam.contracts.base import Document, Moment
from civicam.contracts.cameras import ClipDeclaration
from civicam.contracts.errors import NotFound
from civicam.contracts.sources import CitizenSource
from civicam.operations.caller import Caller
from civicam.operations.policy import Action
from functions.operations.api.access import camera_of, clip_of, may
from functions.operations.api.answers import StateAnswer, answers
from functions.operations.api.routing import ClipPath, Resource

resource = Resource("uploads")
Person = Annotated[Caller, Depends(may(Action.HAND_IN))]


class FormAnswer(Document):
    """Leave to hand in: POST these fields as multipart/form-data, the file last under the name `file`."""

    method: str = "POST"
    url: str
    fields: dict[str, str]
    expires_at: Moment

    @classmethod
    def of(cls, form: Form) -> "FormAnswer":
        """The leave as a browser needs it."""
        return cls(url=form.url, fields=form.fields, expires_at=form.expires_at)


class OfferAnswer(Document):
    """The file may be handed in; ask for its state afterwards."""

    clip_id: str
    form: FormAnswer


class UploadAnswer(StateAnswer):
    """Where it stands."""

    reason: str | None
    """Why it cannot be used, where it cannot."""


@resource.post(
    "/v1/uploads",
    answers(404, 409, 415, ok=(StateAnswer, "It is here already"), created=(OfferAnswer, "It may be handed in")),
)
def offer_upload(caller: Person, declaration: ClipDeclaration) -> Response[OfferAnswer | StateAnswer]:
    """Ask for leave to hand in footage, in a unit of the caller's; asking again does no harm."""
    camera_of(caller, declaration.camera_id)
    offered = Inbox.from_env().offer(declaration)
    clip = offered.clip
    if offered.form is None:
        return _answer(HTTPStatus.OK, StateAnswer(clip_id=clip.footage.clip_id, state=clip.state))
    offer = OfferAnswer(clip_id=clip.footage.clip_id, form=FormAnswer.of(offered.form))
    return _answer(HTTPStatus.CREATED, offer)


@resource.get("/v1/uploads/<clip_id>", answers(404, ok=(UploadAnswer, "Where it stands")))
def get_upload(caller: Person, clip_id: ClipPath) -> UploadAnswer:
    """What became of something that was handed in."""
    clip = clip_of(caller, clip_id)
    if not isinstance(camera_of(caller, clip.footage.camera_id).source, CitizenSource):
        raise NotFound(f"there is no upload {clip_id}")
    return UploadAnswer(clip_id=clip_id, state=clip.state, reason=clip.reason)


def _answer(status: HTTPStatus, body: OfferAnswer | StateAnswer) -> Response[OfferAnswer | StateAnswer]:
    return Response(status_code=status, content_type=APPLICATION_JSON, body=body)
