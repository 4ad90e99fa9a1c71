"""/v1/cameras: the caller's cameras, taking in many at once, and what people counted there."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field, StringConstraints

from civicam.aws.manual_counts import ManualCounts
from civicam.aws.onboarding import Onboarding
from civicam.aws.registry import Registry, Theirs
from civicam.aws.routes import Routes
from civicam.cameras.changes import steps
from civicam.cameras.geojson import read_features
from civicam.cameras.reach import OwnersReach
from civicam.cameras.routes import admit_report
from civicam.cameras.units import units
from civicam.contracts import base
from civicam.contracts.base import Moment
from civicam.contracts.counts import CountSheet, ManualCount
from civicam.contracts.ids import SLUG_PATTERN
from civicam.contracts.routes import RouteReport
from civicam.contracts.schedule import CITY_TIME, DAY_PATTERN
from civicam.operations.caller import Caller
from civicam.operations.paging import next_link, read_cursor
from civicam.operations.policy import Action
from functions.operations.api.access import camera_of, known_since, may
from functions.operations.api.answers import (
    BatchAnswer,
    CameraAnswer,
    CameraPage,
    CountPage,
    HistoryPage,
    RouteAnswer,
    StepAnswer,
    answers,
)
from functions.operations.api.routing import CameraPath, Cursor, Limit, Resource

resource = Resource("cameras")
Reader = Annotated[Caller, Depends(may(Action.READ_CAMERAS))]
CountReader = Annotated[Caller, Depends(may(Action.READ_FACTS))]
Counter = Annotated[Caller, Depends(may(Action.FILE_COUNTS))]
Day = Annotated[str, StringConstraints(pattern=DAY_PATTERN)]
Changer = Annotated[Caller, Depends(may(Action.CHANGE_CAMERAS))]
Unit = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
Reporter = Annotated[Caller, Depends(may(Action.REPORT_ROUTES))]
COUNTS_SHOWN = 50
HOUR = timedelta(hours=1)
MOST_FEATURES = 1_000


class CameraBatch(base.Body):
    """Cameras as GeoJSON features: of each what it says is changed, and the rest left as it stands (RFC 7396)."""

    type: Literal["FeatureCollection"]
    features: tuple[dict[str, Any], ...] = Field(max_length=MOST_FEATURES)


@resource.get("/v1/cameras", answers(400, ok=(CameraPage, "A page of cameras")))
def list_cameras(
    caller: Reader,
    unit: Annotated[Unit | None, Query(description="Only cameras whose place lies in this unit")] = None,
    at: Annotated[
        Day | None, Query(description="On that day of the city: units follow each other, places stay")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CameraPage:
    """Cameras of the caller's units, by unit and id, or an owner's own; of one unit as it is now, or was at some time.

    Where a unit was divided since, a place may lie in each of its parts, and is listed with each.
    """
    query = {name: told for name, told in (("unit", unit), ("at", at)) if told}
    moment = datetime.fromisoformat(at).replace(tzinfo=CITY_TIME) if at else base.now()

    def lies_there(unit_id: str) -> bool:
        return unit is None or unit in units().at(unit_id, moment)

    theirs = Theirs(tuple(sorted(caller.owners)), lies_there)
    page = Registry.from_env().list(
        list(filter(lies_there, sorted(caller.units))), read_cursor(query, cursor), limit, theirs
    )
    return CameraPage(
        items=tuple(map(CameraAnswer.of, page.items)), next=next_link("/v1/cameras", query, limit, page.cursor)
    )


@resource.post("/v1/cameras", answers(413, 415, ok=(BatchAnswer, "What became of each feature")))
def take_cameras(
    caller: Changer,
    batch: CameraBatch,
    dry_run: Annotated[bool, Query(description="Only say what would change")] = False,
) -> BatchAnswer:
    """Add cameras of the caller's owners, or change them: each is taken or refused by itself, again changes nothing."""
    onboarding = Onboarding.from_env(by=caller.subject, reach=OwnersReach(caller.owners))
    return BatchAnswer.of(onboarding.take(read_features(batch.features), dry_run=dry_run), dry_run=dry_run)


@resource.get("/v1/cameras/<camera_id>", answers(404, ok=(CameraAnswer, "The camera")))
def get_camera(caller: Reader, camera_id: CameraPath) -> CameraAnswer:
    """One camera as it stands now."""
    return CameraAnswer.of(camera_of(caller, camera_id))


@resource.get("/v1/cameras/<camera_id>/history", answers(404, ok=(HistoryPage, "Every change")))
def get_history(caller: Reader, camera_id: CameraPath) -> HistoryPage:
    """Every version of one camera, the first one first: who made it, when, and what it changed."""
    since = known_since(caller, camera_of(caller, camera_id))
    seen = [
        one for one in Registry.from_env().history(camera_id) if not since or (one.changed and one.changed.at >= since)
    ]
    return HistoryPage(items=tuple(map(StepAnswer.of, steps(seen))))


@resource.get("/v1/cameras/<camera_id>/route", answers(404, ok=(RouteAnswer, "The way")))
def get_route(
    caller: Reader,
    camera_id: CameraPath,
    start: Annotated[Moment | None, Query(alias="from", description="At or after this; an hour ago")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="At or before this; now")] = None,
    limit: Limit = 200,
) -> RouteAnswer:
    """Where a camera on a vehicle was, in the order of time. The last 30 days are kept."""
    since = known_since(caller, camera_of(caller, camera_id))
    until = end or base.now()
    begin = max(start or until - HOUR, since or datetime.min.replace(tzinfo=UTC))
    return RouteAnswer(items=Routes.from_env().between(camera_id, begin, until, limit) if begin <= until else ())


@resource.post("/v1/cameras/<camera_id>/route", answers(404, 415, accepted=(RouteAnswer, "The waypoints are kept")))
def report_route(caller: Reporter, camera_id: CameraPath, report: RouteReport) -> Response[RouteAnswer]:
    """Tell where a camera on a vehicle was; telling it again does no harm."""
    admit_report(camera_of(caller, camera_id), report, base.now())
    Routes.from_env().put(camera_id, report.waypoints)
    return Response(
        status_code=HTTPStatus.ACCEPTED, content_type=APPLICATION_JSON, body=RouteAnswer(items=report.waypoints)
    )


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
