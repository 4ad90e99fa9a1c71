"""The passes over a clip: their boxes in the work store, by models that were admitted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from civicam.aws.detecting import detect_clip
from civicam.aws.models import ModelStore, load_clip_detector, load_detector, wanted_models
from civicam.aws.work import WorkStore
from civicam.contracts.errors import NotFound
from civicam.runtime.models import load_model
from civicam.runtime.sandbox import sample_footage
from civicam.vision.catalogue import Task, load_catalogue
from civicam.vision.orders import Detection
from civicam.vision.pack import Pack
from civicam_cli.model_sources import PACKAGED
from civicam_cli.models import floors, publish_models
from tests.fakes.city_in_moto import city_in_moto

FLOORS = floors()
pytestmark = pytest.mark.unit
START = datetime(2026, 11, 24, tzinfo=UTC)
CLIP = "5a1f0f6f7d5c4b3e9a8877665544332211ffeedd"


@pytest.fixture(autouse=True)
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with city_in_moto(monkeypatch):
        for variable, bucket in (("WORK_BUCKET", "work"), ("MODELS_BUCKET", "models")):
            monkeypatch.setenv(variable, bucket)
            boto3.client("s3").create_bucket(Bucket=bucket)
        yield


@pytest.fixture(scope="module")
def streets(bikes: Path) -> Pack:
    """Ten frames of streets."""
    return sample_footage(bikes, "video/mp4", START, fps=1)


def look(pack: Pack, *passes: str) -> dict[str, Detection]:
    work = WorkStore.from_env()
    boxes = {name: work.boxes_uri(CLIP, "live", name) for name in passes}
    return detect_clip(CLIP, pack, boxes, detector=load_clip_detector(), work=work)


def test_each_pass_has_its_boxes_by_a_model_that_was_admitted(streets: Pack) -> None:
    publish_models(ModelStore.from_env(), FLOORS)
    found = look(streets, "objects", "faces")
    boxes = WorkStore.from_env().boxes({name: told.boxes_uri for name, told in found.items()})
    for name, model in (("objects", "centernet"), ("faces", "centerface")):
        assert (boxes[name].clip_id, boxes[name].model) == (CLIP, model)
        assert found[name] == Detection(
            boxes_uri=f"s3://work/boxes/{CLIP}/live.json.gz#{name}",
            model=model,
            precision=boxes[name].precision,
            frames=len(streets.frames),
            boxes=sum(len(frame.boxes) for frame in boxes[name].frames),
        )
    assert found["objects"].boxes > 0


def test_a_pass_that_was_not_asked_for_is_not_made(streets: Pack) -> None:
    publish_models(ModelStore.from_env(), FLOORS)
    assert [*look(streets, "objects")] == ["objects"]
    with pytest.raises(NotFound):
        WorkStore.from_env().boxes({"faces": WorkStore.from_env().boxes_uri(CLIP, "live", "faces")})


def test_the_same_clip_again_gives_the_same_bytes(streets: Pack) -> None:
    publish_models(ModelStore.from_env(), FLOORS)

    def written() -> list[bytes]:
        look(streets, "objects", "faces")
        objects = boto3.resource("s3").Bucket("work").objects.filter(Prefix="boxes/")
        return [object_.get()["Body"].read() for object_ in objects]

    first = written()
    assert len(first) == 1
    assert written() == first


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
