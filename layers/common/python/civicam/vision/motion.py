"""Where tracks are going: a Kalman filter of constant velocity in capture time, for many tracks at once.

The centre has a position and a speed, the size is a slow random walk; both axes share one uncertainty. So the filter
is closed arithmetic on arrays, element by element: no linear algebra library takes part, and the same footage gives
the same bits on every machine. Noise is in sizes of the object (the root of its area), as in SORT and ByteTrack.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ACCELERATION = 2.0
"""Spectral density of the acceleration, sizes^2/s^3: a car (3 m/s^2 for a second or so, some 3 m in size), doubled for
what a box does while its object comes into the picture."""
GROWTH = 0.25
"""How fast the size's variance grows, sizes^2/s: half a size in a second."""
MEASURED = 0.06
"""Standard deviation of a detector's centre and size, in sizes (ByteTrack: 1/20 of the height)..."""
PIXEL = 0.5
"""... and in pixels of rounding."""
FIRST_SPEED = 3.0
"""Standard deviation of the speed of what was seen once, sizes/s: a motorcycle makes 8, a car 4, feet 1.5."""
DECIMALS = 3
"""States are kept in thousandths, so that they are short as text, and the last bit of a division never matters."""


@dataclass(frozen=True)
class Motion:
    """States of n tracks, in pixels and seconds."""

    centre: Floats
    """(n, 2)"""
    speed: Floats
    """(n, 2)"""
    size: Floats
    """(n, 2): width and height."""
    spread: Floats
    """(n, 4): variance of the centre, covariance of centre and speed, variance of the speed, variance of the size."""

    def rows(self, which: Floats | NDArray[np.intp]) -> "Motion":
        """Those of the tracks."""
        return Motion(self.centre[which], self.speed[which], self.size[which], self.spread[which])

    @property
    def scale(self) -> Floats:
        """(n, 1): one length for each object, the root of its area; at least a pixel."""
        length: Floats = np.sqrt(np.maximum(self.size[:, :1] * self.size[:, 1:], 1.0))
        return length

    @property
    def corners(self) -> Floats:
        """(n, 4): x1 y1 x2 y2."""
        return np.concatenate([self.centre - self.size / 2, self.centre + self.size / 2], axis=1)


def begin(corners: Floats) -> Motion:
    """The states of objects seen for the first time, from their boxes (n, 4)."""
    centre, size = _measured(corners)
    nothing = np.zeros_like(centre)
    first = Motion(centre, nothing, size, np.zeros((len(corners), 4)))
    noise, speed = _noise(first), (FIRST_SPEED * first.scale) ** 2
    return _rounded(Motion(centre, nothing, size, np.concatenate([noise, nothing[:, :1], speed, noise], axis=1)))


def predict(motion: Motion, seconds: Floats) -> Motion:
    """The states so many seconds (n,) later. Two steps make one: it does not matter how often one predicts."""
    dt, area = seconds[:, None], motion.scale**2
    position, both, speed, size = (motion.spread[:, place : place + 1] for place in range(4))
    shake = ACCELERATION * area
    spread = [
        position + 2 * dt * both + dt**2 * speed + shake * dt**3 / 3,
        both + dt * speed + shake * dt**2 / 2,
        speed + shake * dt,
        size + GROWTH * area * dt,
    ]
    return Motion(motion.centre + dt * motion.speed, motion.speed, motion.size, np.concatenate(spread, axis=1))


def update(motion: Motion, corners: Floats) -> Motion:
    """The states after each object was seen in its box (n, 4)."""
    centre, size = _measured(corners)
    noise = _noise(motion)
    position, both, speed, breadth = (motion.spread[:, place : place + 1] for place in range(4))
    gain, speed_gain, size_gain = position / (position + noise), both / (position + noise), breadth / (breadth + noise)
    error = centre - motion.centre
    spread = [(1 - gain) * position, (1 - gain) * both, speed - speed_gain * both, (1 - size_gain) * breadth]
    return _rounded(
        Motion(
            motion.centre + gain * error,
            motion.speed + speed_gain * error,
            motion.size + size_gain * (size - motion.size),
            np.concatenate(spread, axis=1),
        )
    )


def surprise(motion: Motion, corners: Floats) -> Floats:
    """(n, m): squared distance of each box from each prediction, in variances: centre and size, so chi-square of four.

    At one frame a second two ways are often as likely by their ends alone; the sizes tell a lorry from who walks.
    """
    centre, size = _measured(corners)
    noise = _noise(motion)
    apart = ((motion.centre[:, None, :] - centre[None, :, :]) ** 2).sum(axis=2)
    unlike = ((motion.size[:, None, :] - size[None, :, :]) ** 2).sum(axis=2)
    distance: Floats = apart / (motion.spread[:, :1] + noise) + unlike / (motion.spread[:, 3:] + noise)
    return distance


def _measured(corners: Floats) -> tuple[Floats, Floats]:
    return (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]


def _noise(motion: Motion) -> Floats:
    variance: Floats = (MEASURED * motion.scale) ** 2 + PIXEL**2
    return variance


def _rounded(motion: Motion) -> Motion:
    return Motion(*(np.round(part, DECIMALS) for part in (motion.centre, motion.speed, motion.size, motion.spread)))
