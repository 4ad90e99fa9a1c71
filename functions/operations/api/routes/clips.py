"""/v1/clips: what was delivered and where it stands, and how a recorder delivers."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON

from civicam.aws.claims import Claims
from civicam.aws.intake import Intake
from civicam.contracts.cameras import ClipDeclaration
from civicam.operations.caller import Caller
from civicam.operations.paging import next_link, read_cursor
from civicam.operations.policy import Action
from functions.operations.api.access import camera_of, clip_of, known_since, may
from functions.operations.api.answers import (
    ClipAnswer,
    ClipPage,
    DeclaredAnswer,
    StateAnswer,
    UploadAnswer,
    answers,
)
from functions.operations.api.routing import CameraQuery, ClipPath, Cursor, Limit, Resource

resource = Resource("clips")
Reader = Annotated[Caller, Depends(may(Action.READ_CLIPS))]
Deliverer = Annotated[Caller, Depends(may(Action.DELIVER_CLIPS))]


@resource.get("/v1/clips", answers(400, 404, ok=(ClipPage, "A page of clips")))
def list_clips(caller: Reader, camera_id: CameraQuery, limit: Limit = 50, cursor: Cursor = None) -> ClipPage:
    """Accepted clips of one camera, newest first."""
    since = known_since(caller, camera_of(caller, camera_id))
    query = {"camera_id": camera_id}
    page = Claims.from_env().by_camera(camera_id, start=since, cursor=read_cursor(query, cursor), limit=limit)
    return ClipPage(items=tuple(map(ClipAnswer.of, page.items)), next=next_link("/v1/clips", query, limit, page.cursor))


@resource.get("/v1/clips/<clip_id>", answers(404, ok=(ClipAnswer, "The clip")))
def get_clip(caller: Reader, clip_id: ClipPath) -> ClipAnswer:
    """One clip and where it stands."""
    return ClipAnswer.of(clip_of(caller, clip_id))


@resource.post(
    "/v1/clips",
    answers(
        404,
        409,
        415,
        ok=(StateAnswer, "The clip is here already"),
        created=(DeclaredAnswer, "The clip may be uploaded"),
    ),
)
def declare_clip(caller: Deliverer, declaration: ClipDeclaration) -> Response[DeclaredAnswer | StateAnswer]:
    """Ask for leave to upload footage of a camera of the caller's units; asking again does no harm."""
    camera_of(caller, declaration.camera_id)
    return declared(declaration)


@resource.post("/v1/clips/<clip_id>/complete", answers(404, 409, accepted=(StateAnswer, "The clip is in the city")))
def complete_clip(caller: Deliverer, clip_id: ClipPath) -> Response[DeclaredAnswer | StateAnswer]:
    """Say that a declared clip has been uploaded; saying it again does no harm."""
    clip_of(caller, clip_id)
    return completed(clip_id)


def declared(declaration: ClipDeclaration) -> Response[DeclaredAnswer | StateAnswer]:
    """The answer to a declaration of whoever may make it."""
    told = Intake.from_env().declare(declaration)
    clip_id = told.clip.footage.clip_id
    if told.upload is None:
        return _answer(HTTPStatus.OK, StateAnswer(clip_id=clip_id, state=told.clip.state))
    return _answer(HTTPStatus.CREATED, DeclaredAnswer(clip_id=clip_id, upload=UploadAnswer.of(told.upload)))


def completed(clip_id: str) -> Response[DeclaredAnswer | StateAnswer]:
    """The answer to whoever may say that this clip was uploaded."""
    clip = Intake.from_env().complete(clip_id)
    return _answer(HTTPStatus.ACCEPTED, StateAnswer(clip_id=clip_id, state=clip.state))


def _answer(status: HTTPStatus, body: DeclaredAnswer | StateAnswer) -> Response[DeclaredAnswer | StateAnswer]:
    return Response(status_code=status, content_type=APPLICATION_JSON, body=body)
