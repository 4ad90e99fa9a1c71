"""What every test may use: the mirrors of clips and models, and the rule that a missing one is said aloud."""

import json
import os
from pathlib import Path

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

import civicam.runtime  # noqa: F401 - before any test imports onnxruntime: it says that nothing may be reported

ROOT = Path(__file__).resolve().parent.parent
collect_ignore = [] if os.environ.get("CIVICAM_ENVIRONMENT") else ["aws"]
"""tests/aws is for a real account: it is collected where an environment is named."""
MIRRORS = {"needs_clips": "CIVICAM_CLIP_MIRROR", "needs_models": "CIVICAM_MODEL_MIRROR"}


def _mirror(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value and Path(value).is_dir() else None


SHARED = ("city", "infra", "lake")
"""Folders whose tests share what takes long to make: a deployed city, synthesised stacks, an emulator."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """In a run of several processes one of them has a whole file, or a folder of SHARED."""

    def _split_scope(self, nodeid: str) -> str:
        return _share(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """How tests are given to processes. (The plugin's own groups do nothing under this pytest.)"""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip where a mirror is missing. The city's tests begin first, for they take longest."""
    required = bool(os.environ.get("CIVICAM_REQUIRE_MIRRORS"))
    for item in items:
        missing = [
            variable for mark, variable in MIRRORS.items() if item.get_closest_marker(mark) and not _mirror(variable)
        ]
        if missing and not required:
            item.add_marker(pytest.mark.skip(reason=f"{' and '.join(missing)} names no folder"))
    items.sort(key=lambda item: _share(item.nodeid) != "city")


def _share(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    folder = file.removeprefix("tests/").partition("/")[0]
    return folder if folder in SHARED else file


def _required(variable: str) -> Path:
    folder = _mirror(variable)
    if folder is None:
        pytest.fail(f"{variable} names no folder, and this run requires the mirrors")
    return folder


@pytest.fixture(scope="session")
def clip_mirror() -> Path:
    """The folder of real clips; tests that use it are marked needs_clips."""
    return _required("CIVICAM_CLIP_MIRROR")


@pytest.fixture(scope="session")
def clip_truth(clip_mirror: Path) -> dict[str, dict[str, object]]:
    """What was counted by eye in each clip of the mirror, by file name."""
    described = json.loads((clip_mirror / "clips.json").read_text())
    return {clip["file"]: clip["truth"] for clip in described["clips"]}


@pytest.fixture(scope="session")
def model_mirror() -> Path:
    """The folder of models from upstream; tests that use it are marked needs_models."""
    return _required("CIVICAM_MODEL_MIRROR")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The checkout's root."""
    return ROOT


@pytest.fixture
def payload(checkout: Path) -> object:
    """A real payload by its name under tests/events/."""

    def load(name: str) -> object:
        return json.loads((checkout / "tests/events" / f"{name}.json").read_text())

    return load
