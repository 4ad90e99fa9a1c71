"""An errand: what one worker does at one host in one go, in bounded time; and what becomes of what it did not do."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from civicam.cameras.circuit import Circuit
from civicam.cameras.pulls import Pull
from civicam.contracts.base import Body, Moment
from civicam.contracts.errors import CityError, Rejected, Unavailable

ERRAND_SECONDS = 25.0
"""No pull of an errand begins later than this after its first one: with the last pull's own 20 s it ends within 45 s,
and a host that answers slowly holds a worker no longer. Two sources in a row that are away fit in."""
AWAY_AFTER = 2
"""Sources of one host that are away one after the other: the others of the errand are not asked."""
MOST_TRIES = 3
_NOT_THE_SOURCES = frozenset(
    {"unknown_camera", "not_pulled", "agreement_ended", "not_found", "conflict", "duplicate_content"}
)


class SourceAway(Unavailable):
    """The source did not answer, or not as a source should: it is the camera's failure, not the city's."""


class Turn(Body):
    """A limit on who is asked at the same time: one of so many slots is held during the errand."""

    name: str
    slots: int = Field(ge=1)


class Errand(Body):
    """One message of the pull queue."""

    pulls: tuple[Pull, ...] = Field(min_length=1)
    """Oldest first; sources of one host, or series to close, which no host is asked for."""
    until: Moment
    """From then on nothing of it is worth doing."""
    keeps: bool = False
    """Whether what it fetches is gone if it is not fetched: a picture has its successor, a clip has not."""
    turns: tuple[Turn, ...] = ()
    """Whose turn has to be waited for. None where the plan itself keeps the limit."""
    host: str = ""
    circuits: dict[str, Circuit] = Field(default_factory=dict)
    """Of the sources that failed of late, and of the host (`host_key`)."""
    tries: int = Field(default=1, ge=1)

    def again(self, pulls: Sequence[Pull]) -> "Errand":
        """The same for what is left of it."""
        return self.model_copy(update={"pulls": tuple(pulls), "tries": self.tries + 1})


@dataclass(frozen=True)
class Done:
    """What came of a pull: a word, and the error where there was one."""

    pull: Pull
    outcome: str
    error: CityError | None = None

    @property
    def failed(self) -> bool:
        """Whether it counts against the source."""
        if isinstance(self.error, Rejected):
            return self.error.reason not in _NOT_THE_SOURCES
        return isinstance(self.error, SourceAway)

    @property
    def answered(self) -> bool:
        """Whether the source did as it should; a pull that was let go says nothing of it."""
        return self.error is None and self.pull.action != "close" and self.outcome != "late"


@dataclass(frozen=True)
class Run:
    """An errand that was run: what was done, and what was not, oldest first."""

    done: tuple[Done, ...]
    left: tuple[Pull, ...] = ()

    def host_works(self, errand: Errand) -> bool | None:
        """Whether the host does, as far as this tells: one that answered does. False where sources one after the other
        were away, or the one that was to show whether it is back; None where only one was, which has its own circuit.
        """
        if any(done.answered for done in self.done):
            return True
        is_probe = host_key(errand.host) in errand.circuits and any(done.failed for done in self.done)
        return False if is_probe or _is_away(self.done) else None

    def rest(self, errand: Errand, at: datetime) -> Errand | None:
        """What another errand should still do: what there was no time for, and what is gone if nobody asks again.

        None where that is nothing, comes too late, or was tried often enough.
        """
        away = [done.pull for done in self.done if errand.keeps and isinstance(done.error, Unavailable)]
        left = self.left if errand.keeps or not _is_away(self.done) else ()
        pulls = sorted([*away, *left], key=lambda pull: pull.at)
        return errand.again(pulls) if pulls and errand.tries < MOST_TRIES and at < errand.until else None


def run(errand: Errand, do: Callable[[Pull], str], clock: Callable[[], datetime]) -> Run:
    """Do an errand's pulls in order, as long as there is time and the host answers; `do` raises CityError.

    Those whose source failed last come last: the others do not wait for its time to be over.
    """
    until = clock() + timedelta(seconds=ERRAND_SECONDS)
    done: list[Done] = []
    pulls = sorted(errand.pulls, key=lambda pull: (pull.camera_id in errand.circuits, pull.at))
    for number, pull in enumerate(pulls):
        if clock() >= until or _is_away(done):
            return Run(tuple(done), tuple(pulls[number:]))
        done.append(_one(pull, do))
    return Run(tuple(done))


def _one(pull: Pull, do: Callable[[Pull], str]) -> Done:
    try:
        return Done(pull, do(pull))
    except Rejected as error:
        return Done(pull, "refused", error)
    except Unavailable as error:
        return Done(pull, "away", error)


def _is_away(done: Sequence[Done]) -> bool:
    return len(done) >= AWAY_AFTER and all(isinstance(one.error, SourceAway) for one in done[-AWAY_AFTER:])


def host_key(host: str) -> str:
    """Under which a host's circuit stands among those of sources."""
    return f"host/{host}"


def due(pulls: Iterable[Pull]) -> datetime:
    """When an errand is to be run: when its last pull is due."""
    return max(pull.at for pull in pulls)
