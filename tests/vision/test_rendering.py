"""`civicam analyse --render`: a film of clips, a sheet of pictures; redacted, whole, and nowhere else."""

import io
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from civicam.contracts.errors import Rejected
from civicam.contracts.geometry import Line, Zone
from civicam.runtime.film import CODECS, Codec, Film
from civicam.runtime.rendering import FILL
from civicam.runtime.screen import LINE_COLOUR, Mark, Overlay, Screen, plain, sheet
from civicam.vision.catalogue import load_catalogue
from civicam.vision.redaction import Area
from civicam_cli.analysis.camera import FileCamera
from civicam_cli.analysis.captions import Captions
from civicam_cli.analysis.choice import Models
from civicam_cli.analysis.document import Described, Wish, look_at
from civicam_cli.analysis.rendering import Target, render
from tests.fakes.footage import scene
from tests.vision.test_analyse import command

pytestmark = pytest.mark.unit
SIZE = (640, 384)


def rendered(path: Path, out: Path, *, camera: FileCamera | None = None, fps: float = 5.0) -> Described:
    wish = Wish(camera or FileCamera(), ("vehicle", "crowd", "face"), fps, every_frame=False)
    models = Models(load_catalogue(), ())
    return render(look_at(path, wish, models), wish, models, Target(out))


def pictures(film: Path) -> Iterator[np.typing.NDArray[Any]]:
    with av.open(str(film), "r") as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def screen(**drawn: Sequence[Line] | Sequence[Zone]) -> Screen:
    return Screen(SIZE, SIZE, lines=drawn.get("lines", ()), zones=drawn.get("zones", ()), rows=2)  # type: ignore[arg-type]


def street() -> Image.Image:
    return Image.fromarray(scene(width=SIZE[0], height=SIZE[1]))


class TestScreen:
    def test_what_is_hidden_is_hidden_under_what_is_drawn(self) -> None:
        area = Area("face", (100, 100, 200, 200))
        plain_screen, row = screen(), 19
        hidden = np.asarray(plain_screen.draw(street(), Overlay((area,))))
        assert (hidden[100 + row + 2 : 200 + row - 2, 102:198] == FILL).all()

    def test_a_small_picture_is_enlarged_so_that_text_can_be_read(self) -> None:
        small = Screen((176, 144), (176, 144), lines=(), zones=(), rows=1)
        assert small.size[0] == 704
        assert small.draw(Image.new("RGB", (176, 144)), Overlay(())).size == small.size

    @pytest.mark.parametrize("size", [(641, 359), (1279, 721), (33, 17)])
    def test_both_sides_are_even(self, size: tuple[int, int]) -> None:
        width, height = Screen(size, size, lines=(), zones=(), rows=3).size
        assert (width % 2, height % 2) == (0, 0)

    def test_the_arrow_points_to_the_side_that_counts_as_forward(self) -> None:
        line = Line(line_id="middle", points=((100, 200), (540, 200)))
        drawn = np.asarray(screen(lines=(line,)).draw(street(), Overlay(())))
        coloured = (drawn == LINE_COLOUR).all(axis=2)[:, 300:340].sum(axis=1)
        middle = 200 + 19
        assert coloured[middle + 4 : middle + 30].sum() > 50
        assert not coloured[middle - 30 : middle - 4].any()

    def test_words_do_not_cover_each_other(self) -> None:
        marks = [Mark("person", f"#{number} person", (300, 150, 330, 230)) for number in range(3)]
        places = [np.asarray(screen().draw(street(), Overlay((), marks[:number]))).astype(int) for number in range(4)]
        assert all((one != other).any() for one, other in pairwise(places))

    def test_text_that_is_too_long_is_cut_and_says_so(self) -> None:
        screen().draw(street(), Overlay((), header="x" * 1000, captions=["y" * 1000] * 9))

    def test_vietnamese_loses_its_marks_and_nothing_else(self) -> None:
        assert plain("Đường số 1, Cầu Sài Gòn") == "Duong so 1, Cau Sai Gon"

    def test_a_sheet_shows_every_picture_once(self) -> None:
        cells = [Image.new("RGB", (8, 6), (40 * number, 0, 0)) for number in range(5)]
        grid = np.asarray(sheet(cells, columns=2))
        assert grid.shape == (18, 16, 3)
        assert [int(grid[6 * row, 8 * column, 0]) for row, column in ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0))] == [
            0,
            40,
            80,
            120,
            160,
        ]


@pytest.mark.parametrize("codec", CODECS)
def test_a_film_keeps_its_pictures_times(codec: Codec) -> None:
    file, times = io.BytesIO(), [0.0, 0.04, 0.5, 2.0]
    film = Film(file, (64, 48), 25.0, codec)
    for time_s in times:
        film.add(Image.new("RGB", (64, 48)), time_s)
    film.close()
    with av.open(io.BytesIO(file.getvalue()), "r") as container:
        assert [frame.time for frame in container.decode(video=0)] == pytest.approx(times)


@pytest.mark.usefixtures("no_mirror")
class TestRender:
    def test_a_clip_becomes_a_film_of_all_its_frames(self, square: Path, tmp_path: Path) -> None:
        told = rendered(square, tmp_path / "out")
        film = tmp_path / "out" / "square.mp4"
        assert told == {"path": str(film), "frames": 50, "hidden": told["hidden"]}
        assert sum(1 for _ in pictures(film)) == 50
        assert [path.name for path in film.parent.iterdir()] == ["square.mp4"]

    def test_a_film_s_sheet_is_made_where_a_jpg_is_asked_for(self, square: Path, tmp_path: Path) -> None:
        rendered(square, tmp_path / "square.jpg")
        with Image.open(tmp_path / "square.jpg") as opened:
            assert opened.size == (4 * 640, 3 * (384 + 3 * 19 + 1))

    def test_a_picture_becomes_a_sheet(self, tmp_path: Path) -> None:
        street().save(tmp_path / "picture.png")
        told = rendered(tmp_path / "picture.png", tmp_path)
        assert told["path"] == str(tmp_path / "picture.jpg")

    def test_a_film_of_pictures_is_refused(self, tmp_path: Path) -> None:
        street().save(tmp_path / "picture.png")
        with pytest.raises(Rejected, match=r"name a \.jpg or a folder"):
            rendered(tmp_path / "picture.png", tmp_path / "picture.mp4")

    def test_where_the_film_cannot_be_written_nothing_is_left(self, square: Path, tmp_path: Path) -> None:
        """A folder stands where the film should: it comes to nothing at the very end."""
        (tmp_path / "out" / "square.mp4").mkdir(parents=True)
        with pytest.raises(Rejected, match="cannot be written"):
            rendered(square, tmp_path / "out")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["square.mp4"]

    def test_the_face_in_the_packaged_clip_is_hidden_in_every_frame(self, carphone: Path, tmp_path: Path) -> None:
        told = rendered(carphone, tmp_path)
        assert told["frames"] == 120
        for picture in pictures(tmp_path / "carphone_pristine.mp4"):
            filled = (np.abs(picture.astype(int) - FILL).max(axis=2) < 8).mean()
            assert filled > 0.04

    def test_two_runs_write_the_same_bytes(self, square: Path, tmp_path: Path) -> None:
        films = []
        for name in ("one", "two"):
            rendered(square, tmp_path / name)
            films.append((tmp_path / name / "square.mp4").read_bytes())
        assert films[0] == films[1]


class TestTarget:
    def test_one_file_takes_one_input(self, tmp_path: Path) -> None:
        with pytest.raises(Rejected, match="name a folder"):
            Target(tmp_path / "film.mp4").admit([tmp_path / "a.mp4", tmp_path / "b.mp4"])

    def test_no_input_is_overwritten(self, tmp_path: Path) -> None:
        with pytest.raises(Rejected, match="overwrite"):
            Target(tmp_path).admit([tmp_path / "a.mp4"])
        with pytest.raises(Rejected, match="overwrite"):
            Target(tmp_path / "x" / ".." / "a.mp4").admit([tmp_path / "a.mp4"])

    def test_inputs_of_one_name_do_not_overwrite_each_other(self, tmp_path: Path) -> None:
        with pytest.raises(Rejected, match="several inputs are called a"):
            Target(tmp_path).admit([tmp_path / "1" / "a.mp4", tmp_path / "2" / "a.avi"])

    def test_a_file_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "notes").write_text("mine")
        with pytest.raises(Rejected, match="is a file"):
            Target(tmp_path / "notes").admit([tmp_path / "a.mp4"])


def test_the_command_says_where_it_wrote(square: Path, tmp_path: Path) -> None:
    code, (document,), complaints = command(square, "--render", tmp_path / "out")
    assert (code, complaints) == (0, "")
    assert document["rendered"]["path"] == str(tmp_path / "out" / "square.mp4")


@pytest.mark.usefixtures("no_mirror")
def test_the_text_says_what_counts_in_the_frame(carphone: Path) -> None:
    wish = Wish(FileCamera(), ("face",), 5.0, every_frame=False)
    captions = Captions(look_at(carphone, wish, Models(load_catalogue(), ())))
    assert captions.at(2.0).captions == ("in sight: face 1",)
