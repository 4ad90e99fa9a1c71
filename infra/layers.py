"""The Lambda layers, resolved from their locks for the functions' Python: `python -m infra.layers` makes them.

A layer lies in var/layers/<name>/<python>/, ready to be zipped, and is made again only when its lock or this recipe has
changed (or the package `civicam`, for the layer that carries it). No account, no Docker.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from uv import find_uv_bin

from infra import ROOT
from infra.settings import PRODUCTION

NAMES = ("common", "look", "track", "lake")
PLATFORM = "x86_64-manylinux_2_34"
"""Amazon Linux 2023, on which Lambda's Python stands since 3.12, has glibc 2.34."""
RUNTIME_BRINGS = {"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"}
"""What Lambda's Python runtime has in it already (AWS: "Packages included in the runtime")."""
NOT_NEEDED_TO_RUN = (
    "bin",
    "**/tests",
    "**/include",
    "**/__pycache__",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.pxi",
    "**/*.pyi",
    "hive_metastore",  # pyiceberg's Hive catalogue; ours is Glue
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "onnxruntime/capi/libonnxruntime.so*",  # for C programs; Python's binding has the runtime linked in
    "pyarrow/_flight*",
    "pyarrow/libarrow_flight*",
    "pyarrow/_substrait*",
    "pyarrow/src",
    "pyarrow/libarrow_python.so",  # the same file thrice: the name that is linked against stays
    "pyarrow/libarrow_python.so.*.*",
)
PACKAGE = ROOT / "layers" / "common" / "python" / "civicam"


@dataclass(frozen=True)
class Layer:
    """One layer for one Python: `python` such as 3.13 resolves for Lambda, None for the interpreter that runs this."""

    name: str
    python: str | None

    @property
    def folder(self) -> Path:
        """The root of the layer's zip; packages lie in its `python/`."""
        return ROOT / "var" / "layers" / self.name / (self.python or f"here-{sys.implementation.cache_tag}")

    @property
    def lock(self) -> Path:
        """What it is made of, with hashes."""
        return ROOT / "layers" / self.name / "requirements.lock"

    def is_fresh(self) -> bool:
        """Whether it lies there, made from the present lock by the present recipe."""
        return self.folder.is_dir() and self._stamp.is_file() and self._stamp.read_text() == _digest(self)

    def build(self) -> Path:
        """The layer's folder, made where it was not fresh; an interrupted build leaves the old one in place."""
        if not self.is_fresh():
            fresh = self.folder.with_name(f"{self.folder.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            self._install(fresh / "python")
            shutil.rmtree(self.folder, ignore_errors=True)
            fresh.rename(self.folder)
            self._stamp.write_text(_digest(self))
        return self.folder

    @property
    def _stamp(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.stamp")

    def _install(self, target: Path) -> None:
        target.mkdir(parents=True)
        requirements = target.parent / "requirements.txt"
        requirements.write_text("".join(self._requirements()))
        resolve_for = ["--python-version", self.python, "--python-platform", PLATFORM] if self.python else []
        install = [find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--link-mode", "copy"]
        what = ["--only-binary", ":all:", "--target", str(target), "--requirements", str(requirements)]
        subprocess.run([*install, "--python", sys.executable, *resolve_for, *what], check=True)  # noqa: S603 - our uv
        requirements.unlink()
        _strip(target)
        if self.name == "common":
            shutil.copytree(PACKAGE, target / "civicam", ignore=shutil.ignore_patterns("__pycache__"))

    def _requirements(self) -> Iterator[str]:
        """The lock's entries, without what the runtime or the common layer (every function has it) already brings."""
        brought = set(RUNTIME_BRINGS)
        if self.name != "common":
            brought |= set(_entries(Layer("common", self.python).lock))
        return (text for name, text in _entries(self.lock).items() if name.partition(" ")[0] not in brought)


@cache
def _digest(layer: Layer) -> str:
    """Of everything that a layer is made from, looked at once a process."""
    parts = [Path(__file__), layer.lock, Layer("common", layer.python).lock]
    if layer.name == "common":
        parts += sorted(path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    content = hashlib.sha256()
    for part in parts:
        content.update(f"{part.relative_to(ROOT)}\0".encode() + part.read_bytes())
    return content.hexdigest()


def _entries(lock: Path) -> dict[str, str]:
    """A lock's entries with their hashes, by name and marker (a package may stand twice, for two Pythons)."""
    entries: dict[str, str] = {}
    current = ""
    for line in lock.read_text().splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            name, _, rest = line.partition("==")
            current = name.partition("[")[0] + rest.partition(";")[2].rstrip(" \\\n")
        entries[current] = entries.get(current, "") + line
    return entries


def _strip(target: Path) -> None:
    for pattern in NOT_NEEDED_TO_RUN:
        for path in list(target.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def main() -> None:
    """Build every layer for the functions' Python and say how large each is."""
    for name in NAMES:
        layer = Layer(name, PRODUCTION.python)
        state = "fresh" if layer.is_fresh() else "built"
        files = [path for path in layer.build().rglob("*") if path.is_file()]
        megabytes = sum(path.stat().st_size for path in files) / 1e6
        sys.stderr.write(f"layer {name:8} {state}, {megabytes:6.1f} MB unpacked, Python {PRODUCTION.python}\n")


if __name__ == "__main__":
    main()
