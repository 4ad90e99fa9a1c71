"""/v1/cameras/{camera_id}/health, coverage and analysis: whether a camera sees, and whether and why it is analysed."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from civicam.aws.allocating import AllocatedTimes
from civicam.aws.allocations import Allocations
from civicam.aws.claims import Claims
from civicam.aws.coverage import coverage_of
from civicam.aws.health import HealthTable
from civicam.aws.registry import Registry
from civicam.cameras.candidates import usd_per_hour
from civicam.cameras.coverage import Stretch
from civicam.cameras.uptime import Period, uptime
from civicam.contracts import base
from civicam.contracts.allocation import Request
from civicam.contracts.base import Moment
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected
from civicam.operations.caller import Caller
from civicam.operations.policy import Action
from functions.operations.api.access import camera_of, known_since, may
from functions.operations.api.answers import AnalysisAnswer, CoverageAnswer, HealthAnswer, answers
from functions.operations.api.routing import CameraPath, Resource

resource = Resource("watching")
Reader = Annotated[Caller, Depends(may(Action.READ_CAMERAS))]
Requester = Annotated[Caller, Depends(may(Action.REQUEST_ANALYSIS))]
Start = Annotated[Moment | None, Query(alias="from", description="At or after this; a day before the end")]
End = Annotated[Moment | None, Query(alias="to", description="Before this; now")]
A_DAY, LONGEST = timedelta(days=1), timedelta(days=31)


class Wish(base.Body):
    """For how long a camera shall be analysed."""

    hours: float = Field(gt=0, le=24 * 14)


@resource.get("/v1/cameras/<camera_id>/health", answers(404, ok=(HealthAnswer, "How it is, and was")))
def get_health(caller: Reader, camera_id: CameraPath, start: Start = None, end: End = None) -> HealthAnswer:
    """Whether a camera sees now and since when, why not, and every change of a period, with its uptime in it."""
    begin, until = _period(caller, camera_of(caller, camera_id), start, end)
    table = HealthTable.from_env()
    changes, then = table.history(camera_id, begin, until)
    known = table.of([camera_id])
    current = known[camera_id].health if known else then
    told = uptime(changes, then, Period(begin, until))
    return HealthAnswer.of(current, [one for one in changes if one.since < until], told.share)


@resource.get("/v1/cameras/<camera_id>/coverage", answers(404, ok=(CoverageAnswer, "By analytic")))
def get_coverage(caller: Reader, camera_id: CameraPath, start: Start = None, end: End = None) -> CoverageAnswer:
    """How much of a camera's promised time was analysed in a period, and the reasons of the gap, which add up to it."""
    period = Stretch(*_period(caller, camera_of(caller, camera_id), start, end))
    versions, times = Registry.from_env().history(camera_id), AllocatedTimes.of(period)
    return CoverageAnswer.of(coverage_of(Claims.from_env(), versions, period, times.at(camera_id)))


@resource.get("/v1/cameras/<camera_id>/analysis", answers(404, ok=(AnalysisAnswer, "Whether and why")))
def get_analysis(caller: Reader, camera_id: CameraPath) -> AnalysisAnswer:
    """Whether a camera is analysed, why, since when, what an hour costs, and whether somebody asked for it."""
    return _analysis(camera_of(caller, camera_id))


@resource.put("/v1/cameras/<camera_id>/analysis/request", answers(404, 415, accepted=(AnalysisAnswer, "It is noted")))
def request_analysis(caller: Requester, camera_id: CameraPath, wish: Wish) -> Response[AnalysisAnswer]:
    """Ask that a camera be analysed for some hours, from the next minute on; asking again replaces what was asked."""
    camera = camera_of(caller, camera_id)
    until = base.now() + timedelta(hours=wish.hours)
    Allocations.from_env().request(camera_id, Request(until=until, by=caller.subject))
    return Response(status_code=HTTPStatus.ACCEPTED, content_type=APPLICATION_JSON, body=_analysis(camera))


@resource.delete("/v1/cameras/<camera_id>/analysis/request", answers(404, ok=(AnalysisAnswer, "Nobody asks any more")))
def withdraw_request(caller: Requester, camera_id: CameraPath) -> AnalysisAnswer:
    """Withdraw the request for a camera; again is no effect."""
    camera = camera_of(caller, camera_id)
    Allocations.from_env().withdraw(camera_id)
    return _analysis(camera)


def _analysis(camera: Camera) -> AnalysisAnswer:
    table = Allocations.from_env()
    verdict = table.standing().allocation.verdicts.get(camera.camera_id)
    return AnalysisAnswer.of(verdict, table.requests(base.now()).get(camera.camera_id), usd_per_hour(camera))


def _period(caller: Caller, camera: Camera, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """From when to when; of a camera that changed hands no more than what its present owner may know."""
    until = end or base.now()
    begin = start or until - A_DAY
    if begin >= until or until - begin > LONGEST:
        raise Rejected("malformed_period", f"ask for a period of up to {LONGEST.days} days: `from` before `to`")
    since = known_since(caller, camera)
    return min(max(begin, since or begin), until - timedelta(milliseconds=1)), until
