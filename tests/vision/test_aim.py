"""A camera that was turned away is found out by the outline of its view; until it returns, nothing drawn counts."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from civicam.contracts.cameras import Profile
from civicam.contracts.facts import ClipFact
from civicam.contracts.geometry import Line, Zone
from civicam.contracts.vision import CrowdMeasured, VehiclesCounted
from civicam.runtime.sandbox import sample_footage
from civicam.vision.admission import Limits
from civicam.vision.judging import EMPTY
from civicam.vision.outline import COLUMNS, ROWS, Outline, is_same_view, likeness, outline, settled
from civicam.vision.sampling import small
from tests.fakes.fold import in_order, judged
from tests.fakes.footage import START, Picture, passing, scene
from tests.fakes.footage import clip as video
from tests.fakes.scenes import Mover, SceneClip, clip_of, instants

pytestmark = pytest.mark.unit
WIDE, HIGH = 640, 384
LINE = Line(line_id="down", points=((100, 360), (1200, 360)))
ZONE = Zone(zone_id="square", polygon=((0, 0), (1280, 0), (1280, 720), (0, 720)))
PROFILE = Profile(lines=(LINE,), zones=(ZONE,))
CAR = instants([Mover(300, -20, vy=90)], seconds=10)


def seen(pictures: Iterable[Picture]) -> Outline:
    return settled([outline(small(np.asarray(Image.fromarray(picture).convert("L")))) for picture in pictures])


def view(shift: int = 0, seed: int = 7) -> Picture:
    """A street of twice the width, seen through a window that starts at `shift`."""
    return scene(seed, 2 * WIDE, HIGH)[:, shift : shift + WIDE]


HOME, ELSEWHERE = seen([view()]), seen([view(seed=8)])


def clip_at(place: Outline, number: int, version: int = 1) -> SceneClip:
    """The tenth-of-a-minute `number` of a street in which a car crosses the line."""
    moved = [(at_s + 10 * number, boxes) for at_s, boxes in CAR]
    clip = clip_of(moved, 10.0 * number, 10.0 * (number + 1), outline=place)
    return SceneClip(clip.detected.model_copy(update={"profile_version": version}), clip.boxes)


def told(clips: Iterable[SceneClip], profile: Profile = PROFILE) -> list[dict[type[ClipFact], ClipFact]]:
    return [{type(fact): fact for fact in one.facts} for one in in_order(clips, profile)]


def crossed(facts: dict[type[ClipFact], ClipFact]) -> int:
    fact = facts[VehiclesCounted]
    assert isinstance(fact, VehiclesCounted)
    return sum(crossing.count for crossing in fact.crossings)


def test_the_same_view_in_other_light_with_something_before_it_is_the_same_view() -> None:
    dusk = (view().astype(np.float64) * 0.4).astype(np.uint8)
    parked = view().copy()
    parked[150:250, 200:360] = 250
    assert is_same_view(HOME, seen([dusk]))
    assert is_same_view(HOME, seen([parked]))
    assert likeness(HOME, HOME) == pytest.approx(1.0)


def test_what_passes_in_a_few_pictures_leaves_no_trace() -> None:
    street = [view().copy() for _ in range(9)]
    for picture in street[:4]:
        picture[:, :400] = 200
    assert likeness(HOME, seen(street)) > 0.95


@pytest.mark.parametrize("shift", [WIDE // 12, WIDE // 6, WIDE // 2])
def test_a_view_that_was_shifted_is_another(shift: int) -> None:
    assert not is_same_view(HOME, seen([view(shift)]))


def test_another_place_is_another_view() -> None:
    assert not is_same_view(HOME, ELSEWHERE)
    assert not is_same_view(HOME, seen([np.rot90(view(), 2)]))


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=60)))
def test_any_picture_has_an_outline_of_bounded_numbers(picture: Picture) -> None:
    numbers = settled([outline(small(picture))])
    assert len(numbers) == ROWS * COLUMNS * 2
    assert max(map(abs, numbers)) <= 100
    assert -1.001 <= likeness(numbers, HOME) <= 1.001


def test_at_home_crossings_are_counted() -> None:
    assert [crossed(facts) for facts in told(clip_at(HOME, n) for n in range(4))] == [1, 1, 1, 1]


def test_a_camera_that_was_turned_away_counts_nothing_at_its_lines_and_says_so_until_it_returns() -> None:
    places = [HOME, HOME, HOME, ELSEWHERE, ELSEWHERE, HOME]
    facts = told(clip_at(place, n) for n, place in enumerate(places))
    assert [crossed(one) for one in facts] == [1, 1, 1, 0, 0, 1]
    assert [one[VehiclesCounted].conditions for one in facts] == [(), (), (), ("moved",), ("moved",), ()]
    crowd = facts[3][CrowdMeasured]
    assert isinstance(crowd, CrowdMeasured)
    assert (crowd.zones, crowd.conditions) == ((), ("moved",))


def test_a_clip_too_short_for_an_outline_changes_nothing() -> None:
    places = [HOME, HOME, HOME, (), ELSEWHERE, (), HOME]
    assert [crossed(one) for one in told(clip_at(place, n) for n, place in enumerate(places))] == [1, 1, 1, 1, 0, 0, 1]


def test_whoever_writes_the_profile_anew_confirms_its_lines() -> None:
    clips = [clip_at(HOME, n) for n in range(3)] + [clip_at(ELSEWHERE, n, version=2) for n in range(3, 6)]
    assert [crossed(one) for one in told(clips)] == [1] * 6


def test_a_camera_that_was_turned_while_nobody_looked_is_found_out_too() -> None:
    clips = [clip_at(HOME, n) for n in range(3)] + [clip_at(ELSEWHERE, 60)]
    assert [crossed(one) for one in told(clips)] == [1, 1, 1, 0]


def test_a_first_view_that_was_something_before_the_lens_gives_way() -> None:
    places = [ELSEWHERE, HOME, HOME, HOME]
    assert [one[VehiclesCounted].conditions for one in told(clip_at(place, n) for n, place in enumerate(places))] == [
        ()
    ] * 4


def test_what_is_known_of_a_view_that_stays_stays_as_it_is() -> None:
    """So a clip that comes late gives those after it no reason to be judged again."""
    state = EMPTY
    aims = []
    for number in range(6):
        state = judged(clip_at(seen(passing(4, width=WIDE, height=HIGH)), number), PROFILE, state).state
        aims.append(state.aim)
    assert aims[2] == aims[3] == aims[5]


def _junction(mirror: Path, names: str) -> list[Outline]:
    # Four in a row, as a clip's pictures are: in each stands other traffic.
    pictures = [np.asarray(Image.open(path)) for path in sorted(mirror.glob(names))]
    return [seen(pictures[first : first + 4]) for first in range(0, len(pictures) - 3, 4)]


@pytest.mark.needs_clips
def test_one_junction_by_night_and_by_day_is_one_view_and_others_are_others(clip_mirror: Path) -> None:
    here = _junction(clip_mirror, "hcmc_series/*.jpg")
    others = [seen([np.asarray(Image.open(path))]) for path in sorted(clip_mirror.glob("hcmc_snapshots/*.jpg"))]
    assert [is_same_view(before, after) for before, after in pairwise(here)] == [True] * 5
    assert not any(is_same_view(place, other) for place in here for other in others)


PRESET = PROFILE.model_copy(update={"mount": "pan_tilt_zoom"})
VEHICLE = PROFILE.model_copy(update={"mount": "vehicle"})
STREETS = [seen([view(seed=seed)]) for seed in range(20, 24)]


def suspended(facts: Iterable[dict[type[ClipFact], ClipFact]]) -> list[str | None]:
    reasons = [{fact.suspended for fact in one.values()} for one in facts]
    assert all(len(reason) == 1 for reason in reasons), "every fact of a clip says the same"
    return [reason.pop() for reason in reasons]


def test_a_turned_camera_s_lines_hold_at_its_preset_and_rest_until_it_returns() -> None:
    places = (HOME, *STREETS[:2], ELSEWHERE, HOME, ELSEWHERE, HOME)
    facts = told((clip_at(place, number) for number, place in enumerate(places)), PRESET)
    assert suspended(facts) == [None, *["looks_elsewhere"] * 3, None, "looks_elsewhere", None]
    assert [crossed(one) for one in facts] == [1, 0, 0, 0, 1, 0, 1]
    assert all(one[VehiclesCounted].conditions == () for one in facts), "to be turned is no fault of such a camera"


def test_a_preset_that_the_profile_names_needs_not_be_seen_first() -> None:
    named = PRESET.model_copy(update={"view": HOME})
    facts = told((clip_at(place, number) for number, place in enumerate((ELSEWHERE, HOME))), named)
    assert suspended(facts) == ["looks_elsewhere", None]


def test_a_clip_in_which_the_camera_turned_crosses_nothing() -> None:
    clip = clip_at(HOME, 1)
    sampled = clip.detected.sampled.model_copy(update={"turned": True})
    turning = SceneClip(clip.detected.model_copy(update={"sampled": sampled}), clip.boxes)
    facts = told((clip_at(HOME, 0), turning, clip_at(HOME, 2)), PRESET)
    assert suspended(facts) == [None, "in_motion", None]
    assert [crossed(one) for one in facts] == [1, 0, 1]


def test_a_vehicle_in_motion_crosses_nothing_and_at_rest_it_counts() -> None:
    places = (*STREETS[:2], HOME, HOME, HOME, *STREETS[2:])
    facts = told((clip_at(place, number) for number, place in enumerate(places)), VEHICLE)
    assert suspended(facts) == [*["in_motion"] * 3, None, None, "in_motion", "in_motion"]
    assert [crossed(one) for one in facts] == [0, 0, 0, 1, 1, 0, 0]
    assert getattr(facts[0][VehiclesCounted], "present_max", None) == 1, "what is in sight is counted all the same"


def test_a_vehicle_of_which_nobody_knows_whether_it_moves_crosses_nothing() -> None:
    assert suspended(told([clip_at((), number) for number in range(3)], VEHICLE)) == ["in_motion"] * 3


def filmed(pictures: list[Picture]) -> bool:
    """Whether a clip of these pictures, four a second, is one in which the camera turned."""
    raw = video(pictures, fps=4, gop=4)
    return sample_footage(raw, "video/mp4", START, fps=4.0).manifest.sampled.turned


def with_square(picture: Picture, left: int) -> Picture:
    """Something that passes before the view."""
    passed = picture.copy()
    passed[120:200, left : left + 120] = 250
    return passed


def test_a_clip_tells_whether_the_camera_turned_in_it() -> None:
    stays = [with_square(view(), 16 * number % 500) for number in range(40)]
    assert not filmed(stays)
    assert filmed(stays[:24] + [view(shift=20 * number) for number in range(16)]), "it pans away"
    assert filmed([view(seed=8)] * 16 + stays[:24]), "it comes from elsewhere"


def test_what_stands_close_for_some_seconds_turns_no_camera() -> None:
    parked = [with_square(view(), 200) if 12 <= number < 28 else view() for number in range(40)]
    assert not filmed(parked)


@pytest.mark.needs_clips
@pytest.mark.parametrize("name", ["car-detection.mp4", "pets_walkers_480x360.avi"])
def test_no_camera_that_hangs_still_is_said_to_turn(clip_mirror: Path, name: str) -> None:
    """Cars fill half of the picture in one of them, people walk in groups in the other."""
    media_type = "video/mp4" if name.endswith("mp4") else "video/x-msvideo"
    pack = sample_footage(clip_mirror / name, media_type, START, fps=1.0, limits=Limits.for_workstation())
    assert not pack.manifest.sampled.turned
