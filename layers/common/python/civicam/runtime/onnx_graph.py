"""An ONNX graph as nodes that can be looked at and exchanged, without the `onnx` package; numbers as in `onnx_file`."""

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from civicam.runtime.protobuf import BYTES, VARINT, encoded, fields, varint

Values = NDArray[np.float32] | NDArray[np.int64]

_GRAPH = 7  # ModelProto
_NODE, _INITIALIZER, _OUTPUT, _INFO_NAME = 1, 5, 12, 1  # GraphProto
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OP, _NODE_ATTRIBUTE = 1, 2, 3, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_STRING = 1, 2, 3, 4  # AttributeProto
_ATTRIBUTE_TENSOR, _ATTRIBUTE_INTS, _ATTRIBUTE_TYPE = 5, 8, 20
_FLOAT_TYPE, _INT_TYPE, _STRING_TYPE, _INTS_TYPE = 1, 2, 3, 7
_DIMS, _DATA_TYPE, _FLOAT_DATA, _INT64_DATA, _TENSOR_NAME, _RAW_DATA = 1, 2, 4, 7, 8, 9  # TensorProto
_FLOATS, _INTEGERS = 1, 7
_TYPES: Mapping[int, type[np.float32] | type[np.int64]] = {_FLOATS: np.float32, _INTEGERS: np.int64}


@dataclass(frozen=True)
class Node:
    """One operation; `message` is it as the file has it."""

    message: bytes

    @cached_property
    def op(self) -> str:
        """What it does."""
        return "".join(self._texts(_NODE_OP))

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of what it takes."""
        return tuple(self._texts(_NODE_INPUT))

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Names of what it gives."""
        return tuple(self._texts(_NODE_OUTPUT))

    def integer(self, name: str) -> int | None:
        """The attribute of that name, where it is a whole number."""
        for attribute in self._attributes():
            parts = {field.number: field for field in fields(attribute)}
            if bytes(parts[_ATTRIBUTE_NAME].content).decode() == name and _ATTRIBUTE_INT in parts:
                return parts[_ATTRIBUTE_INT].value
        return None

    def text(self, name: str) -> str | None:
        """The attribute of that name, where it is a text."""
        for attribute in self._attributes():
            parts = {field.number: field for field in fields(attribute)}
            if bytes(parts[_ATTRIBUTE_NAME].content).decode() == name and _ATTRIBUTE_STRING in parts:
                return bytes(parts[_ATTRIBUTE_STRING].content).decode()
        return None

    def integers(self, name: str) -> tuple[int, ...]:
        """The attribute of that name, where it is a row of whole numbers; nothing where there is none."""
        for attribute in self._attributes():
            parts = [*fields(attribute)]
            if any(part.number == _ATTRIBUTE_NAME and bytes(part.content).decode() == name for part in parts):
                return tuple(part.value for part in parts if part.number == _ATTRIBUTE_INTS and part.wire == VARINT)
        return ()

    def renamed(self, inputs: Iterable[str], outputs: Iterable[str], **attributes: "Attribute") -> "Node":
        """The same operation on other tensors; `attributes` take the place of its own."""
        names = [encoded(_NODE_INPUT, name.encode()) for name in inputs]
        names += [encoded(_NODE_OUTPUT, name.encode()) for name in outputs]
        kept = [
            bytes(part.whole)
            for part in fields(memoryview(self.message))
            if part.number not in (_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME)
            and not (part.number == _NODE_ATTRIBUTE and _name(part.content, _ATTRIBUTE_NAME) in attributes)
        ]
        return Node(b"".join([*names, *kept, *_attributes(attributes)]))

    def tensor(self) -> memoryview | None:
        """What a `Constant` holds."""
        parts = [field for attribute in self._attributes() for field in fields(attribute)]
        return next((part.content for part in parts if part.number == _ATTRIBUTE_TENSOR and part.wire == BYTES), None)

    def _attributes(self) -> Iterator[memoryview]:
        return (part.content for part in fields(memoryview(self.message)) if part.number == _NODE_ATTRIBUTE)

    def _texts(self, number: int) -> list[str]:
        return [bytes(part.content).decode() for part in fields(memoryview(self.message)) if part.number == number]


Attribute = float | str | tuple[int, ...]
"""What an attribute may be set to: a whole number is one of integers."""


def node(op: str, inputs: Iterable[str], output: str, **attributes: Attribute) -> Node:
    """A new operation with one output."""
    return Node(encoded(_NODE_OP, op.encode())).renamed(inputs, [output], **attributes)


def _attributes(attributes: Mapping[str, Attribute]) -> Iterator[bytes]:
    for name, value in attributes.items():
        yield encoded(_NODE_ATTRIBUTE, encoded(_ATTRIBUTE_NAME, name.encode()) + _set_to(value))


def _set_to(value: Attribute) -> bytes:
    if isinstance(value, tuple):
        numbers = b"".join(encoded(_ATTRIBUTE_INTS, number) for number in value)
        return numbers + encoded(_ATTRIBUTE_TYPE, _INTS_TYPE)
    if isinstance(value, str):
        return encoded(_ATTRIBUTE_STRING, value.encode()) + encoded(_ATTRIBUTE_TYPE, _STRING_TYPE)
    if isinstance(value, int):
        return encoded(_ATTRIBUTE_INT, value) + encoded(_ATTRIBUTE_TYPE, _INT_TYPE)
    return varint(_ATTRIBUTE_FLOAT << 3 | 5) + struct.pack("<f", value) + encoded(_ATTRIBUTE_TYPE, _FLOAT_TYPE)


class Graph:
    """A graph's operations in order, and the values that are known beforehand."""

    def __init__(self, graph: memoryview) -> None:
        self._others = [bytes(part.whole) for part in fields(graph) if part.number != _NODE]
        self._constants = {_name(part.content): part.content for part in fields(graph) if part.number == _INITIALIZER}
        self.outputs = [_name(part.content, _INFO_NAME) for part in fields(graph) if part.number == _OUTPUT]
        self.take([Node(bytes(part.content)) for part in fields(graph) if part.number == _NODE])

    def take(self, nodes: list[Node]) -> None:
        """Have these operations from now on."""
        self.nodes = nodes
        self.maker = {name: node for node in nodes for name in node.outputs}
        self._tensors = self._constants | {name: held for name, one in self.maker.items() if (held := one.tensor())}
        self._uses = Counter([*(name for one in nodes for name in one.inputs), *self.outputs])

    def value(self, name: str) -> Values | None:
        """A constant's numbers, flat; None for what is computed, or is neither f32 nor i64."""
        return _numbers(self._tensors[name]) if name in self._tensors else None

    def array(self, name: str) -> Values | None:
        """A constant's numbers along its axes; None as for `value`."""
        value = self.value(name)
        if value is None:
            return None
        return value.reshape([part.value for part in fields(self._tensors[name]) if part.number == _DIMS])

    def split_sizes(self, one: Node) -> tuple[int, ...]:
        """How much each output of a `Split` gets; nothing where it says nothing: all get as much."""
        told = self.value(one.inputs[1]) if len(one.inputs) > 1 else None
        return one.integers("split") if told is None else tuple(int(size) for size in told)

    def is_number(self, name: str, number: float) -> bool:
        """Whether this is a constant of that one number."""
        value = self.value(name)
        return value is not None and value.size == 1 and bool(np.isclose(value[0], number, rtol=1e-4))

    def is_used_once(self, name: str) -> bool:
        """Whether only one operation takes it, and it is no output."""
        return self._uses[name] == 1

    def add(self, name: str, numbers: Iterable[int] | Values) -> str:
        """A new constant, a row of whole numbers or an array; returns its name."""
        content = numbers if isinstance(numbers, np.ndarray) else np.array([*numbers], np.int64)
        tensor = b"".join(encoded(_DIMS, size) for size in content.shape)
        tensor += encoded(_DATA_TYPE, _INTEGERS if content.dtype == np.int64 else _FLOATS)
        tensor += encoded(_TENSOR_NAME, name.encode()) + encoded(_RAW_DATA, content.tobytes())
        self._others.append(encoded(_INITIALIZER, tensor))
        self._constants[name] = self._tensors[name] = memoryview(tensor)
        return name

    def written(self) -> bytes:
        """The graph as it stands now."""
        return b"".join([*(encoded(_NODE, one.message) for one in self.nodes), *self._others])


def outputs_of(model: bytes) -> list[str]:
    """Names of what the model's graph gives, in its order."""
    (graph,) = (part.content for part in fields(memoryview(model)) if part.number == _GRAPH)
    return Graph(graph).outputs


Rule = Callable[[Graph], list[Node]]
"""What a graph's operations become."""


def rewritten(model: bytes, *rules: Rule) -> bytes:
    """The model with the operations that the rules, one after the other, make of its graph's."""

    def changed(content: memoryview) -> bytes:
        graph = Graph(content)
        for rule in rules:
            graph.take(rule(graph))
        return graph.written()

    parts = fields(memoryview(model))
    return b"".join(
        encoded(_GRAPH, changed(part.content)) if part.number == _GRAPH else bytes(part.whole) for part in parts
    )


def _name(message: memoryview, number: int = _TENSOR_NAME) -> str:
    return b"".join(bytes(part.content) for part in fields(message) if part.number == number).decode()


def _numbers(tensor: memoryview) -> Values | None:
    parts = {part.number: part for part in fields(tensor)}
    kind = _TYPES.get(parts[_DATA_TYPE].value) if _DATA_TYPE in parts else None
    if kind is None:
        return None
    raw = parts.get(_RAW_DATA) or parts.get(_FLOAT_DATA)
    if raw is not None and raw.wire == BYTES:
        return np.frombuffer(raw.content, np.int64) if kind is np.int64 else np.frombuffer(raw.content, np.float32)
    whole = [part.value for part in fields(tensor) if part.number == _INT64_DATA and part.wire == VARINT]
    return np.array(whole, np.uint64).view(np.int64) if whole else None
