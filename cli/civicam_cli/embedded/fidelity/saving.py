"""The state that is written at the end is of one moment, and says so.

ministack saves service after service while functions may still be at work: what one of them wrote could be saved
without the message that caused it being gone, or the reverse. And a save that failed looks like one that did not.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core.persistence import STATE_DIR
from ministack.services import lambda_svc

QUIET_SECONDS = 10
"""Functions at work get this long to end."""
SETTLE_SECONDS = 0.2
"""What was accepted is delivered by threads within this time."""
Getters = Mapping[str, Callable[[], Any]]


def install(marker: Path) -> None:
    """Wrap the save at the end."""
    save = app.save_all

    def save_whole(services: Getters) -> None:
        began = time.time()
        quieten()
        silent: set[str] = set()
        save({name: _noting(silent, name, state) for name, state in services.items()})
        if all(_is_fresh(name, began) for name in services.keys() - silent):
            marker.write_text(f"{os.getpid()}\n")

    app.save_all = save_whole


def quieten() -> None:
    """Start no more functions, and wait for those at work; nothing else can reach the emulator by now."""
    lambda_svc._acquire_execution_slot = lambda *_: (None, "function")
    deadline = time.monotonic() + QUIET_SECONDS
    while lambda_svc.executions_in_flight()[0] and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(SETTLE_SECONDS)


def _noting(silent: set[str], name: str, state: Callable[[], Any]) -> Callable[[], Any]:
    """The getter of a service, which notes the service's name where it has nothing to save."""

    def noted() -> Any:
        value = state()
        if value is None:
            silent.add(name)
        return value

    return noted


def _is_fresh(service: str, since: float) -> bool:
    written = Path(STATE_DIR) / f"{service}.json"
    return written.exists() and written.stat().st_mtime >= since - 1
