"""`civicam analyse`: the functions' own code on files; one document an input and line."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from civicam.contracts.catalogue import read_any
from civicam.contracts.errors import NotFound, Rejected
from civicam.runtime.detector import open_picture
from civicam.runtime.sandbox import sample_footage
from civicam.vision.catalogue import load_catalogue
from civicam_cli.analysis.camera import FileCamera, read_camera, slug
from civicam_cli.analysis.choice import Models
from civicam_cli.analysis.document import Wish, analyse_file
from civicam_cli.analysis.inputs import open_input
from tests.fakes.footage import PLAYLIST, START, clip, passing, scene

pytestmark = pytest.mark.unit
ALL = ("vehicle", "crowd", "face")
Document = dict[str, Any]


def analysed(path: Path, *, models: tuple[str, ...] = (), **wish: Any) -> Document:
    asked: dict[str, Any] = {"camera": FileCamera(), "analytics": ALL, "fps": 5.0, "every_frame": False}
    document = analyse_file(path, Wish(**asked | wish), Models(load_catalogue(), models))
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


def command(*arguments: str | Path) -> tuple[int, list[Document], str]:
    """Exit code, documents and complaints of the command as a person runs it, with the models of packages alone."""
    ended = subprocess.run(
        [sys.executable, "-c", "from civicam_cli.main import app; app()", "analyse", *map(str, arguments), "--json"],
        env={"PATH": "/usr/bin:/bin", "CIVICAM_MODEL_MIRROR": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr


@pytest.mark.usefixtures("no_mirror")
class TestDocument:
    def test_it_has_the_parts_that_were_promised(self, bikes: Path) -> None:
        document = analysed(bikes, fps=1.0)
        assert (document["width"], document["height"]) == (640, 272)
        assert {name: model["name"] for name, model in document["model"].items()} == {
            "objects": "packaged-panel",
            "faces": "centerface",
        }
        assert [frame["index"] for frame in document["frames"]] == list(range(0, 250, 25))
        things = [thing for frame in document["frames"] for thing in frame["objects"]]
        assert things
        assert all(set(thing) == {"label", "score", "xyxy", "track_id"} for thing in things)
        assert all(0 <= thing["xyxy"][0] < thing["xyxy"][2] <= 640 for thing in things)

    def test_its_facts_are_facts_of_the_catalogue(self, bikes: Path) -> None:
        facts = [read_any(fact) for fact in analysed(bikes, fps=1.0)["facts"]]
        assert sorted(fact.type for fact in facts) == [
            "vision.crowd.measured.v1",
            "vision.faces.seen.v1",
            "vision.vehicles.counted.v1",
        ]
        assert {fact.data.sampling_fps for fact in facts} == {1.0}

    def test_only_what_was_asked_for_is_looked_for(self, square: Path) -> None:
        document = analysed(square, analytics=("face",))
        assert set(document["model"]) == {"faces"}
        assert [fact["type"] for fact in document["facts"]] == ["vision.faces.seen.v1"]

    def test_every_frame_means_every_frame(self, square: Path) -> None:
        assert [f["index"] for f in analysed(square, every_frame=True, analytics=("face",))["frames"]] == list(
            range(50)
        )

    def test_a_still_frame_is_listed_with_what_stood_there_before(self, tmp_path: Path) -> None:
        path = tmp_path / "still.mp4"
        path.write_bytes(clip(passing(50, end=0)))
        document = analysed(path, analytics=("face",))
        assert len(document["frames"]) == 10
        assert document["sampled"]["frames"] < 10

    def test_the_same_file_gives_the_same_facts(self, square: Path) -> None:
        first, second = analysed(square), analysed(square)
        assert [fact["id"] for fact in first["facts"]] == [fact["id"] for fact in second["facts"]]
        assert first["frames"] == second["frames"]

    @pytest.mark.parametrize("form", ["jpg", "png"])
    def test_a_picture_is_one_frame(self, tmp_path: Path, form: str) -> None:
        path = tmp_path / f"picture.{form}"
        Image.fromarray(scene(width=512, height=288)).save(path)
        document = analysed(path)
        assert (document["width"], document["height"]) == (512, 288)
        assert [(frame["index"], frame["time_s"]) for frame in document["frames"]] == [(0, 0.0)]

    def test_a_named_model_is_the_one_that_looks(self, square: Path) -> None:
        document = analysed(square, models=("centernet",))
        assert document["model"]["objects"]["chosen"] == "named"

    def test_a_picture_gets_the_panel(self, tmp_path: Path) -> None:
        path = tmp_path / "picture.png"
        Image.fromarray(scene(width=512, height=288)).save(path)
        model = analysed(path, analytics=("vehicle",))["model"]["objects"]
        assert (model["name"], model["licence"], model["licence_clear"]) == ("packaged-panel", "MIT", True)

    def test_long_footage_gets_one_model(self, square: Path) -> None:
        wish = Wish(FileCamera(), ("vehicle",), fps=5.0, every_frame=True)
        names = [
            json.loads(json.dumps(analyse_file(square, wish, Models(load_catalogue(), panel_frames_max=most))["model"]))
            for most in (49, 50)
        ]
        assert [chosen["objects"]["name"] for chosen in names] == ["centernet", "packaged-panel"]

    def test_an_unknown_model_is_named_before_anything_is_done(self) -> None:
        with pytest.raises(NotFound, match="nobody-s"):
            Models(load_catalogue(), ("nobody-s",))


class TestCamera:
    def test_any_names_will_do_and_come_back(self, tmp_path: Path) -> None:
        path = tmp_path / "camera.json"
        lines = [{"line_id": "Đường số 1", "points": [[0, 10], [100, 10]]}]
        path.write_text(json.dumps({"camera_id": "cam 1", "lines": lines, "anything": "else"}))
        camera = read_camera(path)
        entry = camera.entry(ALL, (640, 360))
        data = {"camera_id": entry.camera_id, "crossings": [{"line_id": entry.profile.lines[0].line_id}]}
        own = {"camera_id": "cam 1", "crossings": [{"line_id": "Đường số 1"}]}
        assert camera.with_own_names(data) == own

    def test_a_registry_entry_serves_too(self, tmp_path: Path) -> None:
        path = tmp_path / "camera.json"
        zones = [{"zone_id": "kerb", "polygon": [[0, 0], [9, 0], [9, 9]]}]
        path.write_text(json.dumps({"camera_id": "01JD8K3V4N0000000000000001", "profile": {"zones": zones}}))
        entry = read_camera(path).entry(ALL, (640, 360))
        assert entry.camera_id == "01JD8K3V4N0000000000000001"
        assert [zone.zone_id for zone in entry.profile.zones] == ["kerb"]

    def test_without_zones_the_whole_picture_is_one(self) -> None:
        (zone,) = FileCamera().entry(ALL, (640, 360)).profile.zones
        assert zone.polygon == ((0, 0), (640, 0), (640, 360), (0, 360))

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ('{"lines": [{"line_id": "a", "points": [[0, 0]]}]}', "lines.0.points"),
            ('{"zones": [{"zone_id": "a", "polygon": [[0, 0], [1, 1]]}]}', "zones.0.polygon"),
            ("[]", "describes no camera"),
            ("{", "no readable JSON"),
        ],
    )
    def test_a_mistake_is_named(self, tmp_path: Path, text: str, complaint: str) -> None:
        path = tmp_path / "camera.json"
        path.write_text(text)
        with pytest.raises(Rejected, match=complaint):
            read_camera(path)

    def test_a_name_that_is_an_id_stays(self) -> None:
        assert slug("north-arm") == "north-arm"
        assert slug("North Arm") != slug("north arm")


class TestCommand:
    def test_a_bad_input_is_named_and_the_others_go_on(self, tmp_path: Path, square: Path) -> None:
        playlist = tmp_path / "playlist.mp4"
        playlist.write_bytes(PLAYLIST)
        code, documents, complaints = command(playlist, tmp_path / "missing.mp4", square, tmp_path)
        assert code == 1
        assert [document.get("error", {}).get("reason") for document in documents] == [
            "playlist",
            "missing",
            None,
            "missing",
        ]
        assert documents[2]["frames"]
        assert complaints.count("civicam: ") == 3
        assert "Traceback" not in complaints

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["--model", "nobody-s"], "no model is called 'nobody-s'"),
            (["--analytics", "vehicle,weather"], "weather is no analytic"),
            (["--every-frame", "--fps", "2"], "contradict"),
            (["--camera", "/nowhere.json"], "no readable JSON"),
        ],
    )
    def test_a_wrong_option_ends_it_at_once(self, square: Path, arguments: list[str], complaint: str) -> None:
        code, documents, complaints = command(square, *arguments)
        assert (code, documents) == (1, [])
        assert complaint in complaints
        assert "Traceback" not in complaints

    def test_a_line_outside_the_file_s_picture_is_an_error_with_the_remedy(self, square: Path, tmp_path: Path) -> None:
        camera = tmp_path / "camera.json"
        camera.write_text(json.dumps({"lines": [{"line_id": "gate", "points": [[10, 10], [5000, 10]]}]}))
        code, (document,), _ = command(square, "--camera", camera, "--analytics", "face")
        assert code == 1
        assert document["error"]["reason"] == "bad_profile"
        assert "[5000, 10] outside the picture, 320 x 192: draw it inside" in document["error"]["message"]


@pytest.mark.needs_clips
@pytest.mark.needs_models
class TestTruth:
    """The model that suits the footage is found, and counts what a person counted."""

    def test_cars_from_above_cross_the_line_twice_each_way(self, clip_mirror: Path, clip_truth: dict[str, Any]) -> None:
        truth = clip_truth["car-detection.mp4"]
        line = {"line_id": "middle", "points": truth["line"]}
        camera = FileCamera.model_validate({"lines": [line]})
        document = analysed(clip_mirror / "car-detection.mp4", camera=camera, analytics=("vehicle",))
        assert document["model"]["objects"]["name"] == "crossroad-0078"
        (fact,) = document["facts"]
        crossings = {crossing["direction"]: crossing["count"] for crossing in fact["data"]["crossings"]}
        assert crossings == {"forward": truth["crossings"]["down"], "backward": truth["crossings"]["up"]}
        assert fact["data"]["appeared"] == [{"label": "car", "count": truth["distinct_cars"]}]

    def test_the_cars_go_at_a_car_park_s_pace_and_come_ten_seconds_apart(self, clip_mirror: Path) -> None:
        """A car's box is some 300 px long near the camera, and a car 4.5 m: 15 mm a pixel.

        They cross about 128 frames apart, of 12.5 a second; nobody stops.
        """
        corners = ((0, 0), (768, 0), (768, 432), (0, 432))
        told = {
            "lines": [{"line_id": "middle", "points": [[0, 216], [767, 216]]}],
            "ground": {"picture": corners, "metres": [(x * 0.015, -y * 0.015) for x, y in corners]},
        }
        document = analysed(
            clip_mirror / "car-detection.mp4", camera=FileCamera.model_validate(told), analytics=("vehicle",)
        )
        data = document["facts"][0]["data"]
        assert [line["speeds"] for line in data["lines"]] == [2, 2]
        assert all(7 < line["speed_kmh_mean"] <= line["speed_kmh_p85"] < 18 for line in data["lines"])
        assert all(abs(line["headway_s_mean"] - 128 / 12.5) < 0.5 for line in data["lines"])
        assert (data["present_max"], data["zones"][0]["queue_max"]) == (2, 0)

    def test_two_people_walk_up_with_two_faces(self, clip_mirror: Path) -> None:
        document = analysed(clip_mirror / "face-walking-2.mp4", every_frame=True)
        assert Counter(len(frame["faces"]) for frame in document["frames"]) == {2: 35}
        people = Counter(sum(o["label"] == "person" for o in frame["objects"]) for frame in document["frames"])
        assert people == {2: 35}
        assert len({o["track_id"] for frame in document["frames"] for o in frame["objects"]}) == 2

    def test_the_snapshots_of_the_city_are_counted(self, clip_mirror: Path) -> None:
        truth = json.loads((clip_mirror / "clips.json").read_text())["snapshots"]["items"]
        wrong = {"four_wheel_ok": 0, "two_wheelers_ok": 0}
        for item in truth:
            (frame,) = analysed(clip_mirror / item["file"], analytics=("vehicle",))["frames"]
            x1, y1, x2, y2 = item["truth"]["roi_xyxy"]
            inside = Counter(
                "four_wheel_ok" if thing["label"] in {"car", "bus", "truck"} else "two_wheelers_ok"
                for thing in frame["objects"]
                if thing["label"] != "person"
                and x1 <= (thing["xyxy"][0] + thing["xyxy"][2]) / 2 <= x2
                and y1 <= (thing["xyxy"][1] + thing["xyxy"][3]) / 2 <= y2
            )
            for kind in wrong:
                least, most = item["truth"][kind]
                wrong[kind] += max(0, least - inside[kind], inside[kind] - most)
        assert wrong["four_wheel_ok"] <= 1
        assert wrong["two_wheelers_ok"] <= 3

    def test_a_car_and_a_cyclist_seen_from_a_height(self, clip_mirror: Path) -> None:
        document = analysed(clip_mirror / "person-bicycle-car.mp4", every_frame=True, analytics=("vehicle",))
        by_index = {f["index"]: Counter(o["label"] for o in f["objects"]) for f in document["frames"]}
        assert all(by_index[index]["car"] == 1 for index in (0, 8, 24, 32, 40))
        assert all(by_index[index]["two_wheeler"] == 1 for index in (24, 32, 40))


def test_a_picture_s_pixels_are_not_swapped(tmp_path: Path) -> None:
    """Red stays red on the way through the sandbox: swapped channels cost recall that nobody would notice."""
    path = tmp_path / "red.png"
    Image.new("RGB", (64, 64), (200, 10, 20)).save(path)
    given = open_input(path, START)
    pack = sample_footage(given.footage, given.media_type, START, fps=1, every_frame=True)
    assert np.abs(np.asarray(open_picture(pack.frames[0].jpeg)).astype(int) - (200, 10, 20)).max() < 8
