"""The demo's stage: its cameras in the registry, a farm for those that are read, a recorder for those that push."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import boto3

from civicam.aws.owners import Owners
from civicam.aws.registry import THE_CITY, Registry
from civicam.aws.rules import Rules
from civicam.contracts.cameras import Camera, Profile, PushSource
from civicam.contracts.errors import Rejected
from civicam.contracts.geometry import Line, Zone
from civicam.contracts.watch import LineCount, Rule, ZoneCount
from civicam.operations.policy import Role
from civicam_cli import city
from civicam_cli.api import make_token
from civicam_cli.city.footage import Finder
from civicam_cli.deployment import Deployment
from civicam_cli.farm import farm, feeds_of
from civicam_cli.places import ROOT, VAR

FOLDER = VAR / "demo"
OWN_CAMERA = "01JZ0M4P00W1VXHJ3N9QZ5C7RD"
"""The camera that one's own footage plays: `make demo CLIP=...`."""


@dataclass(frozen=True)
class Stage:
    """What plays."""

    cameras: tuple[Camera, ...]
    recorders: tuple[subprocess.Popen[bytes], ...]
    notes: tuple[str, ...]
    """What could not be had on this machine, and what would help."""

    def names(self) -> dict[str, str]:
        """The cameras' names by id."""
        return {camera.camera_id: camera.name for camera in self.cameras}

    def still_recording(self) -> bool:
        """Whether a recorder has footage left."""
        return any(recorder.poll() is None for recorder in self.recorders)


@contextmanager
def demo_city(deployment: Deployment) -> Iterator[Stage]:
    """The demo city's six cameras (those whose footage is at hand), playing until the block ends."""
    finder = Finder()
    at_hand, notes = city.footage(finder)
    with ExitStack() as playing:
        served = playing.enter_context(farm(feeds_of(at_hand), port=int(city.FARM.rpartition(":")[2])))
        footage, _ = city.footage(finder, served.url)
        for owner in city.owners():
            Owners.from_env().put(owner, by=THE_CITY)
        for camera in footage:
            Registry.from_env().put(camera)
        for rule in city.rules():
            Rules.writable_from_env().put(rule)
        recorders = [
            playing.enter_context(_recorder(deployment, camera, path))
            for camera, path in footage.items()
            if isinstance(camera.source, PushSource)
        ]
        _tick(deployment)
        yield Stage(tuple(footage), tuple(recorders), tuple(notes))


@contextmanager
def own_clip(deployment: Deployment, path: Path) -> Iterator[Stage]:
    """One camera that has just filmed this file; its line is the middle of the picture, its zone all of it."""
    camera = _camera_for(path)
    Registry.from_env().put(camera)
    for rule in _rules_for(camera):
        Rules.writable_from_env().put(rule)
    with _recorder(deployment, camera, path, at_once=True) as recorder:
        yield Stage((camera,), (recorder,), ())


def _camera_for(path: Path) -> Camera:
    width, height = _size(path)
    corners = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    profile = Profile(
        lines=(Line(line_id="middle", points=((0.0, height / 2), (width, height / 2))),),
        zones=(Zone(zone_id="picture", polygon=corners),),
    )
    return Camera(
        camera_id=OWN_CAMERA,
        name=path.name[:120],
        owner_id="somebody",
        unit_id="ward-sai-gon",
        position=(106.7009, 10.7769),
        profile=profile,
    )


def _rules_for(camera: Camera) -> Sequence[Rule]:
    return (
        Rule(
            rule_id="own-line",
            title="Somebody crosses the middle of the picture",
            camera_id=camera.camera_id,
            condition=LineCount(line_id="middle", at_least=1),
            cooldown_seconds=30,
        ),
        Rule(
            rule_id="own-zone",
            title="Somebody is in the picture",
            camera_id=camera.camera_id,
            condition=ZoneCount(zone_id="picture", at_least=1),
            cooldown_seconds=30,
        ),
    )


def _size(path: Path) -> tuple[float, float]:
    try:
        with av.open(str(path)) as opened:
            video = opened.streams.video[0]
            return float(video.width), float(video.height)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise Rejected("not_a_video", f"{path} cannot be read as a video: {error}") from error


@contextmanager
def _recorder(
    deployment: Deployment, camera: Camera, path: Path, *, at_once: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """The edge recorder's own process, with an identity that may deliver for the camera's unit only."""
    token = make_token(deployment, Role.RECORDER, [camera.unit_id])
    log = FOLDER / "recorders" / f"{camera.camera_id}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    options = ["--api", deployment.outputs["ApiUrl"], "--camera-id", camera.camera_id, "--seconds", "4"]
    options += ["--buffer", str(FOLDER / "buffers" / camera.camera_id), *(["--at-once"] if at_once else [])]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "containers.cameras.recorder", str(path), *options],
            cwd=ROOT,
            env=environment | {"CIVICAM_TOKEN": token},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


def _tick(deployment: Deployment) -> None:
    """Plan this minute's pulls now: the Scheduler does it at the minute, and nobody likes to wait."""
    name = f"civicam-{deployment.environment}-plan_pulls"
    boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
