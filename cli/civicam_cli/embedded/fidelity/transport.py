"""The loopback interface counts as TLS: nobody can listen in, and every bucket refuses what did not come by TLS.

ministack speaks plain HTTP, and under AUTH=true enforces policies on `aws:SecureTransport`: the CDK could not even
store its assets.
"""

from ministack import app
from ministack.core import iam_evaluator


def install() -> None:
    """Wrap what notes a request's origin for policy conditions."""
    app.pin_request_origin = note_origin


def note_origin(source_ip: str, secure_transport: bool) -> None:
    """As ministack's own, but a caller on this machine came by a secure way."""
    iam_evaluator.pin_request_origin(source_ip, secure_transport or source_ip in {"127.0.0.1", "::1"})
