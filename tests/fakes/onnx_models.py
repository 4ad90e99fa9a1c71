"""ONNX files made by hand, field by field: sound ones that onnxruntime runs, and those that a loader must refuse."""

import struct

import numpy as np

from civicam.runtime.onnx_graph import Graph, Node
from civicam.runtime.onnx_graph import node as onnx_node
from civicam.runtime.protobuf import encoded

FLOAT = 1
Shape = tuple[int, ...]


def value_info(name: str, shape: Shape) -> bytes:
    dims = b"".join(encoded(1, encoded(1, size)) for size in shape)
    return encoded(1, name.encode()) + encoded(2, encoded(1, encoded(1, FLOAT) + encoded(2, dims)))


def tensor(name: str, values: tuple[float, ...], shape: Shape, extra: bytes = b"") -> bytes:
    dims = b"".join(encoded(1, size) for size in shape)
    raw = struct.pack(f"<{len(values)}f", *values)
    return dims + encoded(2, FLOAT) + encoded(8, name.encode()) + encoded(9, raw) + extra


def node(operator: str, inputs: tuple[str, ...], output: str, *, domain: str = "", attributes: bytes = b"") -> bytes:
    names = b"".join(encoded(1, name.encode()) for name in inputs)
    foreign = encoded(7, domain.encode()) if domain else b""
    return names + encoded(2, output.encode()) + encoded(4, operator.encode()) + attributes + foreign


def model(graph: bytes, *, domains: tuple[str, ...] = ("",), extra: bytes = b"", ir_version: int = 3) -> bytes:
    opsets = b"".join(encoded(8, (encoded(1, name.encode()) if name else b"") + encoded(2, 13)) for name in domains)
    return encoded(1, ir_version) + encoded(7, graph) + opsets + extra


SHAPE: Shape = (1, 3, 2, 2)


def doubling_graph(weight_extra: bytes = b"", nodes: bytes | None = None) -> bytes:
    """y = x times a weight of two, the weight listed as an input as old exporters did; shapes frozen."""
    return b"".join(
        [
            encoded(1, node("Mul", ("x", "w"), "y")) if nodes is None else nodes,
            encoded(2, b"doubling"),
            encoded(5, tensor("w", (2.0,), (1,), weight_extra)),
            encoded(11, value_info("x", SHAPE)),
            encoded(11, value_info("w", (1,))),
            encoded(12, value_info("y", SHAPE)),
        ]
    )


def doubling() -> bytes:
    return model(doubling_graph())


def with_weights_by_path() -> bytes:
    location = encoded(13, encoded(1, b"location") + encoded(2, b"/etc/passwd"))
    return model(doubling_graph(location + encoded(14, 1)))


def with_weights_by_path_in_a_node() -> bytes:
    constant = encoded(5, encoded(1, b"value") + encoded(5, tensor("c", (1.0,), (1,), encoded(14, 1))))
    return model(doubling_graph(nodes=encoded(1, node("Constant", (), "c", attributes=constant))))


def with_weights_by_path_in_a_branch() -> bytes:
    branch = encoded(5, encoded(1, b"then_branch") + encoded(6, doubling_graph(encoded(14, 1))))
    return model(doubling_graph(nodes=encoded(1, node("If", ("c",), "y", attributes=branch))))


def with_a_foreign_node() -> bytes:
    return model(doubling_graph(nodes=encoded(1, node("Mul", ("x", "w"), "y", domain="com.example"))))


def with_a_foreign_opset() -> bytes:
    return model(doubling_graph(), domains=("", "com.microsoft"))


def with_functions_of_its_own() -> bytes:
    return model(doubling_graph(), extra=encoded(25, encoded(1, b"f")))


def with_training() -> bytes:
    return model(doubling_graph(), extra=encoded(20, b""))


def nested(depth: int) -> bytes:
    graph = doubling_graph()
    for _ in range(depth):
        attribute = encoded(5, encoded(1, b"body") + encoded(6, graph))
        graph = doubling_graph(nodes=encoded(1, node("Loop", ("x",), "y", attributes=attribute)))
    return model(graph)


def shuffling(blocks: int, *, channels: int = 32, last: tuple[Node, ...] = ()) -> bytes:
    """ShuffleNet's blocks: half of the channels convolved, squeezed, excited and joined to the rest, then shuffled.

    Weights are random, the same each time. `last` may read what was `shuffled`, and gives `y`; a convolution else.
    """
    half, random = channels // 2, np.random.default_rng(blocks)
    graph = Graph(memoryview(b""))

    def convolved(name: str, taken: str, wide: int, size: int = 1, group: int = 1, into: int = half) -> Node:
        weights = random.normal(size=(into, wide // group, size, size)).astype(np.float32) / wide
        inputs = [taken, graph.add(f"{name}.w", weights), graph.add(f"{name}.b", np.full(into, 0.1, np.float32))]
        pads = (size // 2,) * 4
        return onnx_node("Conv", inputs, name, group=group, kernel_shape=(size, size), pads=pads)

    order = np.arange(channels).reshape(2, half).T.ravel()
    nodes = [convolved("first", "x", 3, into=channels), onnx_node("Relu", ["first"], "shuffled0")]
    for block in range(blocks):
        kept, taken, deep = f"kept{block}", f"taken{block}", f"deep{block}"
        nodes += [
            onnx_node("Split", [f"shuffled{block}"], kept, axis=1).renamed([f"shuffled{block}"], [kept, taken]),
            convolved(f"wide{block}", taken, half),
            convolved(deep, f"wide{block}", half, size=3, group=half),
            onnx_node("Concat", [f"wide{block}", deep], f"both{block}", axis=1),
            onnx_node("GlobalAveragePool", [f"both{block}"], f"mean{block}"),
            convolved(f"gate{block}", f"mean{block}", channels, into=channels),
            onnx_node("HardSigmoid", [f"gate{block}"], f"open{block}"),
            onnx_node("Mul", [f"both{block}", f"open{block}"], f"excited{block}"),
            convolved(f"narrow{block}", f"excited{block}", channels),
            onnx_node("Concat", [kept, f"narrow{block}"], f"joined{block}", axis=1),
            onnx_node("Gather", [f"joined{block}", graph.add(f"order{block}", order)], f"shuffled{block + 1}", axis=1),
        ]
    nodes += last or (convolved("y", f"shuffled{blocks}", channels, into=5),)
    graph.take(nodes)
    ends = encoded(11, value_info("x", (1, 3, 8, 8))) + encoded(12, encoded(1, b"y") + ANY_FLOATS)
    return model(graph.written() + encoded(2, b"shuffling") + ends, ir_version=4)


ANY_FLOATS = encoded(2, encoded(1, encoded(1, FLOAT)))
"""The type of an output whose shape the runtime finds out."""
