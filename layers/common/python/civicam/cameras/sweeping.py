"""What the sweeper picks up, and when: clips that nobody judged, objects that nobody claimed."""

from datetime import datetime, timedelta

from civicam.contracts.ids import digest

PATIENCE = timedelta(minutes=2)
"""How long a clip is left to the first announcement; each further one is given twice as long."""
MOST_ANNOUNCEMENTS = 7
LISTING_MINUTES = 15
"""Each camera's recent objects are listed once in so many minutes."""
LISTED = timedelta(hours=2)
"""How far back in capture time objects are listed; what is older and unclaimed is found by recovery."""


def is_due(announcements: int, last: datetime | None, at: datetime) -> bool:
    """Whether a clip that still waits is announced again: after 2, 4, 8 ... minutes."""
    return last is None or at >= last + PATIENCE * 2 ** max(0, announcements - 1)


def is_hopeless(announcements: int) -> bool:
    """Whether announcing has been tried long enough (over two hours): somebody has to look."""
    return announcements >= MOST_ANNOUNCEMENTS


def is_listed(camera_id: str, at: datetime) -> bool:
    """Whether it is the camera's turn to have its objects listed in this minute."""
    turn = int(digest("sweep", camera_id)[:8], 16) % LISTING_MINUTES
    return int(at.timestamp()) // 60 % LISTING_MINUTES == turn
