"""A pack travels whole, and a broken or forged one is refused."""

import io
import json
import zipfile
from typing import Any

import pytest

from civicam.contracts.errors import Inconsistent
from civicam.contracts.vision import Sampled, SampledInstant
from civicam.vision.pack import Frame, Manifest, Pack
from tests.fakes.footage import jpeg, passing

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def pack() -> Pack:
    instants = tuple(SampledInstant(index=index, time_s=index / 5) for index in (0, 3, 4))
    pictures = passing(3)
    return Pack(
        Manifest(
            sampled=Sampled(width=320, height=192, duration_s=1, source_fps=5, sampling_fps=5, frames=3, coverage=1),
            picture_width=320,
            picture_height=192,
            frames=instants,
            still=(SampledInstant(index=1, time_s=0.2), SampledInstant(index=2, time_s=0.4)),
        ),
        tuple(Frame(at.index, at.time_s, jpeg(picture)) for at, picture in zip(instants, pictures, strict=True)),
    )


def members(pack: Pack) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack.to_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def with_manifest(pack: Pack, **changes: Any) -> bytes:
    parts = members(pack)
    manifest = json.loads(parts["pack.json"]) | changes
    return zipped(parts | {"pack.json": json.dumps(manifest).encode()})


def test_a_pack_comes_back_as_it_was_and_always_as_the_same_bytes(pack: Pack) -> None:
    assert Pack.from_bytes(pack.to_bytes()) == pack
    assert Pack.from_bytes(pack.to_bytes()).to_bytes() == pack.to_bytes()


@pytest.mark.parametrize(
    "forge",
    [
        lambda pack: b"",
        lambda pack: pack.to_bytes()[:-40],
        lambda pack: zipped(members(pack), zipfile.ZIP_DEFLATED),
        lambda pack: zipped({name: body for name, body in members(pack).items() if name != "pack.json"}),
        lambda pack: zipped({"../../etc/cron.d/x": b"", **members(pack)}),
        lambda pack: zipped(members(pack) | {"000003.jpg": b"<svg/>"}),
        lambda pack: with_manifest(pack, frames=[]),
        lambda pack: with_manifest(pack, frames=[{"index": 0, "time_s": 0}]),
        lambda pack: with_manifest(pack, still=[{"index": 2, "time_s": 0.4}, {"index": 1, "time_s": 0.2}]),
        lambda pack: with_manifest(pack, still=[{"index": -1, "time_s": 0}]),
        lambda pack: with_manifest(pack, version=2),
        lambda pack: zipped(members(pack) | {"pack.json": b"[]"}),
        lambda pack: zipped(members(pack) | {"pack.json": b"{"}),
    ],
)
def test_a_pack_that_is_not_what_its_manifest_says_is_refused(pack: Pack, forge: Any) -> None:
    with pytest.raises(Inconsistent):
        Pack.from_bytes(forge(pack))
