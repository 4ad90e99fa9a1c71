"""Every part of the benchmark, in the order in which it is measured and shown."""

from civicam_cli.bench.cameras import CAMERAS
from civicam_cli.bench.cost import COST
from civicam_cli.bench.incidents import INCIDENTS
from civicam_cli.bench.latency import LATENCY
from civicam_cli.bench.part import Part
from civicam_cli.bench.quality import QUALITY
from civicam_cli.bench.recorder import RECORDER
from civicam_cli.bench.redaction import REDACTION
from civicam_cli.bench.registry import REGISTRY
from civicam_cli.bench.steps import STEPS_PART
from civicam_cli.bench.still import STILL
from civicam_cli.bench.tracking import TRACKING

PARTS: tuple[Part, ...] = (
    CAMERAS,
    STEPS_PART,
    STILL,
    LATENCY,
    QUALITY,
    TRACKING,
    REDACTION,
    INCIDENTS,
    REGISTRY,
    RECORDER,
    COST,
)
