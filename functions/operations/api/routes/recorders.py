"""/v1/recorders: how a recorder at the edge becomes somebody, and delivers for its one camera.

The gateway asks these routes for no token of a person: a recorder shows its own, which is checked here, at each call.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Request, Response

from civicam.aws.recorders import Recorder, Recorders
from civicam.aws.registry import Registry
from civicam.contracts.cameras import ClipDeclaration
from civicam.contracts.recorders import Enrolled, Enrolment, Instruction, Token, TokenRequest
from civicam.vision.orders import passes_wanted
from functions.operations.api.access import clip_of_camera, recorder_of, same_camera
from functions.operations.api.answers import DeclaredAnswer, StateAnswer, answers
from functions.operations.api.routes.clips import completed, declared
from functions.operations.api.routing import ClipPath, Resource

resource = Resource("recorders", public=True)


def _recorder(request: Request) -> Recorder:
    return recorder_of(request.resolved_event.headers)


Deliverer = Annotated[Recorder, Depends(_recorder)]


@resource.post("/v1/recorders/enrol", answers(415, ok=(Enrolled, "The recorder is known")))
def enrol_recorder(enrolment: Enrolment) -> Enrolled:
    """Change a code for an identity; it is good once, and for the one secret that came with it first."""
    return Recorders.from_env().enrol(enrolment)


@resource.post("/v1/recorders/token", answers(415, ok=(Token, "A token, good for a quarter of an hour")))
def give_token(asked: TokenRequest) -> Token:
    """Change the secret for a token; the secret ends with it, the next one counts."""
    return Recorders.from_env().token(asked)


@resource.get("/v1/recorders/camera", answers(404, ok=(Instruction, "What is wanted of the recorder's camera")))
def instruct_recorder(caller: Deliverer) -> Instruction:
    """Where the camera's pixels are looked at, and for what; it may change at any time."""
    camera = Registry.from_env().camera(caller.camera_id)
    return Instruction(
        camera_id=camera.camera_id,
        pixels=camera.profile.pixels,
        sampling_fps=camera.profile.sampling_fps,
        passes=passes_wanted(camera.profile),
    )


@resource.post(
    "/v1/recorders/clips",
    answers(
        404,
        409,
        415,
        ok=(StateAnswer, "The clip is here already"),
        created=(DeclaredAnswer, "The clip may be uploaded"),
    ),
)
def declare_recording(caller: Deliverer, declaration: ClipDeclaration) -> Response[DeclaredAnswer | StateAnswer]:
    """Ask for leave to upload footage of the recorder's own camera; asking again does no harm."""
    same_camera(caller, declaration.camera_id)
    return declared(declaration)


@resource.post(
    "/v1/recorders/clips/<clip_id>/complete", answers(404, 409, accepted=(StateAnswer, "The clip is in the city"))
)
def complete_recording(caller: Deliverer, clip_id: ClipPath) -> Response[DeclaredAnswer | StateAnswer]:
    """Say that a declared clip of the recorder's own camera has been uploaded; saying it again does no harm."""
    clip_of_camera(caller, clip_id)
    return completed(clip_id)
