"""What the farm gave out, line by line, and how that stands against what the city has."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from civicam.contracts.base import Body, Moment
from civicam.contracts.ids import Sha256


class Offer(Body):
    """A clip, or a picture, that the farm gave out whole: to who asked, or to the city's API."""

    camera: str
    kind: Literal["clip", "picture", "push"]
    sha256: Sha256
    start: Moment
    end: Moment

    @property
    def key(self) -> str:
        """What the city must have of it: a clip by its bytes, a picture by the minute of its series."""
        minute = self.end.replace(second=0, microsecond=0)
        return f"{self.camera} {minute:%H:%M}" if self.kind == "picture" else self.sha256


@dataclass(frozen=True)
class Held:
    """What the city has of one camera: digests of clips, first moments of series, and what it refused."""

    clips: Collection[str]
    series: Collection[datetime]


@dataclass(frozen=True)
class Account:
    """What became of what was offered, of cameras that are analysed; each clip or series counts once."""

    offered: int
    stored: int
    refused: int
    """Not stored, but with a fact that says why: a source whose clock is wrong."""
    lost: tuple[str, ...]


def read(path: Path) -> list[Offer]:
    """The lines of a ledger; a last one that broke off is left out."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [Offer.model_validate_json(line) for line in lines if line.endswith("\n")]


def account(offers: Iterable[Offer], analysed: Set[str], held: Mapping[str, Held], refused: Collection[str]) -> Account:
    """Hold the ledger against the city. `analysed` and the keys of `held`: names of cameras; `refused`: digests."""
    wanted = {offer.key: offer for offer in offers if offer.camera in analysed}
    fates = Counter[str]()
    lost = list[str]()
    for key, offer in sorted(wanted.items()):
        fate = _fate(offer, held.get(offer.camera, Held((), ())), refused)
        fates[fate] += 1
        if fate == "lost":
            lost.append(key)
    return Account(len(wanted), fates["stored"], fates["refused"], tuple(lost))


def _fate(offer: Offer, held: Held, refused: Collection[str]) -> str:
    minute = offer.end.replace(second=0, microsecond=0)
    if (minute in held.series) if offer.kind == "picture" else (offer.sha256 in held.clips):
        return "stored"
    return "refused" if offer.sha256 in refused else "lost"
