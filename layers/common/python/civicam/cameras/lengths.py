"""How long a video file says that it lasts, read from its head without decoding anything."""

from civicam.contracts.errors import Rejected

LONGEST_SECONDS = 86_400.0


def stated_seconds(body: bytes) -> float | None:
    """Seconds by the header of an MP4 (ISO/IEC 14496-12, 8.2.2) or an AVI file; None where it does not tell."""
    seconds = _mp4(body) if body[4:8] == b"ftyp" else _avi(body) if body[8:12] == b"AVI " else None
    return seconds if seconds is not None and 0 < seconds <= LONGEST_SECONDS else None


def admit_seconds(body: bytes) -> float:
    """As `stated_seconds`; raises Rejected (`unknown_length`) where nobody says how long the footage is."""
    seconds = stated_seconds(body)
    if seconds is None:
        raise Rejected("unknown_length", "the file does not say how long it is: send an MP4 that was closed properly")
    return seconds


def _mp4(body: bytes) -> float | None:
    moov = _box(body, 0, len(body), b"moov")
    mvhd = _box(body, *moov, b"mvhd") if moov else None
    if mvhd is None or mvhd[1] - mvhd[0] < 20:
        return None
    at, wide = mvhd[0], body[mvhd[0]] == 1
    scale_at, size = (at + 20, 8) if wide else (at + 12, 4)
    scale = int.from_bytes(body[scale_at : scale_at + 4], "big")
    length = int.from_bytes(body[scale_at + 4 : scale_at + 4 + size], "big")
    return length / scale if scale else None


def _box(body: bytes, at: int, end: int, wanted: bytes) -> tuple[int, int] | None:
    """Where the content of the first such box lies."""
    while at + 8 <= end:
        length, head = int.from_bytes(body[at : at + 4], "big"), 8
        if length == 1:
            length, head = int.from_bytes(body[at + 8 : at + 16], "big"), 16
        length = length or end - at
        if length < head:
            return None
        if body[at + 4 : at + 8] == wanted:
            return at + head, min(at + length, end)
        at += length
    return None


def _avi(body: bytes) -> float | None:
    """`avih`: microseconds of a frame, and frames."""
    at = body.find(b"avih", 0, 512)
    if at < 0 or len(body) < at + 28:
        return None
    each, frames = (int.from_bytes(body[at + 8 + 4 * n : at + 12 + 4 * n], "little") for n in (0, 4))
    return each * frames / 1e6
