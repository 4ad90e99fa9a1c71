"""A detector's heads without what nobody asks for: 6 classes of 80 are a tenth of the numbers to move and look at."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from civicam.runtime.onnx_graph import Graph, Node, node


def short_heads(graph: Graph, classes: Iterable[int]) -> list[Node]:
    """Heads that compute the scores of these classes alone, in ascending order, and give them as lists of cells.

    A head is a convolution that is split into scores, which a sigmoid takes, and the rest, each then laid out as a list
    of cells. Heads of other kinds stay.
    """
    made: list[Node] = []
    for one in graph.nodes:
        made += _short_head(graph, one, sorted(classes)) or [one]
    return _needed(made, graph.outputs)


def _short_head(graph: Graph, last: Node, classes: Sequence[int]) -> list[Node] | None:
    """What takes the place of a transpose that ends a head; None where it ends none."""
    chain = [last, *_makers(graph, last)]
    if [one.op for one in chain if one.op != "Sigmoid"] != ["Transpose", "Reshape", "Split", "Conv"]:
        return None
    gates, split, convolution = chain[2:-2], chain[-2], chain[-1]
    if last.integers("perm") != (0, 2, 1) or split.integer("axis") != 1:
        return None
    sizes, number = graph.split_sizes(split), split.outputs.index(chain[-3].inputs[0])
    constants = [values for name in convolution.inputs[1:] if (values := graph.array(name)) is not None]
    if not sizes or (gates and sizes[number] <= max(classes)) or len(constants) < len(convolution.inputs) - 1:
        return None
    rows = sum(sizes[:number]) + (np.array(classes) if gates else np.arange(sizes[number]))
    (output,) = last.outputs
    head, cells = f"{output}/head", f"{output}/cells"
    weights = [graph.add(f"{output}/{place}", values[rows]) for place, values in enumerate(constants)]
    made = [convolution.renamed([convolution.inputs[0], *weights], [head])]
    made += [gate.renamed([head], [f"{output}/gate"]) for gate in gates]
    made.append(node("Transpose", made[-1].outputs, cells, perm=(0, 2, 3, 1)))
    return [*made, node("Reshape", [cells, graph.add(f"{output}/shape", (0, -1, len(rows)))], output)]


def _makers(graph: Graph, one: Node) -> Iterator[Node]:
    """What made an operation's first input, what made that one's, and so on back to a convolution."""
    while one.op != "Conv" and one.inputs and one.inputs[0] in graph.maker:
        yield (one := graph.maker[one.inputs[0]])


def _needed(nodes: Sequence[Node], outputs: Iterable[str]) -> list[Node]:
    """Without operations whose outputs nobody reads any more."""
    read, kept = {*outputs}, list[Node]()
    for one in reversed(nodes):
        if read.intersection(one.outputs):
            kept.append(one)
            read.update(one.inputs)
    return kept[::-1]
