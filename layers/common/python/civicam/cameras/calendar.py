"""Days on which more happens in the streets: the country's holidays, and what a city adds, such as match days."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from pydantic import Field

from civicam.contracts.base import Body
from civicam.contracts.ids import Slug
from civicam.contracts.schedule import CITY_TIME

TET = {2026: date(2026, 2, 17), 2027: date(2027, 2, 6), 2028: date(2028, 1, 26)}
"""The first day of the lunar year: the new moon's day at UTC+7, by which Vietnam's calendar goes."""
HUNG_KINGS = {2026: date(2026, 4, 26), 2027: date(2027, 4, 16), 2028: date(2028, 4, 4)}
"""The tenth day of the third lunar month."""
FIXED = {"new-year": (1, 1), "reunification-day": (4, 30), "labour-day": (5, 1), "national-day": (9, 2)}
"""By month and day. The holidays are those of the Labour Code 2019 (45/2019/QH14), article 112."""
TET_DAYS = (timedelta(days=-2), timedelta(days=4))
"""From the flower markets of the last two days to the end of its five days off."""


class Occasion(Body):
    """Whole days of the city's own calendar on which places, or the units named, matter more."""

    name: Slug
    first: date
    last: date
    units: tuple[Slug, ...] = ()
    """None named is the whole city."""
    weight: int = Field(default=1, ge=1, le=3)

    def holds(self, unit_id: str, at: datetime) -> bool:
        """Whether it concerns the unit at that time."""
        return self.first <= at.astimezone(CITY_TIME).date() <= self.last and (not self.units or unit_id in self.units)


def holidays(year: int) -> tuple[Occasion, ...]:
    """The country's holidays of a year, in order; those by the moon only for years whose dates stand here."""
    found = [Occasion(name=name, first=date(year, *day), last=date(year, *day)) for name, day in FIXED.items()]
    if year in TET:
        first, last = (TET[year] + days for days in TET_DAYS)
        found.append(Occasion(name="tet", first=first, last=last, weight=2))
        found.append(Occasion(name="hung-kings-day", first=HUNG_KINGS[year], last=HUNG_KINGS[year]))
    return tuple(sorted(found, key=lambda occasion: occasion.first))


def weight_at(unit_id: str, at: datetime, occasions: Iterable[Occasion] = ()) -> tuple[int, str]:
    """How much more a unit matters at that time and by which occasion; (0, "") on ordinary days."""
    year = at.astimezone(CITY_TIME).year
    found = [(one.weight, one.name) for one in (*holidays(year), *occasions) if one.holds(unit_id, at)]
    return max(found, default=(0, ""))
