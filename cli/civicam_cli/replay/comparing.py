"""`civicam replay diff`: two runs over the same footage, and what the second one says otherwise."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from civicam.aws.clip_facts import ClipFacts
from civicam.aws.registry import Registry
from civicam.aws.replays import Replays
from civicam.contracts.errors import CityError
from civicam.contracts.ids import LIVE
from civicam.contracts.replay import Replay
from civicam.vision.differences import Difference, Pair, pairs
from civicam_cli.deployment import use_deployment
from civicam_cli.moments import both
from civicam_cli.replay.page import Shown, line, write_page
from civicam_cli.replay.pictures import Pictures

CHANGES = ("gained", "lost", "changed")
LISTED = 20


@dataclass
class Comparison:
    """What was found so far; of the clips, only those that differ most are kept."""

    most: int
    clips: int = 0
    only_first: int = 0
    only_second: int = 0
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By camera, rule and change."""
    _kept: list[tuple[int, int, Pair]] = field(default_factory=list)

    def take(self, pair: Pair) -> list[Difference]:
        """Count one clip; returns how it differs."""
        self.clips += pair.first is not None and pair.second is not None
        self.only_first += pair.second is None
        self.only_second += pair.first is None
        found = pair.differences()
        self.counts.update((one.camera_id, one.rule, one.change) for one in found)
        if found and self.most:
            put = heappush if len(self._kept) < self.most else heappushpop
            put(self._kept, (_weight(found), -self.clips, pair))
        return found

    @property
    def foremost(self) -> list[Pair]:
        """The clips that differ most, in that order."""
        return [pair for _, _, pair in sorted(self._kept, key=lambda kept: kept[:2], reverse=True)]

    def rows(self) -> list[list[str]]:
        """Camera, rule, and how many facts were gained, lost and changed."""
        named = sorted({(camera, rule) for camera, rule, _ in self.counts})
        return [[camera, rule, *(str(self.counts[camera, rule, one]) for one in CHANGES)] for camera, rule in named]


def diff(
    run: Annotated[str, typer.Argument(help="The replay's id.")],
    against: Annotated[str, typer.Option(help="`live`, or another replay's id.")] = LIVE,
    out: Annotated[Path | None, typer.Option(help="Write a page with pictures of the disagreements there.")] = None,
    pictures: Annotated[int, typer.Option(min=0, help="Clips on the page, those that differ most.")] = LISTED,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document with every difference.")] = False,
) -> None:
    """Say what a replay states otherwise: facts gained, lost and changed, by camera and rule. Pictures are redacted."""
    use_deployment()
    replay = Replays.from_env().get(run)
    if against != LIVE:
        Replays.from_env().get(against)
    compared = Comparison(pictures if out else LISTED)
    found = (difference for pair in judged_by_both(replay, against) for difference in compared.take(pair))
    every = [one.model_dump(mode="json") for one in found if as_json]
    page = _page(out, compared, replay, against) if out else None
    if as_json:
        typer.echo(json.dumps(_document(compared, replay, against, every, page), ensure_ascii=False))
    else:
        _print(compared, replay, against, page)


def judged_by_both(replay: Replay, against: str) -> Iterator[Pair]:
    """The clips of the replay's cameras and time, as the two runs judged them, read as they are asked for."""
    facts, wish = ClipFacts.from_env(), replay.wish
    for camera_id in wish.cameras or sorted(camera.camera_id for camera in Registry.from_env().all()):
        runs = (facts.between(camera_id, run, wish.start, wish.end) for run in (against, replay.run))
        yield from pairs(*runs)


def _page(folder: Path, compared: Comparison, replay: Replay, against: str) -> Path:
    source = Pictures.from_env()
    shown = [_shown(pair, source) for pair in compared.foremost]
    return write_page(folder, f"{replay.run} against {against}", (against, replay.run), compared.rows(), shown)


def _shown(pair: Pair, source: Pictures) -> Shown:
    found = pair.differences()
    if pair.first is None or pair.second is None:
        return Shown(found, None, "only one run judged the clip")
    try:
        return Shown(found, source.of(pair.first.clip, pair.second.clip, found[0].reads))
    except CityError as error:
        return Shown(found, None, str(error))


def _print(compared: Comparison, replay: Replay, against: str, page: Path | None) -> None:
    console = Console(highlight=False)
    table = Table("camera", "rule", *CHANGES, box=None)
    for row in compared.rows():
        table.add_row(*row)
    console.print(f"{replay.run} against {against}: {_said(compared)}")
    console.print(table if compared.counts else "They say the same.")
    for pair in compared.foremost:
        found = pair.differences()
        console.print(f"\n{found[0].camera_id}, {both(found[0].capture_start)}")
        for one in found:
            console.print(f"    {line(one)}")
    if page:
        console.print(f"\npictures: {page}")


def _said(compared: Comparison) -> str:
    return (
        f"{compared.clips} clips that both judged, {sum(compared.counts.values())} facts differ; "
        f"{compared.only_first} clips only in the first, {compared.only_second} only in the second"
    )


def _document(
    compared: Comparison, replay: Replay, against: str, every: list[dict[str, object]], page: Path | None
) -> dict[str, object]:
    return {
        "run": replay.run,
        "against": against,
        "clips": compared.clips,
        "only_first": compared.only_first,
        "only_second": compared.only_second,
        "counts": [
            dict(zip(("camera_id", "rule", *CHANGES), [*row[:2], *map(int, row[2:])], strict=True))
            for row in compared.rows()
        ],
        "differences": every,
        "page": str(page) if page else None,
    }


def _weight(found: list[Difference]) -> int:
    return sum(max(1, len(difference.measures)) for difference in found)
