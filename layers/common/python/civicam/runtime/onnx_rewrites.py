"""The same network in operations that a runtime does better: what an exporter spelled out, said in one word.

Figures in docs/decisions/0021.
"""

import numpy as np

from civicam.runtime.onnx_graph import Graph, Node, node


def hard_sigmoid(graph: Graph) -> list[Node]:
    """x * clip(x + 3, 0, 6) / 6 as x * HardSigmoid(x), which onnxruntime makes a part of the convolution before it."""
    dropped: set[str] = set()
    made: list[Node] = []
    for one in graph.nodes:
        found = _swish(graph, one)
        if found is None:
            made.append(one)
            continue
        taken, chain = found
        dropped |= chain
        (output,) = one.outputs
        gate = f"{output}/gate"
        made += [node("HardSigmoid", [taken], gate, alpha=1 / 6, beta=0.5), node("Mul", [taken, gate], output)]
    return [one for one in made if not dropped.intersection(one.outputs)]


def _swish(graph: Graph, last: Node) -> tuple[str, set[str]] | None:
    """What goes into a chain that ends here, and the names of what lies between."""
    if last.op != "Div" or not graph.is_number(last.inputs[1], 6):
        return None
    product = graph.maker.get(last.inputs[0])
    if product is None or product.op != "Mul":
        return None
    for taken, clipped in (product.inputs, product.inputs[::-1]):
        clip = graph.maker.get(clipped)
        if clip is None or not _clips_to_six(graph, clip):
            continue
        total = graph.maker.get(clip.inputs[0])
        if total is not None and total.op == "Add" and _adds_three(graph, total, taken):
            chain = {last.inputs[0], clipped, clip.inputs[0]}
            return (taken, chain) if all(map(graph.is_used_once, chain)) else None
    return None


def _clips_to_six(graph: Graph, clip: Node) -> bool:
    bounds = clip.inputs[1:]
    return clip.op == "Clip" and len(bounds) == 2 and all(map(graph.is_number, bounds, (0, 6)))


def _adds_three(graph: Graph, total: Node, taken: str) -> bool:
    return any(one == taken and graph.is_number(other, 3) for one, other in (total.inputs, total.inputs[::-1]))


def nearest_by_floor(graph: Graph) -> list[Node]:
    """Enlarged by whole numbers, a feature map's nearest cell is the one at or before: what blocked layouts know."""
    return [
        one.renamed(one.inputs, one.outputs, coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        if one.op == "Resize" and _is_nearest(graph, one)
        else one
        for one in graph.nodes
    ]


def _is_nearest(graph: Graph, one: Node) -> bool:
    scales = graph.value(one.inputs[2]) if len(one.inputs) == 3 else None
    return (
        scales is not None
        and bool((scales >= 1).all() and (scales % 1 == 0).all())
        and (one.text("mode") or "nearest") == "nearest"
        and (one.text("coordinate_transformation_mode") or "half_pixel") == "half_pixel"
        and (one.text("nearest_mode") or "round_prefer_floor") == "round_prefer_floor"
    )


def spelled_out_shuffles(graph: Graph) -> list[Node]:
    """Channel shuffles of two halves as reshape and transpose, where an exporter wrote them as `Gather`.

    OpenVINO 2026.4 mistakes such a Gather behind a Concat of free size: no box is right after it (measured).
    """
    made: list[Node] = []
    for one in graph.nodes:
        channels = _shuffled_channels(graph, one)
        made += [one] if channels is None else _shuffle(graph, one, channels)
    return made


def _shuffled_channels(graph: Graph, one: Node) -> int | None:
    """How many channels a Gather shuffles: first of one half, first of the other, second of one, and so on."""
    order = graph.value(one.inputs[1]) if one.op == "Gather" and one.integer("axis") == 1 else None
    if order is None or order.size < 4 or order.size % 2:
        return None
    halves = np.arange(order.size).reshape(2, -1)
    return order.size if np.array_equal(order, halves.T.ravel()) else None


def _shuffle(graph: Graph, one: Node, channels: int) -> list[Node]:
    (output,) = one.outputs
    size, halves, woven, shape = (f"{output}/{step}" for step in ("size", "halves", "woven", "shape"))
    graph.add(shape, (0, 2, channels // 2, -1))
    return [
        node("Shape", [one.inputs[0]], size),
        node("Reshape", [one.inputs[0], shape], halves),
        node("Transpose", [halves], woven, perm=(0, 2, 1, 3)),
        node("Reshape", [woven, size], output),
    ]
