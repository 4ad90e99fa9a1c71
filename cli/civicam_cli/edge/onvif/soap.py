"""SOAP 1.2 with a WS-Security UsernameToken (digest): requests written, answers read without trust."""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from civicam.contracts.base import utc_text
from civicam.contracts.errors import Rejected

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LONGEST, DEEPEST, MOST = 512_000, 40, 20_000
"""Bytes, levels and elements of an answer; real ones stay far below."""
SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_TOKEN = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"  # noqa: S105


@dataclass(frozen=True)
class Login:
    """A user of the device; the password shows in no log."""

    user: str
    password: str = field(repr=False)


def envelope(body: str, security: str = "", head: str = "") -> bytes:
    """A request around this body."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}">'
        f"<s:Header>{security}{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def username_token(login: Login, at: datetime) -> str:
    """The header that shows who asks: Base64(SHA-1(nonce + created + password)), `at` by the device's clock.

    OASIS Web Services Security UsernameToken Profile 1.0, as ONVIF Core 5.9.1 asks for.
    """
    nonce, created = secrets.token_bytes(16), utc_text(at)
    digest = hashlib.sha1(nonce + created.encode() + login.password.encode(), usedforsecurity=False).digest()
    return (
        f'<w:Security xmlns:w="{_WSSE}" xmlns:u="{_WSU}" s:mustUnderstand="1"><w:UsernameToken>'
        f"<w:Username>{escape(login.user)}</w:Username>"
        f'<w:Password Type="{_TOKEN}">{base64.b64encode(digest).decode()}</w:Password>'
        f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce><u:Created>{created}</u:Created>"
        "</w:UsernameToken></w:Security>"
    )


def read(body: bytes) -> "Element":
    """The document; raises Rejected (`hostile_xml`) for one with entities or a DTD, without end, or none at all."""
    if len(body) > LONGEST:
        raise Rejected("hostile_xml", f"the device's answer is longer than {LONGEST} bytes")
    if body.count(b"<") > 2 * MOST:
        raise Rejected("hostile_xml", f"the device's answer has more than {MOST} elements")
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Rejected("hostile_xml", f"the device's answer is no plain XML: {type(error).__name__}") from error
    if _depth(root) > DEEPEST:
        raise Rejected("hostile_xml", f"the device's answer is nested more than {DEEPEST} levels")
    return root  # type: ignore[no-any-return]


def each(element: "Element", name: str) -> "Iterator[Element]":
    """Every element below of this local name: devices differ in their namespaces' prefixes and versions."""
    return (one for one in element.iter() if one.tag.rpartition("}")[2] == name)


def text(element: "Element", *path: str) -> str:
    """The text at the end of a path of local names, or nothing; at most 500 characters, on one line."""
    for name in path:
        found = next(each(element, name), None)
        if found is None:
            return ""
        element = found
    return " ".join((element.text or "").split())[:500]


def _depth(root: "Element") -> int:
    level, depth = [root], 0
    while level and depth <= DEEPEST:
        level, depth = [child for one in level for child in one], depth + 1
    return depth
