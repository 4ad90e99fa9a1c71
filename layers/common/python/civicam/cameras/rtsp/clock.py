"""When a picture was taken: by the camera's clock where it agrees with the recorder's, else when it came."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from civicam.cameras.rtsp.packets import Picture, SenderReport
from civicam.contracts.footage import ClockQuality

TOLERANCE_S = 2.0
"""A camera that takes its time from a server is within tens of milliseconds; one that does not is off by more."""
_SHORTEST_FOR_DRIFT_S = 10.0
_SAID_EVERY_S = 600.0


@dataclass(frozen=True)
class Taken:
    """When the first of some pictures was taken, seconds since 1970, and how far that can be believed."""

    at: float
    quality: ClockQuality


@dataclass
class CaptureClock:
    """One connection's clock. A camera's ticks need no agreement with anything: reports tie them to its time."""

    clock_rate: int
    tolerance_s: float = TOLERANCE_S
    first: SenderReport | None = None
    last: SenderReport | None = None
    _told: tuple[ClockQuality, float] | None = field(default=None, repr=False)

    def hear(self, report: SenderReport) -> None:
        """Take a sender report in."""
        self.first = self.first or report
        self.last = report

    def offset_s(self) -> float | None:
        """How far the camera's clock is ahead of the recorder's (by at most what the network took); None: unknown."""
        return None if self.last is None else self.last.camera_at - self.last.received_at

    def drift_ppm(self) -> float | None:
        """How much faster the camera's clock runs, in millionths; None until two reports lie apart enough."""
        if self.first is None or self.last is None:
            return None
        seconds = self.last.received_at - self.first.received_at
        if seconds < _SHORTEST_FOR_DRIFT_S:
            return None
        return ((self.last.camera_at - self.first.camera_at) / seconds - 1) * 1e6

    def quality(self) -> ClockQuality:
        """Whether the camera's time is used."""
        offset = self.offset_s()
        return ClockQuality.RECEIVED if offset is None or abs(offset) > self.tolerance_s else ClockQuality.SYNCED

    def taken(self, pictures: Sequence[Picture]) -> Taken:
        """When the first of these was taken. Without a camera's time: when it would have come at the quickest."""
        first, quality = pictures[0].ticks, self.quality()
        if self.last is not None and quality is ClockQuality.SYNCED:
            return Taken(self.last.camera_at + self.seconds(self.last.ticks, first), quality)
        return Taken(min(one.received_at - self.seconds(first, one.ticks) for one in pictures), quality)

    def seconds(self, start: int, end: int) -> float:
        """From one tick to another."""
        return (end - start) / self.clock_rate

    def statement(self) -> str | None:
        """A sentence about the clock where it has changed, and every ten minutes; None in between."""
        quality, offset = self.quality(), self.offset_s()
        at = 0.0 if self.last is None else self.last.received_at
        if self._told and self._told[0] is quality and at - self._told[1] < _SAID_EVERY_S:
            return None
        self._told = quality, at
        if offset is None:
            return "the camera states no time: clips bear the time of their receipt (clock_quality received)"
        if quality is ClockQuality.RECEIVED:
            return (
                f"the camera's clock is off by {offset:+.1f} s{self._drift()}: clips bear the time of their receipt"
                " (clock_quality received); give the camera a time server"
            )
        return (
            f"clips bear the camera's time, {offset:+.3f} s from the recorder's{self._drift()} (clock_quality synced)"
        )

    def _drift(self) -> str:
        ppm = self.drift_ppm()
        return "" if ppm is None else f" and drifts {ppm:+.0f} millionths"
