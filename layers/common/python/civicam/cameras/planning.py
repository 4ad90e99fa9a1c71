"""The plan of a minute for all cameras: whom limits leave room for, by priority and by who waited longest; in errands.

A worker never serves two hosts in one errand, and never one host for long: so a slow host of two hundred cameras holds
as many workers as it may have at once, and nobody else waits for it (docs/decisions/0029).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from civicam.cameras.circuit import CLOSED, Circuit, CircuitState
from civicam.cameras.errands import Errand, Turn, due, host_key
from civicam.cameras.pulls import MINUTE, Pull, late_at, plan, plan_look
from civicam.cameras.schedule import is_scheduled
from civicam.contracts.base import Body, Document
from civicam.contracts.cameras import Camera, HttpSource
from civicam.contracts.ids import digest
from civicam.contracts.sources import MjpegSource, PulledSource

SPAN_SECONDS = 5.0
"""Pulls of one host that are due within so long are one errand: less than the shortest interval of a source."""
ERRAND_PULLS = 10
"""At a host that answers within two seconds an errand of these is done in its time."""
HOST_PROBES = 2
"""Sources that show whether a host is back."""
RANKS = {"high": 0, "normal": 1, "low": 2}
LEFT_SHARE = 0.05
"""Of a minute's pulls that may wait at its end: more is a backlog."""
STEP = 0.1
"""Of its room, what a minute has less than was done in the last one where that left some, and more where it did not:
so it finds what workers really do, and is a little below it most of the time."""
Limiter = Literal["host", "owner", "city"]


class Limit(Body):
    """How much may be asked of one host, or of one owner's sources."""

    at_once: int = Field(ge=1)
    per_minute: int = Field(ge=1)


class PullLimits(Body):
    """How much may be asked of whom; a host or owner that is named has its own limit."""

    workers: int = Field(default=20, ge=1)
    """Workers that run errands: who may be asked by as many at once is asked in no turn."""
    city_per_minute: int = Field(default=2400, ge=1)
    """What all workers together can pull in a minute, unless a backlog says otherwise."""
    host: Limit = Limit(at_once=2, per_minute=300)
    owner: Limit = Limit(at_once=10, per_minute=3000)
    hosts: dict[str, Limit] = Field(default_factory=dict)
    owners: dict[str, Limit] = Field(default_factory=dict)

    def of_host(self, host: str) -> Limit:
        """The host's limit."""
        return self.hosts.get(host, self.host)

    def of_owner(self, owner_id: str) -> Limit:
        """The owner's limit."""
        return self.owners.get(owner_id, self.owner)

    def room(self, last: "Room", backlog: int) -> int:
        """Pulls that a minute has room for: fewer than were done in the last one, if that left some; else a few more.

        So it follows what workers really do, which is less where hosts are slow. What is left is stale by then.
        """
        if backlog > LEFT_SHARE * last.planned:
            return min(max(round((1 - STEP) * (last.planned - backlog)), self.workers), self.city_per_minute)
        return min(last.room + max(1, round(STEP * last.room)), self.city_per_minute)


class Room(Document):
    """What a minute had room for, and how many pulls were planned in it."""

    room: int
    planned: int = 0


class Memory(Document):
    """What the plan of a minute leaves for the next one."""

    last: Room | None = None
    waited: dict[str, int] = Field(default_factory=dict)
    """By camera of which nothing was read because of a limit: for how many minutes now."""


@dataclass(frozen=True)
class Shed:
    """Pulls of one camera that a minute has no room for, and whose limit says so."""

    camera: Camera
    pulls: int
    by: Limiter


@dataclass(frozen=True)
class MinutePlan:
    """What is done in a minute, what is shed, and which sources are left alone because they failed."""

    errands: tuple[Errand, ...]
    memory: Memory
    shed: tuple[Shed, ...] = ()
    paused: int = 0

    @property
    def pulls(self) -> int:
        """How many pulls the errands hold."""
        return sum(len(errand.pulls) for errand in self.errands)


@dataclass(frozen=True)
class Situation:
    """What the plan of a minute depends on beside the cameras."""

    limits: PullLimits
    circuits: Mapping[str, Circuit] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    watched: frozenset[str] = frozenset()
    """Cameras that are not analysed: they are looked at for their health alone."""
    backlog: int = 0
    """Pulls of earlier minutes that still wait."""

    @property
    def room(self) -> int:
        """Pulls that this minute has room for."""
        last = self.memory.last or Room(room=self.limits.city_per_minute)
        return self.limits.room(last, self.backlog)


@dataclass(frozen=True)
class _Wish:
    """What one camera would have read."""

    camera: Camera
    source: PulledSource
    reads: tuple[Pull, ...]
    close: tuple[Pull, ...]

    @property
    def host(self) -> str:
        return host_of(self.source.url)


def host_of(url: str) -> str:
    """The host that an address names, whatever its port: behind one router stand all of them."""
    return (urlsplit(url).hostname or "").lower()


def plan_minute(cameras: Iterable[Camera], minute: datetime, situation: Situation) -> MinutePlan:
    """The errands of a minute, by when they are due; the same whenever it is planned from the same situation."""
    wanted = [wish for camera in cameras if (wish := _wish(camera, minute, situation))]
    asking = [wish for wish in wanted if not _left_alone(wish, minute, situation.circuits)]
    wishes = [_probing(wish, situation.circuits) for wish in _host_probing(asking, minute, situation.circuits)]
    granted, shed = _granted(sorted(filter(_asks, wishes), key=lambda wish: _order(wish, minute, situation)), situation)
    unread = {one.camera.camera_id for one in shed} - {wish.camera.camera_id for wish in granted}
    waited = {camera_id: situation.memory.waited.get(camera_id, 0) + 1 for camera_id in sorted(unread)}
    memory = Memory(last=Room(room=situation.room, planned=sum(len(wish.reads) for wish in granted)), waited=waited)
    errands = sorted(_errands(granted, situation), key=lambda errand: (due(errand.pulls), errand.pulls[0].camera_id))
    return MinutePlan(tuple(errands), memory, tuple(shed), len(wanted) - len(wishes))


def _wish(camera: Camera, minute: datetime, situation: Situation) -> _Wish | None:
    source = camera.source
    if not isinstance(source, PulledSource):
        return None
    is_watched = camera.camera_id in situation.watched or not is_scheduled(camera.profile.schedule, minute)
    pulls = plan_look(camera, minute) if is_watched else plan(camera, minute)
    reads = tuple(pull for pull in pulls if pull.action != "close")
    return _Wish(camera, source, reads, tuple(pull for pull in pulls if pull.action == "close"))


def _left_alone(wish: _Wish, minute: datetime, circuits: Mapping[str, Circuit]) -> bool:
    known = (circuits.get(wish.camera.camera_id, CLOSED), circuits.get(host_key(wish.host), CLOSED))
    return any(circuit.state(minute + MINUTE) is CircuitState.OPEN for circuit in known)


def _host_probing(wishes: Sequence[_Wish], minute: datetime, circuits: Mapping[str, Circuit]) -> Iterator[_Wish]:
    """Of a host that was left alone only some of its sources are tried, others each minute: one may be dead itself."""
    probes: defaultdict[str, list[_Wish]] = defaultdict(list)
    for wish in wishes:
        if circuits.get(host_key(wish.host), CLOSED).until is None:
            yield wish
        else:
            probes[wish.host].append(wish)
    for group in probes.values():
        failing = {wish.camera.camera_id: wish.camera.camera_id in circuits for wish in group}
        group.sort(key=lambda wish: (failing[wish.camera.camera_id], _lot(wish.camera.camera_id, minute)))
        yield from group[:HOST_PROBES]


def _probing(wish: _Wish, circuits: Mapping[str, Circuit]) -> _Wish:
    """A source that was left alone is tried once; all of the wish where it was not."""
    known = (circuits.get(wish.camera.camera_id, CLOSED), circuits.get(host_key(wish.host), CLOSED))
    until = max((circuit.until for circuit in known if circuit.until), default=None)
    if until is None:
        return wish
    reads = tuple(pull for pull in wish.reads if pull.at >= until)[:1]
    return _Wish(wish.camera, wish.source, reads, wish.close if reads else ())


def _asks(wish: _Wish) -> bool:
    return bool(wish.reads)


def _order(wish: _Wish, minute: datetime, situation: Situation) -> tuple[int, bool, int, str]:
    """High priorities first, footage before health, who waited longest first; then by lot, another one each minute."""
    camera_id = wish.camera.camera_id
    is_look = wish.reads[0].action == "look"
    waited = situation.memory.waited.get(camera_id, 0)
    return RANKS[wish.camera.profile.priority], is_look, -waited, _lot(camera_id, minute)


def _lot(camera_id: str, minute: datetime) -> str:
    return digest("turn", minute.isoformat(), camera_id)


def _granted(wishes: Iterable[_Wish], situation: Situation) -> tuple[list[_Wish], list[Shed]]:
    """What the limits leave of the wishes, and what they do not."""
    limits, used = situation.limits, Counter[tuple[Limiter, str]]()
    room = situation.room
    granted, shed = [], []
    for wish in wishes:
        host, owner = wish.host, wish.camera.owner_id
        left: dict[Limiter, int] = {
            "host": limits.of_host(host).per_minute - used["host", host],
            "owner": limits.of_owner(owner).per_minute - used["owner", owner],
            "city": room - used["city", ""],
        }
        tightest = min(left, key=lambda name: left[name])
        reads = wish.reads[: max(0, left[tightest])]
        used.update({("host", host): len(reads), ("owner", owner): len(reads), ("city", ""): len(reads)})
        if reads:
            granted.append(_Wish(wish.camera, wish.source, reads, wish.close))
        if len(reads) < len(wish.reads):
            shed.append(Shed(wish.camera, len(wish.reads) - len(reads), tightest))
    return granted, shed


def _errands(wishes: Sequence[_Wish], situation: Situation) -> Iterator[Errand]:
    groups: defaultdict[tuple[str, str, bool], list[tuple[Pull, _Wish]]] = defaultdict(list)
    for wish in wishes:
        for pull in wish.reads:
            keeps = pull.action == "read" and not _shows_the_present(wish.source)
            groups[wish.host, wish.camera.owner_id, keeps].append((pull, wish))
        for pull in wish.close:
            groups["", "", True].append((pull, wish))
    cut = {key: list(_cut(group)) for key, group in groups.items()}
    hosts, owners = Counter[str](), Counter[str]()
    for (host, owner, _), pieces in cut.items():
        hosts[host] += len(pieces)
        owners[owner] += len(pieces)
    for (host, owner, keeps), pieces in cut.items():
        turns = tuple(_turns(host, owner, hosts, owners, situation.limits)) if host else ()
        for piece in pieces:
            yield _errand(piece, situation.circuits).model_copy(update={"turns": turns, "host": host, "keeps": keeps})


def _shows_the_present(source: PulledSource) -> bool:
    """Whether its next picture replaces the one before."""
    return isinstance(source, MjpegSource) or (isinstance(source, HttpSource) and source.kind == "http_picture")


def _cut(group: list[tuple[Pull, _Wish]]) -> Iterator[list[tuple[Pull, _Wish]]]:
    """One host's pulls in pieces that are due together."""
    piece: list[tuple[Pull, _Wish]] = []
    for pull, wish in sorted(group, key=lambda one: (one[0].at, one[0].camera_id)):
        if piece and (len(piece) >= ERRAND_PULLS or (pull.at - piece[0][0].at).total_seconds() >= SPAN_SECONDS):
            yield piece
            piece = []
        piece.append((pull, wish))
    yield piece


def _turns(host: str, owner: str, hosts: Counter[str], owners: Counter[str], limits: PullLimits) -> Iterator[Turn]:
    """Limits that the plan itself does not keep: an errand may last into the next minute, and no longer."""
    for name, slots, errands in (
        (f"host/{host}", limits.of_host(host).at_once, hosts[host]),
        (f"owner/{owner}", limits.of_owner(owner).at_once, owners[owner]),
    ):
        if slots < min(limits.workers, 2 * errands):
            yield Turn(name=name, slots=slots)


def _errand(piece: Sequence[tuple[Pull, _Wish]], circuits: Mapping[str, Circuit]) -> Errand:
    keys = {key for pull, wish in piece for key in (pull.camera_id, host_key(wish.host))}
    return Errand(
        pulls=tuple(pull for pull, _ in piece),
        until=max(late_at(pull, wish.source) for pull, wish in piece),
        circuits={key: circuits[key] for key in sorted(keys) if key in circuits},
    )
