"""Whether a moment lies in a schedule, by the city's own days and hours."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from civicam.contracts.schedule import CITY_TIME, WEEK, Shift

DAY = timedelta(days=1)


def is_scheduled(schedule: Sequence[Shift], moment: datetime) -> bool:
    """Whether the moment lies in one of the shifts; always where there is none. A shift's last minute ends it."""
    local = moment.astimezone(CITY_TIME)
    return not schedule or any(_holds(shift, local) for shift in schedule)


def _holds(shift: Shift, local: datetime) -> bool:
    today, yesterday = WEEK[local.weekday()], WEEK[(local - DAY).weekday()]
    if shift.hours is None:
        return today in shift.days
    clock, start, end = f"{local:%H:%M}", shift.hours.start, shift.hours.end
    if start < end:
        return today in shift.days and start <= clock < end
    return (today in shift.days and clock >= start) or (yesterday in shift.days and clock < end)
