"""A model file is judged before a runtime sees it, and made ready without changing what it computes."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.contracts.errors import Rejected
from civicam.runtime.onnx_file import MAX_NESTING, admit_onnx, ready_onnx
from civicam.runtime.protobuf import Malformed, encoded, fields
from tests.fakes import onnx_models

pytestmark = pytest.mark.unit


def test_a_sound_model_is_admitted() -> None:
    admit_onnx(onnx_models.doubling())


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (onnx_models.with_weights_by_path, "external_data"),
        (onnx_models.with_weights_by_path_in_a_node, "external_data"),
        (onnx_models.with_weights_by_path_in_a_branch, "external_data"),
        (onnx_models.with_a_foreign_node, "foreign_operators"),
        (onnx_models.with_a_foreign_opset, "foreign_operators"),
        (onnx_models.with_functions_of_its_own, "foreign_operators"),
        (onnx_models.with_training, "training_model"),
        (lambda: onnx_models.nested(MAX_NESTING + 1), "malformed_model"),
        (lambda: b"", "malformed_model"),
        (lambda: b"<html>not found</html>", "malformed_model"),
        (lambda: onnx_models.doubling()[:-1], "malformed_model"),
    ],
)
def test_a_model_that_reaches_beyond_itself_is_refused(make: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(Rejected) as refused:
        admit_onnx(make())
    assert refused.value.reason == reason


@given(st.binary(max_size=300))
def test_whatever_the_bytes_they_are_admitted_or_refused(raw: bytes) -> None:
    with suppress(Rejected):
        admit_onnx(raw)


@given(st.data())
def test_a_damaged_model_is_admitted_or_refused(data: st.DataObject) -> None:
    raw = bytearray(onnx_models.nested(2))
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=8)):
        raw[place] = data.draw(st.integers(0, 255))
    with suppress(Rejected):
        admit_onnx(bytes(raw))


@given(st.integers(0, 2**63 - 1), st.binary(max_size=40))
def test_fields_read_as_they_were_written(number: int, content: bytes) -> None:
    first, second = fields(memoryview(encoded(7, number) + encoded(2**20, content)))
    assert (first.number, first.value) == (7, number)
    assert (second.number, bytes(second.content)) == (2**20, content)


def test_a_number_without_end_is_malformed() -> None:
    with pytest.raises(Malformed):
        list(fields(memoryview(b"\x08" + b"\xff" * 11)))


def run(file: bytes, pixels: Any) -> tuple[list[str], Any]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in (*session.get_inputs(), *session.get_overridable_initializers())]
    return names, session.run(None, {"x": pixels})[0]


def test_weights_are_no_inputs_any_more_and_the_result_is_the_same() -> None:
    pixels = np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2)
    names, doubled = run(ready_onnx(onnx_models.doubling(), free_size=False), pixels)
    assert names == ["x"]
    np.testing.assert_array_equal(doubled, pixels * 2)


def test_a_frozen_size_is_freed() -> None:
    pixels = np.ones((1, 3, 32, 64), np.float32)
    _, doubled = run(ready_onnx(onnx_models.doubling(), free_size=True), pixels)
    assert doubled.shape == (1, 3, 32, 64)
