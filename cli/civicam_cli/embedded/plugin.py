"""The emulator's process: ministack, nearer to AWS where the city relies on it, on 127.0.0.1 and nowhere else."""

import os
import resource
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Any

import uvicorn
from ministack import app as ministack

from civicam_cli.embedded import rights
from civicam_cli.embedded.fidelity import (
    actions,
    batches,
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
    for module in (actions, batches, errors, pace, buckets, streams, transport):
        module.install()
    tasks = containers.install(images)
    home = Path(os.environ["CIVICAM_HOME"])
    saving.install(home / "saved")
    rights.install(home / "rights-used")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    _Server(tasks).run()


class _Server(uvicorn.Server):
    """Serves until a signal; the city's tasks end first, while their last calls are still answered.

    uvicorn, and not ministack's own hypercorn: parsed and answered in C, a call takes a fifth of the time (measured:
    GetItem 0.5 ms of CPU against 2.6, an object of 200 kB put 3.1 against 7.8).
    """

    def __init__(self, tasks: TaskProcesses) -> None:
        config = uvicorn.Config(
            guarded(ministack.app),
            host="127.0.0.1",
            port=int(os.environ["GATEWAY_PORT"]),
            loop="uvloop",
            http="httptools",
            ws="wsproto",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            log_level=os.environ["LOG_LEVEL"].lower(),
            access_log=False,
            proxy_headers=False,
            server_header=False,  # ministack sends what AWS sends
            date_header=False,
        )
        super().__init__(config)
        self._tasks = tasks

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn gives both
        """Called at SIGTERM and SIGINT."""
        Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        containers.stop_scheduling()
        self._tasks.close()
        self.should_exit = True


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
