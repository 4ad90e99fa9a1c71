"""/v1/cameras: the cameras of the caller's units, and what people counted there."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Depends

from civicam.aws.manual_counts import ManualCounts
from civicam.aws.registry import Registry
from civicam.contracts import base
from civicam.contracts.counts import CountSheet, ManualCount
from civicam.operations.caller import Caller
from civicam.operations.paging import next_link, read_cursor
from civicam.operations.policy import Action
from functions.operations.api.access import camera_of, may
from functions.operations.api.answers import CameraAnswer, CameraPage, CountPage, answers
from functions.operations.api.routing import CameraPath, Cursor, Limit, Resource

resource = Resource("cameras")
Reader = Annotated[Caller, Depends(may(Action.READ_CAMERAS))]
CountReader = Annotated[Caller, Depends(may(Action.READ_FACTS))]
Counter = Annotated[Caller, Depends(may(Action.FILE_COUNTS))]
COUNTS_SHOWN = 50


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


@resource.get("/v1/cameras/<camera_id>/counts", answers(404, ok=(CountPage, "The last counts")))
def list_counts(caller: CountReader, camera_id: CameraPath) -> CountPage:
    """What people counted at one camera, the latest stretch first, with the error of the city's own counts."""
    camera_of(caller, camera_id)
    return CountPage(items=ManualCounts.from_env().of_camera(camera_id, COUNTS_SHOWN))


@resource.post("/v1/cameras/<camera_id>/counts", answers(404, 415, ok=(ManualCount, "The count, filed")))
def file_count(caller: Counter, camera_id: CameraPath, sheet: CountSheet) -> ManualCount:
    """File what a person counted over a stretch of the last 30 days; filing it again does no harm."""
    camera = camera_of(caller, camera_id)
    return ManualCounts.from_env().file(camera, sheet, by=caller.subject, at=base.now())
