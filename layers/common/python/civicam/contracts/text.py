"""Text that people write and look for: one form of each letter (Unicode NFC), and a search that forgives marks."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def nfc(text: str) -> str:
    """The text in Unicode's composed form: what looks the same is the same."""
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """What two spellings of a name share: `Đường Bến Nghé` and `duong ben nghe` give the same.

    The letter đ is no d with a mark in Unicode, so that it is replaced by hand.
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return " ".join(plain.casefold().replace("đ", "d").split())


Name = Annotated[str, StringConstraints(min_length=1, max_length=120), AfterValidator(nfc)]
"""What people call a thing."""
