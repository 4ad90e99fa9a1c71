"""A function's zip: its own folder alone, under its path in the repository, so that imports read the same."""

from itertools import accumulate

from aws_cdk import IgnoreMode
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_

from infra import ROOT
from infra.settings import Settings


def function_code(path: str) -> lambda_.Code:
    """functions/<path>/ as a zip; raises FileNotFoundError where it holds no handler.py."""
    folder = f"functions/{path}"
    if not (ROOT / folder / "handler.py").is_file():
        raise FileNotFoundError(f"{folder}/handler.py is missing: a function is a folder with a handler")
    return lambda_.Code.from_asset(str(ROOT), ignore_mode=IgnoreMode.GIT, exclude=_all_but(folder))


def _all_but(folder: str) -> list[str]:
    """Patterns as in .gitignore that leave one folder: each step of the way is opened, its neighbours are not."""
    steps = list(accumulate(folder.split("/"), "{}/{}".format))
    opened = [pattern for step in steps for pattern in (f"!/{step}/", f"/{step}/*")]
    return ["/*", *opened[:-1], "__pycache__", "*.pyc"]


def container_image(settings: Settings, path: str) -> ecs.ContainerImage:
    """containers/<path>/ with what its Dockerfile copies; built when it is published, not when it is synthesized."""
    if settings.images_from == "name":
        return ecs.ContainerImage.from_registry(f"civicam/{path}")
    return ecs.ContainerImage.from_asset(
        str(ROOT),
        file=f"containers/{path}/Dockerfile",
        platform=ecr_assets.Platform.LINUX_AMD64,
        ignore_mode=IgnoreMode.DOCKER,
        exclude=["*", "!layers/common/python", f"!containers/{path}", "!models/catalog.toml", "**/__pycache__"],
    )
