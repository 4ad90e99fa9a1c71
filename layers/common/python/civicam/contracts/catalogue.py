"""Every fact that the city publishes, in the order a clip meets them. A fact that is not listed here does not exist."""

from typing import Any

from civicam.contracts.allocation import CameraAllocationChanged
from civicam.contracts.cameras import ClipRejected, ClipStored, FootageMissed
from civicam.contracts.errors import Rejected
from civicam.contracts.facts import CloudEvent, Fact, read_fact
from civicam.contracts.health import CameraHealthChanged
from civicam.contracts.incidents import IncidentSuspected
from civicam.contracts.vision import ClipAbandoned, CrowdMeasured, FacesSeen, VehiclesCounted
from civicam.contracts.watch import AlertAcknowledged, AlertRaised

FACTS: tuple[type[Fact], ...] = (
    ClipStored,
    ClipRejected,
    CameraHealthChanged,
    CameraAllocationChanged,
    FootageMissed,
    ClipAbandoned,
    VehiclesCounted,
    CrowdMeasured,
    FacesSeen,
    IncidentSuspected,
    AlertRaised,
    AlertAcknowledged,
)
BY_TYPE: dict[str, type[Fact]] = {fact.TYPE: fact for fact in FACTS}


def read_any(document: dict[str, Any]) -> CloudEvent[Any]:
    """The envelope with whichever catalogued fact it holds; raises Rejected as `read_fact` does."""
    kind = BY_TYPE.get(str(document.get("type")))
    if kind is None:
        raise Rejected("unknown_fact", f"{document.get('type')!r} is not in the catalogue of facts")
    return read_fact(document, kind)
