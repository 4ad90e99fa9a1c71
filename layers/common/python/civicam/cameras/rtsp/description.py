"""A stream's description (SDP, RFC 8866): the first video in it that the recorder can carry."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin

from civicam.contracts.errors import Rejected

Codec = Literal["h264", "hevc"]
CODECS: dict[str, Codec] = {"H264": "h264", "H265": "hevc"}
_PARAMETERS = {"h264": ("sprop-parameter-sets",), "hevc": ("sprop-vps", "sprop-sps", "sprop-pps")}


@dataclass(frozen=True)
class Video:
    """A video stream as it is described."""

    control: str
    """The address to set it up at."""
    payload_type: int
    codec: Codec
    clock_rate: int
    """Ticks of its timestamps a second."""
    parameters: tuple[bytes, ...]
    """Parameter sets (NAL units); empty where they come with the pictures only."""


@dataclass
class _Media:
    kind: str
    payload_types: list[str]
    attributes: list[tuple[str, str]] = field(default_factory=list)


def video_of(body: bytes, base: str) -> Video:
    """The first video that is H.264 or H.265; `base` is what relative addresses are relative to.

    Raises Rejected (`no_video`) where there is none.
    """
    session, *media = _media(body.decode("utf-8", "replace"))
    base = _aggregate(session, base)
    offered = []
    for one in media:
        if one.kind != "video":
            continue
        for payload_type in one.payload_types:
            name, rate = _encoding(one, payload_type)
            offered.append(name)
            if name.upper() in CODECS:
                return _video(one, int(payload_type), CODECS[name.upper()], rate, base)
    told = ", ".join(filter(None, offered)) or "none"
    raise Rejected("no_video", f"the camera offers no H.264 or H.265 video (but {told[:100]}): set its stream to H.264")


def _media(text: str) -> list[_Media]:
    found = [_Media("session", [])]
    for line in text.splitlines():
        kind, _, value = line.strip().partition("=")
        if kind == "m":
            words = value.split()
            found.append(_Media(words[0] if words else "", [word for word in words[3:] if _is_type(word)]))
        elif kind == "a":
            name, _, told = value.partition(":")
            found[-1].attributes.append((name, told.strip()))
    return found


def _is_type(word: str) -> bool:
    return word.isascii() and word.isdigit() and int(word) < 128


def _aggregate(session: _Media, base: str) -> str:
    told = dict(session.attributes).get("control", "*")
    return base if told == "*" else urljoin(_folder(base), told)


def _encoding(media: _Media, payload_type: str) -> tuple[str, int]:
    for name, value in media.attributes:
        found = re.fullmatch(rf"{payload_type}\s+([\w.-]+)/(\d{{3,6}})(?:/\d+)?", value) if name == "rtpmap" else None
        if found:
            return found[1], int(found[2])
    return "", 0


def _video(media: _Media, payload_type: int, codec: Codec, rate: int, base: str) -> Video:
    attributes = dict(media.attributes)
    told = attributes.get("control", "")
    control = base if told in {"", "*"} else told if told.lower().startswith("rtsp") else urljoin(_folder(base), told)
    return Video(control, payload_type, codec, rate, _parameter_sets(media, payload_type, codec))


def _parameter_sets(media: _Media, payload_type: int, codec: Codec) -> tuple[bytes, ...]:
    for name, value in media.attributes:
        number, _, told = value.partition(" ")
        if name == "fmtp" and number == str(payload_type):
            given = dict(_assignment(part) for part in told.split(";"))
            return tuple(_decoded(word) for key in _PARAMETERS[codec] for word in given.get(key, "").split(",") if word)
    return ()


def _assignment(part: str) -> tuple[str, str]:
    key, _, value = part.strip().partition("=")
    return key.lower(), value


def _decoded(word: str) -> bytes:
    try:
        return base64.b64decode(word.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Rejected("no_video", "the camera's parameter sets are no base64: update its firmware") from error


def _folder(base: str) -> str:
    """Cameras mean "below", whatever a URL's last segment is."""
    return base if base.endswith("/") else base + "/"
