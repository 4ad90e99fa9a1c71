"""The fact that a camera's health has changed."""

from civicam.cameras.health import Health
from civicam.contracts.health import CameraHealthChanged
from civicam.contracts.ids import digest


def changed(camera_id: str, before: Health, after: Health) -> CameraHealthChanged:
    """The fact: the same one for the same change, whoever tells it and however often."""
    said = (str(after.number), after.state, *after.reasons)
    return CameraHealthChanged(
        fact_id=digest(CameraHealthChanged.TYPE, camera_id, after.since.isoformat(), *said),
        camera_id=camera_id,
        since=after.since,
        number=after.number,
        state=after.state,
        reasons=after.reasons,
        state_before=before.state,
        reasons_before=before.reasons,
        since_before=before.since,
        last_seen=after.last_seen,
    )
