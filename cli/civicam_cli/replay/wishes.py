"""What somebody asks for on the command line -> a ReplayWish, and from the planning function -> a Replay."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

import boto3
from botocore.config import Config
from pydantic import JsonValue, ValidationError

from civicam.aws.models import ModelStore
from civicam.contracts.errors import Inconsistent, NotFound, Rejected
from civicam.contracts.replay import Overrides, Replay, ReplayWish
from civicam.vision.catalogue import load_catalogue
from civicam_cli.deployment import Deployment
from civicam_cli.models import warn_of_licences
from civicam_cli.moments import read_moment

PLANNING_SECONDS = 910
"""Planning may take as long as a function may."""


def wish_of(
    since: str, until: str, *, cameras: str = "", models: Sequence[str] = (), rules: Path | None = None
) -> ReplayWish:
    """The wish; raises Rejected, with the option's remedy, for what cannot be meant."""
    named = tuple(name.strip() for name in cameras.split(",") if name.strip())
    try:
        return ReplayWish(
            start=read_moment(since),
            end=read_moment(until),
            cameras=named,
            overrides=Overrides.model_validate({"models": _by_pass(models), "parameters": _parameters(rules)}),
        )
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise Rejected("wrong_wish", f"this cannot be replayed: {wrong}") from error


def require_models(wish: ReplayWish) -> None:
    """Raise NotFound where the city has no file of a model that is asked for; say where a licence is not clear."""
    models = [load_catalogue().model(name) for name in wish.overrides.models.values()]
    warn_of_licences(models)
    for model in models:
        if not ModelStore.from_env().holds(model):
            raise NotFound(
                f"the city has no file of model {model.name}: put it there with `civicam models publish {model.name}`"
            )


def planned(deployment: Deployment, wish: ReplayWish) -> Replay:
    """The replay that the city's function planned; raises Rejected with what it says against it."""
    config = Config(read_timeout=PLANNING_SECONDS, retries={"max_attempts": 1})
    answer = boto3.client("lambda", config=config).invoke(
        FunctionName=deployment.outputs["PlanReplayFunction"], Payload=wish.model_dump_json().encode()
    )
    told = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise Inconsistent(f"planning failed: {told.get('errorMessage') or told}")
    if "refused" in told:
        raise Rejected(told["refused"], told["message"])
    return Replay.model_validate(told)


def _by_pass(models: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for model in map(load_catalogue().model, models):
        if model.task in found:
            raise Rejected(
                "contradiction", f"{found[model.task]} and {model.name} both find {model.task}: name one of them"
            )
        found[str(model.task)] = model.name
    return found


def _parameters(rules: Path | None) -> dict[str, dict[str, JsonValue]]:
    """A TOML file with a table an analytic, such as `[vehicle]`."""
    if rules is None:
        return {}
    try:
        told = tomllib.loads(rules.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Rejected("unreadable", f"{rules} cannot be read as TOML: {error}") from error
    if stray := [name for name, value in told.items() if not isinstance(value, dict)]:
        raise Rejected("unreadable", f"{rules}: {', '.join(stray)} belongs to no analytic: put it under one's [name]")
    return told
