"""What differs between the city's environments: one frozen value for each, chosen by `-c environment=NAME`."""

from typing import Literal

from pydantic import Field

from civicam.cameras.planning import Limit, PullLimits
from civicam.contracts.allocation import Budget
from civicam.contracts.base import Body


class Settings(Body):
    """One environment of the city. The defaults are those of an AWS account."""

    environment: str
    region: str = "ap-southeast-1"
    python: str = "3.13"
    """Of all functions and layers (docs/decisions/0006)."""
    protect: bool = True
    """Keep buckets, tables and the key when a stack goes, and refuse to delete a table."""
    versioned: bool = True
    """Keep what was overwritten or deleted in a bucket for a week."""
    tracing: bool = True
    layers_from: Literal["build", "interpreter"] = "build"
    """`interpreter`: no layers, because what runs the functions has the locked packages itself."""
    images_from: Literal["build", "name"] = "build"
    """`name`: container images are named civicam/<word>/<name> and nobody builds them."""
    alarm_email: str | None = None
    alert_email: str | None = None
    mfa: bool = True
    """Whether people must sign in with a second factor."""
    log_retention: Literal["ONE_WEEK", "TWO_WEEKS", "THREE_MONTHS", "ONE_YEAR"] = "THREE_MONTHS"

    retention_days: dict[str, int] = Field(default={"short": 3, "standard": 30, "long": 365})
    """Days that footage is kept, by retention class (the second part of its key)."""
    quarantine_days: int = 14
    max_clip_bytes: int = 200_000_000
    max_clip_seconds: int = 600
    private_networks: tuple[str, ...] = ()
    """CIDRs that sources and webhooks may reach although they are private."""
    source_ports: str = "80,443,8080,8443"
    """Ports at which sources and webhooks are called, ranges too (`8000-8100`)."""

    analysed: Budget = Budget(cameras=50)
    """How many cameras are analysed at one time, and for how much, unless `civicam cameras budget` says otherwise."""
    clips_at_once: int = Field(default=50, ge=2)
    """Clips in the hot path at one time: the functions on it are reserved this much concurrency each."""
    helpers_at_once: int = Field(default=10, ge=2)
    """Concurrency of each function that reads a queue beside the hot path."""
    pull_limits: PullLimits = PullLimits()
    """How many workers read sources, and how much may be asked of whom: the city's is what those workers do at half a
    second a pull."""
    requests_at_once: int = Field(default=50, ge=2)
    """Concurrency of the API."""
    run_tries: int = Field(default=8, ge=2)
    """Times that a clip is tried before it goes to the dead letters."""
    batches_at_once: int = Field(default=20, ge=1)
    """Tasks of one replay that run beside each other."""
    live_models: dict[Literal["objects", "faces"], str] = Field(default={"objects": "yolox-nano"})
    """By pass, the model that looks at live footage where its file is published; else the floor does. On AWS only one
    whose licence is clear: a city signs for it."""
    inference_precision: Literal["best", "f32"] = "best"
    """`f32`: the same boxes on every processor; `best`: bf16 where it has that (docs/decisions/0021)."""
    lake_batch_seconds: int = Field(default=45, ge=1, le=300)
    """A row stands in the lake within a minute, its commit included; each commit puts up to 19 objects a table."""
    gpu_workers: tuple[int, int] = (0, 2)
    """Fewest and most detector tasks."""
    gpu_instance: str = "g4dn.xlarge"
    gpu_spot: bool = True
    """Whether its instances are Spot ones: for a third of the price they may be taken back at two minutes' warning."""
    gpu_capacity: bool = True
    """Whether stack VisionGpu brings instances for them."""


LAPTOP = Settings(
    environment="laptop",
    region="us-east-1",
    protect=False,
    versioned=False,
    tracing=False,
    layers_from="interpreter",
    images_from="name",
    mfa=False,
    log_retention="ONE_WEEK",
    private_networks=("127.0.0.0/8",),
    source_ports="1-65535",
    clips_at_once=2,
    run_tries=3,
    helpers_at_once=2,
    pull_limits=PullLimits(
        workers=2,
        city_per_minute=6000,
        host=Limit(at_once=1, per_minute=300),
        owner=Limit(at_once=2, per_minute=6000),
        hosts={"127.0.0.1": Limit(at_once=2, per_minute=6000)},
    ),
    requests_at_once=4,
    batches_at_once=2,
    live_models={"objects": "picodet-s", "faces": "yunet-n"},
    lake_batch_seconds=10,
    gpu_workers=(1, 1),
    gpu_capacity=False,
)
STAGING = Settings(
    environment="staging", protect=False, clips_at_once=10, requests_at_once=10, log_retention="TWO_WEEKS"
)
PRODUCTION = Settings(environment="production")

ENVIRONMENTS = {settings.environment: settings for settings in (LAPTOP, STAGING, PRODUCTION)}
