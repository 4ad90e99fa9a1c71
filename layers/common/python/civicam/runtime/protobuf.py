"""The wire format of protocol buffers, as far as reading and filtering somebody else's file needs it.

A message is a row of fields, each a key (number and wire type) and a value:
https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator
from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}


class Malformed(ValueError):
    """The bytes are no protocol buffer."""


@dataclass(frozen=True)
class Field:
    """One field of a message: `content` where it has bytes, `value` where it is a number, `whole` with its key."""

    number: int
    wire: int
    content: memoryview
    value: int
    whole: memoryview


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message in order; raises Malformed where one does not end inside it, or is a group (obsolete)."""
    at = 0
    while at < len(message):
        start = at
        key, at = _varint(message, at)
        wire, value, begin = key & 7, 0, at
        if wire == VARINT:
            value, at = _varint(message, at)
        elif wire == BYTES:
            length, begin = _varint(message, at)
            at = begin + length
        elif wire in _FIXED:
            at += _FIXED[wire]
        else:
            raise Malformed(f"wire type {wire} at byte {start}")
        if at > len(message) or key >> 3 == 0:
            raise Malformed(f"field {key >> 3} at byte {start} does not fit")
        yield Field(key >> 3, wire, message[begin:at], value, message[start:at])


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise Malformed("the message ends inside a number")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
    raise Malformed(f"a number of more than ten bytes ends at byte {at}")


def varint(value: int) -> bytes:
    """A number, not negative, as the wire has it."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def encoded(number: int, value: bytes | int) -> bytes:
    """One field: bytes (or a message within) or a number."""
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value)
    return varint(number << 3 | BYTES) + varint(len(value)) + value
