"""How a webhook proves that it comes from the city, and how its receiver checks that.

`Civicam-Signature: t=1795517100,v1=<hex>`, where v1 is HMAC-SHA256 (RFC 2104) over "t.body" under a key that both sides
share. `t` is signed, so an old delivery cannot be made young; within the tolerance a receiver tells a repetition by the
alert's id, which it must read from the signed body (`Civicam-Delivery` repeats it for routing and logs).
"""

import hashlib
import hmac
import re
from datetime import datetime

from civicam.contracts.errors import Rejected

SIGNATURE_HEADER = "Civicam-Signature"
DELIVERY_HEADER = "Civicam-Delivery"
TOLERANCE_SECONDS = 300
_SHAPE = re.compile(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)")


def sign(body: bytes, key: str, at: datetime) -> str:
    """The value of `Civicam-Signature` for a body sent at this moment."""
    seconds = str(int(at.timestamp()))
    return f"t={seconds},v1={_mac(body, key, seconds)}"


def verify(
    body: bytes, signature: str | None, key: str, at: datetime, *, tolerance_seconds: int = TOLERANCE_SECONDS
) -> None:
    """Pass only what the key's holder signed within the tolerance around this moment.

    Several `v1` may stand side by side while a key is exchanged: one that fits is enough. Raises Rejected:
    `malformed_signature`, `signature_mismatch` (another key, or the body was changed), `signature_out_of_time`.
    """
    shape = _SHAPE.fullmatch(signature or "")
    if shape is None:
        raise Rejected("malformed_signature", f"{SIGNATURE_HEADER} must read t=<seconds>,v1=<64 hex digits>")
    seconds, macs = shape[1], shape[2].removeprefix(",v1=").split(",v1=")
    expected = _mac(body, key, seconds)
    if not any([hmac.compare_digest(expected, mac) for mac in macs]):  # noqa: C419 - every mac is compared, always
        raise Rejected("signature_mismatch", f"{SIGNATURE_HEADER} does not fit the body: changed, or another key")
    if abs(at.timestamp() - int(seconds)) > tolerance_seconds:
        raise Rejected("signature_out_of_time", f"{SIGNATURE_HEADER} is more than {tolerance_seconds} s away from now")


def _mac(body: bytes, key: str, seconds: str) -> str:
    return hmac.new(key.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
