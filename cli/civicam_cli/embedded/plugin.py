"""The emulator's process: ministack, nearer to AWS where the city relies on it, on 127.0.0.1 and nowhere else."""

import asyncio
import os
import resource
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack

from civicam_cli.embedded import rights
from civicam_cli.embedded.fidelity import (
    actions,
    buckets,
    check_version,
    containers,
    errors,
    pace,
    saving,
    streams,
    transport,
)
from civicam_cli.embedded.images import CONTAINERS
from civicam_cli.embedded.tasks import TaskProcesses

Asgi = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
_ANSWERS_FROM_INSIDE = ("/_ministack/cfn-response/", "/_ministack/cfn-signal/")


def main(images: Path = CONTAINERS) -> None:
    """Serve until SIGTERM or SIGINT; tasks end first, then the state is saved. `images`: where Dockerfiles are."""
    check_version()
    for module in (actions, errors, pace, buckets, streams, transport):
        module.install()
    tasks = containers.install(images)
    home = Path(os.environ["CIVICAM_HOME"])
    saving.install(home / "saved")
    rights.install(home / "rights-used")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(_serve(tasks))


async def _serve(tasks: TaskProcesses) -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = os.environ["LOG_LEVEL"]
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)

    async def until_asked() -> None:
        await asked.wait()
        containers.stop_scheduling()
        await asyncio.to_thread(tasks.close)

    await serve(guarded(ministack.app), config, shutdown_trigger=until_asked)  # type: ignore[arg-type]


def guarded(application: Asgi) -> Asgi:
    """Without the emulator's own switches: unsigned, one request to them from any web page would wipe the city."""

    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and _is_a_switch(scope["method"], scope["path"]):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"not in a city"})
            return
        await application(scope, receive, send)

    return answer


def _is_a_switch(method: str, path: str) -> bool:
    return (
        path.startswith("/_ministack/") and method not in {"GET", "HEAD"} and not path.startswith(_ANSWERS_FROM_INSIDE)
    )


if __name__ == "__main__":
    main()
