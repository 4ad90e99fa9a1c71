"""The benchmark's one document: headline figures, the host they hold for, and what each part measured."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import Field, JsonValue

from civicam.contracts.base import Document, now, utc_text
from civicam.runtime.host import cpu_flags
from civicam_cli.bench.part import Share

HEADLINE: Share = {
    "live_cameras_1fps_1080p": None,
    "live_cameras_1fps_1080p_30pct": None,
    "naive_cameras_1fps_1080p": None,
    "clip_cpu_ratio": None,
    "still_cpu_s_per_10s": None,
    "alert_latency_s": {"p50": None, "p99": None},
    "usd_per_camera_hour": None,
    "import_1000_cameras_s": None,
    "cameras_page_ms": {"p50": None, "p95": None},
    "snapshots": {"four_wheel_error": None, "two_wheel_error": None},
}
"""What the document holds in any case; null where the part that measures it was left out."""
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
PACKAGES = ("civicam", "onnxruntime", "openvino", "av", "numpy", "pillow", "ministack", "boto3")


class Measured(Document):
    """What one part came to, where and when."""

    host: dict[str, JsonValue]
    versions: dict[str, str]
    measured_at: str
    share: Share


class Record(Document):
    """Every part as it was measured last: what the page is made from, kept beside it."""

    parts: dict[str, Measured] = Field(default_factory=dict)

    @classmethod
    def read(cls, page: Path) -> "Record":
        """The record beside a page; an empty one where there is none."""
        path = page.with_suffix(".json")
        return cls.model_validate_json(path.read_text(encoding="utf-8")) if path.is_file() else cls()

    def with_part(self, name: str, measured: Measured) -> "Record":
        """The same with this part as it was just measured."""
        return Record(parts={**self.parts, name: measured})


def measured_here(share: Share) -> Measured:
    """A share with this machine, its versions and the time of day."""
    return Measured(host=host(), versions=versions(), measured_at=utc_text(now()), share=share)


def document(shares: Mapping[str, Share]) -> Share:
    """One document of this run's parts."""
    written: Share = {**HEADLINE, "host": host(), "versions": dict(versions()), "measured_at": utc_text(now())}
    for share in shares.values():
        written.update(share)
    return written


def host() -> dict[str, JsonValue]:
    """The machine that figures hold for: its processor, what of it may be used, and which arithmetic it has."""
    flags: list[JsonValue] = [flag for flag in FLAGS if flag in cpu_flags()]
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "isa": flags,
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """What was measured, by package; what is not installed is not named."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
