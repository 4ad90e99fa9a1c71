"""Micro-batches over clips: who asks at the same time is answered from one run, each with its own picture's outputs."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from civicam.runtime.detector import Detector
from civicam.runtime.looking import ClipDetector
from civicam.runtime.network import CPU, CUDA, OnnxNetwork
from civicam.vision.boxes import Floats, Pixels
from civicam.vision.catalogue import Task, load_catalogue
from containers.vision.detector.batches import MOST_PICTURES, Batches
from containers.vision.detector.hands import ready_hands

pytestmark = pytest.mark.unit


class FakeNetwork:
    """Answers each picture with the value of its pixels; refuses a batch in which one is negative."""

    def __init__(self, provider: str = CUDA) -> None:
        self.provider, self.gains_by_batches = provider, provider != CPU
        self.precision, self.takes_bytes = "f32", False
        self.shapes: list[tuple[int, ...]] = []

    def run(self, pixels: Pixels) -> Mapping[str, Floats]:
        self.shapes.append(pixels.shape)
        if pixels.min() < 0:
            raise RuntimeError("a poisoned picture")
        return {"value": pixels.reshape(len(pixels), -1)[:, :1]}


def picture(value: float, height: int = 4) -> Floats:
    return np.full((1, 3, height, 4), value, np.float32)


def ask(batches: Batches, *pictures: Floats) -> list[float | str]:
    """What each gets that asks at the same time."""

    def answered(pixels: Floats) -> float | str:
        try:
            return float(batches.run(pixels)["value"][0, 0])
        except RuntimeError as error:
            return str(error)

    with ThreadPoolExecutor(len(pictures)) as threads:
        return list(threads.map(answered, pictures))


def test_who_asks_together_is_answered_from_one_run() -> None:
    network = FakeNetwork()
    batches = Batches(network, most=8, wait_seconds=5)
    assert ask(batches, *(picture(value) for value in range(8))) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert network.shapes == [(8, 3, 4, 4)]


def test_a_batch_holds_no_more_pictures_than_it_may() -> None:
    network = FakeNetwork()
    assert ask(Batches(network, most=2, wait_seconds=5), *(picture(value) for value in range(6))) == [0, 1, 2, 3, 4, 5]
    assert network.shapes == [(2, 3, 4, 4)] * 3


def test_a_picture_waits_no_longer_than_it_may() -> None:
    network = FakeNetwork()
    assert ask(Batches(network, most=8, wait_seconds=0), picture(7)) == [7]
    assert network.shapes == [(1, 3, 4, 4)]


def test_a_batch_that_is_not_full_is_filled_up_to_a_size_that_was_warmed_up() -> None:
    network = FakeNetwork()
    batches = Batches(network, most=8, wait_seconds=0.2)
    batches.warm_up(picture(0))
    warmed = set(network.shapes)
    ask(batches, *(picture(value) for value in range(5)))
    assert {shape[0] for shape in warmed} == {1, 2, 4, 8}
    assert set(network.shapes) == warmed


def test_pictures_of_another_shape_make_a_batch_of_their_own() -> None:
    network = FakeNetwork()
    batches = Batches(network, most=4, wait_seconds=5)
    assert ask(batches, picture(1), picture(2, 6), picture(3), picture(4, 6)) == [1, 2, 3, 4]
    assert sorted(network.shapes) == [(2, 3, 4, 4), (2, 3, 6, 4)]


def test_one_poisoned_picture_is_its_clips_own_trouble() -> None:
    network = FakeNetwork()
    batches = Batches(network, most=4, wait_seconds=5)
    assert ask(batches, picture(1), picture(-1), picture(2), picture(3)) == [1, "a poisoned picture", 2, 3]


def loaded(provider: str, wanted: str = CPU) -> tuple[dict[str, FakeNetwork], list[ClipDetector[Detector]]]:
    networks = {str(task): FakeNetwork(provider) for task in Task}
    floors = {name: load_catalogue().floor(Task(name)) for name in networks}
    detector = ClipDetector({name: Detector(floors[name], network) for name, network in networks.items()})
    return networks, [*ready_hands(detector, wanted)]


def test_on_a_gpu_the_hands_share_networks_that_were_run_at_every_size() -> None:
    networks, hands = loaded(CUDA)
    assert len(hands) == MOST_PICTURES
    for task, network in networks.items():
        assert [shape[0] for shape in network.shapes] == [1, 2, 4, 8, 16]
        shared = {id(hand.detectors[task].network) for hand in hands}
        assert len(shared) == 1
        assert isinstance(hands[0].detectors[task].network, Batches)
    assert len({id(hand.detectors[Task.OBJECTS]) for hand in hands}) == len(hands), "each hand has a canvas of its own"


def test_on_the_cpu_each_hand_works_picture_by_picture() -> None:
    networks, hands = loaded(CPU)
    assert all(hand.detectors[task].network is networks[task] for hand in hands for task in networks)
    assert all([shape[0] for shape in network.shapes] == [1] for network in networks.values())


def test_a_gpu_that_cannot_be_used_is_said(caplog: pytest.LogCaptureFixture) -> None:
    loaded(CPU, wanted=CUDA)
    assert "not every detector runs where it should" in caplog.messages
    caplog.clear()
    loaded(CUDA, wanted=CUDA)
    assert caplog.messages == ["detectors ready"]


@pytest.mark.needs_models
@pytest.mark.parametrize("name", ["picodet-s", "yolox-nano", "yunet-n"])
def test_a_real_network_finds_in_a_batch_what_it_finds_alone(name: str, model_mirror: Path, bikes: Path) -> None:
    model = load_catalogue().model(name)
    network = OnnxNetwork(model, (model_mirror / model.file).read_bytes())
    rng = np.random.default_rng(1)
    pictures = [Image.fromarray(rng.integers(0, 255, (180, 320, 3), np.uint8)) for _ in range(3)]
    alone = [Detector(model, network).find(one, one.size) for one in pictures]
    batches = Batches(network, most=4, wait_seconds=2)
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(lambda one: Detector(model, batches).find(one, one.size), pictures))
    for one, other in zip(alone, together, strict=True):
        assert [box.label for box in one] == [box.label for box in other]
        for box, same in zip(one, other, strict=True):
            np.testing.assert_allclose(box.xyxy, same.xyxy, atol=0.1)
