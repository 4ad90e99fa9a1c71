"""What became of each row that somebody told of cameras."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from civicam.cameras.rows import Complaint

Outcome = Literal["added", "changed", "unchanged", "refused"]


@dataclass(frozen=True)
class Result:
    """What became of one row: the camera's version that stands now, or everything that is wrong with the row."""

    number: int
    name: str
    outcome: Outcome
    camera_id: str | None = None
    version: int | None = None
    """None where nothing stands: of what is refused, and of a dry run's new cameras."""
    fields: tuple[str, ...] = ()
    """What differs from before, where a camera is changed."""
    complaints: tuple[Complaint, ...] = ()

    @property
    def why(self) -> str:
        """The complaints, or the fields, on one line."""
        return "; ".join(map(str, self.complaints)) or ", ".join(self.fields)


def counted(results: Iterable[Result]) -> dict[str, int]:
    """How many rows came to which outcome."""
    return dict(sorted(Counter(result.outcome for result in results).items()))
