"""/v1/cameras: the cameras of the caller's units."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Depends

from civicam.aws.registry import Registry
from civicam.operations.caller import Caller
from civicam.operations.paging import next_link, read_cursor
from civicam.operations.policy import Action
from functions.operations.api.access import camera_of, may
from functions.operations.api.answers import CameraAnswer, CameraPage, answers
from functions.operations.api.routing import CameraPath, Cursor, Limit, Resource

resource = Resource("cameras")
Reader = Annotated[Caller, Depends(may(Action.READ_CAMERAS))]


@resource.get("/v1/cameras", answers(400, ok=(CameraPage, "A page of cameras")))
def list_cameras(caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> CameraPage:
    """Cameras of the caller's units, by unit and id."""
    page = Registry.from_env().list(sorted(caller.units), read_cursor({}, cursor), limit)
    return CameraPage(
        items=tuple(map(CameraAnswer.of, page.items)), next=next_link("/v1/cameras", {}, limit, page.cursor)
    )


@resource.get("/v1/cameras/<camera_id>", answers(404, ok=(CameraAnswer, "The camera")))
def get_camera(caller: Reader, camera_id: CameraPath) -> CameraAnswer:
    """One camera as it stands now."""
    return CameraAnswer.of(camera_of(caller, camera_id))
