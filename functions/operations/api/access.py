"""Who is asking, and which things of the city they may know of."""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Request

from civicam.aws.alerts import Alerts
from civicam.aws.claims import Claims, Clip
from civicam.aws.recorders import Recorder, Recorders
from civicam.aws.registry import Registry
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import NotFound
from civicam.contracts.watch import Alert
from civicam.operations.caller import Caller
from civicam.operations.policy import Action, Unauthenticated


def may(action: Action) -> Callable[[Request], Caller]:
    """A dependency that gives a route its caller, if the policy lets them do this: else 401 or 403."""

    def caller(request: Request) -> Caller:
        asking = Caller.from_claims(_claims(request.resolved_event.raw_event))
        asking.require(action)
        return asking

    return caller


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the gateway's JWT authorizer verified; empty on a route that it does not guard."""
    jwt = (event["requestContext"].get("authorizer") or {}).get("jwt") or {}
    return jwt.get("claims") or {}


def camera_of(caller: Caller, camera_id: str) -> Camera:
    """A camera of the caller's units; another unit's is not found, exactly as one that does not exist."""
    camera = Registry.from_env().camera(camera_id)
    if camera.unit_id not in caller.units:
        raise NotFound(f"there is no camera {camera_id}")
    return camera


def clip_of(caller: Caller, clip_id: str) -> Clip:
    """A clip of a camera of the caller's units; raises NotFound as `camera_of` does."""
    clip = Claims.from_env().get(clip_id)
    try:
        camera_of(caller, clip.footage.camera_id)
    except NotFound as error:
        raise NotFound(f"there is no clip {clip_id}") from error
    return clip


def alert_of(caller: Caller, alert_id: str) -> Alert:
    """An alert of the caller's units; raises NotFound as `camera_of` does."""
    alert = Alerts.from_env().get(alert_id)
    if alert.unit_id not in caller.units:
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
