"""`civicam analyse`: files through the functions' own code, without AWS; one document an input."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from civicam.contracts.errors import CityError, Rejected
from civicam.vision.analytics import ANALYTICS
from civicam.vision.catalogue import load_catalogue
from civicam_cli.analysis.camera import read_camera
from civicam_cli.analysis.choice import Models
from civicam_cli.analysis.document import Wish, look_at
from civicam_cli.analysis.rendering import Target
from civicam_cli.analysis.rendering import render as write_render
from civicam_cli.analysis.table import print_document
from civicam_cli.models import warn_of_licences

NAMES = tuple(analytic.name for analytic in ANALYTICS)
DEFAULT_FPS = 5.0


def analyse(  # noqa: PLR0917 - each is an option of the command line
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Videos, pictures, or zips of pictures.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document an input and line.")] = False,
    every_frame: Annotated[bool, typer.Option("--every-frame", help="Look at all frames, moving or not.")] = False,
    fps: Annotated[float | None, typer.Option(help="Frames a second to look at (5 unless said).", min=0.01)] = None,
    camera: Annotated[Path | None, typer.Option(help="CAMERA.json: camera_id, lines, zones in pixels.")] = None,
    analytics: Annotated[str, typer.Option(help="Which, separated by commas.")] = ",".join(NAMES),
    model: Annotated[
        list[str] | None, typer.Option(help="A model or panel of `civicam models list`; once for each task.")
    ] = None,
    render: Annotated[
        Path | None, typer.Option(help="Write what was seen, redacted: a folder, a .mp4, or a .jpg for pictures.")
    ] = None,
) -> None:
    """Say what is in files: objects, faces, tracks, and the facts the city would state. Exit code 1 if one fails."""
    if every_frame and fps is not None:
        raise Rejected("contradiction", "--every-frame and --fps contradict each other: give one of them")
    wish = Wish(read_camera(camera), _chosen(analytics), fps or DEFAULT_FPS, every_frame)
    target = Target(render) if render else None
    if target:
        target.admit(inputs)
    models = Models(load_catalogue(), tuple(model or ()))
    warn_of_licences([one for name in model or () for one in models.catalogue.behind(name)])
    failed = sum(not _analyse_one(path, wish, models, target, as_json=as_json) for path in inputs)
    raise typer.Exit(1 if failed else 0)


def _chosen(analytics: str) -> tuple[str, ...]:
    chosen = tuple(name.strip() for name in analytics.split(",") if name.strip())
    unknown = [name for name in chosen if name not in NAMES]
    if unknown or not chosen:
        raise Rejected(
            "unknown_analytic", f"{', '.join(unknown) or 'nothing'} is no analytic: there are {', '.join(NAMES)}"
        )
    return chosen


def _analyse_one(path: Path, wish: Wish, models: Models, target: Target | None, *, as_json: bool) -> bool:
    """Whether it went well; the document, or the error, is printed."""
    try:
        analysis = look_at(path, wish, models)
        document = analysis.described(wish.camera)
        if target:
            document["rendered"] = write_render(analysis, wish, models, target)
    except CityError as error:
        sys.stderr.write(f"civicam: {path}: {error}\n")
        reason = error.reason if isinstance(error, Rejected) else type(error).__name__.lower()
        document = {"input": str(path), "error": {"reason": reason, "message": str(error)}}
    if as_json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    elif "error" not in document:
        print_document(document, Console())
    return "error" not in document
