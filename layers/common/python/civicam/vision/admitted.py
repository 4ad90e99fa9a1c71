"""What AnalyseClip is given: by a function that has no layer for what comes after it."""

from civicam.contracts.cameras import ClipStored


class AdmittedClip(ClipStored):
    """A stored clip as AnalyseClip is given it."""

    waited_s: float = 0.0
    """How long it lay in the queue before it was first taken in hand: a function that starts cold counts for nothing,
    and every try at the clip is told the same."""
