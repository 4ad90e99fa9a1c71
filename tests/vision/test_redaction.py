"""What no picture that leaves the store may show: faces, heads, plate bands; and that painted over means gone."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from civicam.contracts.vision import OBJECT_LABELS, Box, Label
from civicam.runtime.rendering import FILL, hide, redacted_picture
from civicam.vision.redaction import Area, all_areas, areas, heads
from tests.fakes.footage import scene

pytestmark = pytest.mark.unit
SIZE = (320, 192)


def box(label: Label, *xyxy: float, score: float = 0.9) -> Box:
    return Box(label=label, score=score, xyxy=tuple(xyxy))


def kinds(one: Box) -> list[str]:
    return [area.kind for area in areas(one)]


def street() -> Image.Image:
    return Image.fromarray(scene())


class TestAreas:
    def test_a_face_is_hidden_with_hair_ears_and_chin(self) -> None:
        (area,) = areas(box("face", 100, 100, 120, 130))
        assert area.corners == (94, 91, 126, 139)

    def test_a_faint_face_is_hidden_too(self) -> None:
        assert kinds(box("face", 0, 0, 9, 9, score=0.01)) == ["face"]

    def test_a_walker_s_head_is_the_top_of_the_box(self) -> None:
        (area,) = heads(box("person", 100, 20, 140, 120))
        assert area.corners == pytest.approx((100, 17, 140, 42))

    def test_of_whom_the_picture_shows_the_shoulders_alone_half_is_head(self) -> None:
        (area,) = heads(box("person", 0, 100, 90, 192))
        assert area.corners[3] == pytest.approx(146)

    def test_a_rider_is_hidden_above_and_the_plate_below(self) -> None:
        rider = box("two_wheeler", 100, 50, 150, 150)
        (head,), (plate,) = heads(rider), areas(rider)
        assert plate.kind == "plate"
        assert head.corners[3] < plate.corners[1]

    def test_a_head_too_small_for_a_face_that_somebody_knows_is_left(self) -> None:
        assert heads(box("person", 100, 20, 120, 80)) == ()
        assert heads(box("two_wheeler", 100, 20, 130, 70)) == ()

    def test_in_a_picture_that_stands_alone_heads_go_too(self) -> None:
        person, face = box("person", 100, 20, 140, 120), box("face", 110, 25, 125, 40)
        assert [area.kind for area in all_areas([person, face], SIZE)] == ["head", "face"]

    @pytest.mark.parametrize("label", ["car", "bus", "truck"])
    def test_a_vehicle_s_plate_lies_low_and_may_be_at_either_side(self, label: Label) -> None:
        (area,) = areas(box(label, 10, 10, 110, 90))
        assert area.kind == "plate"
        assert (area.corners[0], area.corners[2]) == (10, 110)
        assert area.corners[1] <= 58
        assert area.corners[3] >= 82

    def test_a_vehicle_too_small_to_be_read_keeps_its_plate(self) -> None:
        assert areas(box("car", 10, 10, 50, 40)) == ()
        assert areas(box("car", 10, 10, 51, 40)) != ()

    def test_a_bicycle_has_no_plate(self) -> None:
        assert areas(box("bicycle", 10, 10, 110, 90)) == ()

    @given(
        label=st.sampled_from([*OBJECT_LABELS, "face"]),
        corners=st.tuples(*[st.floats(-500, 500) for _ in range(4)]),
    )
    def test_no_area_leaves_the_picture(self, label: Label, corners: tuple[float, float, float, float]) -> None:
        x1, y1, x2, y2 = corners
        told = box(label, min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        for area in all_areas([told], SIZE):
            left, top, right, bottom = area.corners
            assert 0 <= left < right <= SIZE[0]
            assert 0 <= top < bottom <= SIZE[1]


class TestPicture:
    def test_what_was_hidden_makes_no_difference_to_the_picture(self) -> None:
        """Two faces, one place: whoever has the JPEG cannot tell which of them it was."""
        face = box("face", 100, 60, 140, 110)
        faces = [street(), street()]
        faces[0].paste((250, 200, 180), (100, 60, 140, 110))
        faces[1].paste((90, 60, 40), (88, 45, 152, 125))
        one, other = (redacted_picture(picture, SIZE, [face]) for picture in faces)
        assert one == other

    def test_boxes_of_the_source_fit_a_smaller_copy(self) -> None:
        picture = hide(street(), (3200, 1920), [Area("face", (1000, 600, 1400, 1100))])
        assert (np.asarray(picture)[60:110, 100:140] == FILL).all()

    def test_a_pixel_touched_is_a_pixel_hidden(self) -> None:
        hidden = np.asarray(hide(street(), SIZE, [Area("face", (10.9, 10.9, 20.1, 20.1))]))
        assert (hidden[10:21, 10:21] == FILL).all()

    def test_the_rest_of_the_picture_and_the_picture_given_stay(self) -> None:
        given_picture = street()
        hidden = np.asarray(hide(given_picture, SIZE, [Area("face", (10, 10, 20, 20))]))
        assert (np.asarray(given_picture) == scene()).all()
        assert (hidden[30:] == scene()[30:]).all()

    def test_it_has_no_metadata(self) -> None:
        given_picture = street()
        given_picture.info["comment"] = b"where it was taken"
        opened = Image.open(io.BytesIO(redacted_picture(given_picture, SIZE, [])))
        assert set(opened.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}

    def test_an_outline_is_drawn_where_it_was_asked_for(self) -> None:
        car = box("car", 50, 50, 150, 150)
        plain, outlined = (
            np.asarray(Image.open(io.BytesIO(redacted_picture(street(), SIZE, [car], drawn)))).astype(int)
            for drawn in ((), (car,))
        )
        assert np.abs(plain[50, 60:140] - outlined[50, 60:140]).max() > 50
