"""When nobody need look at a clip any more, and the fact that says that it was given up."""

from datetime import datetime

from civicam.contracts.cameras import ClipStored
from civicam.contracts.ids import digest
from civicam.contracts.vision import ClipAbandoned, ClipDetected

ERROR_LENGTH = 1000


def abandoned(
    clip: ClipStored | ClipDetected, *, message_id: str, tries: int, error: Exception, at: datetime
) -> ClipAbandoned:
    """The fact that a clip's last try failed: once a message, so a redriven clip may be given up again."""
    return ClipAbandoned(
        fact_id=digest("abandoned", clip.footage.clip_id, message_id),
        camera_id=clip.camera_id,
        clip_id=clip.footage.clip_id,
        tries=tries,
        error=f"{type(error).__name__}: {error}"[:ERROR_LENGTH],
        abandoned_at=at,
    )
