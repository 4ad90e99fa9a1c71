"""The same network with no channel moved about: each is computed where those that read it find it.

ShuffleNet's blocks (Ma et al., 2018, arXiv 1807.11164) split, join and shuffle feature maps. That is a third of a small
network's time on a CPU: each is a sweep over memory, for which onnxruntime leaves its blocked layout as well. What lies
where is known beforehand, so convolutions are divided by who reads their channels, and weights put in that order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from civicam.runtime.onnx_graph import Graph, Node, Values, node
from civicam.runtime.onnx_readers import SPATIAL, Channels, Places, Readers, UnknownGraph, Walk, known


def channels_in_place(graph: Graph, block: int) -> list[Node]:
    """The graph without shuffles and splits; as it is where it shuffles nothing or is of another kind.

    Channels are padded to whole blocks: 16 for onnxruntime (AVX-512; AVX2's 8 divide it), 1 where nothing is gained.
    Sums are added up in another order: outputs differ in their last digits.
    """
    if not any(one.op == "Gather" for one in graph.nodes):
        return graph.nodes
    try:
        return _Placed(Readers(graph), block).nodes
    except UnknownGraph:
        return graph.nodes


@dataclass(frozen=True)
class _Kept:
    """A tensor that the new graph has."""

    name: str
    channels: int


class _Placed(Walk):
    """The new graph; `places` say in which of its tensors the channels of the old one's lie."""

    def __init__(self, readers: Readers, block: int) -> None:
        super().__init__(readers.graph)
        self._readers, self._block = readers, block
        self._kept: list[_Kept] = []
        self._joins: dict[tuple[int, ...], int] = {}
        self.nodes: list[Node] = []
        for one in self.graph.nodes:
            if not self.rearranged(one):
                self._place(one)
        for name in self.graph.outputs:
            self._give(name)

    def _place(self, one: Node) -> None:
        if one.op == "Conv":
            self._convolve(one)
        elif self.is_elementwise(one):
            self._compute(one)
        elif one.op in SPATIAL and self.computed(one) == [one.inputs[0]]:
            kept, columns = self._joined(self.places[one.inputs[0]])
            (output,) = one.outputs
            self.nodes.append(one.renamed([self._kept[kept].name, *one.inputs[1:]], [output]))
            self.places[output] = _in(self._keep(output, self._kept[kept].channels), columns)
        else:
            for name in self.computed(one):
                self._give(name)
            self.nodes.append(one)

    def _convolve(self, one: Node) -> None:
        """A convolution for each piece of its output."""
        weights, bias = self._weights(one)
        source, columns = self._source(one.inputs[0], weights.shape[1])
        if (one.integer("group") or 1) == 1:
            wide = np.zeros((len(weights), source.channels, *weights.shape[2:]), np.float32)
            wide[:, columns] = weights
            pieces, weights = self._pieces(one.outputs[0], len(weights)), wide
        else:
            pieces = [_inverse(columns, source.channels)]
        places = np.zeros((len(bias), 2), np.int64)
        for number, piece in enumerate(pieces):
            name = one.outputs[0] if len(pieces) == 1 else f"{one.outputs[0]}/{number}"
            inputs = [source.name, self._chosen(f"{name}/w", weights, piece), self._chosen(f"{name}/b", bias, piece)]
            group = 1 if (one.integer("group") or 1) == 1 else len(piece)
            self.nodes.append(one.renamed(inputs, [name], group=group))
            real = np.flatnonzero(piece >= 0)
            places[piece[real]] = _in(self._keep(name, len(piece)), real)
        self.places[one.outputs[0]] = places

    def _weights(self, one: Node) -> tuple[Values, Values]:
        weights = known(self.graph.array(one.inputs[1]))
        if one.integer("group") not in (None, 1, len(weights)):
            raise UnknownGraph("a convolution in groups")
        if len(one.inputs) < 3:
            return weights, np.zeros(len(weights), np.float32)
        return weights, known(self.graph.array(one.inputs[2]))

    def _source(self, name: str, channels: int) -> tuple[_Kept, Channels]:
        """What a convolution reads in the new graph, and where in it the channels lie that it read in the old one."""
        if name not in self.places:
            return _Kept(name, channels), np.arange(channels)
        kept, columns = self._joined(self.places[name])
        return self._kept[kept], columns

    def _pieces(self, name: str, channels: int) -> list[Channels]:
        like = self.places.get(self._readers.alike.get(name, ""))
        if like is None:
            return self._readers.pieces(name, channels, self._block)
        kept, columns = self._joined(like)
        return [_inverse(columns, self._kept[kept].channels)]

    def _chosen(self, name: str, values: Values, piece: Channels) -> str:
        """Weights of these output channels; nothing for padding."""
        real = (piece >= 0).reshape(-1, *[1] * (values.ndim - 1))
        return self.graph.add(name, np.where(real, values[piece], 0).astype(np.float32))

    def _compute(self, one: Node) -> None:
        """An elementwise operation: tensor by tensor where all that it takes lies alike, else on them joined."""
        (output,) = one.outputs
        taken = {name: self.places[name] for name in self.computed(one)}
        if not _lie_alike(list(taken.values())):
            taken = {name: _in(*self._joined(places)) for name, places in taken.items()}
            if not _lie_alike(list(taken.values())):
                raise UnknownGraph(f"channels of {output} come in different orders")
        first = next(iter(taken.values()))
        parts, rows, part_of = np.unique(first[:, 0], return_index=True, return_inverse=True)
        made: list[int] = []
        for part, row in zip(parts.tolist(), rows.tolist(), strict=True):
            names = {name: self._kept[places[row, 0]].name for name, places in taken.items()}
            self.nodes.append(one.renamed([names.get(name, name) for name in one.inputs], [f"{output}/{len(made)}"]))
            made.append(self._keep(f"{output}/{len(made)}", self._kept[part].channels))
        self.places[output] = np.stack([np.array(made)[part_of], first[:, 1]], axis=1)

    def _joined(self, places: Places) -> tuple[int, Channels]:
        """One tensor that has all of these channels, and where in it they lie."""
        parts, part_of = np.unique(places[:, 0], return_inverse=True)
        key = tuple(parts.tolist())
        sizes = [self._kept[part].channels for part in key]
        if key not in self._joins:
            self._joins[key] = key[0] if len(key) == 1 else self._join(key)
        starts = np.cumsum([0, *sizes[:-1]])
        return self._joins[key], starts[part_of] + places[:, 1]

    def _join(self, parts: Sequence[int]) -> int:
        kept = [self._kept[part] for part in parts]
        name = f"joined/{len(self._kept)}"
        self.nodes.append(node("Concat", [one.name for one in kept], name, axis=1))
        return self._keep(name, sum(one.channels for one in kept))

    def _give(self, name: str) -> None:
        """The old graph's tensor, in its own order, for whoever reads it by its name."""
        if name not in self.places:
            return
        kept, columns = self._joined(self.places[name])
        if not np.array_equal(columns, np.arange(self._kept[kept].channels)):
            raise UnknownGraph(f"{name} is read in an order of its own")
        if self._kept[kept].name != name:
            self.nodes.append(node("Identity", [self._kept[kept].name], name))
            self._kept[kept] = _Kept(name, len(columns))

    def _keep(self, name: str, channels: int) -> int:
        self._kept.append(_Kept(name, channels))
        return len(self._kept) - 1


def _inverse(columns: Channels, width: int) -> Channels:
    """For each place which channel lies there; -1 where none does."""
    channels = np.full(width, -1)
    channels[columns] = np.arange(len(columns))
    return channels


def _in(kept: int, columns: Channels) -> Places:
    return np.stack([np.full(len(columns), kept), columns], axis=1)


def _lie_alike(many: Sequence[Places]) -> bool:
    """Whether channels lie in the same places, whatever the names of the tensors that they lie in."""
    forms = [np.stack([np.unique(one[:, 0], return_inverse=True)[1], one[:, 1]], axis=1) for one in many]
    return all(np.array_equal(forms[0], other) for other in forms)
