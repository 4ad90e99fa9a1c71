"""Coverage of a camera from the claims on its clips, which know what became of each."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from civicam.aws.claims import Claims, Clip, ClipState
from civicam.cameras.coverage import Coverage, Fate, Filmed, Stretch, covered
from civicam.cameras.promised import analytics_of, promised
from civicam.contracts.cameras import Camera

LONGEST = timedelta(minutes=10)
"""A clip that began so long before a period may reach into it (MAX_CLIP_SECONDS)."""
FATES: dict[ClipState, Fate] = {
    ClipState.STORED: "waiting",
    ClipState.JUDGED: "judged",
    ClipState.REJECTED: "rejected",
    ClipState.ABANDONED: "abandoned",
    ClipState.PASSED_OVER: "not_allocated",
}
"""By where a clip stands; one that was only declared was never received."""


def coverage_of(
    claims: Claims, versions: Sequence[Camera], period: Stretch, allocated: Sequence[Stretch] | None = None
) -> dict[str, Coverage]:
    """Of one camera in a period, by analytic that was promised in it. `versions`: all of the camera's, in order;
    `allocated`: when it was chosen to be analysed, None where all the time."""
    camera_id = versions[0].camera_id
    filmed = [one for clip in _clips(claims, camera_id, period.start - LONGEST, period.end) if (one := _filmed(clip))]
    wanted = {analytic: promised(versions, analytic, period) for analytic in analytics_of(versions)}
    return {analytic: covered(stretches, filmed, allocated) for analytic, stretches in wanted.items() if stretches}


def _clips(claims: Claims, camera_id: str, start: datetime, end: datetime) -> Iterator[Clip]:
    cursor = None
    while True:
        page = claims.by_camera(camera_id, start=start, end=end, cursor=cursor, limit=1000)
        yield from page.items
        if (cursor := page.cursor) is None:
            return


def _filmed(clip: Clip) -> Filmed | None:
    fate = FATES.get(clip.state)
    return Filmed(clip.footage.capture_start, clip.footage.capture_end, fate, clip.looked) if fate else None
