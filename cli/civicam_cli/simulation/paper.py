"""What 1,000, 10,000 and 100,000 cameras ask of AWS against its quotas, on paper: the first limit at each scale."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from civicam_cli.bench.cost import CALLS, COMMIT_SECONDS, LAKE_TABLES, S3_PUTS, WRITES
from civicam_cli.simulation.report import LOOK_SECONDS, LOOK_WRITES

SCALES = (1_000, 10_000, 100_000)
SHARE_ANALYSED = 0.05
CLIP_SECONDS = 60
LOOK_EVERY_SECONDS = 60
BUSY_SECONDS = {"looking": 2.0, "waiting": 2.3, "others": 0.5}
"""Of a clip of 60 s: look_at_clip's time (0.26 CPU s for ten seconds of footage, `civicam bench --only cost`,
2026-11-24, and its calls), admit_clip's, which waits for it, and all other functions' together (assumed)."""
WRITES_A_CLIP = WRITES + 5
"""Write units: claims, and a judgement of five kilobytes."""
ITEM_KB = 0.05
"""Of one camera in the item of the allocation, compressed (tests/cameras/test_allocations.py)."""


@dataclass(frozen=True)
class Quota:
    """One limit: what it is on a new account, whether it can be raised, and who says so."""

    name: str
    default: float
    unit: str
    raised: Literal["can be raised", "fixed"]
    source: str
    remedy: str


QUOTAS = {
    "lambda": Quota(
        "Lambda, concurrent executions",
        1_000,
        "at once",
        "can be raised",
        "Lambda Developer Guide, Lambda quotas",
        "ask for tens of thousands; the GPU tier takes the looking out of Lambda",
    ),
    "invocations": Quota(
        "EventBridge, invocations of targets",
        2_250,
        "a second",
        "can be raised",
        "EventBridge User Guide, quotas: ap-southeast-1",
        "beyond it targets are called later; ask for more",
    ),
    "fifo": Quota(
        "SQS FIFO without high throughput, calls of one kind",
        300,
        "a second",
        "fixed",
        "SQS Developer Guide, FIFO throttling",
        "high throughput by message group: a group is a camera already; batches",
    ),
    "api": Quota(
        "API Gateway, requests",
        10_000,
        "a second",
        "can be raised",
        "API Gateway Developer Guide, quotas",
        "ask for more; recorders with longer clips",
    ),
    "puts": Quota(
        "S3, writes under one prefix",
        3_500,
        "a second",
        "fixed",
        "from memory: S3 User Guide, performance",
        "S3 splits by key by itself: a camera's id stands early in every key",
    ),
    "writes": Quota(
        "DynamoDB on demand, write units of one table",
        40_000,
        "a second",
        "can be raised",
        "from memory: DynamoDB Developer Guide, quotas",
        "ask for more; claims by clip id are spread evenly",
    ),
    "item": Quota(
        "DynamoDB, size of the item of the allocation",
        400,
        "kB",
        "fixed",
        "DynamoDB Developer Guide, constraints",
        "an item for each hundred units, chosen unit by unit (decision 0030)",
    ),
    "plan": Quota(
        "One run of plan_pulls, which reads the whole registry in a minute",
        60,
        "seconds",
        "fixed",
        "infra/stacks/cameras.py; 1.2 ms a camera, assumed",
        "plan by unit, a run each",
    ),
}
SECONDS_A_CAMERA_PLANNED = 0.0012


@dataclass(frozen=True)
class Asked:
    """What so many cameras ask of one limit."""

    quota: Quota
    asked: float

    @property
    def share(self) -> float:
        """Of what a new account has."""
        return self.asked / self.quota.default


def asked_by(cameras: int, share: float = SHARE_ANALYSED) -> list[Asked]:
    """Every limit, the one that is nearest first."""
    analysed = cameras * share
    clips, looks = analysed / CLIP_SECONDS, (cameras - analysed) / LOOK_EVERY_SECONDS
    rates = {
        "lambda": clips * sum(BUSY_SECONDS.values()) + looks * LOOK_SECONDS,
        "invocations": clips * (CALLS["events_million"] + 1),
        "fifo": clips,
        "api": clips * CALLS["api_requests_million"],
        "puts": clips * S3_PUTS + LAKE_TABLES * 19 / COMMIT_SECONDS,
        "writes": clips * WRITES_A_CLIP + looks * LOOK_WRITES,
        "item": cameras * ITEM_KB,
        "plan": cameras * SECONDS_A_CAMERA_PLANNED,
    }
    found = [Asked(QUOTAS[name], rate) for name, rate in rates.items()]
    return sorted(found, key=lambda one: (-one.share, one.quota.name))


def page() -> Iterator[str]:
    """A table a scale, for the share that is analysed now and for all."""
    for cameras in SCALES:
        for share in (SHARE_ANALYSED, 1.0):
            first, *_ = found = asked_by(cameras, share)
            yield f"\n### {cameras:,} cameras, {cameras * share:,.0f} analysed\n"
            reached = f"**{first.quota.name}**: {first.share:.0%} of a new account's"
            verdict = "The first limit reached" if first.share > 1 else "None is reached; the nearest"
            yield f"{verdict} is {reached}. Remedy: {first.quota.remedy}.\n"
            yield "| limit | asked | of a new account | |\n|---|---|---|---|"
            for one in found:
                asked = f"{one.asked:,.1f} {one.quota.unit}"
                yield f"| {one.quota.name} | {asked} | {one.share:.1%} | {one.quota.raised} |"
    yield "\n### Sources\n\nLooked up 2026-12-01; those from memory could not be.\n"
    yield "| limit | a new account has | source |\n|---|---|---|"
    for quota in QUOTAS.values():
        yield f"| {quota.name} | {quota.default:,.0f} {quota.unit} | {quota.source} |"
