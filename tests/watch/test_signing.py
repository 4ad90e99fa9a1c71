"""What a receiver may believe: the body that the key's holder signed, lately."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.contracts.errors import Rejected
from civicam.watch.signing import sign, verify

pytestmark = pytest.mark.unit
KEY = "a key that both sides share"
BODY = b'{"type":"watch.alert.raised.v1"}'
SENT = datetime(2026, 11, 24, 10, 45, tzinfo=UTC)


def refused(body: bytes, signature: str | None, key: str = KEY, at: datetime = SENT) -> str:
    with pytest.raises(Rejected) as refusal:
        verify(body, signature, key, at)
    return refusal.value.reason


def test_the_signature_is_what_the_documentation_says() -> None:
    """Computed beside the code: printf '%s' '1795517100.{"type":...}' | openssl dgst -sha256 -hmac KEY."""
    assert sign(BODY, KEY, SENT) == "t=1795517100,v1=02daadc2cebc06f3d6903ba5de95199481f14d046beed3cd0806beda2da9c8ec"


@given(st.binary(max_size=500), st.text(min_size=1, max_size=50))
def test_what_was_signed_verifies(body: bytes, key: str) -> None:
    verify(body, sign(body, key, SENT), key, SENT)


def test_a_changed_body_is_refused() -> None:
    assert refused(BODY.replace(b"raised", b"erased"), sign(BODY, KEY, SENT)) == "signature_mismatch"


def test_another_key_is_refused() -> None:
    assert refused(BODY, sign(BODY, KEY, SENT), key="another key") == "signature_mismatch"


def test_a_signature_moved_to_another_time_is_refused() -> None:
    younger = sign(BODY, KEY, SENT).replace("t=1795517100", "t=1795520000")
    assert refused(BODY, younger, at=SENT + timedelta(seconds=2900)) == "signature_mismatch"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_clocks_may_differ_by_five_minutes(seconds: int) -> None:
    verify(BODY, sign(BODY, KEY, SENT), KEY, SENT + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_an_old_delivery_replayed_is_refused(seconds: int) -> None:
    assert refused(BODY, sign(BODY, KEY, SENT), at=SENT + timedelta(seconds=seconds)) == "signature_out_of_time"


@pytest.mark.parametrize(
    "signature", [None, "", "t=1,v1=ab", "v1=" + "0" * 64, "t=x,v1=" + "0" * 64, "t=٣,v1=" + "0" * 64]
)
def test_what_is_no_signature_is_refused_as_such(signature: str | None) -> None:
    assert refused(BODY, signature) == "malformed_signature"


def test_while_a_key_is_exchanged_either_signature_is_enough() -> None:
    old, new = sign(BODY, "old", SENT), sign(BODY, KEY, SENT)
    verify(BODY, f"{old},{new.partition(',')[2]}", KEY, SENT)
