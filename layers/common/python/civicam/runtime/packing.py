"""Footage -> pack: open, plan, decode once, keep what moved. Runs in the sandbox's child."""

from typing import BinaryIO

import numpy as np

from civicam.contracts.errors import Rejected
from civicam.contracts.footage import SERIES_MEDIA_TYPE
from civicam.contracts.vision import Sampled, SampledInstant
from civicam.runtime.decoding import Clip
from civicam.runtime.pictures import Picture, Reader, bounded, encode_jpeg
from civicam.runtime.sandbox_protocol import SampleRequest
from civicam.runtime.series import Series
from civicam.vision.admission import Reason, admit_damage, admit_declared_length, admit_picture
from civicam.vision.containers import admit_container
from civicam.vision.pack import Manifest, PackWriter
from civicam.vision.sampling import MotionGate, Plan, coverage, plan_every_frame, plan_samples
from civicam.vision.sight import Sight
from civicam.vision.stillness import Stretches


def write_pack(file: BinaryIO, request: SampleRequest, out: BinaryIO) -> None:
    """Write the footage's pack to `out`; raises Rejected for footage that cannot be used."""
    admit_container(file, request.media_type)
    reader = _open(file, request)
    if request.every_frame:
        plan = plan_every_frame(reader.timeline)
    else:
        plan = plan_samples(reader.timeline, request.capture_start, request.fps)
    writer = PackWriter(out)
    sampling = Sampling(reader, plan, request, writer)
    sampling.run()
    admit_damage(reader.damaged, len(plan.indices), request.limits)
    if not sampling.looked:
        raise Rejected(Reason.CORRUPT, "no frame of the footage can be decoded: send it again")
    writer.close(sampling.manifest())


def _open(file: BinaryIO, request: SampleRequest) -> Reader:
    if request.media_type == SERIES_MEDIA_TYPE:
        return Series(file, request.capture_start, request.declared_seconds, request.limits)
    clip = Clip(file, request.limits)
    if request.declared_seconds is not None:
        admit_declared_length(request.declared_seconds, clip.timeline.duration_s)
    return clip


class Sampling:
    """One walk over the planned frames: what moved goes into the pack, what stood still is listed."""

    def __init__(self, reader: Reader, plan: Plan, request: SampleRequest, writer: PackWriter) -> None:
        self._reader, self._plan, self._request, self._writer = reader, plan, request, writer
        self._gate, self._stretches = (
            MotionGate(request.capture_start, plan.spacing_s),
            Stretches(reader.timeline, plan),
        )
        self._sight = Sight(plan.spacing_s, reader.timeline.duration_s)
        self._frames: list[SampledInstant] = []
        self._still: list[SampledInstant] = []
        self._source_size = self._picture_size = (0, 0)
        self.looked = 0
        """How many pictures could be decoded."""

    def run(self) -> None:
        """Look at every planned frame that cannot be passed over."""
        for place, index in enumerate(self._plan.indices):
            instant = SampledInstant(index=index, time_s=round(float(self._reader.timeline.times[index]), 6))
            if self._passes_over(place):
                self._stand(instant)
            elif picture := self._picture(index, alone=self._plan.keyframes_only):
                self._look(picture, instant)

    def manifest(self) -> Manifest:
        """What the pack holds, and how well it was seen."""
        timeline, asked_fps = self._reader.timeline, self._request.asked_fps
        spacing_s = max(1 / asked_fps, timeline.spacing_s) if asked_fps else self._plan.spacing_s
        times = sorted(entry.time_s for entry in (*self._frames, *self._still))
        conditions, clear = self._sight.told(self._source_size[0])
        return Manifest(
            sampled=Sampled(
                width=self._source_size[0],
                height=self._source_size[1],
                duration_s=round(timeline.duration_s, 3),
                source_fps=round(1.0 / timeline.spacing_s, 3),
                sampling_fps=round(1.0 / self._plan.spacing_s, 3),
                frames=len(self._frames),
                coverage=round(coverage(np.array(times), timeline.duration_s, spacing_s), 4),
                conditions=conditions,
                clarity=clear,
                outline=self._sight.outline(times),
                turned=self._sight.turned(),
                asked_fps=asked_fps,
            ),
            picture_width=self._picture_size[0],
            picture_height=self._picture_size[1],
            frames=tuple(self._frames),
            still=tuple(self._still),
        )

    def _passes_over(self, place: int) -> bool:
        wanted = self._request.every_frame or self._gate.awaits
        return not wanted and self._stretches.pass_over(place, self._agrees)

    def _agrees(self, keyframe: int) -> bool:
        """Whether a key frame further on shows what the last picture did."""
        ahead = self._picture(keyframe, alone=True)
        return ahead is not None and self._gate.agrees(ahead.luma())

    def _picture(self, index: int, *, alone: bool) -> Picture | None:
        """A picture that can be had, admitted, and noted where it is a key frame."""
        picture = self._reader.picture(index, alone=alone)
        if picture is None:
            return None
        self.looked += 1
        admit_picture(*picture.size, self._request.limits)
        self._admit_size(picture)
        if self._reader.timeline.keyframes[index]:
            self._sight.compare(picture.luma(), float(self._reader.timeline.times[index]))
        return picture

    def _look(self, picture: Picture, instant: SampledInstant) -> None:
        luma = picture.luma()
        if self._request.every_frame:
            self._sight.shows(luma, instant.time_s)
            self._put(picture, instant)
        elif self._sight.shows(luma, instant.time_s) and not self._sight.is_frozen(instant.time_s):
            if self._gate.keeps(luma, instant.time_s):
                self._put(picture, instant)
            else:
                self._still.append(instant)

    def _stand(self, instant: SampledInstant) -> None:
        if not self._sight.is_frozen(instant.time_s):
            self._still.append(instant)

    def _put(self, picture: Picture, instant: SampledInstant) -> None:
        limits, side = self._request.limits, self._request.limits.long_side
        self._writer.add(instant.index, encode_jpeg(picture.image(side)) if limits.exact else picture.jpeg(side))
        self._frames.append(instant)

    def _admit_size(self, picture: Picture) -> None:
        if self._source_size == (0, 0):
            self._source_size = picture.size
            self._picture_size = bounded(picture.size, self._request.limits.long_side)
        if picture.size != self._source_size:
            raise Rejected(
                Reason.CORRUPT,
                f"the pictures change from {self._source_size} to {picture.size} pixels: "
                "cut the footage where they change",
            )
