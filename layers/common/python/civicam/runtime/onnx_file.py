"""ONNX files, judged and made ready before a runtime sees them, without the `onnx` package (30 MB for some fields).

Field numbers are those of onnx.proto, IR versions 3 to 12: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from collections.abc import Iterator

from civicam.contracts.errors import Rejected
from civicam.runtime.protobuf import BYTES, Field, Malformed, encoded, fields

KNOWN_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
"""The operators of the ONNX standard: everything else is some runtime's or somebody's own."""
MAX_NESTING = 8
FIRST_IR_WITH_FREE_INPUTS = 4
"""From here on a weight need not be an input of the graph as well."""

_IR_VERSION, _GRAPH, _OPSET, _TRAINING, _FUNCTION = 1, 7, 8, 20, 25  # ModelProto
_OPSET_DOMAIN = 1
_NODE, _INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO, _SPARSE = 1, 5, 11, 12, 13, 15  # GraphProto
_NODE_ATTRIBUTE, _NODE_DOMAIN = 5, 7
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = (5, 10), (6, 11), (22, 23)
_EXTERNAL_DATA, _DATA_LOCATION, _TENSOR_NAME = 13, 14, 8
_INFO_NAME, _INFO_TYPE, _TYPE_TENSOR, _TENSOR_SHAPE, _SHAPE_DIM = 1, 2, 1, 2, 1


def admit_onnx(model: bytes) -> None:
    """Raises Rejected for a file that reaches beyond itself or beyond the standard operators.

    `malformed_model`; `external_data` (weights by path, which a runtime would follow anywhere on the disk);
    `foreign_operators` (another domain than ai.onnx, or functions of its own); `training_model`.
    """
    try:
        kinds = [_admit_part(part) for part in fields(memoryview(model))]
    except Malformed as error:
        raise Rejected("malformed_model", f"the file is no ONNX model ({error}): fetch it again") from error
    if _GRAPH not in kinds:
        raise Rejected("malformed_model", "the file is no ONNX model, it holds no graph: fetch it again")


def _admit_part(part: Field) -> int:
    if part.number == _OPSET:
        for field in fields(part.content):
            if field.number == _OPSET_DOMAIN:
                _admit_domain(bytes(field.content))
    elif part.number == _GRAPH:
        _admit_graph(part.content, MAX_NESTING)
    elif part.number == _FUNCTION:
        raise Rejected("foreign_operators", "the model brings functions of its own: export it with standard operators")
    elif part.number == _TRAINING:
        raise Rejected("training_model", "the model holds training graphs: export it for inference")
    return part.number


def _admit_domain(domain: bytes) -> None:
    name = domain.decode(errors="replace")
    if name not in KNOWN_DOMAINS:
        raise Rejected(
            "foreign_operators", f"the model uses operators of {name!r}: export it with those of ai.onnx alone"
        )


def _admit_graph(graph: memoryview, depth: int) -> None:
    if not depth:
        raise Rejected("malformed_model", f"graphs nest deeper than {MAX_NESTING} levels")
    for part in fields(graph):
        if part.number == _NODE:
            _admit_node(part.content, depth)
        elif part.number == _INITIALIZER:
            _admit_tensor(part.content)
        elif part.number == _SPARSE:
            _admit_sparse(part.content)


def _admit_node(node: memoryview, depth: int) -> None:
    for field in fields(node):
        if field.number == _NODE_DOMAIN:
            _admit_domain(bytes(field.content))
        elif field.number == _NODE_ATTRIBUTE:
            for part in fields(field.content):
                if part.number in _ATTRIBUTE_GRAPHS:
                    _admit_graph(part.content, depth - 1)
                elif part.number in _ATTRIBUTE_TENSORS and part.wire == BYTES:
                    _admit_tensor(part.content)
                elif part.number in _ATTRIBUTE_SPARSE:
                    _admit_sparse(part.content)


def _admit_sparse(sparse: memoryview) -> None:
    for field in fields(sparse):
        if field.wire == BYTES and field.number in (1, 2):  # values, indices
            _admit_tensor(field.content)


def _admit_tensor(tensor: memoryview) -> None:
    for field in fields(tensor):
        if field.number == _EXTERNAL_DATA or (field.number == _DATA_LOCATION and field.value):
            raise Rejected("external_data", "the model keeps weights in another file: export it as one file")


def ready_onnx(model: bytes, *, free_size: bool) -> bytes:
    """The same network, its weights no inputs any more (a runtime may then fold them: twice as fast for CenterFace).

    With `free_size`, batch, height and width that an exporter froze into inputs and outputs become free as well. The
    bytes come from `admit_onnx`.
    """
    return b"".join(_ready_parts(memoryview(model), free_size))


def _ready_parts(model: memoryview, free_size: bool) -> Iterator[bytes]:
    for part in fields(model):
        if part.number == _IR_VERSION:
            yield encoded(_IR_VERSION, max(part.value, FIRST_IR_WITH_FREE_INPUTS))
        elif part.number == _GRAPH:
            yield encoded(_GRAPH, b"".join(_ready_graph(part.content, free_size)))
        else:
            yield bytes(part.whole)


def _ready_graph(graph: memoryview, free_size: bool) -> Iterator[bytes]:
    weights = {_text(part, _TENSOR_NAME) for part in fields(graph) if part.number == _INITIALIZER}
    for part in fields(graph):
        if part.number == _INPUT and _text(part, _INFO_NAME) in weights:
            continue
        if free_size and part.number in (_INPUT, _OUTPUT):
            yield encoded(part.number, _freed(part.content, (_INFO_TYPE, _TYPE_TENSOR, _TENSOR_SHAPE)))
        elif not (free_size and part.number == _VALUE_INFO):
            yield bytes(part.whole)


def _text(part: Field, number: int) -> bytes:
    return b"".join(bytes(field.content) for field in fields(part.content) if field.number == number)


def _freed(message: memoryview, way: tuple[int, ...]) -> bytes:
    """A ValueInfoProto whose shape of four keeps its channels and leaves the rest unknown; `way` leads to the shape."""
    if not way:
        dims = [bytes(field.whole) for field in fields(message) if field.number == _SHAPE_DIM]
        unknown = encoded(_SHAPE_DIM, b"")
        return unknown + dims[1] + unknown + unknown if len(dims) == 4 else bytes(message)
    return b"".join(
        encoded(field.number, _freed(field.content, way[1:])) if field.number == way[0] else bytes(field.whole)
        for field in fields(message)
    )
