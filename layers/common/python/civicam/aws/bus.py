"""The bus: facts go out as CloudEvents on EventBridge."""

from collections.abc import Sequence
from typing import Any

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.errors import Unavailable
from civicam.contracts.facts import CloudEvent

ENTRIES_PER_CALL = 10
"""PutEvents takes ten entries a call (EventBridge quota)."""


class Bus:
    """Publishes facts; EventBridge routes them by `detail-type`, the fact's type."""

    def __init__(self, name: str) -> None:
        self._name = name

    @classmethod
    def from_env(cls) -> "Bus":
        """The bus that the stack names in BUS_NAME."""
        return cls(setting("BUS_NAME"))

    def publish(self, events: Sequence[CloudEvent[Any]]) -> None:
        """Send every event; raises Unavailable, naming the code, when EventBridge took fewer than all of them."""
        for start in range(0, len(events), ENTRIES_PER_CALL):
            entries = [
                {
                    "EventBusName": self._name,
                    "Source": event.source,
                    "DetailType": event.type,
                    "Detail": event.model_dump_json(),
                    "Time": event.time,
                }
                for event in events[start : start + ENTRIES_PER_CALL]
            ]
            answer = clients.events().put_events(Entries=entries)  # type: ignore[arg-type]
            if answer["FailedEntryCount"]:
                codes = {entry.get("ErrorCode") for entry in answer["Entries"] if entry.get("ErrorCode")}
                raise Unavailable(f"the bus refused {answer['FailedEntryCount']} of {len(entries)} events: {codes}")
