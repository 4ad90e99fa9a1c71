"""Files that somebody put into a folder: what they are, and when they were filmed."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from civicam.cameras.lengths import admit_seconds
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import ClockQuality
from civicam.contracts.sources import UNIX, UNIX_MS, FolderSource

EXTENSIONS = {".mp4": "video/mp4", ".mov": "video/mp4", ".avi": "video/x-msvideo"}
"""What is taken from a folder. How long a Matroska file is, only a decoder could tell."""
_DIRECTIVES = {"%Y": r"\d{4}", "%j": r"\d{3}", "%f": r"\d{1,6}", "%z": r"(?:Z|[+-]\d{2}:?\d{2})"}


def media_type_of(name: str) -> str:
    """By the name's ending; the content is looked at later. Raises Rejected (`unsupported_media_type`)."""
    ending = name[name.rfind(".") :].lower()
    if ending not in EXTENSIONS:
        raise Rejected(
            "unsupported_media_type", f"{name[:80]!r} is none of {', '.join(EXTENSIONS)}: rename or convert it"
        )
    return EXTENSIONS[ending]


def filmed(
    name: str, body: bytes, written_at: datetime, source: FolderSource
) -> tuple[datetime, datetime, ClockQuality]:
    """When a file's footage begins and ends: as its name tells, else its last picture is as old as the file.

    Raises Rejected: `unknown_length`, `unnamed_time`.
    """
    length = timedelta(seconds=admit_seconds(body))
    if source.name_format is None:
        return written_at - length, written_at, ClockQuality.RECEIVED
    start = named_time(name, source)
    return start, start + length, ClockQuality.DECLARED


def named_time(name: str, source: FolderSource) -> datetime:
    """The time in a file's name, by the device's clock; raises Rejected (`unnamed_time`) where it holds none."""
    told = str(source.name_format)
    found = re.search(_pattern(told), name)
    try:
        if found is None:
            raise ValueError
        if told in (UNIX, UNIX_MS):
            return datetime.fromtimestamp(int(found[0]) / (1000 if told == UNIX_MS else 1), UTC)
        moment = datetime.strptime(found[0], told)  # noqa: DTZ007 - the device's zone follows
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(source.time_zone))).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Rejected("unnamed_time", f"{name[:80]!r} holds no time as {told}: name files so") from error


def _pattern(told: str) -> str:
    """What a time of this format looks like, with no further digit beside it."""
    if told in (UNIX, UNIX_MS):
        return rf"(?<!\d)\d{{{10 if told == UNIX else 13}}}(?!\d)"
    pieces = re.findall(r"%.|[^%]+", told)
    written = "".join(_DIRECTIVES.get(piece, r"\d{2}") if piece[0] == "%" else re.escape(piece) for piece in pieces)
    return rf"(?<!\d){written}(?!\d)"
