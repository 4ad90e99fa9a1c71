"""Identifiers that are computed, never drawn: the same thing always gets the same id, whoever computes it."""

import hashlib
import re
from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from civicam.contracts.base import utc_text

ULID_PATTERN = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
SLUG_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"

CameraId = Annotated[str, StringConstraints(pattern=ULID_PATTERN)]
"""An opaque ULID; owner and unit are looked up by capture time, never read out of the id."""
Sha256 = Annotated[str, StringConstraints(pattern=SHA256_PATTERN)]
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""The alphabet of ULIDs, without letters that look like digits."""

LIVE = "live"
"""The run of everything that is not a replay."""


def digest(*parts: str) -> str:
    """SHA-256 in hex over the parts, separated so that ("ab", "c") and ("a", "bc") differ."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def clip_id(camera_id: str, sha256: str) -> str:
    """One id for one content of one camera: the same bytes under another name are the same clip."""
    return digest("clip", camera_id, sha256)[:32]


def camera_id_of(owner_id: str, reference: str) -> str:
    """The id of the camera that an owner calls by this reference: a ULID in form, its time without meaning."""
    number = int(digest("camera", owner_id, reference)[:32], 16)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def fact_id(  # noqa: PLR0913 - keyword-only: the parts of one identity
    *,
    kind: str,
    camera_id: str,
    capture_start: datetime,
    clip_sha256: str,
    model_digest: str,
    rules_digest: str,
    profile_version: int,
    run: str = LIVE,
) -> str:
    """The effect id: what was judged, by what, in which run. It is the CloudEvents id of revision 0."""
    return digest(
        "fact",
        kind,
        camera_id,
        utc_text(capture_start),
        clip_sha256,
        model_digest,
        rules_digest,
        str(profile_version),
        run,
    )


def event_id(fact: str, revision: int) -> str:
    """CloudEvents wants one id per event: a later revision of a fact is another event about the same fact."""
    return fact if revision == 0 else f"{fact}.{revision}"


def utc_day(moment: datetime) -> str:
    """`2026-11-24`: the UTC day that partitions and keys go by."""
    return utc_text(moment)[:10]


def compact_time(moment: datetime) -> str:
    """`20261124T104500123Z`: a time that may stand in a key."""
    return re.sub(r"[-:.]", "", utc_text(moment))


def footage_key(*, retention: str, camera_id: str, capture_start: datetime, sha256: str, extension: str) -> str:
    """Where footage lies in its bucket; lifecycle rules go by the first two parts."""
    name = f"{compact_time(capture_start)}_{sha256[:16]}.{extension}"
    return f"clips/{retention}/{camera_id}/{utc_day(capture_start)}/{name}"
