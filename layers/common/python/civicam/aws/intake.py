"""How footage comes into the city, by whichever way: store, claim, announce. Each step may be repeated."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from civicam.aws.bus import Bus
from civicam.aws.claims import ClaimOutcome, Claims, Clip, ClipState
from civicam.aws.footage import UPLOAD_MINUTES, FootageStore, Upload
from civicam.aws.registry import Registry
from civicam.cameras import intake
from civicam.cameras.intake import STANDARD, DuplicateContent, Limits, UnknownCamera
from civicam.cameras.registration import require_pixels_of, require_right_to
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera, ClipDeclaration
from civicam.contracts.errors import NotFound, Rejected
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import Footage


@dataclass(frozen=True)
class Declared:
    """A clip that may be uploaded, or (`upload` is None) one that is here already."""

    clip: Clip
    upload: Upload | None


@dataclass(frozen=True)
class Intake:
    """The one way in that pulls, uploads, S3's own events and the sweeper share."""

    registry: Registry
    store: FootageStore
    claims: Claims
    bus: Bus
    limits: Limits = STANDARD
    clock: Callable[[], datetime] = now

    @classmethod
    def from_env(cls) -> Self:
        """The intake of this stack's tables, bucket and bus, with its limits."""
        return cls(Registry.from_env(), FootageStore.from_env(), Claims.from_env(), Bus.from_env(), limits_from_env())

    def camera(self, camera_id: str) -> Camera:
        """The camera whose footage it is; raises UnknownCamera (Rejected)."""
        try:
            return self.registry.camera(camera_id)
        except NotFound as error:
            raise UnknownCamera(camera_id) from error

    def camera_of(self, footage: Footage) -> Camera:
        """The camera as it was valid when the footage was filmed.

        Raises UnknownCamera, or Rejected (`agreement_ended`) for footage that is not the city's to have.
        """
        camera = self.camera(footage.camera_id)
        require_right_to(footage, camera)
        return self.registry.valid_at(camera, footage.capture_start)

    def declare(self, declaration: ClipDeclaration) -> Declared:
        """Leave to upload footage once; again gives leave again, and none where the clip is here already.

        Raises Rejected as `camera`, `place` and `admit` do, DuplicateContent (a Conflict) where its bytes stand under
        another capture time.
        """
        footage = self._placed(declaration)
        intake.admit(footage, self.limits, self.clock())
        outcome = self.claims.declare(footage, self.clock() + timedelta(minutes=UPLOAD_MINUTES))
        if outcome is ClaimOutcome.OTHER:
            raise DuplicateContent(footage)
        if outcome is ClaimOutcome.SAME:
            return Declared(self.claims.get(footage.clip_id), None)
        return Declared(Clip(footage, ClipState.DECLARED), self.store.presign(footage))

    def complete(self, clip_id: str) -> Clip:
        """The clip, taken into the city when its bytes have arrived; again is no effect.

        Raises NotFound for a clip that nobody declared, Rejected (`not_uploaded`, `digest_mismatch`) for its bytes.
        """
        clip = self.claims.get(clip_id)
        if clip.state is not ClipState.DECLARED:
            return clip
        if not self.store.holds(clip.footage):
            raise Rejected("not_uploaded", f"clip {clip_id} has not been uploaded: PUT it first, then complete it")
        return self._claim_as_told(clip.footage)

    def take(self, declaration: ClipDeclaration, body: bytes) -> ClaimOutcome:
        """Store, claim and announce bytes that the city itself fetched; OTHER (and no effect) where they are known.

        Raises Rejected as `camera`, `place` and `admit` do; what `admit` refuses lies in quarantine then, and a fact
        says so. Footage that the city has no right to is kept nowhere.
        """
        footage = self._placed(declaration)
        try:
            intake.admit(footage, self.limits, self.clock())
        except Rejected as error:
            self._tell_rejected(footage, error, self.store.put_in_quarantine(footage, body, error.reason, str(error)))
            raise
        known = self._accepted(footage.clip_id)
        if known and known.footage.key != footage.key:
            return ClaimOutcome.OTHER
        if not known:
            self.store.put(footage, body)
        return self._claim(footage)[0]

    def found(self, key: str) -> Clip | None:
        """Claim and announce what lies in the store, unless somebody did; None where it had to go to quarantine."""
        try:
            footage = self.store.describe(key)
        except NotFound:
            return None
        except Rejected as error:
            self._reject_object(key, error)
            return None
        known = self._accepted(footage.clip_id)
        if known and known.footage.key == key:
            return known
        try:
            require_right_to(footage, self.camera(footage.camera_id))
            intake.admit(footage, self.limits, self.clock())
            return self._claim_as_told(footage)
        except Rejected as error:
            self.reject(footage, error)
            return None

    def announce_again(self, clip: Clip) -> None:
        """Say once more on the bus that the clip is stored, and note that it was said."""
        self._announce(clip)
        self.claims.announced(clip.footage.clip_id)

    def reject(self, footage: Footage, error: Rejected) -> None:
        """Move footage that cannot be used to quarantine, with a fact that says why; again is no effect.

        The original goes last: while it is there, whoever comes again ends what a killed run began. A duplicate's claim
        is the first one's, so it stands.
        """
        key = self.store.quarantine(footage, error.reason, str(error))
        if key is None:
            return
        if error.reason != intake.DUPLICATE_CONTENT:
            self.claims.reject(footage.clip_id, error.reason)
        self._tell_rejected(footage, error, key)
        self.store.remove(footage.key)

    def _placed(self, declaration: ClipDeclaration) -> Footage:
        camera = self.camera(declaration.camera_id)
        footage = intake.place(declaration, camera, self.store.bucket)
        require_right_to(footage, camera)
        require_pixels_of(footage, camera)
        return footage

    def _claim(self, footage: Footage) -> tuple[ClaimOutcome, Clip]:
        """Claim, and announce what nobody had claimed."""
        stored_at = self.clock()
        outcome = self.claims.claim(footage, stored_at)
        if outcome is not ClaimOutcome.NEW:
            return outcome, self.claims.get(footage.clip_id)
        clip = Clip(footage, ClipState.STORED, stored_at)
        self._announce(clip)
        return outcome, clip

    def _announce(self, clip: Clip) -> None:
        fact = intake.stored(clip.footage, clip.stored_at or self.clock())
        self.bus.publish([CloudEvent.of(fact)])

    def _claim_as_told(self, footage: Footage) -> Clip:
        outcome, clip = self._claim(footage)
        if outcome is ClaimOutcome.OTHER:
            raise DuplicateContent(footage)
        return clip

    def _accepted(self, clip_id: str) -> Clip | None:
        try:
            clip = self.claims.get(clip_id)
        except NotFound:
            return None
        return None if clip.state is ClipState.DECLARED else clip

    def _tell_rejected(self, footage: Footage, error: Rejected, key: str) -> None:
        self.bus.publish([CloudEvent.of(intake.rejected(footage, error, key, self.clock()))])

    def _reject_object(self, key: str, error: Rejected) -> None:
        """As `reject`, for an object that has no claim."""
        target = self.store.quarantine_object(key, intake.object_id(key), error.reason, str(error))
        if target is None:
            return
        self.bus.publish([CloudEvent.of(intake.rejected_object(key, error, target, self.clock()))])
        self.store.remove(key)


def limits_from_env() -> Limits:
    """The stack's MAX_CLIP_BYTES and MAX_CLIP_SECONDS, where it sets them."""
    return Limits(
        max_bytes=int(os.environ.get("MAX_CLIP_BYTES", STANDARD.max_bytes)),
        max_seconds=float(os.environ.get("MAX_CLIP_SECONDS", STANDARD.max_seconds)),
    )
