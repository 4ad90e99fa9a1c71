"""Rewritten networks give what the file's own gives; another arithmetic is used where there is one, and is named."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from civicam.contracts.errors import Inconsistent
from civicam.runtime import runtimes
from civicam.runtime.canvas import Canvas
from civicam.runtime.models import Folder, load_model
from civicam.runtime.network import Network, OnnxNetwork
from civicam.runtime.onnx_channels import channels_in_place
from civicam.runtime.onnx_file import ready_onnx
from civicam.runtime.onnx_graph import Graph, Node, Rule, rewritten
from civicam.runtime.onnx_graph import node as operation
from civicam.runtime.onnx_heads import short_heads
from civicam.runtime.onnx_rewrites import hard_sigmoid, nearest_by_floor, spelled_out_shuffles
from civicam.runtime.openvino_network import MOST_SHAPES, OpenVinoNetwork
from civicam.runtime.protobuf import encoded, fields
from civicam.runtime.runtimes import has_bf16, network_for
from civicam.vision.boxes import Floats
from civicam.vision.catalogue import Model, load_catalogue
from civicam_cli.model_sources import PACKAGED
from tests.fakes.onnx_models import ANY_FLOATS, SHAPE, model, node, shuffling, tensor, value_info

SWISH = (("Add", ("x", "three"), "a"), ("Clip", ("a", "zero", "six"), "b"), ("Mul", ("x", "b"), "c"))
LAST = ("Div", ("c", "six"), "y")


def graph_of(*nodes: tuple[str, tuple[str, ...], str], three: float = 3.0) -> bytes:
    constants = {"zero": 0.0, "three": three, "six": 6.0}
    return model(
        b"".join(
            [
                *(encoded(1, node(*one)) for one in nodes),
                encoded(2, b"swish"),
                *(encoded(5, tensor(name, (value,), ())) for name, value in constants.items()),
                encoded(11, value_info("x", SHAPE)),
                encoded(12, value_info("y", SHAPE)),
            ]
        ),
        ir_version=4,
    )


def operations(file: bytes) -> Counter[str]:
    (graph,) = (part.content for part in fields(memoryview(file)) if part.number == 7)
    return Counter(one.op for one in Graph(graph).nodes)


def run(file: bytes, pixels: Floats) -> Floats:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    found: Floats = session.run(None, {"x": pixels})[0]
    return found


@pytest.mark.unit
class TestRewrites:
    PIXELS = np.linspace(-5, 5, 12, dtype=np.float32).reshape(SHAPE)

    def test_a_swish_that_was_spelled_out_is_one_word(self) -> None:
        spelled = graph_of(*SWISH, LAST)
        said = rewritten(spelled, hard_sigmoid)
        assert operations(said) == {"HardSigmoid": 1, "Mul": 1}
        np.testing.assert_allclose(run(said, self.PIXELS), run(spelled, self.PIXELS), atol=1e-6)

    @pytest.mark.parametrize(
        "other",
        [
            graph_of(*SWISH, LAST, three=2.5),
            graph_of(*SWISH, ("Div", ("c", "three"), "y")),
            graph_of(*SWISH[:2], ("Mul", ("a", "b"), "c"), LAST),
            graph_of(*SWISH, ("Div", ("c", "six"), "d"), ("Add", ("d", "b"), "y")),
        ],
    )
    def test_what_only_resembles_one_stays_as_it_is(self, other: bytes) -> None:
        assert operations(rewritten(other, hard_sigmoid)) == operations(other)
        np.testing.assert_allclose(run(rewritten(other, hard_sigmoid), self.PIXELS), run(other, self.PIXELS))

    def test_a_model_without_either_is_the_same_model(self) -> None:
        file = load_model(load_catalogue().model("centernet"), [PACKAGED])
        assert operations(rewritten(file, hard_sigmoid)) == operations(file)
        assert operations(rewritten(file, spelled_out_shuffles)) == operations(file)

    @pytest.mark.needs_models
    def test_picodet_s_chains_and_shuffles_are_found(self, model_mirror: Path) -> None:
        file = load_model(load_catalogue().model("picodet-s"), [Folder(model_mirror)])
        before = operations(file)
        assert operations(rewritten(file, hard_sigmoid)) - before == {"HardSigmoid": 87}
        assert (before - operations(rewritten(file, spelled_out_shuffles)))["Gather"] == 10
        left = operations(rewritten(file, partial(short_heads, classes=(0, 2)), IN_PLACE))
        assert not left["Gather"] + left["Split"]


IN_PLACE: Rule = partial(channels_in_place, block=16)


@pytest.mark.unit
class TestChannels:
    PIXELS = np.random.default_rng(1).normal(size=(1, 3, 8, 8)).astype(np.float32)

    @pytest.mark.parametrize("block", [1, 16])
    @pytest.mark.parametrize("channels", [16, 24, 64])
    @pytest.mark.parametrize("blocks", [1, 2, 5])
    def test_nothing_is_shuffled_or_split_and_the_result_is_the_same(
        self, blocks: int, channels: int, block: int
    ) -> None:
        before = shuffling(blocks, channels=channels)
        after = rewritten(before, partial(channels_in_place, block=block))
        assert not {"Gather", "Split"} & {*operations(after)}
        np.testing.assert_allclose(run(after, self.PIXELS), run(before, self.PIXELS), atol=1e-6)

    @pytest.mark.parametrize(
        "last",
        [
            (operation("Softmax", ["shuffled2"], "y", axis=1),),
            (operation("Add", ["shuffled2", "first"], "y"),),
            (operation("Identity", ["shuffled2"], "z"), operation("Relu", ["z"], "y")),
        ],
    )
    def test_a_graph_that_reads_what_was_shuffled_in_its_order_stays_as_it_is(self, last: tuple[Node, ...]) -> None:
        before = shuffling(2, last=last)
        after = rewritten(before, IN_PLACE)
        assert operations(after) == operations(before)
        np.testing.assert_allclose(run(after, self.PIXELS), run(before, self.PIXELS))

    def test_an_output_keeps_its_name_and_order(self) -> None:
        before = shuffling(2, last=(operation("Relu", ["wide1"], "y"),))
        after = rewritten(before, IN_PLACE)
        assert "Gather" not in operations(after)
        np.testing.assert_allclose(run(after, self.PIXELS), run(before, self.PIXELS), atol=1e-6)


def enlarged(**attributes: str) -> bytes:
    graph = Graph(memoryview(b""))
    scales = graph.add("scales", np.array([1, 1, 2, 3], np.float32))
    graph.take([operation("Resize", ["x", "", scales], "y", **attributes)])
    ends = encoded(11, value_info("x", SHAPE)) + encoded(12, encoded(1, b"y") + ANY_FLOATS)
    return model(graph.written() + encoded(2, b"enlarged") + ends, ir_version=4)


@pytest.mark.unit
class TestEnlarging:
    PIXELS = TestRewrites.PIXELS

    def test_the_nearest_cell_is_the_one_at_or_before(self) -> None:
        before = enlarged(mode="nearest")
        after = rewritten(before, nearest_by_floor)
        assert b"asymmetric" in after
        np.testing.assert_array_equal(run(after, self.PIXELS), run(before, self.PIXELS))

    def test_another_way_of_enlarging_stays_as_it_is(self) -> None:
        for before in (enlarged(mode="linear"), enlarged(nearest_mode="ceil")):
            np.testing.assert_array_equal(
                run(rewritten(before, nearest_by_floor), self.PIXELS), run(before, self.PIXELS)
            )


def picture(canvas: tuple[int, int]) -> Image.Image:
    """Something like a picture: smooth blobs, the same each time."""
    noise = np.random.default_rng(4).integers(0, 256, (canvas[1] // 16, canvas[0] // 16, 3), np.uint8)
    return Image.fromarray(np.repeat(np.repeat(noise, 16, axis=0), 16, axis=1))


def seen(model: Model, network: Network, canvas: tuple[int, int]) -> Mapping[str, Floats]:
    """What the network makes of the picture of that size."""
    laid = Canvas(model.input, as_bytes=network.takes_bytes)
    laid.lay(picture(canvas), canvas)
    return network.run(laid.pixels)


@pytest.mark.unit
@pytest.mark.needs_models
class TestRuntimes:
    @pytest.mark.parametrize("name", ["picodet-s", "yolox-nano", "yunet-n"])
    def test_openvino_says_what_onnxruntime_says(self, model_mirror: Path, name: str) -> None:
        wanted = load_catalogue().model(name)
        file = load_model(wanted, [Folder(model_mirror)])
        here, there = OnnxNetwork(wanted, file), OpenVinoNetwork(wanted, file, "f32")
        for canvas in ((256, 160), (320, 192)):
            one, other = seen(wanted, here, canvas), seen(wanted, there, canvas)
            assert [*one] == [*other]
            for output, values in one.items():
                np.testing.assert_allclose(other[output], values, atol=2e-3, rtol=2e-3)
        assert (here.precision, there.precision) == ("f32", "f32")

    def test_the_rewrites_change_no_output_but_leave_unwanted_classes_out(self, model_mirror: Path) -> None:
        wanted = load_catalogue().model("picodet-s")
        file = load_model(wanted, [Folder(model_mirror)])
        ready = ready_onnx(file, free_size=True)
        session = onnxruntime.InferenceSession(ready, providers=["CPUExecutionProvider"])
        laid = Canvas(wanted.input)
        laid.lay(picture((256, 160)), (256, 160))
        plain = session.run(None, {session.get_inputs()[0].name: laid.pixels})
        for values, again in zip(plain, OnnxNetwork(wanted, file).run(laid.pixels).values(), strict=True):
            scores = again.shape[2] == len(wanted.output.classes)
            np.testing.assert_allclose(
                again, values[..., sorted(wanted.output.classes)] if scores else values, atol=1e-4
            )


@pytest.mark.unit
class TestChoice:
    @pytest.fixture
    def chosen(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], str]:
        def choose(setting: str | None) -> str:
            monkeypatch.delenv(runtimes.SETTING, raising=False)
            if setting is not None:
                monkeypatch.setenv(runtimes.SETTING, setting)
            wanted = load_catalogue().model("centernet")
            return network_for(wanted, load_model(wanted, [PACKAGED])).precision

        return choose

    def test_bf16_where_the_processor_has_it_and_f32_elsewhere(self, chosen: Callable[[str | None], str]) -> None:
        assert chosen(None) == chosen("best") == ("bf16" if has_bf16() else "f32")

    def test_the_setting_makes_it_f32_everywhere(self, chosen: Callable[[str | None], str]) -> None:
        assert chosen("f32") == "f32"

    def test_a_setting_that_means_nothing_is_an_error(self, chosen: Callable[[str | None], str]) -> None:
        with pytest.raises(Inconsistent, match="f16"):
            chosen("f16")


@pytest.mark.unit
@pytest.mark.needs_models
def test_threads_and_sizes_beyond_those_it_keeps_get_the_same_answers(model_mirror: Path) -> None:
    wanted = load_catalogue().model("yunet-n")
    file = load_model(wanted, [Folder(model_mirror)])
    here, there = OnnxNetwork(wanted, file), OpenVinoNetwork(wanted, file, "f32")
    canvases = [(width, 64) for width in range(64, 64 + 32 * (MOST_SHAPES + 2), 32)]
    with ThreadPoolExecutor(2) as pool:
        found = [*pool.map(partial(seen, wanted, there), canvases * 2)]
    for canvas, outputs in zip(canvases * 2, found, strict=True):
        for output, values in seen(wanted, here, canvas).items():
            np.testing.assert_allclose(outputs[output], values, atol=2e-3, rtol=2e-3)
