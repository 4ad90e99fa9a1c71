"""The clips that are measured on: named footage as a city's camera would send it, made anew by a command.

1080p25 or 720p25 H.264 without B-frames, a key frame a second, ten seconds. No named footage is that large: it is cut
to 16:9 and upscaled, which costs a decoder and a detector what real footage of that size does, near enough.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from civicam.contracts.errors import Unavailable
from civicam_cli.city.footage import Clip, Finder, catalogue

Kind = Literal["moving", "some", "noisy", "still"]
KINDS: tuple[Kind, ...] = ("moving", "some", "noisy", "still")
"""Every second moves; the three of MOVING_SECONDS do; none does, under a sensor's noise; none does, bit for bit."""
FPS, SECONDS = 25, 10
MOVING_SECONDS = (3, 6)
NOISE = 1.5
"""Standard deviation of a sensor's noise, in steps of 255."""
CODING = {"preset": "veryfast", "crf": "23", "g": str(FPS), "keyint_min": str(FPS), "sc_threshold": "0", "bf": "0"}
SCENES = ("junction", "car-park", "corridor", "walkers")
"""Vehicles close by, a car park from aside, two people who walk up with their faces, a campus with small people."""
WALKERS = Clip(
    name="walkers",
    file="pets_walkers_480x360.avi",
    sha256="f6f676f1879eadf6b22abd0c2a1f6cecb5ae1ff2a63625512310356514048c5d",
    licence="unclear: for evaluation alone",
    credit="PETS, by way of OpenCV's samples",
    cameras=(),
)
RGB = NDArray[np.uint8]


@dataclass
class BenchClips:
    """A folder of bench clips, each made when it is first asked for. (Another recipe needs another folder.)"""

    folder: Path
    finder: Finder = field(default_factory=Finder)

    def scenes(self) -> tuple[str, ...]:
        """The scenes whose footage this machine can get."""
        return tuple(name for name in SCENES if self._source(name) is not None)

    def longer(self, scene: str, kind: Kind, height: int, times: int) -> Path:
        """The clip of that scene played so many times; raises Unavailable as `path` does."""
        once = self.path(scene, kind, height)
        path = once.with_stem(f"{once.stem}-{times}") if times > 1 else once
        if not path.is_file():
            draft = path.with_suffix(f".{os.getpid()}.tmp")
            _repeat(once, times, draft)
            draft.replace(path)
        return path

    def path(self, scene: str, kind: Kind, height: int) -> Path:
        """The clip of that scene; raises Unavailable where its footage cannot be had."""
        path = self.folder / f"{scene}-{kind}-{height}p.mp4"
        if not path.is_file():
            source = self._source(scene)
            if source is None:
                raise Unavailable(f"no footage for scene {scene} is at hand: set CIVICAM_CLIP_MIRROR")
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}.tmp")
            _encode(_film(source), kind, height, draft)
            draft.replace(path)
        return path

    def _source(self, scene: str) -> Path | None:
        known = {clip.name: clip for clip in (*catalogue(), WALKERS)}
        try:
            return self.finder.path(known[scene])
        except Unavailable:
            return None


@dataclass(frozen=True)
class Film:
    """Ten seconds of footage at most, as pictures."""

    pictures: Sequence[RGB]
    fps: float

    def at(self, time_s: float) -> RGB:
        """The picture at a time; shorter footage plays to and fro, so that whatever moved goes on moving."""
        place, last = int(time_s * self.fps), len(self.pictures) - 1
        there = place % (2 * last) if last else 0
        return self.pictures[there if there <= last else 2 * last - there]


@cache
def _film(path: Path) -> Film:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        fps = float(stream.average_rate or FPS)
        frames = zip(range(int(fps * SECONDS)), container.decode(stream), strict=False)
        return Film([_wide(frame.to_ndarray(format="rgb24")) for _, frame in frames], fps)


def _wide(picture: Any) -> RGB:
    """The middle of the picture in 16:9."""
    height, width = picture.shape[:2]
    across, down = min(width, height * 16 // 9) // 2 * 2, min(height, width * 9 // 16) // 2 * 2
    left, top = (width - across) // 2, (height - down) // 2
    return np.ascontiguousarray(picture[top : top + down, left : left + across])


def _encode(film: Film, kind: Kind, height: int, path: Path) -> None:
    reformatter, noise = VideoReformatter(), np.random.default_rng(1)
    with av.open(str(path), "w", format="mp4") as clip:
        stream = clip.add_stream("libx264", rate=FPS, width=height * 16 // 9, height=height, options=CODING)
        stream.pix_fmt = "yuv420p"
        for number, (time_s, grain) in enumerate(_moments(kind)):
            frame = av.VideoFrame.from_ndarray(film.at(time_s), format="rgb24")
            large = reformatter.reformat(
                frame, stream.width, stream.height, "yuv420p", interpolation=Interpolation.BICUBIC
            )
            if grain:
                _add_noise(large, noise)
            large.pts, large.time_base = number, Fraction(1, FPS)
            clip.mux(stream.encode(large))
        clip.mux(stream.encode(None))


def _repeat(once: Path, times: int, path: Path) -> None:
    """The clip's packets behind each other: it begins with a key frame."""
    with av.open(str(path), "w", format="mp4") as clip:
        with av.open(str(once)) as first:
            target = clip.add_stream_from_template(first.streams.video[0])
        for number in range(times):
            with av.open(str(once)) as played:
                stream = played.streams.video[0]
                shift = int(number * SECONDS / stream.time_base) if stream.time_base else 0
                for packet in played.demux(stream):
                    if packet.pts is None or packet.dts is None:
                        continue
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, target
                    clip.mux(packet)


def _moments(kind: Kind) -> Iterator[tuple[float, bool]]:
    """For each frame the time in the footage that it shows, and whether the sensor's noise is put over it."""
    first, last = MOVING_SECONDS
    for number in range(FPS * SECONDS):
        time_s = number / FPS
        if kind == "moving":
            yield time_s, False
        elif kind == "some":
            yield min(max(time_s, first), last - 1 / FPS) - first, not first <= time_s < last
        else:
            yield 0.0, kind == "noisy"


def _add_noise(frame: av.VideoFrame, noise: np.random.Generator) -> None:
    """Grain on the brightness of a picture, in place."""
    plane = frame.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    grain = noise.normal(0, NOISE, luma.shape)
    plane.update(np.clip(luma + grain, 0, 255).astype(np.uint8).tobytes())
