"""`civicam bench`: its document, its page, its charts, and the clips that it measures on."""

import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from civicam.contracts.errors import Rejected
from civicam.contracts.vision import Box
from civicam.vision.redaction import Area
from civicam.vision.tracks import TimedFrame
from civicam_cli.bench.cameras import CAMERAS
from civicam_cli.bench.chart import Bar, Chart
from civicam_cli.bench.clips import BenchClips, Film
from civicam_cli.bench.document import HEADLINE, Record, document, measured_here
from civicam_cli.bench.page import write_page
from civicam_cli.bench.part import CLIPS, Bench, Goal, Part, Share, table
from civicam_cli.bench.parts import PARTS
from civicam_cli.bench.recall import Found, compared
from civicam_cli.bench.redaction import painted, verdict
from civicam_cli.bench.steps import STEPS, steps_of
from civicam_cli.bench.tracking import at_rate, greedily, kept
from civicam_cli.bench.ways import CityWay
from civicam_cli.city.footage import Finder
from civicam_cli.main import program
from tests.fakes.scenes import Mover, instants, timed

pytestmark = pytest.mark.unit


def part(name: str, figure: float = 2.0) -> Part:
    """A part that measures a constant."""

    def measure(_: Bench) -> Share:
        return {"clip_cpu_ratio": figure, name: {"figure": figure}}

    return Part(
        name=name,
        title=f"Part {name}",
        measure=measure,
        section=lambda share: table(("figure",), [(share["clip_cpu_ratio"],)]),
        goals=(Goal(measure="ratio", wanted="at least 8", came_to=lambda share: str(share["clip_cpu_ratio"])),),
        chart=lambda _: Chart(f"Chart of {name}", "x", (Bar("it & others", figure, goal=8.0),)),
    )


def test_the_document_has_every_headline_figure_and_null_where_nothing_was_measured() -> None:
    told = document({"steps": {"clip_cpu_ratio": 9.0, "steps": {}}})
    assert {name for name, value in told.items() if name in HEADLINE and value == HEADLINE[name]} == {
        name for name in HEADLINE if name != "clip_cpu_ratio"
    }
    assert told["clip_cpu_ratio"] == 9.0
    assert told["alert_latency_s"] == {"p50": None, "p99": None}
    assert told["host"]["cores"] >= 1  # type: ignore[index,call-overload,operator]


def test_no_two_parts_have_one_name() -> None:
    assert len({part.name for part in PARTS}) == len(PARTS)


def test_a_part_measured_anew_leaves_the_others_on_the_page(tmp_path: Path) -> None:
    page, parts = tmp_path / "benchmarks.md", [part("one"), part("two", 5.0)]
    for one in parts:
        write_page(page, Record.read(page).with_part(one.name, measured_here(one.measure(Bench()))), parts)
    newer = part("one", 3.5)
    write_page(page, Record.read(page).with_part("one", measured_here(newer.measure(Bench()))), parts)
    text = page.read_text()
    assert text.index("## Part one") < text.index("## Part two")
    assert "| ratio | at least 8 | 3.5 |" in text
    assert "| ratio | at least 8 | 5.0 |" in text
    assert "2.0" not in text.partition("## Part one")[2].partition("*`civicam bench")[0]
    assert "![Part two](benchmarks-two.svg)" in text


def test_a_chart_is_a_picture_whose_bars_are_to_scale() -> None:
    svg = ET.fromstring(Chart("cameras", "cameras", (Bar("<ours>", 40), Bar("naive", 10, "other"))).svg())
    widths = [float(bar.get("width") or 0) for bar in svg.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert widths[0] == pytest.approx(4 * widths[1], rel=0.01)
    assert "<ours>" in [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]


def test_a_part_that_does_not_exist_is_refused() -> None:
    answer = CliRunner().invoke(program, ["bench", "--only", "horoscope"])
    assert isinstance(answer.exception, Rejected)
    assert "horoscope" in str(answer.exception)


def test_short_footage_plays_to_and_fro() -> None:
    film = Film([np.full((2, 2, 3), level, np.uint8) for level in range(3)], fps=1.0)
    assert [int(film.at(second)[0, 0, 0]) for second in range(7)] == [0, 1, 2, 1, 0, 1, 2]


def test_a_bench_clip_has_a_key_frame_a_second_and_moves_in_three_of_ten(tmp_path: Path) -> None:
    path = BenchClips(tmp_path, Finder(fetch=False)).path("junction", "some", 720)
    with av.open(str(path)) as clip:
        (stream,) = clip.streams.video
        assert (stream.width, stream.height, stream.frames) == (1280, 720, 250)
        assert stream.average_rate == Fraction(25)
        base = stream.time_base or Fraction(1)
        keys = [packet.pts * base for packet in clip.demux(stream) if packet.pts is not None and packet.is_keyframe]
    assert keys == list(range(10))
    with av.open(str(path)) as clip:
        luma = [frame.to_ndarray(format="gray").astype(int) for frame in clip.decode(video=0) if frame.key_frame]
    moved = [abs(after - before).mean() > 3 for before, after in pairwise(luma)]
    assert moved == [False, False, False, True, True, True, False, False, False]


def test_the_record_beside_the_page_is_json(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    write_page(page, Record().with_part("one", measured_here({"one": 1})), [part("two")])
    assert json.loads(page.with_suffix(".json").read_text())["parts"]["one"]["share"] == {"one": 1}


def test_the_cameras_part_says_what_it_measured_against_its_goals() -> None:
    rows = [
        {"height": height, "fps": fps, "kind": kind, "cameras": 40.0, "naive": 5.0, "times": 8.0}
        for height in (1080, 720)
        for fps in (1.0, 5.0)
        for kind in ("moving", "some")
    ]
    found = {"objects": {"asked": 90, "share": 0.98}, "faces": {"asked": 10, "share": 1.0}}
    recall = {kind: {**found, "all": {"asked": 100, "share": 0.982}} for kind in ("moving", "some")}
    share: Share = {"cameras": {"cores": 2, "rows": rows, "recall": recall}}  # type: ignore[dict-item]
    assert [goal.came_to(share) for goal in CAMERAS.goals] == ["40.0 against 5.0: 8.0 times, recall 98.2%"] * 2
    text = "\n".join(CAMERAS.section(share))
    assert text.count("| 1080p25 |") == text.count("| 720p25 |") == 4
    assert "| 30 % moving | 0.98 | 1.0 | 0.982 | 100 |" in text
    assert CAMERAS.chart is not None
    assert [bar.goal for bar in CAMERAS.chart(share).bars] == [65.0, 40.0, None]


def test_recall_asks_for_boxes_of_a_size_and_takes_those_that_lie_there_under_the_same_name() -> None:
    def box(x: float, label: str = "car", side: float = 30) -> Box:
        return Box.model_validate({"label": label, "score": 0.9, "xyxy": (x, 0, x + side, side)})

    asked = [box(0), box(100), box(200, "truck"), box(300, side=20)]
    ours = [box(3), box(120), box(201, "car"), box(300, side=20)]
    assert compared(asked, ours) == Found(asked=3, found=1)
    assert Found().share == 1.0


def test_every_step_is_found_in_the_profile_of_a_real_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICAM_MODEL_MIRROR", "")
    clip = BenchClips(CLIPS, Finder(fetch=False)).path("junction", "moving", 720)
    steps = steps_of(CityWay(1.0, "f32"), clip)
    assert set(steps) == {*STEPS, "the rest"}
    assert all(seconds > 0 for name, seconds in steps.items() if name != "faces")


class TestRedaction:
    FACE = Box(label="face", score=0.9, xyxy=(100, 100, 140, 140))

    def test_a_face_that_was_there_and_is_not_painted_over_shows(self) -> None:
        found = Box(label="face", score=0.9, xyxy=(104, 98, 142, 141))
        assert verdict(found, [self.FACE], []) == "shown"
        assert verdict(found, [self.FACE], [Area("face", (0, 0, 110, 110))]) == "shown"

    def test_one_found_over_paint_was_guessed(self) -> None:
        assert verdict(self.FACE, [self.FACE], [Area("face", (90, 90, 150, 150))]) == "guessed"

    def test_one_found_where_no_detector_saw_any_is_counted_apart(self) -> None:
        assert verdict(self.FACE, [], []) == "elsewhere"
        assert verdict(self.FACE, [Box(label="face", score=0.9, xyxy=(300, 100, 340, 140))], []) == "elsewhere"

    def test_areas_that_overlap_paint_once(self) -> None:
        areas = [Area("face", (100, 0, 120, 200)), Area("plate", (110, 0, 120, 200)), Area("plate", (300, 0, 400, 50))]
        assert painted(self.FACE.xyxy, areas) == pytest.approx(0.5)


def test_at_a_low_rate_the_naive_way_loses_what_moves_further_than_its_length_and_the_tracker_does_not() -> None:
    frames = timed(instants([Mover(60, 300, vx=150), Mover(1200, 500, vx=-140)], seconds=8, fps=10))
    assert at_rate(frames, 10) == {
        "links": 158,
        "ours": {"changed": 0, "none": 0},
        "naive": {"changed": 0, "none": 0},
    }
    assert at_rate(frames, 1) == {"links": 14, "ours": {"changed": 0, "none": 0}, "naive": {"changed": 14, "none": 0}}


def test_an_id_that_changes_counts_once_and_a_box_without_one_is_no_change() -> None:
    one, two, three, four = (Box(label="car", score=0.9, xyxy=(n, 0, n + 10, 10)) for n in range(4))
    whose = [{one: "a"}, {two: "a"}, {three: "a"}, {four: "a"}]
    assert kept(whose, [{one: "1"}, {}, {three: "2"}, {four: "2"}]) == (1, 1)


def test_the_naive_way_joins_the_pair_that_overlaps_most() -> None:
    seen = [[(0, 0, 10, 10), (6, 0, 16, 10)], [(5, 0, 15, 10), (-1, 0, 9, 10)]]
    boxes = [tuple(Box(label="car", score=0.9, xyxy=xyxy) for xyxy in frame) for frame in seen]
    first, second = greedily(TimedFrame(n, 1 + 100 * n, frame, {"car": 0.5}) for n, frame in enumerate(boxes))
    assert [second[boxes[1][1]], second[boxes[1][0]]] == [first[box] for box in boxes[0]]
