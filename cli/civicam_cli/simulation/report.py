"""What a simulation came to: one document, and the same for people."""

from collections.abc import Iterator, Sequence

from civicam.cameras.candidates import CLIP_USD, LOOKED_USD
from civicam.contracts.base import Document, Moment
from civicam.vision.prices import SINGAPORE, Prices
from civicam_cli.ranks import nearest_rank

LOOK_SECONDS, LOOK_GB, LOOKS_AN_ERRAND = 0.3, 1.0, 10
"""A look at a camera's health on Lambda: how long it waits for the source (assumed), pull_clips' memory, its share."""
LOOK_READS, LOOK_WRITES = 3, 1
"""What it reads and writes in tables (civicam.aws.pulling)."""


class Percentiles(Document):
    """Seconds; None where nothing was measured."""

    p50: float | None
    p99: float | None

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Percentiles":
        """Nearest rank."""
        return cls(p50=_rank(seconds, 0.5), p99=_rank(seconds, 0.99))


class FaultsKnown(Document):
    """Faults of one kind: how many were played, and of how many cameras the city said what is wrong."""

    played: int
    known: int


class Report(Document):
    """A simulation. Clips and series of cameras that are analysed count once each."""

    cameras: int
    analysed: int
    minutes: int
    seed: int
    complete: bool
    """Whether it ran to its end."""
    offered: int
    stored: int
    refused: int
    lost: int
    doubled: int
    """Facts that stand twice in the lake."""
    passed_over_stored: int
    """Clips of cameras that are not analysed: none, for their footage stays at the source."""
    clip_to_fact_s: Percentiles
    """From when a clip was stored to when it was judged."""
    coverage: float | None
    """Analysed of promised camera-minutes of the analytic `vehicle`."""
    gap_min: dict[str, float]
    facts: int
    faults: dict[str, FaultsKnown]
    peak_memory_mb: int
    cpu_s: float
    """Of the city's processes; the farm's stand apart."""
    farm_cpu_s: float
    usd: float
    """What AWS would have cost, by calculation, storage apart."""
    began_at: Moment
    host: str
    precision: str

    def told(self) -> Iterator[str]:
        """Lines for people."""
        ended = "" if self.complete else " (broken off: what follows is of what was done until then)"
        yield f"{self.cameras} cameras, {self.analysed} analysed, {self.minutes} minutes, seed {self.seed}{ended}"
        yield f"clips and series offered {self.offered}, stored {self.stored}, refused with a reason {self.refused}"
        yield f"lost {self.lost}, doubled {self.doubled}; of cameras passed over stored {self.passed_over_stored}"
        yield f"clip to fact p50 {self.clip_to_fact_s.p50} s, p99 {self.clip_to_fact_s.p99} s; {self.facts} facts"
        gap = ", ".join(f"{reason} {minutes:.1f}" for reason, minutes in sorted(self.gap_min.items()))
        share = "nothing promised" if self.coverage is None else f"{self.coverage:.1%}"
        yield f"coverage {share}; gap in camera-minutes: {gap or 'none'}"
        known = ", ".join(f"{kind} {one.known} of {one.played}" for kind, one in sorted(self.faults.items()))
        yield f"faults known: {known or 'none was played'}"
        yield f"CPU {self.cpu_s:.0f} s, the farm's {self.farm_cpu_s:.0f} s beside it; at most {self.peak_memory_mb} MB"
        yield f"on AWS about {self.usd:.2f} USD, storage apart ({self.host}, {self.precision})"


def usd(clips: int, looked_hours: float, looks: int, prices: Prices = SINGAPORE) -> float:
    """What clips, hours looked at once a second, and looks for health would have cost."""
    look = (
        LOOK_SECONDS * LOOK_GB * prices.lambda_gb_second
        + (prices.lambda_requests_million + 3 * prices.sqs_million) / 1e6 / LOOKS_AN_ERRAND
        + (LOOK_READS * prices.reads_million + LOOK_WRITES * prices.writes_million) / 1e6
    )
    return round(clips * CLIP_USD + looked_hours * LOOKED_USD + looks * look, 4)


def _rank(seconds: Sequence[float], share: float) -> float | None:
    return round(nearest_rank(seconds, share), 2) if seconds else None
