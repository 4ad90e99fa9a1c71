"""Addresses among the outputs, as they are reached on this machine."""

import re
from collections.abc import Mapping

_API = re.compile(r"^https://(?P<id>[a-z0-9]+)\.execute-api\.[a-z0-9.-]+$")
_OURS = re.compile(r"^http://127\.0\.0\.1:\d+(?=/)")


def reachable(outputs: Mapping[str, str], endpoint_url: str) -> dict[str, str]:
    """An HTTP API's address by its path instead of its host; queues at the port that the emulator has now."""
    return {name: _reachable(value, endpoint_url) for name, value in outputs.items()}


def _reachable(value: str, endpoint_url: str) -> str:
    api = _API.match(value)
    return f"{endpoint_url}/_aws/execute-api/{api['id']}/$default" if api else _OURS.sub(endpoint_url, value)
