"""The registry: versions for ever, one current, lists that page and keep to their units."""

from datetime import timedelta

import boto3
import pytest

from civicam.aws.registry import Registry
from civicam.contracts.cameras import Camera, Profile
from civicam.contracts.errors import Conflict, NotFound, Rejected
from civicam.contracts.versions import Changed, unstamped
from tests.cameras.conftest import AT, PULLED, PUSHING, camera

pytestmark = pytest.mark.unit
MINUTE = timedelta(minutes=1)
IDS = [f"01JZ{number:022d}" for number in range(7)]


@pytest.fixture
def registry(city: None) -> Registry:
    return Registry.from_env()


def renamed(name: str) -> Camera:
    return camera().model_copy(update={"name": name})


def test_the_same_content_again_makes_no_version(registry: Registry) -> None:
    assert registry.put(camera()).change == "added"
    assert registry.put(camera()).change == "unchanged"
    assert unstamped(registry.camera(PUSHING)) == camera()
    assert len(list(registry.archived())) == 1


def test_a_change_is_the_next_version_and_the_last_one_stays_readable(registry: Registry) -> None:
    registry.put(camera())
    registered = registry.put(renamed("Chợ Bến Thành"))
    assert (registered.change, registered.camera.version) == ("changed", 2)
    assert registry.camera(PUSHING).name == "Chợ Bến Thành"
    assert unstamped(registry.camera_version(PUSHING, 1)) == camera()
    assert [archived.version for archived in registry.archived()] == [2]


def test_two_writers_at_once_make_one_version_and_one_conflict(registry: Registry) -> None:
    registry.put(camera())
    theirs = renamed("theirs").model_copy(update={"version": 2})
    boto3.client("s3").put_object(
        Bucket="registry-bucket", Key=f"registry/cameras/{PUSHING}/00000002.json", Body=theirs.model_dump_json()
    )
    with pytest.raises(Conflict, match="version 2"):
        registry.put(renamed("ours"))
    assert registry.camera(PUSHING) == theirs
    assert registry.put(renamed("ours")).camera.version == 3


def test_a_version_is_valid_from_when_it_was_made_and_the_first_one_since_ever(registry: Registry) -> None:
    for minute, name in enumerate(("one", "two", "three")):
        registry.put(renamed(name), by="anna", at=AT + minute * MINUTE)
    valid = [registry.camera_at(PUSHING, AT + minutes * MINUTE).name for minutes in (-999, 0, 0.9, 1, 1.9, 2, 999)]
    assert valid == ["one", "one", "one", "two", "two", "three", "three"]
    assert registry.camera(PUSHING).changed == Changed(at=AT + 2 * MINUTE, by="anna")


def test_versions_from_before_changes_were_written_down_are_valid_since_ever(registry: Registry) -> None:
    registry.make_current(renamed("old").model_copy(update={"version": 4}))
    registry.put(renamed("new"), at=AT)
    boto3.client("s3").put_object(
        Bucket="registry-bucket",
        Key=f"registry/cameras/{PUSHING}/00000004.json",
        Body=renamed("old").model_copy(update={"version": 4}).model_dump_json(exclude={"changed"}),
    )
    assert registry.camera_at(PUSHING, AT - MINUTE).name == "old"
    assert registry.camera_at(PUSHING, AT).name == "new"


def test_the_history_of_a_camera_is_every_version_of_it(registry: Registry) -> None:
    for name in ("one", "two", "two", "three"):
        registry.put(renamed(name))
    assert [(one.version, one.name) for one in registry.history(PUSHING)] == [(1, "one"), (2, "two"), (3, "three")]
    with pytest.raises(NotFound):
        registry.history(PULLED)


def test_a_writer_that_died_halfway_is_finished_by_its_own_repetition(registry: Registry) -> None:
    boto3.client("s3").put_object(
        Bucket="registry-bucket", Key=f"registry/cameras/{PUSHING}/00000001.json", Body=camera().model_dump_json()
    )
    assert registry.put(camera()).camera.version == 1
    assert unstamped(registry.camera(PUSHING)) == camera()


def test_an_older_version_never_becomes_current_again(registry: Registry) -> None:
    registry.put(camera())
    registry.put(renamed("new"))
    registry.make_current(camera())
    assert registry.camera(PUSHING).name == "new"


def test_the_table_is_rebuilt_from_the_bucket(registry: Registry) -> None:
    for name in ("one", "two", "three"):
        registry.put(renamed(name))
    boto3.client("dynamodb").delete_item(TableName="cameras-table", Key={"camera_id": {"S": PUSHING}})
    for archived in registry.archived():
        registry.make_current(archived)
    assert (registry.camera(PUSHING).name, registry.camera(PUSHING).version) == ("three", 3)


def test_what_is_not_there_is_not_found(registry: Registry) -> None:
    registry.put(camera())
    with pytest.raises(NotFound):
        registry.camera(PULLED)
    with pytest.raises(NotFound):
        registry.camera_version(PUSHING, 2)


class TestList:
    @pytest.fixture(autouse=True)
    def cameras(self, registry: Registry) -> None:
        for number, camera_id in enumerate(IDS):
            registry.put(camera(camera_id, unit_id=("ward-a", "ward-b", "ward-c")[number % 3]))

    def pages(self, registry: Registry, units: list[str] | None, limit: int) -> list[list[str]]:
        found, cursor = [], None
        while True:
            page = registry.list(units, cursor, limit)
            found.append([item.camera_id for item in page.items])
            if (cursor := page.cursor) is None:
                return found

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 50])
    def test_pages_hold_each_camera_of_the_units_once(self, registry: Registry, limit: int) -> None:
        pages = self.pages(registry, ["ward-c", "ward-a"], limit)
        assert [camera_id for page in pages for camera_id in page] == [*IDS[0::3], *IDS[2::3]]
        assert all(len(page) == limit for page in pages[:-1])
        assert pages[-1]

    @pytest.mark.parametrize("limit", [1, 3, 50])
    def test_the_whole_city_pages_too(self, registry: Registry, limit: int) -> None:
        found = [camera_id for page in self.pages(registry, None, limit) for camera_id in page]
        assert sorted(found) == IDS

    def test_no_unit_is_no_camera(self, registry: Registry) -> None:
        assert registry.list([]).items == ()
        assert registry.list(["ward-z"]).items == ()

    @pytest.mark.parametrize(
        "cursor",
        [
            {"unit_id": "ward-b", "camera_id": IDS[1]},
            {"camera_id": IDS[0]},
            {"unit_id": "ward-a", "camera_id": ""},
            {"unit_id": "ward-a", "camera_id": IDS[0], "more": "x"},
            {},
        ],
    )
    def test_a_token_of_another_list_is_refused(self, registry: Registry, cursor: dict[str, str]) -> None:
        with pytest.raises(Rejected) as refused:
            registry.list(["ward-a"], cursor)
        assert refused.value.reason == "malformed_cursor"

    def test_all_is_every_camera_once(self, registry: Registry) -> None:
        assert sorted(found.camera_id for found in registry.all()) == IDS


def test_a_profile_is_kept_to_the_last_point(registry: Registry) -> None:
    lines = ({"line_id": "out", "points": ((388.25, 230.0), (388.0, 60.1))},)
    wanted = camera().model_copy(update={"profile": Profile.model_validate({"lines": lines})})
    registry.put(wanted)
    assert registry.camera(PUSHING).profile == wanted.profile
