"""What a camera costs an hour on AWS: measured CPU seconds and counted calls, at dated list prices, without storage."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

from civicam.aws.packed_facts import pack
from civicam.contracts.facts import ClipFact, CloudEvent
from civicam.lake.schemas import CAMERA_BUCKETS
from civicam.vision.catalogue import Task
from civicam.vision.prices import NOT_FOUND, SINGAPORE, SOURCES, Prices
from civicam_cli.bench.clips import SECONDS
from civicam_cli.bench.lanes import measure_lanes
from civicam_cli.bench.part import Bench, Goal, Part, Share, table
from civicam_cli.bench.ways import CityWay, Sampling, model_and_file

LENGTHS = (10, 30, 60)
"""Seconds of a clip. The headline is the last: what a source that is pulled has by default."""
ON_A_GPU = (25, 50, 100, 200)
"""Cameras that share one GPU instance. How many it can serve was not measured: no GPU was at hand."""
ROUNDS = 2
VCPU_GB = 1769 / 1024
"""Lambda gives a whole virtual CPU at 1,769 MB, and in proportion below (Lambda Developer Guide, "Configure memory"),
so a CPU second costs so many GB-seconds at any size."""
WAITING_GB, WAITING_SECONDS = 128 / 1024, 0.3
"""admit_clip waits for the machine, whose steps' calls take about this long (assumed)."""
EXPRESS_GB = 64 / 1024
HELPER_CPU_SECONDS = 0.06
"""Of all functions beside sampling, detection and the lake's writer together, a clip: 55 ms on the embedded AWS with 50
cameras (docs/decisions/0022)."""
CALLS_WAITED, CALL_SECONDS, HELPER_GB = 26, 0.006, 256 / 1024
"""What those functions ask of AWS for a clip, counted on the embedded AWS, and how long each waits (assumed)."""
CALLS: Mapping[str, float] = {
    "api_requests_million": 2,
    "lambda_requests_million": 7,
    "express_requests_million": 1,
    "events_million": 4,
    "sqs_million": 13,
    "sqs_in_order_million": 3,
    "traces_million": 0.05,
}
"""A clip on its way, counted in the stacks: declared and completed; admit, look, judge, publish, evaluate; the machine;
stored and three facts; sent, received and deleted in five queues, some of them in batches, one of them in order; one
trace in twenty."""
S3_PUTS, S3_GETS, READS, WRITES = 2, 4, 13, 7
"""Footage and boxes; the same read, and two looks at the footage; rows looked up; declaration, claim and end with their
indexes."""
SHARED_BY, LAKE_TABLES = 50, 4
"""Cameras that share the lake's commits; the tables to which every clip adds a row."""
COMMIT_SECONDS = 45
"""The window of the lake on AWS (infra/settings.py)."""
COMMIT_PUTS, COMMIT_CATALOGUE, COMMIT_CPU_SECONDS = 3, 3, 0.2
"""Besides its data files a commit puts a manifest, their list and the table's metadata, and asks the catalogue thrice
(tests/lake/test_lake_io.py); CPU as measured for 50 rows (docs/decisions/0022)."""
ITEM_KB = 3.7
"""Of a clip's judgement beside its facts: the news of its boxes (2.0), the tracks' state, compressed (1.4), keys and
digests, as they lie in the embedded AWS's table."""
LOG_KB = 2.8
"""Lines that tell of one clip (pulled, found, looked at, judged, published), and its share of the lake's, counted on
the embedded AWS. Lambda's own start, end and report are not kept."""


@dataclass(frozen=True)
class Measured:
    """Of ten seconds of footage at 1 fps, 1080p: CPU seconds to the packed frames, all in all; the facts, packed."""

    sample_cpu_s: float
    all_cpu_s: float
    facts_kb: float


def measure(bench: Bench) -> Share:
    """Every scene with 30 % of its seconds moving, by the functions' own code in f32, models loaded before."""
    way, clips = CityWay(1.0, "f32"), [bench.clips.path(scene, "some", 1080) for scene in bench.clips.scenes()]
    one = Measured(
        sample_cpu_s=measure_lanes(Sampling(1.0), clips, ROUNDS).cpu_s,
        all_cpu_s=measure_lanes(way, clips, ROUNDS).cpu_s,
        facts_kb=mean(_packed_kb(way.facts(clip)) for clip in clips),
    )
    lambda_tier: dict[str, dict[str, float]] = {str(seconds): hour(one, seconds) for seconds in LENGTHS}
    return {
        "usd_per_camera_hour": round(sum(lambda_tier[str(LENGTHS[-1])].values()), 4),
        "cost": {
            "models": [model_and_file(task)[0].name for task in Task],
            "measured": {name: round(value, 3) for name, value in asdict(one).items()},
            "lambda_usd_hour": _rounded(lambda_tier),
            "gpu_usd_hour": {str(cameras): {**on_a_gpu(one, cameras)} for cameras in ON_A_GPU},
            "writes_a_clip": _writes(one),
            "prices": SINGAPORE.model_dump(),
        },
    }


def hour(one: Measured, seconds: int, prices: Prices = SINGAPORE) -> dict[str, float]:
    """US dollars of a camera-hour in clips of that length, by what they are paid for."""
    clips, cpu = 3600 / seconds, one.all_cpu_s * seconds / SECONDS
    waiting = (cpu + WAITING_SECONDS) * WAITING_GB + CALLS_WAITED * CALL_SECONDS * HELPER_GB
    commits = 3600 / COMMIT_SECONDS * LAKE_TABLES / SHARED_BY
    lake_puts = commits * (COMMIT_PUTS + _files(SHARED_BY * COMMIT_SECONDS / seconds))
    requests = sum(count * getattr(prices, name) for name, count in CALLS.items()) / 1e6
    return {
        "sampling and detection": clips * cpu * VCPU_GB * prices.lambda_gb_second,
        "other functions": clips * (HELPER_CPU_SECONDS * VCPU_GB + waiting) * prices.lambda_gb_second,
        "lake": commits * COMMIT_CPU_SECONDS * VCPU_GB * prices.lambda_gb_second
        + lake_puts * prices.s3_puts_thousand / 1000
        + commits * COMMIT_CATALOGUE * prices.glue_requests_million / 1e6,
        "state machine's time": clips * (cpu + WAITING_SECONDS) * EXPRESS_GB * prices.express_gb_hour / 3600,
        "calls": clips * requests,
        "objects": clips * (S3_PUTS * prices.s3_puts_thousand + S3_GETS * prices.s3_gets_thousand) / 1000,
        "tables": clips * (_writes(one) * prices.writes_million + READS * prices.reads_million) / 1e6,
        "logs": clips * LOG_KB / 1e6 * prices.logs_gb,
    }


def on_a_gpu(one: Measured, cameras: int, prices: Prices = SINGAPORE) -> dict[str, float]:
    """US dollars of a camera-hour where so many share an instance: sampling stays with Lambda, a pack goes by S3."""
    kept = Measured(one.sample_cpu_s, one.sample_cpu_s, one.facts_kb)
    pack = 3600 / LENGTHS[-1] * (prices.s3_puts_thousand + prices.s3_gets_thousand) / 1000
    rest = sum(hour(kept, LENGTHS[-1], prices).values()) + pack
    return {
        "on demand": round(rest + prices.gpu_hour / cameras, 4),
        "spot": round(rest + prices.gpu_spot_hour / cameras, 4),
    }


def section(share: Share) -> Iterable[str]:
    """What is paid for by clip length, the GPU tier by cameras, and what was put in."""
    cost: Any = share["cost"]
    yield f"A camera at 1 fps, 1080p, 30 % of its seconds moving, {' and '.join(cost['models'])}, f32; storage apart.\n"
    yield from _lambda_table(cost)
    yield "\nThe GPU tier, a camera-hour by cameras that share one g4dn.xlarge (how many is not measured):\n"
    rows = ((cameras, usd["on demand"], usd["spot"]) for cameras, usd in cost["gpu_usd_hour"].items())
    yield from table(("cameras a GPU", "on demand, USD", "Spot, USD"), rows)
    yield f"\nMeasured, of ten seconds: {json.dumps(cost['measured'])}. CPU seconds of this host stand for Lambda's."
    yield f"The lake's commits, one in {COMMIT_SECONDS} s a table, are shared by {SHARED_BY} cameras."
    yield "Calls, writes and log lines are counted on the embedded AWS; how long a call waits is assumed.\n"
    yield from table(("list price", "USD", "source"), _prices(cost["prices"]))


def _prices(prices: Mapping[str, object]) -> Iterator[tuple[object, ...]]:
    for name, usd in prices.items():
        yield name, usd, SOURCES.get(name, NOT_FOUND if isinstance(usd, float) else "")


def _lambda_table(cost: Any) -> Iterator[str]:
    by_length = cost["lambda_usd_hour"]
    rows = [[name, *(by_length[length][name] for length in by_length)] for name in by_length[str(LENGTHS[0])]]
    rows.append(["all, USD", *(round(sum(by_length[length].values()), 4) for length in by_length)])
    rows.append(["writes a clip", *(cost["writes_a_clip"] for _ in by_length)])
    yield from table(("Lambda tier, by clip length", *(f"{length} s" for length in by_length)), rows)


def _writes(one: Measured) -> int:
    """Write units a clip: a judgement is written by its kilobytes."""
    return WRITES + math.ceil(one.facts_kb + ITEM_KB)


def _files(rows: float) -> float:
    """How many of the lake's buckets so many rows of different cameras meet, in the mean."""
    return CAMERA_BUCKETS * (1 - math.pow(1 - 1 / CAMERA_BUCKETS, rows))


def _packed_kb(facts: Iterable[ClipFact]) -> float:
    return len(pack(map(CloudEvent.of, facts))["B"]) / 1024


def _rounded(table_of: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    return {length: {name: round(usd, 5) for name, usd in told.items()} for length, told in table_of.items()}


COST = Part(
    name="cost",
    title="Cost of a camera-hour",
    measure=measure,
    section=section,
    goals=(
        Goal(
            measure=f"USD a camera-hour, Lambda tier, 1 fps, 30 % moving, clips of {LENGTHS[-1]} s, with plumbing",
            wanted="at most 0.006",
            came_to=lambda share: str(share["usd_per_camera_hour"]),
        ),
    ),
)
