"""The city, stack by stack, in the order a clip meets them.

cdk synth -c environment=laptop|staging|production; the laptop is what is meant where nobody says.
"""

import json
from pathlib import Path

from aws_cdk import App, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from infra import ROOT
from infra.settings import ENVIRONMENTS, LAPTOP, Settings
from infra.stacks.backbone import Backbone
from infra.stacks.cameras import Cameras
from infra.stacks.lake import Lake
from infra.stacks.operations import Operations
from infra.stacks.security import Security
from infra.stacks.vision import Vision
from infra.stacks.vision_gpu import VisionGpu
from infra.stacks.watch import Watch


def city(app: App, settings: Settings) -> None:
    """Every stack of one environment."""
    security = Security(app, settings=settings)
    backbone = Backbone(app, security=security)
    Lake(app, security=security, backbone=backbone)
    cameras = Cameras(app, security=security, backbone=backbone)
    gpu = VisionGpu(app, security=security, backbone=backbone) if settings.gpu_capacity else None
    vision = Vision(app, security=security, backbone=backbone, cameras=cameras, gpu=gpu)
    watch = Watch(app, security=security, backbone=backbone, cameras=cameras)
    Operations(app, security=security, cameras=cameras, vision=vision, watch=watch)
    Tags.of(app).add("project", "civicam")
    Tags.of(app).add("environment", settings.environment)


def synthesize(settings: Settings, folder: Path, *, check: bool = True) -> Path:
    """The cloud assembly of one environment, without the CDK command line; raises where cdk-nag finds something."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(outdir=str(folder), context=context, analytics_reporting=False, tree_metadata=False)
    city(app, settings)
    if check:
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return Path(app.synth().directory)


def main() -> None:
    """What the CDK command line runs."""
    app = App(analytics_reporting=False, tree_metadata=False)
    name = app.node.try_get_context("environment") or LAPTOP.environment
    if name not in ENVIRONMENTS:
        raise SystemExit(f"environment {name!r} is not one of {', '.join(ENVIRONMENTS)} (infra/settings.py)")
    settings = ENVIRONMENTS[name]
    city(app, settings)
    if settings is not LAPTOP:
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    main()
