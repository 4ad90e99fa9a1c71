"""Footage made to measure: clips and series that are as they should be, and those that somebody will send one day."""

import io
import random
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from civicam.contracts.ids import compact_time

Picture = NDArray[np.uint8]
START = datetime(2026, 11, 24, 10, 45, tzinfo=UTC)
WIDTH, HEIGHT = 320, 192
PLAYLIST = b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n"
TICKS = 90_000


def scene(seed: int = 7, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """A street without anybody: soft, but not flat."""
    coarse = np.random.default_rng(seed).integers(40, 200, (height // 16, width // 16, 3), dtype=np.uint8)
    return np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR))


def still(count: int, **size: int) -> list[Picture]:
    """The same street, again and again, with a sensor's noise on it."""
    street, rng = scene(**size).astype(np.int16), np.random.default_rng(1)
    return [np.clip(street + rng.normal(0, 2, street.shape), 0, 255).astype(np.uint8) for _ in range(count)]


def passing(count: int, *, step: int = 6, begin: int = 0, end: int | None = None, **size: int) -> list[Picture]:
    """A bright square that moves `step` pixels a frame from frame `begin` until frame `end`, and then stands."""
    pictures = still(count, **size)
    for index, picture in enumerate(pictures):
        moved = max(0, min(index, count if end is None else end) - begin)
        left = step * moved % (picture.shape[1] - 32)
        picture[40:72, left : left + 32] = 250
    return pictures


def clip(
    pictures: Sequence[Picture],
    *,
    fps: int = 25,
    gop: int = 25,
    codec: str = "libx264",
    form: str = "mp4",
    times: Sequence[float] | None = None,
    rotation: int = 0,
    options: dict[str, str] | None = None,
) -> bytes:
    """A video file; `times` (seconds) makes its frame rate variable."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=fps)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.options = options or (
            {"preset": "ultrafast", "sc_threshold": "0"} if "264" in codec else {}
        )
        if times is not None:
            stream.codec_context.time_base = Fraction(1, TICKS)
        if rotation:
            stream.set_display_rotation(rotation)
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index if times is None else round(times[index] * TICKS)
            frame.time_base = Fraction(1, fps) if times is None else Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def pieces(raw: bytes) -> list[tuple[float, bytes]]:
    """The clip cut at its key frames without re-encoding, as a recorder cuts: start in seconds, and the file."""
    with av.open(io.BytesIO(raw), "r") as source:
        stream = source.streams.video[0]
        groups: list[list[Any]] = []
        for packet in source.demux(stream):
            if packet.size and packet.is_keyframe:
                groups.append([])
            if packet.size:
                groups[-1].append(packet)
        return [(float(group[0].pts * group[0].time_base), _remuxed(stream, group)) for group in groups]


def _remuxed(stream: Any, packets: Sequence[Any]) -> bytes:
    file, first = io.BytesIO(), packets[0].pts
    with av.open(file, "w", format="mp4") as container:
        copy = container.add_stream_from_template(stream)
        for packet in packets:
            packet.pts, packet.dts = packet.pts - first, packet.dts - first
            packet.stream = copy
            container.mux(packet)
    return file.getvalue()


def sound(seconds: int = 2) -> bytes:
    """An MP4 with sound and no picture."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("aac", rate=48_000)
        for index in range(seconds * 47):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, index * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def jpeg(picture: Picture, quality: int = 90) -> bytes:
    """One picture as a camera sends it."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def series(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of those members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return file.getvalue()


def named(pictures: Iterable[bytes], start: datetime = START, every_s: float = 12.0) -> Iterator[tuple[str, bytes]]:
    """Pictures under the names of their times."""
    for index, body in enumerate(pictures):
        yield f"{compact_time(start + timedelta(seconds=index * every_s))}.jpg", body


def flipped(raw: bytes, count: int, seed: int = 0, start: int = 0, end: int | None = None) -> bytes:
    """The file with that many bytes changed, between `start` and `end`."""
    chance, changed = random.Random(seed), bytearray(raw)
    for place in chance.sample(range(start, len(raw) if end is None else end), count):
        changed[place] ^= chance.randrange(1, 256)
    return bytes(changed)


def mp4_media(raw: bytes) -> tuple[int, int]:
    """Where the coded pictures lie in an MP4: start and end of the box `mdat`'s content."""
    at = 0
    while raw[at + 4 : at + 8] != b"mdat":
        at += int.from_bytes(raw[at : at + 4], "big")
    return at + 8, at + int.from_bytes(raw[at : at + 4], "big")
