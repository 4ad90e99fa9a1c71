"""The work store: what one step of the hot path leaves there, the next one finds, and nothing from elsewhere."""

import gzip

import boto3
import pytest

from civicam.aws.work import WorkStore
from civicam.contracts.errors import Inconsistent, NotFound
from tests.fakes.scenes import Mover, clip_of, instants

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("city")]


def test_boxes_come_back_as_they_were() -> None:
    work, boxes = WorkStore.from_env(), clip_of(instants([Mover(300, 100, vy=50)], seconds=2)).boxes["objects"]
    uris = {name: work.boxes_uri("a", "live", name) for name in ("objects", "faces")}
    work.put_boxes({uris["objects"]: boxes, uris["faces"]: boxes.model_copy(update={"model": "other"})})
    found = work.boxes(uris)
    assert found["objects"] == boxes
    assert found["faces"].model == "other"


def test_boxes_of_before_passes_shared_an_object_are_still_read() -> None:
    boxes = clip_of(instants([Mover(300, 100, vy=50)], seconds=2)).boxes["objects"]
    key = "boxes/a/live/objects.json.gz"
    boto3.client("s3").put_object(Bucket="work", Key=key, Body=gzip.compress(boxes.model_dump_json().encode()))
    assert WorkStore.from_env().boxes({"objects": f"s3://work/{key}"}) == {"objects": boxes}


def test_what_has_gone_is_said_with_what_to_do_about_it() -> None:
    work = WorkStore.from_env()
    with pytest.raises(NotFound, match="sample or detect the clip again"):
        work.boxes({"objects": work.boxes_uri("gone", "live", "objects")})


@pytest.mark.parametrize("uri", ["s3://elsewhere/boxes/a", "https://work/boxes/a", "work/boxes"])
def test_an_address_outside_is_not_read(uri: str) -> None:
    with pytest.raises(Inconsistent, match="does not lie in work"):
        WorkStore.from_env().boxes({"objects": uri})
