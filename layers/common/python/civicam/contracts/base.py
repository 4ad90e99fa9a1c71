"""The two kinds of document: read tolerantly (facts, stored documents) or strictly (API bodies, settings)."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer, ValidationError


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`: sorts as text in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _whole_milliseconds(moment: datetime) -> datetime:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:  # 0001-01-01T00:00+01:00 lies before the calendar
        raise ValueError("the time lies outside the years 1 to 9999 in UTC") from error
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


Moment = Annotated[
    AwareDatetime, AfterValidator(_whole_milliseconds), PlainSerializer(utc_text, return_type=str, when_used="json")
]
"""An aware time in UTC with millisecond resolution; on the wire RFC 3339 with `Z`."""


def now() -> datetime:
    """The present moment in UTC, in whole milliseconds."""
    return _whole_milliseconds(datetime.now(UTC))


def complaints(error: ValidationError) -> str:
    """What is wrong with what somebody sent, field by field, in one line; without the values that they sent."""
    wrong = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in wrong)


class Document(BaseModel):
    """What the city itself wrote: frozen; a field that a newer writer added is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Body(BaseModel):
    """What somebody sends or configures: frozen; an unknown field is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
