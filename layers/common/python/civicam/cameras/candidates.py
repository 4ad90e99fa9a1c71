"""What is known of a camera when it is chosen or not."""

from collections.abc import Iterable
from datetime import datetime

from civicam.cameras.allocation import Candidate
from civicam.cameras.calendar import Occasion, weight_at
from civicam.cameras.health import Health
from civicam.cameras.registration import may_have
from civicam.cameras.schedule import is_scheduled
from civicam.contracts.allocation import Request
from civicam.contracts.cameras import Camera
from civicam.contracts.sources import CitizenSource, FolderSource, PulledSource

ON_DEMAND = (CitizenSource, FolderSource)
"""Sources that deliver when somebody wishes so: what they bring is analysed as it comes, and holds no place."""
CLIP_USD, LOOKED_USD = 0.0000663, 0.00272
"""What a clip costs beside the look at it, and an hour looked at once a second: an hour in clips of 60 s is 60 of the
one and one of the other (`civicam bench --only cost`, 2026-11-24: 0.0067, of which sampling and detection 0.00272)."""
PUSHED_SECONDS = 10
"""Length of a recorder's clips, about (6 s at least, up to a key frame)."""


def candidate(
    camera: Camera,
    health: Health | None,
    request: Request | None,
    occasions: Iterable[Occasion],
    at: datetime,
) -> Candidate | None:
    """The camera as it stands to be chosen; None where its profile, its schedule or its agreement asks for nothing now,
    and where it delivers on demand."""
    profile = camera.profile
    is_wanted = profile.analytics and is_scheduled(profile.schedule, at) and may_have(camera, at)
    if not is_wanted or isinstance(camera.source, ON_DEMAND):
        return None
    return Candidate(
        camera_id=camera.camera_id,
        promised=profile.promised,
        priority=profile.priority,
        risk=profile.risk,
        occasion=weight_at(camera.unit_id, at, occasions)[0],
        request=request,
        sees=health is None or health.state not in ("dead", "blind"),
        usd_per_hour=usd_per_hour(camera),
    )


def usd_per_hour(camera: Camera) -> float:
    """About what an hour of the camera costs to analyse, on the Lambda tier, with 30 % of it moving."""
    source = camera.source
    seconds = source.interval_seconds if isinstance(source, PulledSource) else PUSHED_SECONDS
    return 3600 / seconds * CLIP_USD + camera.profile.sampling_fps * LOOKED_USD
