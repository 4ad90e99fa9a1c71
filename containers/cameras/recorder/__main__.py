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

import urllib3

from civicam.contracts.errors import Rejected
from civicam.contracts.footage import ClockQuality
from containers.cameras.recorder.buffer import Buffer
from containers.cameras.recorder.delivery import Delivery
from containers.cameras.recorder.live import Live
from containers.cameras.recorder.recorder import Recorder
from containers.cameras.recorder.recordings import Folder, Recorded, just_filmed, play
from containers.cameras.recorder.rtsp import SCHEMES, RtspCamera, login_of

TOKEN_VARIABLE = "CIVICAM_TOKEN"  # noqa: S105 - the name of a variable


def main() -> None:
    """Record until the input ends, or until SIGTERM; what could not be delivered waits in the buffer."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    recorder = Recorder(
        camera_id=options.camera_id,
        clock_quality=ClockQuality(options.clock),
        buffer=Buffer(options.buffer, options.buffer_mb * 1_000_000),
        delivery=Delivery(options.api, _token(options.token_file), urllib3.PoolManager(maxsize=2)),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: recorder.stop.set())
    try:
        recorder.run(_clips(options, recorder))
    except Rejected as error:
        logging.getLogger("recorder").error("%s", error)
        sys.exit(1)


def _clips(options: argparse.Namespace, recorder: Recorder) -> Iterator[Recorded]:
    told, seconds, forever = _address(options.input), options.seconds, options.forever
    if told.partition("://")[0] in SCHEMES:
        text = options.login_file.read_text() if options.login_file else None
        login = login_of(text, told, options.login_scheme) if text is not None else None
        camera = RtspCamera(told, options.camera_network, login)
        return Live(camera, options.camera_id, options.buffer / "spool", seconds, recorder.stop).clips()
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
    parser.add_argument("--api", required=True, help="the address of the city's API")
    parser.add_argument("--camera-id", required=True)
    parser.add_argument("--buffer", type=Path, required=True, help="folder for clips that wait")
    parser.add_argument("--buffer-mb", type=int, default=500, help="its bound; the oldest clips go first")
    parser.add_argument("--seconds", type=float, default=6.0, help="least length of a clip; it ends at a keyframe")
    parser.add_argument("--clock", choices=[str(one) for one in ClockQuality], default="declared")
    parser.add_argument("--token-file", type=Path, help=f"holds the access token; else {TOKEN_VARIABLE} does")
    parser.add_argument("--forever", action="store_true", help="play the file over and over, keep watching the folder")
    parser.add_argument("--at-once", action="store_true", help="do not play the file in real time: it has just ended")
    return parser.parse_args()


if __name__ == "__main__":
    main()
