"""Rider fusion: a rider and the machine are one two-wheeler.

COCO detectors box them apart. On the city's pictures the motorcycle class alone is 32 to 45 % wrong, fused 18 to 20 %
(measured on six traffic-camera snapshots, PicoDet-s and YOLOX-nano).
"""

from collections.abc import Callable, Iterable, Sequence

from civicam.contracts.vision import Box

MACHINES = ("bicycle", "motorcycle")
PARTS = (*MACHINES, "person")
SHARED_WIDTH_MIN = 0.5
"""Share of the narrower box that rider and machine have in common across the picture."""
INSIDE_MIN = 0.7
"""Share of a box beyond which it lies inside another."""


def fuse_riders(
    boxes: Sequence[Box], faint: Sequence[Box] = (), certainty: Callable[[Iterable[float]], float] = max
) -> tuple[Box, ...]:
    """The boxes with each machine and whoever sits on it as one `two_wheeler`, whose box holds them all.

    A person goes to the machine they overlap most, several to one machine where they do; a machine that nobody sits on
    keeps its label, and so does a person who sits on none. A person without a machine may sit on a `faint` one, and a
    machine may have a `faint` rider: scores that would not count alone are evidence enough together. `certainty` makes
    one score of the parts' scores.
    """
    machines, people, others = _machines(boxes), _people(boxes), [box for box in boxes if box.label not in PARTS]
    ridden, walking = _mount(people, machines)
    on_faint, walking = _mount(walking, _machines(faint))
    empty = _without(machines, ridden)
    by_faint, _ = _mount(_people(faint), empty)
    crews = (*ridden, *on_faint, *by_faint)
    wheelers = _apart([_fused((machine, *crew), certainty) for machine, crew in crews])
    parked = _apart([m for m in _without(empty, by_faint) if not any(lies_in(m, wheeler) for wheeler in wheelers)])
    return (*wheelers, *parked, *walking, *others)


def _machines(boxes: Sequence[Box]) -> list[Box]:
    return [box for box in boxes if box.label in MACHINES]


def _people(boxes: Sequence[Box]) -> list[Box]:
    return [box for box in boxes if box.label == "person"]


def _without(machines: Sequence[Box], mounted: "Mounted") -> list[Box]:
    taken = {id(machine) for machine, _ in mounted}
    return [machine for machine in machines if id(machine) not in taken]


Mounted = list[tuple[Box, list[Box]]]


def _mount(people: Sequence[Box], machines: Sequence[Box]) -> tuple[Mounted, list[Box]]:
    """Machines with their crews, and the people who sit on none of them."""
    crews: dict[int, list[Box]] = {}
    walking: list[Box] = []
    for person in people:
        fits = {
            place: _shared_area(person, machine) for place, machine in enumerate(machines) if _sits_on(person, machine)
        }
        if fits:
            crews.setdefault(max(fits, key=fits.__getitem__), []).append(person)
        else:
            walking.append(person)
    return [(machines[place], crew) for place, crew in crews.items()], walking


def _sits_on(person: Box, machine: Box) -> bool:
    """Side by side they share little width; a passer-by behind ends above the saddle; one in front stands below."""
    px1, py1, px2, py2 = person.xyxy
    mx1, my1, mx2, my2 = machine.xyxy
    width = min(px2, mx2) - max(px1, mx1)
    return (
        width > SHARED_WIDTH_MIN * min(px2 - px1, mx2 - mx1)
        and py2 >= my1  # they touch
        and py1 <= (my1 + my2) / 2  # the rider's head is above the machine's middle
        and py2 <= my2 + 0.3 * (my2 - my1)  # and the feet are not far below its wheels
    )


def _apart(wheelers: Sequence[Box]) -> list[Box]:
    """Of boxes of which one lies inside the other, the better."""
    kept: list[Box] = []
    for box in sorted(wheelers, key=lambda box: -box.score):
        if not any(lies_in(box, other) or lies_in(other, box) for other in kept):
            kept.append(box)
    return kept


def lies_in(box: Box, other: Box) -> bool:
    """Whether most of a box lies in another, so that both are likely one thing."""
    x1, y1, x2, y2 = box.xyxy
    return _shared_area(box, other) > INSIDE_MIN * (x2 - x1) * (y2 - y1)


def _shared_area(one: Box, other: Box) -> float:
    width = min(one.xyxy[2], other.xyxy[2]) - max(one.xyxy[0], other.xyxy[0])
    height = min(one.xyxy[3], other.xyxy[3]) - max(one.xyxy[1], other.xyxy[1])
    return max(0.0, width) * max(0.0, height)


def _fused(parts: Sequence[Box], certainty: Callable[[Iterable[float]], float]) -> Box:
    x1, y1, x2, y2 = zip(*(part.xyxy for part in parts), strict=True)
    score = certainty(part.score for part in parts)
    return Box(label="two_wheeler", score=score, xyxy=(min(x1), min(y1), max(x2), max(y2)))
