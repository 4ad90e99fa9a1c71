"""Faces stay hidden between detections, forwards and backwards; plates between samples; noise hides nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.contracts.vision import Box, ClipBoxes, FrameBoxes, Label
from civicam.vision.holding import LINGER_S, hold
from civicam.vision.redaction import Area, Corners, areas

pytestmark = pytest.mark.unit
FPS = 25.0
SIZE = (640, 360)


def seen(*frames: tuple[float, list[Box]]) -> ClipBoxes:
    return ClipBoxes(
        clip_id="a",
        model="m",
        model_digest="0" * 64,
        width=SIZE[0],
        height=SIZE[1],
        sampling_fps=FPS,
        frames=tuple(FrameBoxes(index=round(t * FPS), time_s=t, boxes=tuple(boxes)) for t, boxes in frames),
        thresholds={"face": 0.8, "car": 0.4},
    )


def face(x: float, y: float = 100.0, score: float = 0.9, size: float = 20.0) -> Box:
    return box("face", x, y, size, size, score)


def box(label: Label, x: float, y: float, width: float, height: float, score: float = 0.9) -> Box:
    return Box(label=label, score=score, xyxy=(x, y, x + width, y + height))


def times(seconds: float) -> list[float]:
    return [place / FPS for place in range(round(seconds * FPS) + 1)]


def covers(hidden: tuple[Area, ...], wanted: Corners) -> bool:
    """Whether one of the areas holds all of the rectangle."""
    x1, y1, x2, y2 = wanted
    return any(a[0] <= x1 and a[1] <= y1 and x2 <= a[2] and y2 <= a[3] for a in (area.corners for area in hidden))


def walk(seconds: float, missed: set[int], speed: float = 60.0) -> tuple[ClipBoxes, list[Corners]]:
    """A face that walks to the right, with frames in which the detector misses it; and where it really is."""
    at = times(seconds)
    faces = [face(100 + speed * t) for t in at]
    frames = [(t, [] if place in missed else [one]) for place, (t, one) in enumerate(zip(at, faces, strict=True))]
    return seen(*frames), [one.xyxy for one in faces]


class TestFaces:
    def test_a_face_seen_in_a_frame_is_hidden_there_as_it_was_seen(self) -> None:
        (hidden,) = hold(seen((0.0, [face(100)])), [0.0])
        assert hidden == areas(face(100))

    def test_a_face_seen_before_and_after_is_hidden_between(self) -> None:
        boxes, truth = walk(2.0, missed=set(range(15, 35)))
        assert all(covers(hidden, place) for hidden, place in zip(hold(boxes, times(2.0)), truth, strict=True))

    def test_a_face_is_hidden_before_it_was_first_seen_and_after_it_was_last_seen(self) -> None:
        boxes, truth = walk(2.0, missed={*range(12), *range(39, 51)})
        hidden = hold(boxes, times(2.0))
        assert all(covers(one, place) for one, place in zip(hidden, truth, strict=True))

    def test_also_one_that_was_seen_only_once(self) -> None:
        hidden = hold(seen(*((t, [face(100)] if t == 1.0 else []) for t in times(2.0))), times(2.0))
        for t, areas_then in zip(times(2.0), hidden, strict=True):
            assert covers(areas_then, (100, 100, 120, 120)) == (abs(t - 1.0) < LINGER_S["face"] + 0.001)

    def test_a_faint_face_is_hidden_as_any_other(self) -> None:
        assert hold(seen((0.0, [face(100, score=0.1)])), [0.0]) != [()]

    def test_two_faces_that_pass_each_other_are_both_hidden(self) -> None:
        at = times(2.0)
        ways = [[(100 + 80 * t, 100.0) for t in at], [(260 - 80 * t, 108.0) for t in at]]
        frames = [
            (t, [] if place % 3 else [face(*ways[0][place]), face(*ways[1][place])]) for place, t in enumerate(at)
        ]
        for place, hidden in enumerate(hold(seen(*frames), at)):
            for x, y in (ways[0][place], ways[1][place]):
                assert covers(hidden, (x, y, x + 20, y + 20))

    @given(missed=st.sets(st.integers(0, 50), max_size=45), speed=st.floats(-150, 150))
    def test_no_face_shows_between_two_sightings_less_than_a_second_apart(self, missed: set[int], speed: float) -> None:
        at = times(2.0)
        places = [face(320 + speed * t) for t in at]
        kept = [place for place in range(51) if place not in missed]
        boxes = seen(*((t, [] if place in missed else [places[place]]) for place, t in enumerate(at)))
        for place, hidden in enumerate(hold(boxes, at)):
            before = max((one for one in kept if one <= place), default=-100)
            after = min((one for one in kept if one >= place), default=200)
            if after - before < FPS:
                assert covers(hidden, places[place].xyxy)


class TestPlates:
    def test_between_two_samples_a_plate_is_hidden_wherever_it_may_be(self) -> None:
        cars = {t: box("car", 100 + 150 * t, 100, 80, 60) for t in (0.0, 0.2, 0.4)}
        hidden = hold(seen(*((t, [car]) for t, car in cars.items())), times(0.4))
        for t, areas_then in zip(times(0.4), hidden, strict=True):
            (plate,) = areas(box("car", 100 + 150 * t, 100, 80, 60))
            assert covers(areas_then, plate.corners)

    def test_noise_that_never_counts_hides_nothing(self) -> None:
        faint = box("car", 0, 0, 600, 300, score=0.2)
        assert hold(seen((0.0, [faint]), (0.2, [faint])), [0.0, 0.2]) == [(), ()]

    def test_a_car_that_counts_once_is_hidden_while_it_is_faint(self) -> None:
        cars = [box("car", 100 + 10 * n, 100, 80, 60, score) for n, score in enumerate((0.2, 0.9, 0.2))]
        hidden = hold(seen(*((0.2 * n, [car]) for n, car in enumerate(cars))), [0.0, 0.2, 0.4])
        assert [[area.kind for area in one] for one in hidden] == [["plate"]] * 3


def test_nothing_seen_hides_nothing() -> None:
    assert hold(seen((0.0, []), (0.2, [])), [0.0, 0.1, 0.2]) == [(), (), ()]
    assert hold(seen(), [0.0]) == [()]


def test_no_area_leaves_the_picture() -> None:
    hidden = hold(seen(*((t, [face(600 + 100 * t)]) for t in (0.0, 0.2))), times(1.0))
    assert all(area.corners[2] <= SIZE[0] for one in hidden for area in one)
