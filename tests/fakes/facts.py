"""Facts as judge_clip would state them, with what a test wants to say in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from civicam.contracts.ids import clip_id, digest, fact_id
from civicam.contracts.incidents import EvidenceFrame, IncidentSuspected
from civicam.contracts.vision import Crossings, CrowdMeasured, VehiclesCounted, Window, ZonePeople

CAMERA = "01JD8K3V4N0000000000000001"
START = datetime(2026, 11, 24, 10, 45, tzinfo=UTC)
SECONDS = 10


def crossing(count: int, line_id: str = "north", direction: Any = "forward", label: Any = "car") -> Crossings:
    return Crossings(line_id=line_id, direction=direction, label=label, count=count)


def vehicles(*crossings: Crossings, **changes: Any) -> VehiclesCounted:
    """Vehicles counted in one clip."""
    return VehiclesCounted(
        **_clip(VehiclesCounted.TYPE, changes), crossings=crossings, appeared=(), present_max=len(crossings)
    )


def crowd(*zones: ZonePeople, **changes: Any) -> CrowdMeasured:
    """People measured in one clip."""
    return CrowdMeasured(**_clip(CrowdMeasured.TYPE, changes), people_mean=1.0, people_max=len(zones), zones=zones)


def incident(
    rule: Any = "stopped_vehicle", *, name: str = "one", ended: bool = False, **changes: Any
) -> IncidentSuspected:
    """An incident that began in one clip, or ended there."""
    about = f"{digest('incident', name)} {'ended' if ended else 'begun'}"
    whole = _clip(f"{IncidentSuspected.TYPE} {about}", changes)
    start = whole["capture_start"]
    del whole["window"]
    measured: dict[str, Any] = {
        "incident_id": digest("incident", name),
        "rule": rule,
        "phase": "ended" if ended else "begun",
        "start": start,
        "end": start + timedelta(seconds=4) if ended else None,
        "evidence": (EvidenceFrame(clip_id=whole["clip_id"], index=7, at=start),),
        "zone_id": "lane",
        "track_ids": ("1-0",),
        "measures": {"stood_s": 4.0},
    }
    return IncidentSuspected(**measured | whole)


def _clip(kind: str, changes: dict[str, Any]) -> dict[str, Any]:
    camera_id, start = changes.get("camera_id", CAMERA), changes.get("capture_start", START)
    end = start + timedelta(seconds=SECONDS)
    digests: dict[str, Any] = {"model_digest": "m", "rules_digest": "r", "profile_version": 1}
    return {
        "fact_id": fact_id(kind=kind, camera_id=camera_id, capture_start=start, clip_sha256="c" * 64, **digests),
        "camera_id": camera_id,
        "clip_id": clip_id(camera_id, "c" * 64),
        "capture_start": start,
        "capture_end": end,
        "clock_quality": "synced",
        "ingested_at": end,
        "judged_at": end,
        "sampling_fps": 5,
        "coverage": 1,
        "confidence": 0.8,
        "window": Window(start=start, end=end),
        **digests,
        **changes,
    }
