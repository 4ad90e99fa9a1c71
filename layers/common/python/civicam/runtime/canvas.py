"""A network's input: the picture scaled, placed and normalised as the catalogue says."""

import numpy as np
from PIL import Image

from civicam.vision.boxes import Fit, Pixels, Size, fit
from civicam.vision.catalogue import Input


class Canvas:
    """One canvas, kept and filled again for each picture.

    A multiply-add per channel into it is six times as fast as subtract, divide and transpose on a copy (measured).
    """

    def __init__(self, wanted: Input, *, as_bytes: bool = False) -> None:
        """With `as_bytes` pixels stay as pictures have them: the network normalises them by itself."""
        self._wanted, self._type = wanted, np.uint8 if as_bytes else np.float32
        self._fit: Fit | None = None
        deviation = np.array(wanted.deviation, np.float32)
        self._factors = np.ones(3, np.float32) if as_bytes else 1 / deviation
        self._shifts = np.zeros(3, np.float32) if as_bytes else -np.array(wanted.mean, np.float32) / deviation
        self._channels = (0, 1, 2) if wanted.colour == "rgb" else (2, 1, 0)
        self.pixels: Pixels = np.empty(0, self._type)
        """What the network takes, a batch of one."""

    def lay(self, picture: Image.Image, size: Size | None = None) -> Fit:
        """Put an RGB picture on the canvas, scaled smoothly; returns where it lies.

        The canvas has the `size` that is given, else the one that the catalogue says for such a picture.
        """
        place = fit(self._wanted.fit, picture.size, size or self._wanted.canvas(picture.size))
        if place != self._fit:
            self._fit, self.pixels = place, self._empty(place)
        scaled = picture if picture.size == place.content else picture.resize(place.content, Image.Resampling.BILINEAR)
        colours = scaled.split()  # each by itself is read twice as fast as every third byte
        planes = np.moveaxis(self.pixels[0], self._plane_axis, 0)[:, : place.content[1], : place.content[0]]
        for plane, channel, factor, shift in zip(planes, self._channels, self._factors, self._shifts, strict=True):
            colour = np.asarray(colours[channel])
            if factor == 1:
                plane[:] = colour
            else:
                np.multiply(colour, factor, out=plane)
            if shift:
                np.add(plane, shift, out=plane)
        return place

    @property
    def _plane_axis(self) -> int:
        return 0 if self._wanted.layout == "nchw" else 2

    def _empty(self, place: Fit) -> Pixels:
        """A canvas with nothing but padding on it, made where the pictures' size has changed."""
        width, height = place.canvas
        padding = self._wanted.pad * self._factors + self._shifts
        planes = np.broadcast_to(padding[:, None, None], (3, height, width))
        return np.array(np.moveaxis(planes, 0, self._plane_axis)[None], self._type, order="C")
