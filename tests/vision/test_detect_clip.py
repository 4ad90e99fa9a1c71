"""detect_clip: an order in, boxes of every pass in the work store, by models that were admitted."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from civicam.aws.models import ModelStore, load_detector, wanted_models
from civicam.aws.work import WorkStore
from civicam.contracts.errors import NotFound
from civicam.runtime.models import load_model
from civicam.runtime.sandbox import sample_footage
from civicam.vision.catalogue import Task, load_catalogue
from civicam_cli.model_sources import PACKAGED
from civicam_cli.models import floors, publish_models
from functions.vision.detect_clip import handler as detect_clip
from tests.fakes.city_in_moto import Context, city_in_moto

FLOORS = floors()
pytestmark = pytest.mark.unit
START = datetime(2026, 11, 24, tzinfo=UTC)
Payload = Callable[[str], dict[str, Any]]


@pytest.fixture(autouse=True)
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with city_in_moto(monkeypatch):
        for variable, bucket in (("WORK_BUCKET", "work"), ("MODELS_BUCKET", "models")):
            monkeypatch.setenv(variable, bucket)
            boto3.client("s3").create_bucket(Bucket=bucket)
        detect_clip.detector.cache_clear()
        yield


@pytest.fixture
def order(payload: Payload, bikes: Path) -> dict[str, Any]:
    """An order as the state machine gives it, its pack in the store."""
    ordered = payload("vision_detect_clip")
    WorkStore.from_env().put_pack(ordered["pack_uri"], sample_footage(bikes, "video/mp4", START, fps=1))
    return ordered


def test_an_order_becomes_the_boxes_of_every_pass(order: dict[str, Any]) -> None:
    publish_models(ModelStore.from_env(), FLOORS)
    answer = detect_clip.handler(order, Context())
    assert [*answer] == ["objects", "faces"]
    for name, model in (("objects", "centernet"), ("faces", "centerface")):
        boxes = WorkStore.from_env().boxes(order["boxes"])[name]
        assert (boxes.clip_id, boxes.model) == (order["clip_id"], model)
        assert answer[name] == {
            "boxes_uri": order["boxes"][name],
            "model": model,
            "precision": boxes.precision,
            "frames": len(boxes.frames),
            "boxes": sum(len(frame.boxes) for frame in boxes.frames),
        }


def test_a_pass_that_was_not_ordered_is_not_made(order: dict[str, Any]) -> None:
    publish_models(ModelStore.from_env(), FLOORS)
    faces = order["boxes"].pop("faces")
    assert [*detect_clip.handler(order, Context())] == ["objects"]
    with pytest.raises(NotFound):
        WorkStore.from_env().boxes({"faces": faces})


def test_where_no_analytic_reads_anything_nothing_is_read_either(order: dict[str, Any]) -> None:
    publish_models(ModelStore.from_env(), FLOORS)
    nothing = {**order, "boxes": {}, "pack_uri": "s3://work/packs/nobody-needs-it/live.zip"}
    assert detect_clip.handler(nothing, Context()) == {}


def test_the_same_order_again_gives_the_same_bytes(order: dict[str, Any]) -> None:
    publish_models(ModelStore.from_env(), FLOORS)

    def written() -> list[bytes]:
        detect_clip.handler(order, Context())
        objects = boto3.resource("s3").Bucket("work").objects.filter(Prefix="boxes/")
        return [object_.get()["Body"].read() for object_ in objects]

    first = written()
    assert len(first) == 1
    assert written() == first


def test_a_pack_that_has_gone_is_an_error(order: dict[str, Any]) -> None:
    publish_models(ModelStore.from_env(), FLOORS)
    with pytest.raises(NotFound, match="packs/gone"):
        detect_clip.handler({**order, "pack_uri": "s3://work/packs/gone/live.zip"}, Context())


def test_a_model_whose_file_is_wrong_is_refused_and_the_floor_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    publish_models(ModelStore.from_env(), FLOORS)
    wanted, store = load_catalogue().model("yolox-nano"), ModelStore.from_env()
    store.put(wanted, b"not the file that the digest names")
    monkeypatch.setenv("OBJECTS_MODELS", "yolox-nano")
    assert load_detector(Task.OBJECTS).model.name == "centernet"


def test_without_any_model_nothing_is_detected() -> None:
    with pytest.raises(NotFound, match="no file of model centernet in models"):
        load_detector(Task.OBJECTS)


def test_the_setting_names_models_in_order_and_the_floor_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBJECTS_MODELS", "picodet-s, yolox-nano")
    names = [model.name for model in wanted_models(Task.OBJECTS, load_catalogue())]
    assert names == ["picodet-s", "yolox-nano", "centernet"]
    monkeypatch.setenv("FACES_MODELS", "nobody-s")
    with pytest.raises(NotFound, match="nobody-s"):
        wanted_models(Task.FACES, load_catalogue())


def test_a_model_is_stored_under_its_digest() -> None:
    floor = load_catalogue().floor(Task.OBJECTS)
    publish_models(ModelStore.from_env(), FLOORS)
    stored = boto3.client("s3").get_object(Bucket="models", Key=f"models/{floor.sha256}")["Body"].read()
    assert stored == load_model(floor, [PACKAGED])
