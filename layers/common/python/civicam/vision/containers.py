"""What a file is by its own bytes, whatever its name says, and whether its outermost boxes are whole."""

import os
from typing import BinaryIO

from civicam.contracts.errors import Rejected
from civicam.contracts.footage import SERIES_MEDIA_TYPE
from civicam.vision.admission import Reason

HEAD_BYTES = 512
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
PLAYLIST_MARKS = (b"#extm3u", b"ffconcat", b"[playlist]", b"<mpd", b"<asx", b"<smil", b"v=0", b"http://", b"rtsp://")
UNKNOWN_SIZES = (0, 0xFFFFFFFF)


def sniff(head: bytes) -> str | None:
    """The media type that the first bytes tell; None where they are no container that is taken."""
    if head[4:8] in MP4_BOXES:
        return "video/mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "video/x-msvideo"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/x-matroska"
    return SERIES_MEDIA_TYPE if head[:4] == b"PK\x03\x04" else None


def admit_container(file: BinaryIO, media_type: str) -> None:
    """Raises Rejected (`playlist`, `not_a_video`, `not_a_series`, `wrong_type`, `truncated`)."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    found = sniff(head)
    if found is None:
        raise _not_footage(head, media_type)
    if found != media_type:
        raise Rejected(Reason.WRONG_TYPE, f"sent as {media_type}, but the bytes are {found}: state the type they have")
    if _ends_early(file, found):
        raise Rejected(Reason.TRUNCATED, "the file ends before its last part does: the upload broke off, send it again")


def _not_footage(head: bytes, media_type: str) -> Rejected:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if any(mark in text[:200] if mark.startswith(b"<") else text.startswith(mark) for mark in PLAYLIST_MARKS):
        return Rejected(Reason.PLAYLIST, "the file is a list of addresses, none is ever opened: send the video itself")
    if media_type == SERIES_MEDIA_TYPE:
        return Rejected(Reason.NOT_A_SERIES, "the file is no zip: a series is a zip of JPEG pictures")
    return Rejected(Reason.NOT_A_VIDEO, "the file is no MP4, AVI or Matroska: record in one of them")


def _ends_early(file: BinaryIO, media_type: str) -> bool:
    size = file.seek(0, os.SEEK_END)
    if media_type == "video/mp4":
        return _mp4_ends_early(file, size)
    if media_type == "video/x-msvideo":
        file.seek(4)
        stated = int.from_bytes(file.read(4), "little")
        return stated not in UNKNOWN_SIZES and stated + 8 > size + 1
    return False  # Matroska tells by its duration, a zip by its directory at the end


def _mp4_ends_early(file: BinaryIO, size: int) -> bool:
    """ISO/IEC 14496-12, 4.2: a box is a size and a type; size 1 puts a 64-bit size behind it, 0 means to the end."""
    at, seen = 0, set()
    while at + 8 <= size:
        file.seek(at)
        header = file.read(16)
        length, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if not kind.isalnum():
            return False  # rubbish behind the last box: the decoder may judge what stands before it
        length = int.from_bytes(header[8:16], "big") if length == 1 else length or size - at
        seen.add(kind)
        if length < 8:
            return False
        at += length
    return at > size or b"moov" not in seen
