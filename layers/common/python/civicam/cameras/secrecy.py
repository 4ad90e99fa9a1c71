"""Secrets inside addresses: refused on the way in, left out on the way out."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_SECRET = re.compile(r"pass|pwd|token|secret|key|auth|cred|user|login|sig|session", re.IGNORECASE)


def holds_secret(address: str) -> bool:
    """Whether an address has a user's name or password in it, or a parameter that is called like one."""
    try:
        parts = urlsplit(address)
        return "@" in parts.netloc or any(_SECRET.search(name) for name, _ in parse_qsl(parts.query))
    except ValueError:
        return True  # what cannot be taken apart is not known to be clean


def without_secrets(document: dict[str, Any]) -> dict[str, Any]:
    """A camera's document without an address that holds a secret: importing it leaves the address as it stands."""
    source = document.get("source")
    if not isinstance(source, dict) or not holds_secret(str(source.get("url", ""))):
        return document
    return document | {"source": {name: value for name, value in source.items() if name != "url"}}
