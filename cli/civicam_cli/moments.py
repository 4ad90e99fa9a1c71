"""Times as people of the city write and read them."""

from datetime import datetime

from civicam.contracts.base import utc_text
from civicam.contracts.errors import Rejected
from civicam.contracts.schedule import CITY_TIME


def read_moment(text: str) -> datetime:
    """RFC 3339; without a zone, or a date alone, it is the city's time. Raises Rejected (`not_a_time`)."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Rejected(
            "not_a_time", f"{text!r} is no time: write `2026-11-24 08:00` (of the city) or `2026-11-24T01:00:00Z`"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=CITY_TIME)


def both(moment: datetime) -> str:
    """`2026-11-24 08:00:00 (01:00:00Z)`: the city's time, and UTC as everything is stored."""
    local = moment.astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M:%S")
    utc = utc_text(moment)[:19] + "Z"
    return f"{local} ({utc if utc[:10] != local[:10] else utc[11:]})"
