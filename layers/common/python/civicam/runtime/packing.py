"""Footage -> pack: open, plan, decode once, keep what moved. Runs in the sandbox's child."""

from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from civicam.contracts.errors import Rejected
from civicam.contracts.footage import SERIES_MEDIA_TYPE
from civicam.contracts.vision import Sampled, SampledInstant
from civicam.runtime.decoding import Clip
from civicam.runtime.pictures import Picture, Reader, encode_jpeg
from civicam.runtime.sandbox_protocol import SampleRequest
from civicam.runtime.series import Series
from civicam.vision.admission import Limits, Reason, admit_damage, admit_declared_length, admit_picture
from civicam.vision.containers import admit_container
from civicam.vision.pack import Manifest, PackWriter
from civicam.vision.sampling import MotionGate, Plan, Timeline, coverage, plan_every_frame, plan_samples


@dataclass
class _Kept:
    """What was sampled so far."""

    frames: list[SampledInstant] = field(default_factory=list)
    still: list[SampledInstant] = field(default_factory=list)
    source_size: tuple[int, int] = (0, 0)
    picture_size: tuple[int, int] = (0, 0)

    @property
    def times(self) -> list[float]:
        return sorted(entry.time_s for entry in (*self.frames, *self.still))


def write_pack(file: BinaryIO, request: SampleRequest, out: BinaryIO) -> None:
    """Write the footage's pack to `out`; raises Rejected for footage that cannot be used."""
    admit_container(file, request.media_type)
    reader = _open(file, request)
    if request.every_frame:
        plan = plan_every_frame(reader.timeline)
    else:
        plan = plan_samples(reader.timeline, request.capture_start, request.fps)
    writer = PackWriter(out)
    kept = _keep(reader, plan, request, writer)
    admit_damage(reader.damaged, len(plan.indices), request.limits)
    if not kept.frames:
        raise Rejected(Reason.CORRUPT, "no frame of the footage can be decoded: send it again")
    writer.close(_manifest(reader.timeline, plan, kept))


def _open(file: BinaryIO, request: SampleRequest) -> Reader:
    if request.media_type == SERIES_MEDIA_TYPE:
        return Series(file, request.capture_start, request.declared_seconds, request.limits)
    clip = Clip(file, request.limits)
    if request.declared_seconds is not None:
        admit_declared_length(request.declared_seconds, clip.timeline.duration_s)
    return clip


def _keep(reader: Reader, plan: Plan, request: SampleRequest, writer: PackWriter) -> _Kept:
    """Decode the planned frames; those that moved go into the pack."""
    kept, gate = _Kept(), MotionGate(request.capture_start)
    for picture in reader.pictures(plan):
        admit_picture(*picture.size, request.limits)
        instant = SampledInstant(index=picture.index, time_s=round(float(reader.timeline.times[picture.index]), 6))
        if request.every_frame or gate.keeps(picture.luma(), instant.time_s):
            _put(picture, instant, kept, request.limits, writer)
        else:
            kept.still.append(instant)
    return kept


def _put(picture: Picture, instant: SampledInstant, kept: _Kept, limits: Limits, writer: PackWriter) -> None:
    image = picture.image(limits.long_side)
    kept.source_size = kept.source_size if kept.frames else picture.size
    kept.picture_size = kept.picture_size if kept.frames else image.size
    if picture.size != kept.source_size:
        raise Rejected(
            Reason.CORRUPT,
            f"the pictures change from {kept.source_size} to {picture.size} pixels: cut the footage where they change",
        )
    writer.add(instant.index, encode_jpeg(image))
    kept.frames.append(instant)


def _manifest(timeline: Timeline, plan: Plan, kept: _Kept) -> Manifest:
    return Manifest(
        sampled=Sampled(
            width=kept.source_size[0],
            height=kept.source_size[1],
            duration_s=round(timeline.duration_s, 3),
            source_fps=round(1.0 / timeline.spacing_s, 3),
            sampling_fps=round(1.0 / plan.spacing_s, 3),
            frames=len(kept.frames),
            coverage=round(coverage(np.array(kept.times), timeline.duration_s, plan.spacing_s), 4),
        ),
        picture_width=kept.picture_size[0],
        picture_height=kept.picture_size[1],
        frames=tuple(kept.frames),
        still=tuple(kept.still),
    )
