"""The document of one input as a table: what a person wants to know first."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table


def print_document(document: dict[str, Any], console: Console) -> None:
    """Most at once and number of tracks by label, crossings and speeds by line, and which models looked."""
    models = ", ".join(f"{task} {model['name']}" for task, model in document["model"].items())
    size = f"{document['width']} x {document['height']}"
    table = Table("what", "most at once", "tracks")
    for row in (*_labels(document["frames"]), *_crossings(document["facts"]), *_speeds(document["facts"])):
        table.add_row(*row)
    console.print(
        f"[bold]{document['input']}[/bold], {size}, {len(document['frames'])} frames; {models}", soft_wrap=True
    )
    console.print(table)


def _labels(frames: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    most: Counter[str] = Counter()
    tracks: dict[str, set[str]] = {}
    for frame in frames:
        most |= Counter(thing["label"] for thing in frame["objects"]) | Counter(face=len(frame["faces"]))
        for thing in frame["objects"]:
            tracks.setdefault(thing["label"], set()).update({thing["track_id"]} - {None})
    for label, count in sorted(most.items()):
        yield label, str(count), str(len(tracks[label])) if label in tracks else ""


def _crossings(facts: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for fact in facts:
        for crossing in fact["data"].get("crossings", ()):
            way = f"{crossing['label']} across {crossing['line_id']}, {crossing['direction']}"
            yield way, "", str(crossing["count"])
        if fact["data"].get("suspended"):
            yield f"lines and zones suspended: {fact['data']['suspended']}", "", ""


def _speeds(facts: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for fact in facts:
        for line in fact["data"].get("lines", ()):
            if line["speed_kmh_mean"] is not None:
                yield (
                    f"mean speed across {line['line_id']}, {line['direction']}",
                    "",
                    f"{line['speed_kmh_mean']:g} km/h",
                )
