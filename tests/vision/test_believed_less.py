"""A worse view of the same street: what is stated is believed less with every step, and nothing is invented."""

from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from civicam.vision.catalogue import load_catalogue
from civicam_cli.analysis.camera import FileCamera
from civicam_cli.analysis.choice import Models
from civicam_cli.analysis.document import Wish, analyse_file
from tests.fakes.footage import Picture, clip
from tests.fakes.transforms import TRANSFORMS

pytestmark = [pytest.mark.unit, pytest.mark.needs_clips, pytest.mark.needs_models]
CAMERA = FileCamera.model_validate({"lines": [{"line_id": "down", "points": [[0, 216], [767, 216]]}]})
WISH = Wish(camera=CAMERA, analytics=("vehicle", "crowd"), fps=4.0, every_frame=False)


def street(mirror: Path) -> list[Picture]:
    """Four seconds in which a car drives up through a car park."""
    with av.open(str(mirror / "car-detection.mp4")) as source:
        frames = islice(source.decode(video=0), 60, 105)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


def analysed(pictures: list[Picture], folder: Path, models: Models) -> dict[str, Any]:
    """The data of each fact, by the second word of its type."""
    (folder / "clip.mp4").write_bytes(clip(pictures, fps=12, gop=12, options={"preset": "veryfast", "crf": "20"}))
    document: Any = analyse_file(folder / "clip.mp4", WISH, models)
    return {fact["type"].split(".")[1]: fact["data"] for fact in document["facts"]}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_confidence_falls_with_every_step_and_nothing_is_invented(name: str, clip_mirror: Path, tmp_path: Path) -> None:
    transform, strengths = TRANSFORMS[name]
    clean = street(clip_mirror)
    models = Models(load_catalogue(), ("picodet-s",))
    told = [analysed(list(transform(clean, strength)), tmp_path, models) for strength in strengths]
    confidence = [one["vehicles"]["confidence"] for one in told]
    assert all(after < before for before, after in pairwise(confidence)), confidence
    first = told[0]
    assert [crossing["count"] for crossing in first["vehicles"]["crossings"]] == [1]
    for worse in told[1:]:
        assert worse["vehicles"]["crossings"] in ([], first["vehicles"]["crossings"])
        assert worse["vehicles"]["appeared"] in ([], first["vehicles"]["appeared"])
        assert worse["vehicles"]["present_max"] <= first["vehicles"]["present_max"]
        assert worse["crowd"]["people_max"] <= first["crowd"]["people_max"]
