"""A table's stream goes on where it was when the city stopped.

ministack saves how far a function has read a stream, but not the stream: after a start the first records, as many as
had ever been read before, would be taken for read and reach nobody.
"""

import copy
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb

RECORDS, TRIMMED = "civicam_stream_records", "civicam_stream_trimmed"


def install() -> None:
    """Save and restore streams with their tables."""
    saved, restore = dynamodb.get_state, dynamodb.load_persisted_state

    def get_state() -> dict[str, Any]:
        return {
            **saved(),
            RECORDS: copy.deepcopy(dynamodb._stream_records),
            TRIMMED: copy.deepcopy(dynamodb._stream_trimmed),
        }

    def load_persisted_state(data: dict[str, Any]) -> Any:
        for name, store in ((RECORDS, dynamodb._stream_records), (TRIMMED, dynamodb._stream_trimmed)):
            _refill(store, data.get(name))
        return restore(data)

    dynamodb.get_state, dynamodb.load_persisted_state = get_state, load_persisted_state


def _refill(store: AccountRegionScopedDict, kept: AccountRegionScopedDict | None) -> None:
    for (account_id, region, table), value in kept.all_items() if kept else ():
        store.set_scoped(account_id, region, table, value)
