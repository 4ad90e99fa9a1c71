"""When something is done, by the city's own days and hours (Asia/Ho_Chi_Minh)."""

from datetime import timedelta, timezone
from typing import Literal, Self

from pydantic import Field, model_validator

from civicam.contracts.base import Body
from civicam.contracts.geometry import Hours

CITY_TIME = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Seven hours ahead all year since 1975, so that no table of zones is needed."""
DAY_PATTERN = (
    r"^(?:(?:19|20)\d\d-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"|(?:(?:19|20)(?:0[48]|[2468][048]|[13579][26])|2000)-02-29)$"
)
"""`2019-06-15`: each day of the years 1900 to 2099 and no other text: who reads the pattern knows what is taken."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEK: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Shift(Body):
    """Hours of some days of the week. Hours that run past midnight belong to the day on which they begin."""

    days: tuple[Weekday, ...] = Field(default=WEEK, min_length=1)
    hours: Hours | None = None
    """None is the whole day."""

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.hours and self.hours.start == self.hours.end:
            raise ValueError("the hours begin when they end: give two times, or no `hours` for the whole day")
        return self
