"""A look travels whole; one that the city's own detectors could not have given is refused before anything is judged."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.contracts.errors import Rejected
from civicam.contracts.vision import Box, ClipBoxes, FrameBoxes, Sampled, SampledInstant
from civicam.vision.catalogue import Task, load_catalogue
from civicam.vision.look import MOST_BOXES, Look, admit_look
from civicam.vision.pack import Frame, Manifest, Pack
from tests.fakes.footage import flipped, jpeg, passing

pytestmark = pytest.mark.unit
SIZE = (320, 192)
INSTANTS = tuple(SampledInstant(index=index, time_s=index / 5) for index in (0, 3))
STILL = (SampledInstant(index=1, time_s=0.2),)
PICTURES = tuple(jpeg(picture) for picture in passing(2))


def sampled(**other: Any) -> Sampled:
    told = {"width": SIZE[0], "height": SIZE[1], "duration_s": 1, "source_fps": 5, "sampling_fps": 5, "frames": 2}
    return Sampled(**{**told, "coverage": 1, **other})


def found(task: Task, *boxes: Box, **other: Any) -> ClipBoxes:
    model = load_catalogue().floor(task)
    told: dict[str, Any] = {
        "clip_id": "",
        "model": model.name,
        "model_digest": model.sha256,
        "width": SIZE[0],
        "height": SIZE[1],
        "sampling_fps": 5,
        "frames": tuple(FrameBoxes(index=one.index, time_s=one.time_s, boxes=boxes) for one in INSTANTS),
        "still": STILL,
        "thresholds": {"car": 0.0},
    }
    return ClipBoxes(**{**told, **other})


def look(seen: Sampled | None = None, **passes: ClipBoxes) -> Look:
    manifest = Manifest(
        sampled=seen or sampled(), picture_width=SIZE[0], picture_height=SIZE[1], frames=INSTANTS, still=STILL
    )
    frames = tuple(Frame(one.index, one.time_s, raw) for one, raw in zip(INSTANTS, PICTURES, strict=True))
    return Look({"objects": found(Task.OBJECTS), "faces": found(Task.FACES)} | passes, Pack(manifest, frames))


def admitted(told: Look, wanted: tuple[str, ...] = ("objects", "faces"), seconds: float = 1.0) -> dict[str, ClipBoxes]:
    return admit_look(told, "c" * 32, seconds, wanted, load_catalogue())


def refusal(told: Look, **how: Any) -> Rejected:
    with pytest.raises(Rejected) as refused:
        admitted(told, **how)
    return refused.value


def box(*xyxy: float, score: float = 0.9) -> Box:
    return Box(label="car", score=score, xyxy=xyxy)


def test_a_look_travels_whole_and_the_same_look_is_the_same_bytes() -> None:
    told = look(objects=found(Task.OBJECTS, box(1, 2, 30, 40)))
    assert Look.from_bytes(told.to_bytes()) == told
    assert told.to_bytes() == Look.from_bytes(told.to_bytes()).to_bytes()


def test_the_clip_and_the_scores_that_count_are_the_city_s_to_say() -> None:
    passes = admitted(look(objects=found(Task.OBJECTS, box(1, 2, 30, 40))))
    assert [*passes] == ["objects", "faces"]
    assert passes["objects"].clip_id == "c" * 32
    assert passes["objects"].thresholds == load_catalogue().floor(Task.OBJECTS).output.counting
    assert passes["objects"].frames[0].boxes == (box(1, 2, 30, 40),)


def test_a_pass_that_nobody_wants_any_more_is_left_out() -> None:
    assert [*admitted(look(), ("faces",))] == ["faces"]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (look(objects=found(Task.OBJECTS, box(float("nan"), 0, 1, 1))), "lie in no picture"),
        (look(objects=found(Task.OBJECTS, box(0, 0, float("inf"), 1))), "lie in no picture"),
        (look(objects=found(Task.OBJECTS, box(30, 0, 1, 1))), "lie in no picture"),
        (look(objects=found(Task.OBJECTS, box(0, 0, 1e6, 1))), "lie in no picture"),
        (look(objects=found(Task.OBJECTS, box(0, 0, 1, 1, score=7))), "lie in no picture"),
        (look(objects=found(Task.OBJECTS, *[box(0, 0, 1, 1)] * (MOST_BOXES + 1))), "lie in no picture"),
        (look(objects=found(Task.OBJECTS, model="mine", model_digest="0" * 64)), "none of the city's"),
        (look(objects=found(Task.OBJECTS, model_digest="0" * 64)), "none of the city's"),
        (look(objects=found(Task.FACES)), "none of the city's for objects"),
        (look(objects=found(Task.OBJECTS, width=640)), "other pictures"),
        (look(objects=found(Task.OBJECTS, frames=())), "other pictures"),
        (look(objects=found(Task.OBJECTS, still=())), "other pictures"),
        (look(sampled(duration_s=0.5)), "outside the clip"),
        (look(sampled(duration_s=float("nan"))), "no sampling gives"),
        (look(sampled(source_fps=float("inf"))), "no sampling gives"),
        (look(sampled(sampling_fps=0)), "no sampling gives"),
        (look(sampled(outline=(1, 2, 3))), "no sampling gives"),
        (look(sampled(outline=(1000,) * 168)), "no sampling gives"),
    ],
)
def test_what_no_detector_of_the_city_could_have_said_is_no_look(told: Look, says: str) -> None:
    refused = refusal(told)
    assert refused.reason == "not_a_look"
    assert says in str(refused)


def test_a_pass_that_the_profile_asks_for_must_have_been_made() -> None:
    told = look()
    assert "objects" in str(refusal(replace(told, boxes={"faces": told.boxes["faces"]})))


def test_footage_of_another_length_than_was_declared_is_refused() -> None:
    assert refusal(look(), seconds=60.0).reason == "wrong_length"


@given(seed=st.integers(0, 10_000), count=st.integers(1, 40))
def test_whatever_bytes_come_they_are_a_look_or_refused(seed: int, count: int) -> None:
    raw = flipped(look().to_bytes(), count, seed)
    try:
        admitted(Look.from_bytes(raw))
    except Rejected as refused:
        assert refused.reason in {"not_a_look", "wrong_length", "too_long", "too_big_picture", "corrupt"}  # noqa: PT017 - either is right


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"\x00" * 1000, look().pack.to_bytes()])
def test_what_is_no_zip_of_a_look_is_refused(raw: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        Look.from_bytes(raw)
    assert refused.value.reason == "not_a_look"
