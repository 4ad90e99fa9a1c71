"""The ground plane: metres from pixels, only where four points vouch for them."""

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from civicam.contracts.errors import Rejected
from civicam.contracts.geometry import GroundPlane, Point
from civicam.vision.ground import Ground, ground_of
from tests.fakes.pinhole import Pinhole, ground_plane

pytestmark = pytest.mark.unit
MAST = Pinhole(height_m=8.0, tilt_degrees=35.0)
ROAD = ((-4.0, 10.0), (4.0, 10.0), (4.0, 30.0), (-4.0, 30.0))


def plane(camera: Pinhole) -> GroundPlane:
    return ground_plane(camera, ROAD)


def square(size_px: float, size_m: float) -> GroundPlane:
    """Seen from straight above."""
    return GroundPlane(
        picture=((0, 0), (size_px, 0), (size_px, size_px), (0, size_px)),
        metres=((0, size_m), (size_m, size_m), (size_m, 0), (0, 0)),
    )


@given(st.floats(-20, 20), st.floats(8, 45), st.floats(3, 30), st.floats(15, 80))
def test_a_pinhole_camera_is_read_back_exactly(x: float, y: float, height: float, tilt: float) -> None:
    camera = Pinhole(height_m=height, tilt_degrees=tilt)
    assume(min(camera.depth(place) for place in (*ROAD, (x, y))) > 1)
    ground = ground_of(plane(camera))
    assert ground.metres(camera.pixel((x, y))) == pytest.approx((x, y), abs=1e-4)
    assert ground.picture((x, y)) == pytest.approx(camera.pixel((x, y)), abs=1e-3)


corner = st.tuples(st.floats(-50, 50), st.floats(-50, 50))


@given(
    st.lists(st.tuples(st.floats(0, 1920), st.floats(0, 1080)), min_size=4, max_size=4),
    st.lists(corner, min_size=4, max_size=4),
)
@example([(0, 0), (100, 0), (100, 100), (0, 100)], [(0, 0), (0, 0), (1, 1), (2, 2)])
def test_any_four_points_either_go_there_and_back_or_are_refused(picture: list[Point], metres: list[Point]) -> None:
    try:
        ground = ground_of(GroundPlane(picture=tuple(picture), metres=tuple(metres)))
    except Rejected:
        return
    for pixel, place in zip(picture, metres, strict=True):
        assert ground.metres(pixel) == pytest.approx(place, abs=1e-4)
        assert ground.picture(place) == pytest.approx(pixel, abs=1e-3)


def test_above_the_horizon_there_are_no_metres() -> None:
    ground = ground_of(plane(MAST))
    horizon = MAST.horizon_y
    assert ground.metres((640, horizon - 1)) is None
    assert ground.metres((640, horizon + 1)) is None, "some hundreds of metres away: no four points vouch for that"
    assert ground.metres_per_pixel((640, horizon - 1)) is None
    assert ground.area_m2(((600, 500), (700, 500), (650, horizon - 10))) is None


def test_beyond_the_surroundings_of_the_four_points_there_are_no_metres() -> None:
    ground = ground_of(square(100, 10))
    reach = 10 * math.sqrt(2)
    assert ground.metres((50, 100 + 9.9 * reach)) is not None
    assert ground.metres((50, 100 + 10.1 * reach)) is None
    assert ground.picture((5, -1.01 * reach)) is None


def test_areas_and_scales_are_those_of_the_ground() -> None:
    flat, oblique = ground_of(square(100, 10)), ground_of(plane(MAST))
    assert flat.area_m2(((0, 0), (50, 0), (50, 20), (0, 20))) == pytest.approx(10.0)
    assert flat.metres_per_pixel((37, 81)) == pytest.approx(0.1)
    assert oblique.area_m2(tuple(map(MAST.pixel, ((-2, 12), (2, 12), (2, 20), (-2, 20))))) == pytest.approx(32.0)
    assert oblique.metres_per_pixel(MAST.pixel((0, 20))) == pytest.approx(
        _measured(oblique, MAST.pixel((0, 20))), rel=1e-3
    )


def _measured(ground: Ground, pixel: Point) -> float:
    x, y = pixel
    half = 0.05
    area = ground.area_m2(((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)))
    assert area is not None
    return math.sqrt(area) / (2 * half)


@pytest.mark.parametrize(
    ("picture", "metres"),
    [
        (((0, 0), (50, 0), (100, 0), (0, 100)), ((0, 0), (5, 0), (10, 0), (0, 10))),
        (((0, 0), (100, 0), (100, 100), (0, 100)), ((0, 0), (10, 0), (20, 0), (30, 0))),
        (((0, 0), (100, 0), (100, 100), (100, 100)), ((0, 0), (10, 0), (10, 10), (0, 10))),
    ],
)
def test_points_on_one_line_are_refused_with_the_remedy(picture: tuple[Point, ...], metres: tuple[Point, ...]) -> None:
    with pytest.raises(Rejected, match=r"on one line .*choose four of which no three do") as refused:
        ground_of(GroundPlane(picture=picture, metres=metres))
    assert refused.value.reason == "degenerate_ground"


def test_points_in_another_order_are_refused() -> None:
    with pytest.raises(Rejected, match="same order"):
        ground_of(
            GroundPlane(
                picture=((0, 0), (100, 0), (100, 100), (0, 100)),
                metres=((0, 0), (10, 10), (10, 0), (0, 10)),
            )
        )


def test_no_point_may_be_infinite() -> None:
    with pytest.raises(ValueError, match="finite"):
        GroundPlane.model_validate_json('{"picture": [[0,0],[NaN,0],[1,1],[0,1]], "metres": [[0,0],[1,0],[1,1],[0,1]]}')
