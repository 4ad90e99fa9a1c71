"""How long a thousand cameras take to become known, and a page of them to be listed, on the AWS inside this machine."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import httpx
from pydantic import JsonValue

from civicam.aws.allocations import Allocations, Wishes
from civicam.aws.onboarding import Onboarding
from civicam.aws.owners import Owners
from civicam.aws.registration import Registration
from civicam.aws.registry import Registry
from civicam.cameras.csv_file import read_csv
from civicam.cameras.entries import settle
from civicam.cameras.reports import counted
from civicam.cameras.templates import templates
from civicam.cameras.units import day_of, units
from civicam.contracts.allocation import Budget
from civicam.contracts.base import now
from civicam.contracts.errors import Inconsistent
from civicam.contracts.owners import Owner, OwnerKind
from civicam.operations.policy import Role
from civicam_cli.api import make_token
from civicam_cli.bench.own_city import own_city
from civicam_cli.bench.part import Bench, Goal, Part, Share, table
from civicam_cli.deployment import Deployment
from civicam_cli.ranks import nearest_rank

CAMERAS, OWNERS, UNITS, PAGE = 1000, 12, 100, 50
"""A dozen owners; as many units as one account's attribute holds (2,048 characters); cameras a page, the API's own
default."""
HEADER = "owner_id,owner_reference,name,unit_id,longitude,latitude,template,address,profile.sampling_fps"
BY = "bench"
WAYS = {"together": "in groups (`civicam cameras import`)", "one_by_one": "naive: a row at a time"}


def measure(bench: Bench) -> Share:
    """On a city of its own: each way takes a thousand cameras of its own in, and then the same once more."""
    with own_city() as deployment:
        # A place for each: that thousands are passed over is told in as many facts, once, and is not measured here.
        Allocations.from_env().wish(Wishes(budget=Budget(cameras=2 * CAMERAS)), 0)
        for number in range(OWNERS):
            owner = Owner(owner_id=_owner(number), name=f"Owner {number}", kind=OwnerKind.DEPARTMENT)
            Owners.from_env().put(owner, by=BY)
        ways: dict[str, Callable[[str], dict[str, int]]] = {"together": _together, "one_by_one": _one_by_one}
        found: dict[str, JsonValue] = {}
        for name, take in ways.items():
            bench.say(f"{CAMERAS} cameras, {WAYS[name]}")
            found[name] = {
                "added_s": _seconds(take, name, {"added": CAMERAS}),
                "unchanged_s": _seconds(take, name, {"unchanged": CAMERAS}),
            }
        bench.say(f"pages of {PAGE} cameras")
        pages: dict[str, JsonValue] = {
            "registry, a hundred units": _spread(_registry_pages()),
            "API, somebody of a hundred units": _spread(_api_pages(deployment, Role.OPERATOR)),
            "API, an owner of a twelfth": _spread(_api_pages(deployment, Role.OWNER)),
        }
    together: Any = found["together"]
    return {
        "import_1000_cameras_s": together["added_s"],
        "cameras_page_ms": pages["API, somebody of a hundred units"],
        "registry": {"ways": found, "pages_ms": pages},
    }


def section(share: Share) -> Iterable[str]:
    """A row a way, and a row a list."""
    told: Any = share["registry"]
    yield from table(
        (f"{CAMERAS} cameras of {OWNERS} owners from CSV", "added, s", "the same again (unchanged), s"),
        ((WAYS[name], way["added_s"], way["unchanged_s"]) for name, way in told["ways"].items()),
    )
    yield ""
    yield from table(
        (f"a page of {PAGE} of {2 * CAMERAS} cameras", "p50, ms", "p95, ms"),
        ((name, spread["p50"], spread["p95"]) for name, spread in told["pages_ms"].items()),
    )


def _together(text: str) -> dict[str, int]:
    return counted(Onboarding.from_env(by=BY).take(read_csv(text)))


def _one_by_one(text: str) -> dict[str, int]:
    """Each row by itself: look at it, read what stands, archive the version, write the entry."""
    registration, found = Registration.from_env(), dict[str, int]()
    for row in read_csv(text):
        camera = settle(row, None, templates()).camera
        if camera is None:
            raise Inconsistent("a camera of the benchmark is none")
        change = registration.register(camera, by=BY).change
        found[change] = found.get(change, 0) + 1
    return found


def _seconds(take: Callable[[str], dict[str, int]], name: str, wanted: dict[str, int]) -> float:
    """From the file's text to the last row's outcome."""
    text, begin = _file(name), time.perf_counter()
    came_to = take(text)
    seconds = time.perf_counter() - begin
    if came_to != wanted:
        raise Inconsistent(f"{name}: {came_to} instead of {wanted}")
    return round(seconds, 2)


def _file(way: str) -> str:
    return "\n".join((HEADER, *(_row(way, number) for number in range(CAMERAS))))


def _row(way: str, number: int) -> str:
    place = f"{106.5 + number / 2000:.4f},{10.6 + number / 3000:.4f}"
    unit, address = _units()[number % len(_units())], f"{way.replace('_', '-')}-{number}.example.org"
    return f"{_owner(number % OWNERS)},{way} {number},Camera {number},{unit},{place},axis-vapix,{address},1"


def _owner(number: int) -> str:
    return f"owner-{number:02d}"


@cache
def _units() -> list[str]:
    """Units of today."""
    return [unit.id for unit in units() if unit.is_valid(day_of(now()))][:UNITS]


def _registry_pages() -> Iterator[float]:
    registry, cursor = Registry.from_env(), None
    while True:
        begin = time.perf_counter()
        page = registry.list(_units(), cursor, PAGE)
        yield time.perf_counter() - begin
        if (cursor := page.cursor) is None:
            return


def _api_pages(deployment: Deployment, role: Role) -> Iterator[float]:
    """Every page, after a first call that is not counted."""
    owners = [_owner(0)] if role is Role.OWNER else []
    token = make_token(deployment, role, [] if owners else _units(), owners)
    first: str = f"/v1/cameras?limit={PAGE}"
    with httpx.Client(timeout=60, headers={"Authorization": f"Bearer {token}"}) as client:
        client.get(deployment.outputs["ApiUrl"] + first).raise_for_status()
        following: str | None = first
        while following:
            begin = time.perf_counter()
            answer = client.get(deployment.outputs["ApiUrl"] + following).raise_for_status()
            yield time.perf_counter() - begin
            following = answer.json()["next"]


def _spread(seconds: Iterable[float]) -> dict[str, JsonValue]:
    measured = list(seconds)
    return {name: round(1000 * nearest_rank(measured, share), 1) for name, share in (("p50", 0.5), ("p95", 0.95))}


def _page(share: Share) -> str:
    told: Any = share["cameras_page_ms"]
    return f"p50 {told['p50']} ms, p95 {told['p95']} ms"


REGISTRY = Part(
    name="registry",
    title="A thousand cameras onboarded and listed",
    measure=measure,
    section=section,
    goals=(
        Goal(
            measure="1,000 cameras imported",
            wanted="under 10 s",
            came_to=lambda share: f"{share['import_1000_cameras_s']} s",
        ),
        Goal(measure=f"a page of {PAGE} cameras listed", wanted="under 300 ms", came_to=_page),
    ),
)
"""A file of a thousand cameras, taken in together and one by one; then paged through, in the process and by HTTP."""
