"""What a row tells, over what stands and what its template gives -> a camera, or everything that is wrong with it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from civicam.cameras.columns import (
    ADDRESS,
    LATITUDE,
    LONGITUDE,
    TEMPLATE,
    VERSION,
    branches,
    column_of,
    known,
    nearest,
)
from civicam.cameras.rows import Complaint, Told, shown
from civicam.cameras.secrecy import holds_secret
from civicam.cameras.templates import PLACE, Template
from civicam.contracts.cameras import Camera
from civicam.contracts.ids import SLUG_PATTERN, ULID_PATTERN
from civicam.contracts.versions import STAMPS, unstamped

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_REMEDIES: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("is missing", "fill it in"),
    "extra_forbidden": ("is nothing that a camera has", "leave it out"),
    "string_pattern_mismatch": ("has letters that it may not have", "see its form in the how-to"),
    "string_too_long": ("is too long", "shorten it"),
    "string_too_short": ("is empty", "fill it in"),
    "union_tag_not_found": ("does not say what kind it is", "give source.kind"),
}
_SLUG: Final = ("is no name of this kind", "use small letters, digits and hyphens, as in ward-sai-gon")
_ULID: Final = ("is no camera's id", "give 26 letters and digits as the registry wrote them, or an owner_reference")


@dataclass(frozen=True)
class Entry:
    """What a row comes to: the camera as it shall stand, or why not."""

    told: Told
    standing: Camera | None
    camera: Camera | None
    complaints: tuple[Complaint, ...] = ()


Check = Callable[[Camera, Camera | None], Iterable[Complaint]]
"""What else may be wrong with a camera, given the one that stands."""
MOST_COMPLAINTS = 20
"""Of one row: whoever has fixed these is told the rest."""


def nothing_else(camera: Camera, standing: Camera | None) -> Iterable[Complaint]:  # noqa: ARG001 - a Check
    """No further check."""
    return ()


def settle(
    told: Told, standing: Camera | None, templates: Mapping[str, Template], check: Check = nothing_else
) -> Entry:
    """The camera that a row makes of what stands (None: a new one), with every complaint about it at once."""
    if told.complaints and not told.patch:
        return Entry(told, standing, None, told.complaints)
    complaints = [*told.complaints]
    begins = dict(_begins(told, standing, templates, complaints))
    base = _document(standing) if standing else {}
    document = merged(merged(base, begins), told.patch | {"camera_id": told.camera_id})
    _addressed(told, document, templates, complaints)
    complaints += _plausible(document, base)
    camera = _camera(document, complaints)
    if camera:
        complaints += _outdated(told, standing, camera)
        complaints += check(camera, standing)
    return Entry(told, standing, None if complaints else camera, tuple(dict.fromkeys(complaints))[:MOST_COMPLAINTS])


def merged(standing: Mapping[str, Any], patch: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[str, Any]:
    """The patch over what stands (RFC 7396): null takes back, lists replace.

    What has no columns of its own (an analytic's parameters) is replaced whole, and so is a source of another kind.
    """
    result = dict(standing)
    for name, value in patch.items():
        inner, below = standing.get(name), (*path, name)
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict) and below in branches():
            keep = (
                inner if isinstance(inner, dict) and inner.get("kind") == value.get("kind", inner.get("kind")) else {}
            )
            result[name] = merged(keep, value, below)
        else:
            result[name] = value
    return result


def _document(camera: Camera) -> dict[str, Any]:
    return camera.model_dump(mode="json", exclude=set(STAMPS))


def _begins(
    told: Told, standing: Camera | None, templates: Mapping[str, Template], complaints: list[Complaint]
) -> Mapping[str, Any]:
    """What the row's template sets, once: of a camera that is of this model already nothing is taken back."""
    if told.template is None:
        return {}
    template = templates.get(told.template)
    if template is None:
        remedy = f"see `civicam cameras templates`{nearest(told.template, templates)}"
        complaints.append(Complaint(TEMPLATE, "there is no such template", remedy))
        return {}
    if told.patch.get("model", told.template) != told.template:
        complaints.append(Complaint(TEMPLATE, "is not the row's model", "leave one of the two out"))
    is_new = standing is None or standing.model != told.template
    return template.sets | {"model": told.template} if is_new else {}


def _addressed(
    told: Told, document: dict[str, Any], templates: Mapping[str, Template], complaints: list[Complaint]
) -> None:
    """Put the row's address into the address that its template gives the source."""
    template = templates.get(told.template or "")
    sets = template.sets.get("source", {}) if template else {}
    pattern = str(sets.get("url", ""))
    source = document.get("source")
    is_told = isinstance(told.patch.get("source"), dict) and "url" in told.patch["source"]
    if told.address is None:
        if isinstance(source, dict) and PLACE in str(source.get("url", "")):
            complaints.append(Complaint(ADDRESS, "is missing", "the template wants the camera's host or host:port"))
    elif PLACE not in pattern or is_told:
        complaints.append(
            Complaint(ADDRESS, "has no place to go", "give source.url whole instead, or another template")
        )
    elif not _HOST.fullmatch(told.address):
        complaints.append(Complaint(ADDRESS, "is no host", "write a name or number of a host, and :port if it has one"))
    elif isinstance(source, dict) and source.get("kind") == sets["kind"]:
        document["source"] = source | {"url": pattern.replace(PLACE, told.address)}


def _outdated(told: Told, standing: Camera | None, camera: Camera) -> Iterator[Complaint]:
    """A row written over an older version than stands is no row to follow, unless it says what stands anyway."""
    if standing and told.version not in {None, standing.version} and unstamped(camera) != unstamped(standing):
        remedy = f"version {standing.version} stands: export it again, or leave the version out"
        yield Complaint(VERSION, "somebody changed the camera since", remedy)


def _camera(document: Mapping[str, Any], complaints: list[Complaint]) -> Camera | None:
    try:
        return Camera.model_validate(document)
    except ValidationError as error:
        told = {complaint.column for complaint in complaints}
        told |= {"position"} if told & {LONGITUDE, LATITUDE, "geometry"} else set()
        found = [_complaint(problem) for problem in error.errors(include_url=False, include_input=False)]
        complaints += (complaint for complaint in found if complaint.column not in told)
        return None


def _complaint(problem: Any) -> Complaint:
    column = shown(column_of(problem["loc"]) or "row")
    pattern = str(problem.get("ctx", {}).get("pattern", ""))
    if pattern:
        return Complaint(column, *{SLUG_PATTERN: _SLUG, ULID_PATTERN: _ULID}.get(pattern, _REMEDIES[problem["type"]]))
    if problem["type"] in _REMEDIES:
        remedy = _REMEDIES[problem["type"]]
        near = nearest(column, known()) if problem["type"] == "extra_forbidden" else ""
        return Complaint(column, remedy[0], remedy[1] + near)
    return Complaint(column, "is not as it must be", str(problem["msg"])[:1].lower() + str(problem["msg"])[1:])


def _plausible(document: Mapping[str, Any], base: Mapping[str, Any]) -> Iterator[Complaint]:
    """What no camera has, and what none should; an address that stands already is not complained of again."""
    position, source = document.get("position"), document.get("source")
    if isinstance(position, list) and len(position) == 2 and all(isinstance(part, int | float) for part in position):
        longitude, latitude = position
        if not (abs(longitude) <= 180 and abs(latitude) <= 90):
            swapped = "longitude comes first; " if abs(longitude) <= 90 else ""
            yield Complaint(LATITUDE, "lies nowhere on Earth", f"{swapped}give degrees, to 180 east and 90 north")
    stands = base.get("source", {}).get("url")
    if isinstance(source, dict) and (url := source.get("url")) != stands and holds_secret(str(url or "")):
        yield Complaint("source.url", "holds a user's name, password or key", "leave it out of the address")
