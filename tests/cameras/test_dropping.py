"""A folder on a disk: each file is taken once it has stopped growing, and moved aside with what became of it."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from civicam.aws.intake import Intake
from civicam.aws.registry import Registry
from civicam.contracts.base import now
from civicam.contracts.cameras import ClipStored
from civicam.contracts.footage import ClockQuality
from civicam.contracts.sources import FolderSource
from civicam_cli.dropping import Folder
from tests.cameras.conftest import PUSHING, camera
from tests.cameras.test_ways_in import details
from tests.fakes.footage import clip, passing

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def video() -> bytes:
    """Two seconds."""
    return clip(passing(50))


@pytest.fixture
def folder(city: None, tmp_path: Path) -> Folder:
    Registry.from_env().put(camera().model_copy(update={"source": FolderSource()}))
    return Folder(tmp_path, PUSHING, FolderSource(), Intake.from_env())


def names(folder: Folder) -> set[str]:
    return {str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file()}


def test_a_file_that_grows_is_left_until_it_stands_still(folder: Folder, video: bytes) -> None:
    file = folder.path / "a.mp4"
    file.write_bytes(video[:1000])
    seen = folder.look()
    file.write_bytes(video)
    assert list(folder.take(seen)) == []
    (taken,) = folder.take(folder.look())
    assert (taken.outcome, names(folder)) == ("taken", {"taken/a.mp4"})
    (fact,) = details(ClipStored)
    assert fact.footage.clock_quality is ClockQuality.RECEIVED


def test_files_are_taken_oldest_first_and_the_same_content_once(folder: Folder, video: bytes) -> None:
    for number, name in enumerate(("b.mp4", "a.mp4", "c.mp4")):
        (folder.path / name).write_bytes(video)
        at = (now() - timedelta(minutes=9 - number)).timestamp()
        os.utime(folder.path / name, (at, at))
    outcomes = [(each.name, each.why) for each in folder.take(folder.look())]
    assert outcomes == [("b.mp4", ""), ("a.mp4", "it was here already"), ("c.mp4", "it was here already")]
    assert len(details(ClipStored)) == 1
    (folder.path / "b.mp4").write_bytes(video)
    list(folder.take(folder.look()))
    assert names(folder) == {"taken/a.mp4", "taken/b.mp4", "taken/b.1.mp4", "taken/c.mp4"}


def test_what_cannot_be_used_is_moved_aside_with_the_reason(folder: Folder) -> None:
    (folder.path / "list.m3u8").write_text("#EXTM3U\nhttp://169.254.169.254/\n")
    (folder.path / "empty.mp4").touch()
    (folder.path / ".part").touch()
    told = {each.name: each.why for each in folder.take(folder.look())}
    assert ".mp4" in told["list.m3u8"]
    assert "how long" in told["empty.mp4"]
    assert names(folder) == {".part", "refused/empty.mp4", "refused/list.m3u8"}
