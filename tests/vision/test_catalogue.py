"""The catalogue says what each model is for, and a model file is taken only if it is the one that is meant."""

import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import civicam.vision.catalogue as module
from civicam.contracts.errors import Inconsistent, NotFound, Rejected
from civicam.runtime.models import Folder, load_first, load_model
from civicam.vision.catalogue import Catalogue, Model, Task, load_catalogue
from tests.fakes import onnx_models

pytestmark = pytest.mark.unit


@dataclass
class Place:
    """A source that has these bytes, or none."""

    file: bytes | None
    title: str = "a place"
    asked: list[str] = field(default_factory=list)

    def read(self, model: Model) -> bytes | None:
        self.asked.append(model.name)
        return self.file


def meaning(file: bytes, name: str = "centernet") -> Model:
    """The catalogue's entry, as if its file were this one."""
    return load_catalogue().model(name).model_copy(update={"sha256": hashlib.sha256(file).hexdigest()})


SOUND = onnx_models.doubling()


class TestCatalogue:
    def test_each_task_has_a_model_that_needs_no_mirror(self, checkout: Path) -> None:
        floor = load_catalogue().floor(Task.OBJECTS)
        assert (checkout / "models/packaged" / floor.file).stat().st_size == floor.size_bytes
        assert load_catalogue().floor(Task.FACES).origin.wheel is not None

    def test_what_is_in_the_package_is_what_is_in_the_repository(self, checkout: Path) -> None:
        packaged = Path(module.__file__).with_name("catalog.toml").read_bytes()
        assert packaged == (checkout / "models/catalog.toml").read_bytes()

    def test_a_licence_that_is_not_clear_says_why(self) -> None:
        unclear = [model for model in load_catalogue().models if not model.licence.clear]
        assert {model.name for model in unclear} >= {"picodet-s", "crossroad-0078"}
        assert all(model.licence.note for model in unclear)

    def test_the_best_come_first(self) -> None:
        ranks = [model.quality.rank for model in load_catalogue().of(Task.OBJECTS)]
        assert ranks == sorted(ranks)

    def test_a_panel_shows_its_members_pictures_of_their_own_size(self) -> None:
        catalogue = load_catalogue()
        yolox, picodet = catalogue.behind("street-panel")
        assert (yolox.input.canvas((512, 288)), picodet.input.canvas((512, 288))) == ((1280, 736), (1120, 640))
        assert catalogue.behind("yolox-nano") == (catalogue.model("yolox-nano"),)

    def test_panels_are_ranked_among_the_models(self) -> None:
        ranked = load_catalogue().ranked(Task.OBJECTS)
        assert [entry.quality.rank for entry in ranked] == list(range(1, len(ranked) + 1))

    def test_what_it_says_of_the_snapshots_is_what_the_benchmark_measured(self, checkout: Path) -> None:
        parts = json.loads((checkout / "docs/benchmarks.json").read_text())["parts"]
        measured = parts["quality"]["share"]["quality"]["objects"]
        for entry in load_catalogue().ranked(Task.OBJECTS):
            wrong = measured[entry.name]
            said = f"{wrong['four_error']} of 7 four-wheelers, {wrong['two_error']} of 32 two-wheelers wrong"
            assert said in entry.quality.figure

    def test_an_unknown_name_names_those_there_are(self) -> None:
        with pytest.raises(NotFound, match="centernet"):
            load_catalogue().model("yolo-9000")

    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            ('decoder = "yolox"', 'decoder = "yolo"', "none of"),
            ('tier = "floor"', 'tier = "default"', "exactly one"),
            ('name = "yolox-nano"', 'name = "picodet-s"', "same name"),
            ("nms_iou = 0.45", "nms_iuo = 0.45", "nms_iuo"),
            ('seats = [{ model = "centernet" }', 'seats = [{ model = "nobody" }', "nobody"),
            ('seats = [{ model = "centernet" }', 'seats = [{ model = "centernet", pixels = 9 }', "fixed size"),
            ('seats = [{ model = "centernet" }', 'seats = [{ model = "yunet-n" }', "another task"),
            ('name = "street-panel"', 'name = "yolox-nano"', "same name"),
            ("size = [1024, 1024]", "size = [1024, 1024], pixels = 9", "either"),
            ("[[models]]", "[[models]", "catalog"),
        ],
    )
    def test_a_catalogue_with_a_mistake_is_refused(
        self, checkout: Path, tmp_path: Path, old: str, new: str, complaint: str
    ) -> None:
        text = (checkout / "models/catalog.toml").read_text()
        assert old in text
        broken = tmp_path / "catalog.toml"
        broken.write_text(text.replace(old, new, 1))
        with pytest.raises(Inconsistent, match=complaint):
            load_catalogue(broken)

    def test_every_threshold_is_above_what_only_holds_a_track(self, checkout: Path) -> None:
        catalogue = Catalogue.model_validate(tomllib.loads((checkout / "models/catalog.toml").read_text()))
        for model in catalogue.models:
            for label in model.output.classes.values():
                assert 0 < model.output.floor_of(label) < model.output.counting[label]


class TestLoading:
    def test_the_first_source_that_has_it_is_taken(self) -> None:
        later = Place(SOUND)
        assert load_model(meaning(SOUND), [Place(None), Place(SOUND), later]) == SOUND
        assert later.asked == []

    def test_another_file_under_its_name_is_passed_over(self) -> None:
        assert load_model(meaning(SOUND), [Place(b"something else"), Place(SOUND)]) == SOUND

    def test_only_another_file_under_its_name_is_refused(self) -> None:
        with pytest.raises(Rejected, match=r"a place is not the one.*civicam models fetch centernet") as refused:
            load_model(meaning(SOUND), [Place(SOUND + b"\0")])
        assert refused.value.reason == "wrong_digest"

    def test_a_file_with_the_right_digest_is_still_looked_into(self) -> None:
        reaching = onnx_models.with_weights_by_path()
        with pytest.raises(Rejected) as refused:
            load_model(meaning(reaching), [Place(reaching)])
        assert refused.value.reason == "external_data"

    def test_no_file_anywhere_says_where_it_was_looked_for(self) -> None:
        with pytest.raises(NotFound, match="a place, here"):
            load_model(meaning(SOUND), [Place(None), Place(None, title="here")])

    def test_a_folder_knows_files_by_their_name(self, tmp_path: Path) -> None:
        model = meaning(SOUND)
        assert Folder(tmp_path).read(model) is None
        (tmp_path / model.file).write_bytes(SOUND)
        assert Folder(tmp_path).read(model) == SOUND

    def test_a_model_that_is_refused_leaves_the_last_good_one_at_work(self) -> None:
        model, file, refused = load_first([meaning(b"new", "yolox-nano"), meaning(SOUND)], [Place(SOUND)])
        assert (model.name, file) == ("centernet", SOUND)
        assert [(one.model.name, one.error.reason) for one in refused] == [("yolox-nano", "wrong_digest")]

    def test_without_a_good_one_the_first_refusal_is_the_error(self) -> None:
        with pytest.raises(Rejected, match="yolox-nano"):
            load_first([meaning(b"new", "yolox-nano"), meaning(b"old")], [Place(SOUND)])
