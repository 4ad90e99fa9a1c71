"""What the laptop leaves out is what is said to be left out."""

import pytest

from civicam_cli.embedded.left_out import LEFT_OUT, explained
from infra.assembly import Assembly

pytestmark = pytest.mark.infra


def test_every_type_that_only_production_has_is_explained(laptop: Assembly, production: Assembly) -> None:
    missing = {one.kind for one in production.resources()} - {one.kind for one in laptop.resources()}
    explained_types = tuple(prefix for one in LEFT_OUT for prefix in one.types)
    assert missing
    assert {kind for kind in missing if not kind.startswith(explained_types)} == set()


def test_each_has_its_reason() -> None:
    assert all(explained().values())
