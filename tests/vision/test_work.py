"""The work store: what one step of the hot path leaves there, the next one finds, and nothing from elsewhere."""

import pytest

from civicam.aws.work import WorkStore
from civicam.contracts.errors import Inconsistent, NotFound
from tests.fakes.scenes import Mover, clip_of, instants

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("city")]


def test_boxes_come_back_as_they_were() -> None:
    work, boxes = WorkStore.from_env(), clip_of(instants([Mover(300, 100, vy=50)], seconds=2)).boxes["objects"]
    uri = work.boxes_uri("a", "live", "objects")
    work.put_boxes(uri, boxes)
    assert work.boxes(uri) == boxes


def test_what_has_gone_is_said_with_what_to_do_about_it() -> None:
    work = WorkStore.from_env()
    with pytest.raises(NotFound, match="sample or detect the clip again"):
        work.boxes(work.boxes_uri("gone", "live", "objects"))


@pytest.mark.parametrize("uri", ["s3://elsewhere/boxes/a", "https://work/boxes/a", "work/boxes"])
def test_an_address_outside_is_not_read(uri: str) -> None:
    with pytest.raises(Inconsistent, match="does not lie in work"):
        WorkStore.from_env().boxes(uri)
