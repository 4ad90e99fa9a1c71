"""Cameras as CSV: what spreadsheets make of a table is read, or refused with its row, its column and the remedy."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.cameras.csv_file import guarded, read_csv, unguarded, write_csv
from civicam.cameras.entries import settle
from civicam.cameras.templates import templates
from civicam.contracts.cameras import Camera, HttpSource, Preset, Profile
from civicam.contracts.errors import Rejected
from civicam.contracts.geometry import Line
from tests.cameras.conftest import PULLED, PUSHING, camera, pulled

pytestmark = pytest.mark.unit
HEADER = "owner_id,owner_reference,name,unit_id,longitude,latitude"
ROW = "school-le-loi,gate-1,Cổng trường,ward-sai-gon,106.7032,10.7742"


def complaints(text: str) -> list[list[tuple[str, str]]]:
    """Column and problem of everything that is wrong, row by row."""
    return [[(one.column, one.problem) for one in settle(row, None, templates()).complaints] for row in read_csv(text)]


def only(text: str) -> Camera:
    """The one camera of a file."""
    (row,) = read_csv(text)
    entry = settle(row, None, templates())
    assert entry.camera is not None, entry.complaints
    return entry.camera


class TestReading:
    def test_an_owner_s_own_number_makes_the_same_camera_each_time(self) -> None:
        assert only(f"{HEADER}\n{ROW}") == only(f"{HEADER}\n{ROW}")
        assert only(f"{HEADER}\n{ROW}").camera_id != only(f"{HEADER}\n{ROW}".replace("gate-1", "gate-2")).camera_id

    @pytest.mark.parametrize("mark", [",", ";", "\t"])
    @pytest.mark.parametrize("begin", ["", "\ufeff"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_commas_semicolons_tabs_and_a_bom_are_one(self, mark: str, begin: str, end: str) -> None:
        text = begin + end.join((HEADER, ROW, "")).replace(",", mark)
        assert only(text) == only(f"{HEADER}\n{ROW}")

    def test_letters_are_composed_whoever_typed_them(self) -> None:
        taken = only(f"{HEADER}\n" + ROW.replace("Cổng", "Cô\u0309ng"))
        assert taken.name == "Cổng trường"

    def test_rows_are_numbered_as_a_spreadsheet_numbers_them(self) -> None:
        in_two_lines = ROW.replace("Cổng trường", '"Cổng\ntrường"')
        rows = read_csv(f"{HEADER},retention\n\n{in_two_lines},\n,,,\n{ROW}2,")
        assert [row.number for row in rows] == [3, 5]

    def test_an_empty_cell_says_nothing_and_a_dash_takes_back(self) -> None:
        stands = camera().model_copy(update={"retention": "long", "profile": Profile(priority="high")})
        table = f"camera_id,name,retention,profile.priority\n{PUSHING},,-,\n"
        entry = settle(read_csv(table)[0], stands, templates())
        assert entry.camera == stands.model_copy(update={"retention": "standard"})

    @pytest.mark.parametrize(
        ("cell", "taken"),
        [("vehicle crowd", ("vehicle", "crowd")), ('"[""vehicle""]"', ("vehicle",)), ("crowd", ("crowd",))],
    )
    def test_a_list_of_words_is_written_with_spaces_or_as_json(self, cell: str, taken: tuple[str, ...]) -> None:
        assert only(f"{HEADER},profile.analytics\n{ROW},{cell}").profile.analytics == taken

    def test_what_is_drawn_is_json_in_a_cell(self) -> None:
        cell = '"[{""line_id"": ""gate"", ""points"": [[388, 230], [388, 60]]}]"'
        (line,) = only(f"{HEADER},profile.lines\n{ROW},{cell}").profile.lines
        assert line == Line(line_id="gate", points=((388, 230), (388, 60)))


class TestRefusing:
    def test_everything_that_is_wrong_with_a_row_is_told_at_once(self) -> None:
        text = (
            f"{HEADER};profile.sampling_fps;source.interval_seconds;source.kind;profile.lines\n".replace(",", ";")
            + "Le Loi school;1;;ward-sai-gon;106,7032;10.7742;fast;12.5;http_picture;[[\n"
        )
        assert set(complaints(text)[0]) == {
            ("longitude", "has a decimal comma"),
            ("profile.sampling_fps", "is no number"),
            ("source.interval_seconds", "is no whole number"),
            ("profile.lines", "is no JSON"),
            ("owner_id", "is no name of this kind"),
            ("name", "is missing"),
            ("source.url", "is missing"),
        }

    @pytest.mark.parametrize(
        ("change", "column"),
        [
            (("ward-sai-gon", "Phường Sài Gòn"), "unit_id"),
            (("106.7032,10.7742", "10.7742,106.7032"), "latitude"),
            (("106.7032", "106°42'"), "longitude"),
            (("106.7032", "1e999"), "longitude"),
            (("106.7032", ""), "longitude"),
            (("gate-1", ""), "camera_id"),
            (("Cổng trường", "x" * 121), "name"),
            (("10.7742", "10.7742,1,2"), "row"),
        ],
    )
    def test_what_is_wrong_is_named_by_its_column(self, change: tuple[str, str], column: str) -> None:
        assert [one for one, _ in complaints(f"{HEADER}\n{ROW.replace(*change)}")[0]] == [column]

    def test_an_address_with_a_password_is_refused_and_not_repeated(self) -> None:
        text = f"{HEADER},source.kind,source.url\n{ROW},http_picture,http://admin:hunter2@camera.example/"
        (row,) = read_csv(text)
        (found,) = settle(row, None, templates()).complaints
        assert found.column == "source.url"
        assert "hunter2" not in str(found)

    def test_a_camera_that_stands_twice_in_a_file_is_taken_once(self) -> None:
        first, second, third = read_csv(f"{HEADER}\n{ROW}\n{ROW.replace('Cổng', 'Sân')}\n{ROW.replace('gate-1', 'b')}")
        assert not first.complaints
        assert [(one.column, one.problem) for one in second.complaints] == [
            ("owner_reference", "row 2 is about the same camera")
        ]
        assert not third.complaints

    @pytest.mark.parametrize(
        ("text", "reason", "told"),
        [
            ("", "bad_header", "nothing tells which camera"),
            ("name,unit_id\nx,y", "bad_header", "camera_id"),
            ("camera_id,latitud\n", "bad_header", "did you mean latitude"),
            ("camera_id,name,name\n", "bad_header", "twice in the header: name"),
            ("camera_id,version,\n", "bad_header", "an empty one"),
            ("camera_id,changed\n", "bad_header", "no column of a camera: changed"),
            ('camera_id,name\n1,"never closed', "not_csv", "quote"),
            ("camera_id,name\n" + "1," + "x" * 200_000, "not_csv", "no CSV"),
            ("camera_id\n" + "1\n" * 20_001, "not_csv", "in parts"),
        ],
    )
    def test_what_is_no_table_of_cameras_is_refused_whole(self, text: str, reason: str, told: str) -> None:
        with pytest.raises(Rejected, match=told) as refused:
            read_csv(text)
        assert refused.value.reason == reason

    @given(st.text(max_size=200), st.lists(st.text(max_size=30), max_size=8))
    def test_whatever_a_file_holds_each_row_is_a_camera_or_says_why(self, text: str, cells: list[str]) -> None:
        written = io.StringIO()
        csv.writer(written).writerow(cells)
        for body in (text, written.getvalue()):
            try:
                rows = read_csv(f"{HEADER},profile.lines,version\n{body}")
            except Rejected:
                continue  # no table at all
            for row in rows:
                entry = settle(row, None, templates())
                assert (entry.camera is None) == bool(entry.complaints)


class TestWriting:
    def test_what_is_written_is_read_back(self) -> None:
        stands = (
            camera(),
            pulled("http://camera.example/clip.mp4"),
            camera("01JZ0000000000000000000003").model_copy(
                update={
                    "name": "=HYPERLINK(1)",
                    "field_of_view": ((106.7, 10.7), (106.71, 10.7), (106.7, 10.71)),
                    "profile": Profile(
                        mount="pan_tilt_zoom",
                        analytics=(),
                        parameters={"crowd": {"x": 1}},
                        lines=(Line(line_id="out", points=((388.25, 230.0), (388.0, 60.1))),),
                    ),
                    "presets": (Preset(preset_id="gate", name="-"),),
                    "legal_basis": "consent",
                    "consent_until": datetime(2027, 1, 1, tzinfo=UTC),
                }
            ),
        )
        rows = read_csv(write_csv(stands))
        taken = [settle(row, stands[number], templates()).camera for number, row in enumerate(rows)]
        assert taken == list(stands)
        new = [settle(row, None, templates()).camera for row in rows[:2]]
        assert new == list(stands[:2])

    def test_no_credential_is_in_it_and_taking_it_back_leaves_the_address(self) -> None:
        for url in ("http://u:hunter2@camera.example/", "http://camera.example/?password=hunter2"):
            stands = camera(source=HttpSource(kind="http_clip", url=url))
            assert "hunter2" not in write_csv([stands])
            (row,) = read_csv(write_csv([stands]))
            assert row.patch["source"] == {"kind": "http_clip", "interval_seconds": 60}

    @pytest.mark.parametrize(
        "text", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "'=1", "''=1", "'", "name", "-", "=", ""]
    )
    def test_no_spreadsheet_sees_a_formula_and_nothing_is_lost(self, text: str) -> None:
        assert unguarded(guarded(text)) == text
        assert guarded(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}

    @given(st.text(max_size=20))
    def test_any_text_comes_back(self, text: str) -> None:
        assert unguarded(guarded(text)) == text

    def test_a_version_that_somebody_overtook_is_refused_unless_nothing_differs(self) -> None:
        table = f"camera_id,version,name\n{PULLED},1,new name\n"
        stands = pulled("http://camera.example/").model_copy(update={"version": 2})
        assert [one.column for one in settle(read_csv(table)[0], stands, templates()).complaints] == ["version"]
        same = stands.model_copy(update={"name": "new name"})
        assert not settle(read_csv(table)[0], same, templates()).complaints
