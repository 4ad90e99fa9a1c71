"""Who reads each channel of a network's feature maps, whatever splits and shuffles lie on its way."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from civicam.runtime.onnx_graph import Graph, Node, Values

LEAST_PIECE = 9
"""Channels that go the same way and are kept apart for it; fewer would be padding for the most part."""
ELEMENTWISE = {"Add", "Clip", "Div", "HardSigmoid", "Mul", "Relu", "Sigmoid"}
SPATIAL = {"GlobalAveragePool", "MaxPool", "Resize"}
"""Operations that leave each channel to itself."""
Places = NDArray[np.int64]
"""(channels, 2): for each channel of a tensor in which other tensor it lies, and where in that."""
Channels = NDArray[np.int64]
"""(channels,)"""


class UnknownGraph(Exception):
    """The graph has something in it that these rules do not know."""


def known(values: Values | None) -> Values:
    """A constant's numbers; raises UnknownGraph where they are computed."""
    if values is None:
        raise UnknownGraph("what should be a constant is computed")
    return values


class Walk:
    """A graph, and of each tensor that is nothing but other tensors' channels where these lie."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.places: dict[str, Places] = {}
        self._made = {name: number for number, one in enumerate(graph.nodes) for name in one.outputs}

    def rearranged(self, one: Node) -> bool:
        """Whether an operation only moves channels about; then it is noted where they are."""
        moves = one.op in ("Concat", "Gather", "Split") and one.integer("axis") == 1
        taken = one.inputs if one.op == "Concat" else one.inputs[:1]
        if not moves or any(name not in self.places for name in taken):
            return False
        places = np.concatenate([self.places[name] for name in taken])
        if one.op == "Concat":
            self.places[one.outputs[0]] = places
        elif one.op == "Gather":
            self.places[one.outputs[0]] = places[known(self.graph.value(one.inputs[1]))]
        else:
            sizes = self.graph.split_sizes(one) or [len(places) // len(one.outputs)] * len(one.outputs)
            self.places |= zip(one.outputs, np.split(places, np.cumsum(sizes)[:-1]), strict=True)
        return True

    def computed(self, one: Node) -> list[str]:
        """Of an operation's inputs those whose channels are known, the one that was made first before the others."""
        return sorted((name for name in one.inputs if name in self.places), key=self._made.__getitem__)

    def is_elementwise(self, one: Node) -> bool:
        """Whether it does the same to every number of tensors whose channels are known, by single constants if any."""
        return (
            one.op in ELEMENTWISE
            and any(name in self.places for name in one.inputs)
            and all(name in self.places or known(self.graph.value(name)).size == 1 for name in one.inputs)
        )


class Readers(Walk):
    """Who reads each channel that is computed. Raises UnknownGraph."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._origins: dict[str, int] = {}
        self._readers: defaultdict[int, defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._whole: set[int] = set()
        self.alike: dict[str, str] = {}
        """A convolution's output, and the tensor that it must lie like, because both are multiplied or added."""
        for number, one in enumerate(graph.nodes):
            if not self.rearranged(one):
                self._read(number, one)
        for name in graph.outputs:
            self._is_whole(name)

    def pieces(self, name: str, channels: int, block: int) -> list[Channels]:
        """Channels of a convolution's output by who reads them, each piece padded with -1 to whole blocks.

        It stays in one piece, unpadded, where an operation reads it that these rules do not know.
        """
        origin = self._origins[name]
        if origin in self._whole:
            return [np.arange(channels)]
        groups: defaultdict[frozenset[int], list[int]] = defaultdict(list)
        for channel in range(channels):
            groups[frozenset(self._readers[origin][channel])].append(channel)
        large = [group for group in groups.values() if len(group) >= LEAST_PIECE]
        rest = [channel for group in groups.values() if len(group) < LEAST_PIECE for channel in group]
        return [_padded(group, block) for group in (*large, rest) if group]

    def _read(self, number: int, one: Node) -> None:
        taken = self.computed(one)
        if self.is_elementwise(one):
            self.places[one.outputs[0]] = self.places[taken[0]]
            for other in taken[1:]:
                self._lies_like(other, taken[0])
        elif one.op == "Conv" or (one.op in SPATIAL and taken):
            for name in taken:
                for origin, channel in self.places[name].tolist():
                    self._readers[origin][channel].add(number)
            width = len(known(self.graph.array(one.inputs[1]))) if one.op == "Conv" else len(self.places[taken[0]])
            origin = self._origins.setdefault(one.outputs[0], len(self._origins))
            self.places[one.outputs[0]] = np.stack([np.full(width, origin), np.arange(width)], axis=1)
        else:
            for name in taken:
                self._is_whole(name)

    def _is_whole(self, name: str) -> None:
        if name in self.places:
            self._whole |= {*self.places[name][:, 0].tolist()}

    def _lies_like(self, name: str, other: str) -> None:
        origins = {*self.places[name][:, 0].tolist()}
        if len(origins) == 1 and not np.array_equal(self.places[name], self.places[other]):
            self.alike[[*self._origins][origins.pop()]] = other


def _padded(group: Sequence[int], block: int) -> Channels:
    return np.array([*group, *[-1] * (-len(group) % block)])
