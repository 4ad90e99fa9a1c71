"""The recorder's process: `python -m containers.cameras.recorder INPUT --api URL --camera-id ID --buffer FOLDER`."""

import argparse
import ipaddress
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import NoReturn

import urllib3

from civicam.aws.recorder_identity import PLACE, RecorderIdentity
from civicam.contracts.errors import CityError, Rejected
from civicam.contracts.footage import ClockQuality
from containers.cameras.recorder.buffer import Buffer
from containers.cameras.recorder.delivery import Delivery
from containers.cameras.recorder.instructed import Instructions
from containers.cameras.recorder.live import Live
from containers.cameras.recorder.looking import EdgeLooking
from containers.cameras.recorder.recorder import Edge, Recorder
from containers.cameras.recorder.recordings import Folder, Recorded, just_filmed, play
from containers.cameras.recorder.rtsp import SCHEMES, RtspCamera, login_of

TOKEN_VARIABLE = "CIVICAM_TOKEN"  # noqa: S105 - the name of a variable


def main() -> None:
    """Record until the input ends, or until SIGTERM; what could not be delivered waits in the buffer."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        identity = _identity(options)
    except CityError as error:
        _end(error)
    delivery, stop = _delivery(options, identity), Event()
    recorder = Recorder(
        camera_id=identity.kept.camera_id if identity else options.camera_id,
        clock_quality=ClockQuality(options.clock),
        buffer=Buffer(options.buffer, options.buffer_mb * 1_000_000),
        delivery=delivery,
        edge=_edge(options, delivery, stop),
        stop=stop,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: recorder.stop.set())
    try:
        recorder.run(_clips(options, recorder))
    except Rejected as error:
        _end(error)


def _end(error: CityError) -> NoReturn:
    logging.getLogger("recorder").error("%s", error)
    sys.exit(1)


def _identity(options: argparse.Namespace) -> RecorderIdentity | None:
    """Who this recorder is: by its file, else by a code; None where somebody else cares for tokens."""
    if options.identity is None:
        return None
    if options.code_file and not options.identity.exists():
        return RecorderIdentity.enrol(options.api, options.code_file.read_text(), options.identity)
    return RecorderIdentity.of_file(options.identity)


def _delivery(options: argparse.Namespace, identity: RecorderIdentity | None) -> Delivery:
    http = urllib3.PoolManager(maxsize=2)
    if identity is None:
        return Delivery(options.api, _token(options.token_file), http)
    return Delivery(identity.kept.api, identity.token, http, PLACE, identity.forget)


def _edge(options: argparse.Namespace, delivery: Delivery, stop: Event) -> Edge | None:
    """How clips are looked at here, where the city wants it; None without models."""
    if options.models is None:
        return None
    instructions = Instructions(delivery, options.buffer / "wanted" / "instruction.json", stop)
    return Edge(instructions, EdgeLooking(options.models, options.model))


def _clips(options: argparse.Namespace, recorder: Recorder) -> Iterator[Recorded]:
    told, seconds, forever = _address(options.input), options.seconds, options.forever
    if told.partition("://")[0] in SCHEMES:
        text = options.login_file.read_text() if options.login_file else None
        login = login_of(text, told, options.login_scheme) if text is not None else None
        camera = RtspCamera(told, options.camera_network, login)
        return Live(camera, recorder.camera_id, options.buffer / "spool", seconds, recorder.stop).clips()
    source = Path(told)
    if source.is_dir():
        return Folder(source, options.buffer / "done").clips(seconds, forever=forever, stop=recorder.stop)
    if options.at_once:
        return just_filmed(source, seconds, datetime.now(UTC))
    return play(source, seconds, forever=forever, stop=recorder.stop)


def _address(told: str) -> str:
    """The input itself, or what the file after an @ holds: an address may be a secret, and arguments are none."""
    return Path(told[1:]).read_text().strip() if told.startswith("@") else told


def _token(file: Path | None) -> Callable[[], str]:
    return (lambda: file.read_text().strip()) if file else (lambda: os.environ.get(TOKEN_VARIABLE, ""))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="recorder", description="Records a camera and brings its clips to the city.")
    parser.add_argument(
        "input", help="rtsp://HOST/PATH without a login, @FILE that holds such an address, a video file or a folder"
    )
    parser.add_argument("--login-file", type=Path, help="holds the camera's user:password")
    parser.add_argument("--login-scheme", choices=["digest", "basic"], default="digest", help="basic: in clear")
    parser.add_argument(
        "--camera-network",
        type=ipaddress.ip_network,
        action="append",
        default=[],
        help="a private network that the camera may be in, such as 192.168.1.0/24; may be given again",
    )
    parser.add_argument("--api", help="the address of the city's API")
    parser.add_argument("--camera-id", help="whose footage it is; an identity knows it")
    parser.add_argument("--identity", type=Path, help="holds the recorder's own identity (`civicam edge enrol`)")
    parser.add_argument("--code-file", type=Path, help="holds a code that makes it, where there is none yet")
    parser.add_argument("--models", type=Path, help="folder of model files, for a camera whose pixels stay here")
    parser.add_argument(
        "--model", action="append", default=[], help="name of one that looks; else the catalogue's floor"
    )
    parser.add_argument("--buffer", type=Path, required=True, help="folder for clips that wait")
    parser.add_argument("--buffer-mb", type=int, default=500, help="its bound; the oldest clips go first")
    parser.add_argument("--seconds", type=float, default=6.0, help="least length of a clip; it ends at a keyframe")
    parser.add_argument("--clock", choices=[str(one) for one in ClockQuality], default="declared")
    parser.add_argument("--token-file", type=Path, help=f"holds the access token; else {TOKEN_VARIABLE} does")
    parser.add_argument("--forever", action="store_true", help="play the file over and over, keep watching the folder")
    parser.add_argument("--at-once", action="store_true", help="do not play the file in real time: it has just ended")
    options = parser.parse_args()
    if not options.identity and not (options.api and options.camera_id):
        parser.error("give --identity, or --api and --camera-id")
    if options.models and not options.identity:
        parser.error("--models wants --identity: what is wanted of a camera is said to its own recorder")
    if options.code_file and not options.api:
        parser.error("--code-file wants --api")
    return options


if __name__ == "__main__":
    main()
