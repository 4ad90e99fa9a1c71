"""Who is asking, and which things of the city they may know of."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from aws_lambda_powertools.event_handler import Request

from civicam.aws.alerts import Alerts
from civicam.aws.claims import Claims, Clip
from civicam.aws.recorders import Recorder, Recorders
from civicam.aws.registry import Registry
from civicam.cameras.units import units
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import NotFound
from civicam.contracts.watch import Alert
from civicam.operations.caller import WHOLE_CITY, Caller
from civicam.operations.policy import Action, Unauthenticated


def may(action: Action) -> Callable[[Request], Caller]:
    """A dependency that gives a route its caller, if the policy lets them do this: else 401 or 403."""

    def caller(request: Request) -> Caller:
        return _everywhere(Caller.from_claims(_claims(request.resolved_event.raw_event))).acting(action)

    return caller


def _everywhere(caller: Caller) -> Caller:
    """Whoever works for the whole city works for each of its units, of all times."""
    if WHOLE_CITY not in caller.units:
        return caller
    return replace(caller, units=caller.units | {unit.id for unit in units()})


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the gateway's JWT authorizer verified; empty on a route that it does not guard."""
    jwt = (event["requestContext"].get("authorizer") or {}).get("jwt") or {}
    return jwt.get("claims") or {}


def camera_of(caller: Caller, camera_id: str) -> Camera:
    """A camera of the caller's; anybody else's is not found, exactly as one that does not exist."""
    camera = Registry.from_env().camera(camera_id)
    if not caller.knows(camera.unit_id, camera.owner_id):
        raise NotFound(f"there is no camera {camera_id}")
    return camera


def known_since(caller: Caller, camera: Camera) -> datetime | None:
    """From when on what a camera filmed is the caller's to see; None for ever.

    A camera that changed hands keeps its id: what it filmed for another owner stays that owner's. Units inherit.
    """
    if camera.unit_id in caller.units:
        return None
    registry, first = Registry.from_env(), camera
    while first.version > 1:
        before = registry.camera_version(camera.camera_id, first.version - 1)
        if before.owner_id not in caller.owners:
            return first.changed.at if first.changed else None
        first = before
    return None


def clip_of(caller: Caller, clip_id: str) -> Clip:
    """A clip of a camera that was the caller's when it was filmed; raises NotFound as `camera_of` does."""
    clip = Claims.from_env().get(clip_id)
    try:
        since = known_since(caller, camera_of(caller, clip.footage.camera_id))
        if since and clip.footage.capture_start < since:
            raise NotFound(clip_id)
    except NotFound as error:
        raise NotFound(f"there is no clip {clip_id}") from error
    return clip


def alert_of(caller: Caller, alert_id: str) -> Alert:
    """An alert of the caller's; raises NotFound as `camera_of` does."""
    alert = Alerts.from_env().get(alert_id)
    if not caller.knows(alert.unit_id, alert.owner_id):
        raise NotFound(f"there is no alert {alert_id}")
    return alert


def recorder_of(headers: Mapping[str, str]) -> Recorder:
    """The recorder whose token is shown; raises Unauthenticated. The gateway did not look at it."""
    told = {name.lower(): value for name, value in headers.items()}.get("authorization", "")
    scheme, _, token = told.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return Recorders.from_env().verified(token)


def same_camera(recorder: Recorder, camera_id: str) -> None:
    """Raises NotFound for any camera but the recorder's own, exactly as for one that does not exist."""
    if camera_id != recorder.camera_id:
        raise NotFound(f"there is no camera {camera_id}")


def clip_of_camera(recorder: Recorder, clip_id: str) -> None:
    """Raises NotFound for a clip of any camera but the recorder's own."""
    if Claims.from_env().get(clip_id).footage.camera_id != recorder.camera_id:
        raise NotFound(f"there is no clip {clip_id}")
