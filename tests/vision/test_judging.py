"""Judging: what one clip comes to, and that it does not matter how footage was cut."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicam.contracts.cameras import Profile
from civicam.contracts.catalogue import read_any
from civicam.contracts.errors import Rejected
from civicam.contracts.facts import ClipFact, CloudEvent
from civicam.contracts.geometry import Line, Zone
from civicam.contracts.vision import CrowdMeasured, FacesSeen, VehiclesCounted
from civicam.vision.analytic import NOTHING_SEEN
from civicam.vision.analytics import ANALYTICS
from civicam.vision.judging import EMPTY, Judged, State, carried, rules_digest
from tests.fakes import fold
from tests.fakes.scenes import Instant, Mover, SceneClip, clip_of, cut, instants

pytestmark = pytest.mark.unit

DOWN = Line(line_id="down", points=((100, 360), (1200, 360)))
SIDEWAYS = Line(line_id="sideways", points=((640, 700), (640, 20)))
SQUARE = Zone(zone_id="square", polygon=((0, 0), (640, 0), (640, 720), (0, 720)))
PROFILE = Profile(lines=(DOWN, SIDEWAYS), zones=(SQUARE,))


def judged(clip: SceneClip, before: State = EMPTY, profile: Profile = PROFILE) -> Judged:
    return fold.judged(clip, profile, before)


def one(judgement: Judged, kind: type[ClipFact]) -> ClipFact:
    return next(fact for fact in judgement.facts if isinstance(fact, kind))


def vehicles(judgement: Judged) -> VehiclesCounted:
    fact = one(judgement, VehiclesCounted)
    assert isinstance(fact, VehiclesCounted)
    return fact


def sums(facts: Iterable[VehiclesCounted]) -> Counter[tuple[str, ...]]:
    """Crossings and new vehicles over many facts."""
    total: Counter[tuple[str, ...]] = Counter()
    for fact in facts:
        total.update({(c.line_id, c.direction, c.label): c.count for c in fact.crossings})
        total.update({("appeared", new.label): new.count for new in fact.appeared})
    return total


STREET = [
    Mover(300, -20, vy=90, since_s=0),
    Mover(500, 740, vy=-110, since_s=1, label="truck", width=90, height=120),
    Mover(-30, 250, vx=140, since_s=2, label="motorcycle", width=40, height=60),
    Mover(900, 500, label="car"),
]


def test_a_clip_of_a_street_is_counted() -> None:
    fact = vehicles(judged(clip_of(instants(STREET, seconds=12))))
    assert sums([fact]) == {
        ("down", "forward", "car"): 1,
        ("down", "backward", "truck"): 1,
        ("sideways", "forward", "motorcycle"): 1,
        ("appeared", "car"): 2,
        ("appeared", "truck"): 1,
        ("appeared", "motorcycle"): 1,
    }
    assert fact.present_max == 4
    assert (fact.sampling_fps, fact.coverage, fact.confidence) == (5.0, 1.0, 0.9)


def test_a_fact_says_what_it_was_judged_from_and_by() -> None:
    clip = clip_of(instants(STREET, seconds=4), coverage=0.5)
    fact = vehicles(judged(clip))
    footage = clip.detected.footage
    assert (fact.clip_id, fact.capture_start, fact.window.end) == (
        footage.clip_id,
        footage.capture_start,
        footage.capture_end,
    )
    assert fact.model_digest == clip.boxes["objects"].model_digest
    assert fact.rules_digest == rules_digest()
    assert fact.confidence == pytest.approx(0.45)
    assert fact.fact_id == vehicles(judged(clip)).fact_id
    assert read_any(CloudEvent.of(fact).model_dump(mode="json")).data == fact


def test_an_empty_street_is_stated_without_certainty() -> None:
    judgement = judged(clip_of(instants([], seconds=4), faces=instants([], seconds=4)))
    assert len(judgement.facts) == 3
    assert {fact.confidence for fact in judgement.facts} == {NOTHING_SEEN}
    assert sums([vehicles(judgement)]) == {}


def test_people_are_counted_in_the_picture_and_where_they_stand() -> None:
    left = [Mover(100 + 80 * n, 300, label="person", width=30, height=80) for n in range(3)]
    passing = Mover(900, 300, label="person", width=30, height=80, until_s=2)
    fact = one(judged(clip_of(instants([*left, passing], seconds=4))), CrowdMeasured)
    assert isinstance(fact, CrowdMeasured)
    assert (fact.people_mean, fact.people_max) == (3.5, 4)
    assert (fact.zones[0].zone_id, fact.zones[0].people_mean, fact.zones[0].people_max) == ("square", 3.0, 3)


def test_boxes_too_faint_to_count_are_not_counted() -> None:
    unsure = Mover(100, 300, label="person", score=0.3)
    fact = one(judged(clip_of(instants([unsure], seconds=4))), CrowdMeasured)
    assert isinstance(fact, CrowdMeasured)
    assert fact.people_max == 0


def test_faces_are_counted_and_measured() -> None:
    faces = [Mover(100, 100, label="face", width=20, height=26), Mover(400, 100, label="face", width=30, height=40)]
    clip = clip_of(instants([], seconds=2), faces=instants(faces, seconds=2))
    fact = one(judged(clip), FacesSeen)
    assert isinstance(fact, FacesSeen)
    assert (fact.faces_mean, fact.faces_max, fact.width_px_median) == (2.0, 2, 25.0)
    assert (fact.small_share, fact.score_median) == (0.0, 0.9)


def test_a_face_seen_in_one_frame_alone_raises_no_maximum() -> None:
    faces = [Mover(100, 100, label="face"), Mover(400, 100, label="face", width=12, since_s=1.0, until_s=1.2)]
    fact = one(judged(clip_of(instants([], seconds=2), faces=instants(faces, seconds=2))), FacesSeen)
    assert isinstance(fact, FacesSeen)
    assert fact.faces_max == 1
    assert fact.small_share == round(1 / 11, 4)


def test_faces_seen_across_the_border_of_two_clips_are_held_as_in_one() -> None:
    faces = instants([Mover(100, 100, label="face", since_s=1.6, until_s=2.4)], seconds=4)
    state, most = EMPTY, list[int]()
    for begin, end in ((0.0, 2.0), (2.0, 4.0)):
        judgement = judged(clip_of(instants([], seconds=4), begin, end, faces=faces), state)
        fact = one(judgement, FacesSeen)
        assert isinstance(fact, FacesSeen)
        state, most = judgement.state, [*most, fact.faces_max]
    whole = one(judged(clip_of(instants([], seconds=4), faces=faces)), FacesSeen)
    assert isinstance(whole, FacesSeen)
    assert max(most) == whole.faces_max == 1


def test_where_no_face_was_seen_nothing_is_said_of_its_size() -> None:
    fact = one(judged(clip_of(instants([], seconds=2), faces=instants([], seconds=2))), FacesSeen)
    assert isinstance(fact, FacesSeen)
    assert (fact.width_px_median, fact.small_share, fact.score_median) == (None, None, None)


def test_only_what_the_profile_names_is_judged() -> None:
    clip = clip_of(instants(STREET, seconds=2), faces=instants([], seconds=2))
    facts = judged(clip, profile=Profile(analytics=("crowd", "face"))).facts
    assert [fact.TYPE for fact in facts] == [CrowdMeasured.TYPE, FacesSeen.TYPE]


def test_a_pass_without_boxes_has_no_facts() -> None:
    facts = judged(clip_of(instants([], seconds=2))).facts
    assert [fact.TYPE for fact in facts] == [VehiclesCounted.TYPE, CrowdMeasured.TYPE]


def test_below_its_lowest_rate_nothing_is_said_to_have_crossed() -> None:
    slow = clip_of(instants([Mover(300, 0, vy=30)], seconds=20, fps=0.5), fps=0.5)
    fact = vehicles(judged(slow))
    assert (fact.crossings, fact.appeared, fact.present_max) == ((), (), 1)


def test_a_crossing_before_the_vehicle_was_sure_counts_when_it_is() -> None:
    fast = instants([Mover(300, 310, vy=200)], seconds=1.6)
    first, second = fold.in_order(cut(fast, [0.4]), PROFILE)
    assert sums([vehicles(first)]) == {}
    assert sums([vehicles(second)]) == {("down", "forward", "car"): 1, ("appeared", "car"): 1}


def test_a_crossing_belongs_to_the_clip_in_which_it_is_established() -> None:
    down = instants([Mover(300, 100, vy=50)], seconds=10)
    counts = [sums([vehicles(judgement)]) for judgement in fold.in_order(cut(down, [4, 5, 6]), PROFILE)]
    # over the line at 4.6 s, clear of it at 5.0 s
    assert [dict(count) for count in counts] == [{("appeared", "car"): 1}, {}, {("down", "forward", "car"): 1}, {}]


def test_a_redrawn_line_is_not_crossed_by_being_redrawn() -> None:
    down = cut(instants([Mover(300, 300)], seconds=8), [4])
    moved_up = Profile(lines=(Line(line_id="down", points=((100, 200), (1200, 200))),))
    before = judged(down[0]).state
    assert sums([vehicles(judged(down[1], before, moved_up))]) == {}


def test_after_a_gap_everything_is_new() -> None:
    parked = instants([Mover(300, 300)], seconds=20)
    clips = [clip_of(parked, 0, 4), clip_of(parked, 4, 8), clip_of(parked, 12, 16)]
    assert [sums([vehicles(judgement)])["appeared", "car"] for judgement in fold.in_order(clips, PROFILE)] == [1, 0, 1]


def test_other_rules_start_anew() -> None:
    known = judged(clip_of(instants(STREET, seconds=4)))
    stranger = known.state.model_copy(update={"rules_digest": "other"})
    end = known.state.until
    assert end
    assert carried(known.state, end) == known.state
    assert carried(stranger, end) == EMPTY
    assert rules_digest(ANALYTICS[:1]) != rules_digest()


def test_footage_that_was_looked_at_is_not_counted_again() -> None:
    street = instants(STREET, seconds=12)
    whole = judged(clip_of(street))
    again = judged(clip_of(street, 4, 10), whole.state)
    assert sums([vehicles(again)]) == {}
    assert again.state.tracker == whole.state.tracker
    assert vehicles(again).present_max == 4


def test_what_is_known_stays_small_in_a_dense_crowd() -> None:
    crowd = [Mover(9 + 21 * (n % 60), 40 + 60 * (n // 60), label="person", width=18, height=50) for n in range(600)]
    motors = [Mover(9 + 21 * (n % 60), 40 + 60 * (n // 60), vx=9, label="motorcycle", width=18) for n in range(600)]
    state = judged(clip_of(instants([*crowd, *motors], seconds=3))).state
    assert len(state.tracker.tracks) == 400
    assert len(state.model_dump_json()) < 400_000


def trembling(things: Sequence[Mover], seed: int, fps: float) -> list[Instant]:
    """The scene as a detector sees it: scores vary, some boxes are missed."""
    chance = random.Random(seed)
    return [
        (
            at_s,
            tuple(
                box.model_copy(update={"score": round(chance.uniform(0.4, 1), 4)})
                for box in boxes
                if chance.random() > 0.1
            ),
        )
        for at_s, boxes in instants(things, seconds=12, fps=fps)
    ]


movers = st.builds(
    Mover,
    x=st.floats(0, 1280),
    y=st.floats(0, 720),
    vx=st.floats(-300, 300),
    vy=st.floats(-300, 300),
    since_s=st.floats(0, 8),
    label=st.sampled_from(["car", "truck", "motorcycle", "person"]),
)


@settings(max_examples=30, deadline=None)
@given(
    things=st.lists(movers, max_size=6),
    seed=st.integers(0, 1000),
    fps=st.sampled_from([1.0, 5.0, 12.5]),
    borders=st.lists(st.integers(1, 149).map(lambda frame: frame / 12.5), max_size=6),
)
def test_whole_or_in_pieces_is_the_same_to_the_last_bit(
    things: list[Mover], seed: int, fps: float, borders: list[float]
) -> None:
    seen = trembling(things, seed, fps)
    whole = judged(clip_of(seen, fps=fps))
    pieces = fold.in_order(cut(seen, borders, fps), PROFILE)
    assert sums(map(vehicles, pieces)) == sums([vehicles(whole)])
    assert pieces[-1].state == whole.state
    assert frozenset().union(*(piece.established for piece in pieces)) == whole.established


def test_a_camera_may_have_parameters_of_its_own() -> None:
    """A vehicle that stops 40 px beyond the line is clear of it, unless the camera asks for more."""
    seen = instants([Mover(300, 200, vy=100, until_s=2), Mover(300, 400, since_s=2)], seconds=6)
    strict = PROFILE.model_copy(update={"parameters": {"vehicle": {"clear_sizes": 3.0}}})

    usual, other = vehicles(judged(clip_of(seen))), vehicles(judged(clip_of(seen), profile=strict))

    assert sums([usual])["down", "forward", "car"] == 1
    assert not other.crossings
    assert usual.rules_digest == rules_digest() == rules_digest(profile=PROFILE)
    assert other.rules_digest == rules_digest(profile=strict) != usual.rules_digest
    assert other.fact_id != usual.fact_id


def test_parameters_that_an_analytic_does_not_have_are_refused_by_name() -> None:
    wrong = PROFILE.model_copy(update={"parameters": {"vehicle": {"clear_miles": 1}}})
    with pytest.raises(Rejected, match="clear_miles"):
        judged(clip_of(instants(STREET, seconds=2)), profile=wrong)
