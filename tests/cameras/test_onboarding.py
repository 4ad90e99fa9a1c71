"""Many cameras at once: each row taken or refused by itself, again changes nothing, and nobody reaches another's."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from civicam.aws.onboarding import Onboarding
from civicam.aws.owners import Owners
from civicam.aws.registration import Registration
from civicam.aws.registry import Registry
from civicam.aws.versions import GROUP
from civicam.cameras.changing import Wish, told_of
from civicam.cameras.csv_file import read_csv, write_csv
from civicam.cameras.entries import settle
from civicam.cameras.geojson import read_features
from civicam.cameras.reach import OwnersReach
from civicam.cameras.reports import Result, counted
from civicam.cameras.rows import Told
from civicam.cameras.templates import templates
from civicam.contracts.cameras import Camera, HttpSource
from civicam.contracts.errors import Rejected
from civicam.contracts.owners import Owner, OwnerKind
from tests.cameras.conftest import PULLED, PUSHING, camera

pytestmark = pytest.mark.unit
WARDS = ("ward-sai-gon", "ward-ben-thanh", "ward-cho-lon")
MINE, THEIRS = "transport", "school-le-loi"
HEADER = "owner_id,owner_reference,name,unit_id,longitude,latitude"


def row(number: int, owner: str = MINE) -> str:
    return f"{owner},gate-{number},Cổng {number},{WARDS[number % 3]},106.7{number:03d},10.77"


def table(count: int) -> tuple[Told, ...]:
    return read_csv("\n".join((HEADER, *map(row, range(count)))))


@pytest.fixture(autouse=True)
def owners(city: None) -> None:
    for owner_id in (MINE, THEIRS):
        Owners.from_env().put(Owner(owner_id=owner_id, name=owner_id, kind=OwnerKind.DEPARTMENT), by="anna")


@pytest.fixture
def registry(owners: None) -> Registry:
    return Registry.from_env()


def take(rows: tuple[Told, ...], **options: Any) -> tuple[Result, ...]:
    return Onboarding.from_env(by="anna").take(rows, **options)


def owner_takes(rows: tuple[Told, ...], *owner_ids: str) -> tuple[Result, ...]:
    return Onboarding.from_env(by="anna", reach=OwnersReach(frozenset(owner_ids or (MINE,)))).take(rows)


def feature(camera_id: str | None = None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": camera_id, "geometry": None, "properties": properties}


def new(owner_id: str = MINE, **properties: Any) -> dict[str, Any]:
    told = {"owner_id": owner_id, "owner_reference": "gate", "name": "gate", "unit_id": WARDS[0]} | properties
    return feature(**told) | {"geometry": {"type": "Point", "coordinates": [106.7, 10.77]}}


class TestTaking:
    def test_all_rows_go_in_and_again_nothing_changes(self, registry: Registry) -> None:
        rows, told = table(GROUP + 7), list[int]()
        assert counted(take(rows, done=told.append)) == {"added": GROUP + 7}
        assert told == [GROUP, GROUP + 7]
        assert counted(take(rows)) == {"unchanged": GROUP + 7}
        stands = list(registry.all())
        assert len(stands) == GROUP + 7
        assert {(one.version, one.changed.by) for one in stands if one.changed} == {(1, "anna")}
        assert {one.camera_id: one for one in registry.archived()} == {one.camera_id: one for one in stands}

    def test_what_is_changed_is_the_next_version_and_told_by_its_fields(self, registry: Registry) -> None:
        take(table(3))
        again = read_csv("\n".join((HEADER, row(0), row(1).replace("Cổng", "Sân"), row(3))))
        results = take(again)
        assert [(one.outcome, one.version, one.fields) for one in results] == [
            ("unchanged", 1, ()),
            ("changed", 2, ("name",)),
            ("added", 1, ()),
        ]
        assert registry.camera(results[1].camera_id or "").name == "Sân 1"
        assert len(registry.history(results[1].camera_id or "")) == 2

    def test_a_dry_run_says_the_same_and_writes_nothing(self, registry: Registry) -> None:
        take(table(1))
        rows = read_csv("\n".join((HEADER, row(0).replace("Cổng", "Sân"), row(1), row(2).replace(WARDS[2], "Ward 2"))))
        dry = take(rows, dry_run=True)
        assert [one.outcome for one in dry] == ["changed", "added", "refused"]
        assert len(list(registry.all())) == 1
        assert [one.outcome for one in take(rows)] == ["changed", "added", "refused"]

    def test_a_refused_row_holds_up_no_other_and_says_everything_at_once(self, registry: Registry) -> None:
        wrong = row(1, "nobody-knows").replace("10.77", "10,77").replace(",10,77", ',"10,77"')
        line = '"[{""line_id"": ""gate"", ""points"": [[9, 9], [9, 9]]}]"'
        text = f"{HEADER},profile.lines\n{row(0)},\n{wrong},\n{row(2)},{line}\n{row(3, 'nobody-knows')},\n"
        first, second, third, fourth = take(read_csv(text))
        assert first.outcome == "added"
        assert [one.column for one in second.complaints] == ["latitude"]
        assert [(one.column, "no length" in one.problem) for one in third.complaints] == [("profile", True)]
        assert [one.column for one in fourth.complaints] == ["owner_id"]
        assert "civicam owners set" in fourth.why
        assert len(list(registry.all())) == 1

    def test_somebody_who_was_faster_stands(self, registry: Registry) -> None:
        rows = table(2)
        take(rows)
        name = rows[0].camera_id or ""
        theirs = registry.camera(name).model_copy(update={"name": "theirs", "version": 2})
        boto3.client("s3").put_object(
            Bucket="registry-bucket", Key=f"registry/cameras/{name}/00000002.json", Body=theirs.model_dump_json()
        )
        results = take(read_csv("\n".join((HEADER, row(0).replace("Cổng", "ours"), row(1).replace("Cổng", "ours")))))
        assert [one.outcome for one in results] == ["refused", "changed"]
        assert "version 2" in results[0].why
        assert registry.camera(name).name == "theirs"

    def test_an_older_version_never_becomes_current_though_it_comes_in_a_group(self, registry: Registry) -> None:
        one, two = camera(PUSHING), camera(PULLED)
        registry.put(one)
        registry.put(one.model_copy(update={"name": "second"}))
        registry.put(one.model_copy(update={"name": "third"}))
        stale = registry.camera_version(PUSHING, 1)
        made = registry.put_all([(one.model_copy(update={"name": "second"}), stale), (two, None)], by="anna")
        assert registry.camera(PUSHING).name == "third"
        assert registry.camera(PULLED).name == two.name
        assert [getattr(entry, "version", None) for entry in made] == [2, 1]

    def test_a_writer_that_died_halfway_is_finished_by_its_own_repetition(
        self, registry: Registry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Dying(Registry):
            def put_all(self, changes: Any, **options: Any) -> Any:
                super().put_all(changes[:1], **options)
                raise ClientError({"Error": {"Code": "InternalError"}}, "TransactWriteItems")

        door = Registration(Dying("cameras-table", "registry-bucket"), Owners.from_env())
        with pytest.raises(ClientError):
            Onboarding(door, "anna").take(table(3))
        assert counted(take(table(3))) == {"added": 2, "unchanged": 1}


class TestTemplates:
    @pytest.mark.parametrize("name", templates())
    def test_each_makes_a_camera_that_the_registry_takes(self, name: str) -> None:
        address: dict[str, Any] = (
            {"address": "camera.example:8080"} if "{address}" in str(templates()[name].sets) else {}
        )
        url: dict[str, Any] = {"source": {"url": "https://camera.example/1.jpg"}} if name == "city-snapshot" else {}
        (result,) = take(read_features([new(template=name, **address, **url)]))
        assert result.outcome == "added", result.why

    def test_a_row_overrides_its_template_and_later_changes_stay(self, registry: Registry) -> None:
        told = new(template="axis-vapix", address="camera.example", profile={"sampling_fps": 2})
        (added,) = take(read_features([told]))
        stands = registry.camera(added.camera_id or "")
        assert (stands.model, stands.profile.picture, stands.profile.sampling_fps) == ("axis-vapix", (1280, 720), 2)
        assert isinstance(stands.source, HttpSource)
        assert stands.source.url == "http://camera.example/axis-cgi/jpg/image.cgi?resolution=1280x720"
        registry.put(stands.model_copy(update={"profile": stands.profile.model_copy(update={"analytics": ("face",)})}))
        assert take(read_features([told]))[0].outcome == "unchanged"
        told["properties"] |= {"address": "other.example"}
        assert take(read_features([told]))[0].fields == ("source.url",)

    @pytest.mark.parametrize(
        ("properties", "column"),
        [
            ({"template": "axis-vapix"}, "address"),
            ({"template": "axis-vapix", "address": "user:pw@camera.example"}, "address"),
            ({"template": "axis-vapix", "address": "camera.example/path"}, "address"),
            ({"template": "recorder", "address": "camera.example"}, "address"),
            ({"template": "axis"}, "template"),
            ({"template": "recorder", "model": "axis-vapix"}, "template"),
        ],
    )
    def test_what_cannot_be_filled_in_is_refused(self, properties: dict[str, str], column: str) -> None:
        (result,) = take(read_features([new(**properties)]))
        assert [one.column for one in result.complaints] == [column]


class TestChanging:
    def test_only_the_cameras_that_are_meant_are_changed(self, registry: Registry) -> None:
        take(table(6))
        wish = Wish(owners=frozenset({MINE}), units=frozenset({WARDS[1]}))
        results = take(told_of(wish.of(registry.all()), ["profile.sampling_fps=1", "retention=short"]))
        assert [(one.outcome, one.fields) for one in results] == [
            ("changed", ("profile.sampling_fps", "retention"))
        ] * 2
        assert {one.unit_id for one in registry.all() if one.profile.sampling_fps == 1} == {WARDS[1]}

    def test_a_dash_takes_back(self, registry: Registry) -> None:
        take(table(1))
        take(told_of(registry.all(), ["retention=long"]))
        take(told_of(registry.all(), ["retention=-"]))
        assert {one.retention for one in registry.all()} == {"standard"}

    @pytest.mark.parametrize(
        ("wish", "found"),
        [
            (Wish(), 2),
            (Wish(kinds=frozenset({"push"})), 1),
            (Wish(models=frozenset({"axis-vapix"})), 1),
            (Wish(owners=frozenset({"nobody"})), 0),
        ],
    )
    def test_a_wish_means_what_matches_all_of_it(self, wish: Wish, found: int) -> None:
        picture = HttpSource(kind="http_picture", url="http://camera.example/")
        stand = (camera(), camera(PULLED, source=picture).model_copy(update={"model": "axis-vapix"}))
        assert len(list(wish.of(stand))) == found

    @pytest.mark.parametrize(
        "setting", ["", "name", "name=", "colour=red", "camera_id=x", "version=2", "profile.sampling_fps=1,5"]
    )
    def test_a_setting_that_cannot_be_read_is_refused_whole(self, setting: str) -> None:
        with pytest.raises(Rejected) as refused:
            told_of([camera()], [setting])
        assert refused.value.reason == "bad_change"


class TestReach:
    """Whoever answers for one owner tries to get at another's cameras."""

    @pytest.fixture
    def theirs(self, registry: Registry) -> Camera:
        return registry.put(camera().model_copy(update={"owner_id": THEIRS, "name": "their gate"})).camera

    def test_their_own_cameras_go_in_and_are_changed(self, registry: Registry) -> None:
        (added,) = owner_takes(read_features([new()]))
        (changed,) = owner_takes(read_features([new(name="other")]))
        assert (added.outcome, changed.outcome) == ("added", "changed")
        (by_id,) = owner_takes(read_features([feature(added.camera_id, retention="short")]))
        assert (by_id.outcome, registry.camera(added.camera_id or "").retention) == ("changed", "short")

    @pytest.mark.parametrize(
        "told",
        [
            lambda theirs: feature(theirs.camera_id, name="mine now"),
            lambda theirs: feature(theirs.camera_id, owner_id=MINE),
            lambda theirs: new() | {"id": theirs.camera_id},
            lambda theirs: new(THEIRS),
            lambda theirs: feature(theirs.camera_id, version=7, name="mine now"),
            lambda theirs: feature(theirs.camera_id, name=theirs.name),
            lambda theirs: feature(theirs.camera_id, owner_id=THEIRS, owner_reference="x"),
        ],
    )
    def test_another_s_camera_is_neither_changed_nor_told_of(
        self, registry: Registry, theirs: Camera, told: Callable[[Camera], dict[str, Any]]
    ) -> None:
        (result,) = owner_takes(read_features([told(theirs)]))
        assert (result.outcome, result.version, result.fields) == ("refused", None, ())
        assert "their gate" not in result.why
        assert list(registry.all()) == [theirs]

    def test_another_s_camera_and_one_that_does_not_exist_are_answered_alike(
        self, registry: Registry, theirs: Camera
    ) -> None:
        (hidden,) = owner_takes(read_features([feature(theirs.camera_id, name="x")]))
        (missing,) = owner_takes(read_features([feature(PULLED, name="x")]))
        assert hidden.complaints == missing.complaints

    def test_nobody_gives_a_camera_away_or_chooses_an_id(self, registry: Registry) -> None:
        (added,) = owner_takes(read_features([new()]))
        (given,) = owner_takes(read_features([feature(added.camera_id, owner_id=THEIRS)]))
        assert [one.column for one in given.complaints] == ["owner_id"]
        (chosen,) = owner_takes(read_features([new() | {"id": PULLED}]))
        assert [one.column for one in chosen.complaints] == ["camera_id"]
        assert {one.owner_id for one in registry.all()} == {MINE}

    def test_whether_another_owner_exists_is_not_told(self) -> None:
        known, unknown = (owner_takes(read_features([new(name)]))[0] for name in (THEIRS, "nobody-knows"))
        assert known.complaints == unknown.complaints

    @pytest.mark.parametrize("profile", [{"priority": "high"}, {"tier": "gpu"}])
    def test_what_costs_the_city_is_the_city_s_to_set(self, registry: Registry, profile: dict[str, str]) -> None:
        (result,) = owner_takes(read_features([new(profile=profile)]))
        assert [one.column for one in result.complaints] == [f"profile.{next(iter(profile))}"]

    def test_what_the_city_has_set_stays_through_an_owner_s_change(self, registry: Registry) -> None:
        (added,) = take(read_features([new(profile={"priority": "high"})]))
        (changed,) = owner_takes(read_features([feature(added.camera_id, name="x")]))
        assert changed.outcome == "changed"
        assert registry.camera(added.camera_id or "").profile.priority == "high"


def test_an_export_of_what_stands_changes_nothing(registry: Registry) -> None:
    take(table(5))
    rows = read_csv(write_csv(registry.all()))
    assert counted(take(rows)) == {"unchanged": 5}
    assert all(settle(one, registry.camera(one.camera_id or ""), templates()).camera for one in rows)
