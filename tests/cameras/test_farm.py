"""The farm of demo cameras, read as the city reads any source."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path

import av
import pytest
from PIL import Image

from civicam.aws.addresses import Reach
from civicam.aws.http_source import SourceReader
from civicam.cameras.pulls import Pull, captured
from civicam.contracts.base import now
from civicam.contracts.cameras import HttpSource
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import ClockQuality
from civicam_cli.farm import ClipFeed, Farm, PictureFeed, farm, feeds_of
from tests.cameras.conftest import AT, PULLED, camera, pulled
from tests.fakes.footage import clip, passing

pytestmark = pytest.mark.unit
READER = SourceReader(Reach((ip_network("127.0.0.0/8"),), "1-65535"))


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """7 s with a keyframe each second: two clips, or fourteen pictures."""
    path = tmp_path_factory.mktemp("footage") / "street.mp4"
    path.write_bytes(clip(passing(175)))
    return path


def source(url: str, interval_seconds: int = 3600) -> HttpSource:
    return HttpSource(kind="http_clip", url=url, interval_seconds=interval_seconds)


def test_the_city_reads_a_clip_that_has_just_ended_and_then_only_a_new_one(footage: Path) -> None:
    one = pulled("http://farm/street.mp4", interval_seconds=3600)
    with farm(feeds_of({one: footage})) as standing:
        url = f"{standing.url}/street.mp4"
        reading = READER.read(url, ("video/mp4",))
        assert reading is not None
        start, end, clock = captured(reading.headers, Pull(camera_id=PULLED, at=now()), source(url))
        assert end <= now()
        assert (end - start).total_seconds() in {5.0, 2.0}
        assert clock is ClockQuality.DECLARED
        assert READER.read(url, ("video/mp4",), known=reading.headers) is None
        assert standing.reads == {"/street.mp4": 2}


def test_every_interval_brings_another_clip_of_the_footage(footage: Path) -> None:
    feed = ClipFeed.of(pulled("http://farm/a.mp4"), source("http://farm/a.mp4", 20), footage)
    served = [feed.at(AT + timedelta(seconds=20 * turn)) for turn in range(4)]
    assert len({one.body for one in served}) == len({one.etag for one in served}) == 4
    assert feed.at(AT) == feed.at(AT + timedelta(seconds=1))
    lengths = []
    for one in served:
        with av.open(BytesIO(one.body), "r") as opened:
            lengths.append(len(list(opened.decode(video=0))))
    assert sorted(lengths) == [50, 50, 125, 125]


def test_pictures_change_with_the_interval_and_never_repeat_to_the_byte(footage: Path) -> None:
    feed = PictureFeed.of(pulled("http://farm/a.jpg"), source("http://farm/a.jpg", 12), footage)
    assert len(feed.pictures) == 14
    served = [feed.at(AT + timedelta(seconds=12 * turn)) for turn in range(30)]
    assert len({one.body for one in served}) == 30
    assert Image.open(BytesIO(served[0].body)).size == (320, 192)
    assert feed.at(datetime(2026, 11, 24, 10, 45, 36, tzinfo=UTC)) == feed.at(
        datetime(2026, 11, 24, 10, 45, 47, tzinfo=UTC)
    )


def test_cameras_that_push_have_no_place_in_the_farm(footage: Path) -> None:
    assert feeds_of({camera(): footage}) == {}


def test_another_path_is_not_found() -> None:
    with farm({}) as standing, pytest.raises(Rejected):
        READER.read(f"{standing.url}/street.mp4", ("video/mp4",))


def test_two_farms_stand_side_by_side() -> None:
    def port(one: Farm) -> int:
        return int(one.url.rpartition(":")[2])

    with farm({}) as first, farm({}, port(first)) as second:
        assert port(first) != port(second)
