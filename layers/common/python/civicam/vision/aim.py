"""Where a camera is aimed: what its lines and zones were drawn over, and whether it still looks there."""

from civicam.contracts.base import Document
from civicam.contracts.cameras import Profile
from civicam.contracts.vision import ClipDetected, Suspension
from civicam.vision.outline import Outline, blended, is_same_view, likeness

KNOWN_CLIPS = 3
"""Clips whose outline was taken in before one is found to differ: the first may show a lorry before the lens."""
FOLLOW_BELOW = 0.85
"""The reference follows light and season where a view that is the same fits less than this..."""
FOLLOW_SHARE = 0.1
"""... by so much a clip: an hour of dusk is many clips, a camera that was turned is one."""


class Aim(Document):
    """What is known of a camera's view, since its profile was last written."""

    profile_version: int = 0
    outline: Outline = ()
    """The reference."""
    clips: int = 0
    """Taken in so far, at most KNOWN_CLIPS."""
    away: bool = False
    """The camera looks elsewhere, or moves: what was drawn lies over something else."""


def aimed(known: Aim, clip: ClipDetected, profile: Profile) -> Aim:
    """What is known after the clip. One without an outline (too short, nothing to see) changes nothing.

    Another version of the profile begins anew, at its `view`, or at the first one that is seen under it: whoever
    writes the profile says that its lines lie right.
    """
    if known.profile_version != clip.profile_version:
        known = Aim(outline=profile.view, clips=KNOWN_CLIPS if profile.view else 0)
    if not clip.sampled.outline:
        return known
    known = known.model_copy(update={"profile_version": clip.profile_version})
    match profile.mount:
        case "fixed":
            return _kept(known, clip.sampled.outline)
        case "pan_tilt_zoom":
            return _at_preset(known, clip.sampled.outline)
        case "vehicle":
            return _at_rest(known, clip.sampled.outline)


def suspension(aim: Aim, clip: ClipDetected, profile: Profile) -> Suspension | None:
    """Why what is drawn is not applied to the clip, where it is not.

    A camera that is made to move has no fault in doing so; one that was turned within the clip saw its lines move.
    """
    if profile.mount == "vehicle" and (aim.away or not aim.clips):
        return "in_motion"
    if profile.mount != "fixed" and clip.sampled.turned:
        return "in_motion"
    return "looks_elsewhere" if aim.away else None


def _kept(known: Aim, seen: Outline) -> Aim:
    """Of a camera that never moves by itself: the reference settles, and follows the light."""
    if not known.clips:
        return known.model_copy(update={"outline": seen, "clips": 1})
    if not is_same_view(known.outline, seen):
        # While too little is known, the new view is as good as the old one.
        return known.model_copy(update={"away": True} if known.clips >= KNOWN_CLIPS else {"outline": seen, "clips": 1})
    follows = likeness(known.outline, seen) < FOLLOW_BELOW
    outline = blended(known.outline, seen, FOLLOW_SHARE) if follows else known.outline
    return known.model_copy(update={"outline": outline, "clips": min(KNOWN_CLIPS, known.clips + 1), "away": False})


def _at_preset(known: Aim, seen: Outline) -> Aim:
    """Of a camera that is turned about: the preset stands from the first view on, for the next one is another's."""
    return _kept(known if known.clips else known.model_copy(update={"outline": seen, "clips": KNOWN_CLIPS}), seen)


def _at_rest(known: Aim, seen: Outline) -> Aim:
    """Of a camera on a vehicle: it stands where it sees what it saw in the clip before."""
    stands = bool(known.outline) and is_same_view(known.outline, seen)
    return known.model_copy(update={"outline": seen, "clips": 1, "away": not stands})


def undrawn(profile: Profile) -> Profile:
    """The profile of a camera that looks elsewhere: nothing that was drawn holds, nobody counts at it."""
    return profile.model_copy(update={"lines": (), "zones": (), "ground": None})


def seen_elsewhere(clip: ClipDetected) -> ClipDetected:
    """The clip with the condition `moved`."""
    conditions = (*clip.sampled.conditions, "moved")
    return clip.model_copy(update={"sampled": clip.sampled.model_copy(update={"conditions": conditions})})
