"""What the city has of a fleet: its clips, what it refused, its facts."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from civicam.aws.claims import Claims, Clip, ClipState
from civicam.aws.lake import Lake
from civicam.cameras.coverage import Stretch
from civicam.contracts.footage import FootageKind
from civicam_cli.lake import answer
from civicam_cli.simulation.ledger import Held


def clips(camera_id: str, period: Stretch) -> list[Clip]:
    """All that the city accepted of the camera, declarations that nobody used apart."""
    claims, cursor, found = Claims.from_env(), None, list[Clip]()
    while True:
        page = claims.by_camera(camera_id, start=period.start - timedelta(hours=1), cursor=cursor, limit=1000)
        found += [clip for clip in page.items if clip.state is not ClipState.DECLARED]
        if (cursor := page.cursor) is None:
            return found


def held(clips: list[Clip]) -> Held:
    """What was judged of them."""
    judged = [clip.footage for clip in clips if clip.state is ClipState.JUDGED]
    return Held(
        clips={footage.sha256 for footage in judged if footage.kind is FootageKind.CLIP},
        series={footage.capture_start for footage in judged if footage.kind is FootageKind.SERIES},
    )


def refused() -> set[str]:
    """Digests of what the city refused with a fact."""
    return {str(row["sha256"]) for row in _rows("cameras_clip_rejected", "SELECT DISTINCT sha256 FROM {}_all")}


def facts(camera_ids: Iterable[str]) -> tuple[list[float], int]:
    """Seconds from stored to judged of every clip with facts, and how many rows of the lake say what another did."""
    ours, table = set(camera_ids), "vision_vehicles_counted"
    rows = _rows(table, "SELECT camera_id, ingested_at, judged_at FROM {}")
    seconds = [(row["judged_at"] - row["ingested_at"]).total_seconds() for row in rows if row["camera_id"] in ours]
    twice = _rows(
        table, "SELECT count(*) - count(DISTINCT (fact_id, revision)) AS twice FROM {}_all WHERE run = 'live'"
    )
    return seconds, sum(int(row["twice"]) for row in twice)


def _rows(table: str, sql: str) -> list[dict[str, Any]]:
    lake = Lake.from_env()
    found: list[dict[str, Any]] = answer(lake, sql.format(table)).to_pylist() if table in lake.names() else []
    return found


def hours(clips: list[Clip]) -> float:
    """How much footage they are."""
    return sum((one.footage.capture_end - one.footage.capture_start).total_seconds() for one in clips) / 3600
