"""What this machine must have for the city to run on it."""

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from civicam_cli.checks import Finding, Outcome, judged, ok
from civicam_cli.embedded.cdk import CDK, NODE_FOLDER
from civicam_cli.embedded.city import City
from civicam_cli.embedded.fidelity import MINISTACK
from civicam_cli.places import ROOT, home

DISK_GB, MEMORY_GB = 4, 3
"""Packages 1.3, layers 1.2, the city's own state; the emulator, eleven functions at work and the detector."""


def machine_findings() -> list[Finding]:
    """Every check of this machine."""
    return [
        _python(),
        *(_program(name, remedy) for name, remedy in _PROGRAMS.items()),
        _uv(),
        _node(),
        _cdk(),
        _emulator(),
        _disk(),
        _memory(),
        _port(),
        _writable(),
    ]


_PROGRAMS = {"make": "install make", "git": "install git"}


def _python() -> Finding:
    told = ".".join(map(str, sys.version_info[:3]))
    return judged(sys.version_info >= (3, 11), f"Python {told}", "install Python 3.11 or newer and run `make setup`")


def _program(name: str, remedy: str) -> Finding:
    found = shutil.which(name)
    return judged(bool(found), f"{name}: {found or 'missing'}", remedy)


def _uv() -> Finding:
    uv = Path(sys.executable).with_name("uv")
    return judged(uv.exists(), f"uv: {uv if uv.exists() else 'missing'}", "run `make setup`")


def _node() -> Finding:
    node = NODE_FOLDER / "node"
    if not node.exists():
        return Finding(Outcome.FAIL, "Node is missing from .venv", "run `make setup`")
    said = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return judged(bool(said), f"Node {said or 'does not start'} (from its wheel)", "run `make setup` again")


def _cdk() -> Finding:
    return judged(CDK.is_file(), f"the CDK command line: {CDK.relative_to(ROOT)}", "run `make setup`")


def _emulator() -> Finding:
    try:
        installed = version("ministack")
    except PackageNotFoundError:
        installed = "missing"
    return judged(
        installed == MINISTACK, f"ministack {installed}", f"this checkout knows {MINISTACK}: run `make setup`"
    )


def _disk() -> Finding:
    free = shutil.disk_usage(ROOT).free / 1e9
    return judged(free >= DISK_GB, f"{free:.0f} GB free on disk", f"the city needs about {DISK_GB} GB", Outcome.WARN)


def _memory() -> Finding:
    free = psutil.virtual_memory().available / 1e9
    return judged(free >= MEMORY_GB, f"{free:.0f} GB memory free", f"the city takes up to {MEMORY_GB} GB", Outcome.WARN)


def _port() -> Finding:
    city = City(home())
    if city.running():
        return ok(f"the city runs on {city.endpoint_url}")
    if city.is_port_free():
        return ok(f"port {city.port} is free")
    return Finding(Outcome.WARN, f"port {city.port} is taken", "`civicam up` will take another: addresses change")


def _writable() -> Finding:
    folder = _existing(home())
    try:
        probe = folder / ".civicam-doctor"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Finding(Outcome.FAIL, f"{folder} cannot be written: {error.strerror}", "choose another with --city")
    return ok(f"the city's folder: {home()}")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
