"""The inbox: what citizens hand in and what devices drop waits there until it is claimed, or refused with its reason.

`inbox/uploads/<camera>/<clip>` is POSTed by leave of the API, bound to size, type, camera and minutes;
`inbox/drop/<camera>/<name>` is put by whoever may. Both are copied into `clips/` by one PUT and go; the bucket's
lifecycle removes what nobody claimed.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from botocore.exceptions import ClientError

from civicam.aws import clients
from civicam.aws.claims import ClaimOutcome, Clip, ClipState
from civicam.aws.delivering import Capture
from civicam.aws.footage import MISSING, UPLOAD_MINUTES
from civicam.aws.intake import Intake
from civicam.cameras import intake as rules
from civicam.cameras.drops import filmed, media_type_of
from civicam.cameras.intake import DuplicateContent
from civicam.contracts.base import now
from civicam.contracts.cameras import ClipDeclaration
from civicam.contracts.errors import NotFound, Rejected
from civicam.contracts.facts import CloudEvent
from civicam.contracts.footage import Footage
from civicam.contracts.sources import CitizenSource, FolderSource

UPLOADS, DROPS = "inbox/uploads/", "inbox/drop/"


@dataclass(frozen=True)
class Form:
    """Leave to POST one file once: these fields as they are, the file last, until then."""

    url: str
    fields: dict[str, str]
    expires_at: datetime


@dataclass(frozen=True)
class Offered:
    """An upload that may be handed in, or (`form` is None) one that is here already."""

    clip: Clip
    form: Form | None


@dataclass(frozen=True)
class Inbox:
    """Takes in what lies in the inbox, each thing once."""

    intake: Intake
    clock: Callable[[], datetime] = now

    @classmethod
    def from_env(cls) -> Self:
        """The inbox of FOOTAGE_BUCKET."""
        return cls(Intake.from_env())

    def offer(self, declaration: ClipDeclaration) -> Offered:
        """Leave to hand in footage for a camera that stands for citizens; again gives leave again.

        Raises Rejected: `not_for_citizens`, and as `Intake.declare` does.
        """
        camera = self.intake.camera(declaration.camera_id)
        if not isinstance(camera.source, CitizenSource):
            raise Rejected("not_for_citizens", f"camera {camera.camera_id} films by itself: nobody hands in for it")
        declared = self.intake.declare(declaration)
        if declared.upload is None:
            return Offered(declared.clip, None)
        return Offered(declared.clip, self._form(declared.clip.footage))

    def arrived(self, key: str) -> Clip | None:
        """Claim what lies under this key, or refuse it with a fact that says why; None where it is gone, or refused."""
        try:
            found = clients.s3().head_object(Bucket=self.intake.store.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in MISSING:
                raise
            return None
        try:
            return self._claim_upload(key, found) if key.startswith(UPLOADS) else self._claim_drop(key, found)
        except Rejected as error:
            self._refuse(key, error)
            return None

    def _claim_upload(self, key: str, found: Any) -> Clip:
        """What was declared, if these are its bytes."""
        clip = self._declared(key)
        if clip.state is not ClipState.DECLARED:
            self.intake.store.remove(key)
            return clip
        footage = clip.footage
        body = self._body(key, found["ContentLength"], footage.size_bytes)
        if hashlib.sha256(body).hexdigest() != footage.sha256:
            raise Rejected("digest_mismatch", "the file is another than was declared: declare it anew")
        capture = Capture(footage.capture_start, footage.capture_end, footage.clock_quality, footage.media_type, body)
        return self._take(key, footage.camera_id, capture)

    def _claim_drop(self, key: str, found: Any) -> Clip:
        """What a device dropped, by its name and its content."""
        camera_id, _, name = key.removeprefix(DROPS).partition("/")
        source = self.intake.camera(camera_id).source
        if not isinstance(source, FolderSource):
            raise Rejected("no_drop_folder", f"camera {camera_id} has no folder: register its source as one")
        media_type = media_type_of(name)
        body = self._body(key, found["ContentLength"], None)
        start, end, clock_quality = filmed(name, body, found["LastModified"], source)
        return self._take(key, camera_id, Capture(start, end, clock_quality, media_type, body))

    def _take(self, key: str, camera_id: str, capture: Capture) -> Clip:
        """Into `clips/` by one conditional PUT; what lay in the inbox goes last, so who comes again ends it."""
        declaration = capture.declared(camera_id)
        placed = rules.place(declaration, self.intake.camera(camera_id), self.intake.store.bucket)
        rules.admit(placed, self.intake.limits, self.clock())
        outcome = self.intake.take(declaration, capture.body)
        clip = self.intake.claims.get(placed.clip_id)
        if outcome is ClaimOutcome.OTHER:
            raise DuplicateContent(clip.footage)
        self.intake.store.remove(key)
        return clip

    def _body(self, key: str, size: int, wanted: int | None) -> bytes:
        most = self.intake.limits.max_bytes
        if size > most or wanted not in (None, size):
            raise Rejected(
                "too_large" if size > most else "wrong_size", f"{size} bytes: {wanted or most} may be handed in"
            )
        return clients.s3().get_object(Bucket=self.intake.store.bucket, Key=key)["Body"].read()

    def _declared(self, key: str) -> Clip:
        """The declaration that a key names; raises Rejected (`undeclared`)."""
        camera_id, _, clip_id = key.removeprefix(UPLOADS).partition("/")
        try:
            clip = self.intake.claims.get(clip_id)
        except NotFound as error:
            raise Rejected("undeclared", "nobody has leave to hand this in: declare it first") from error
        if clip.footage.camera_id != camera_id:
            raise Rejected("undeclared", "it was declared for another camera")
        return clip

    def _refuse(self, key: str, error: Rejected) -> None:
        """Into quarantine, with the reason on its claim and in a fact; again is no effect."""
        name = rules.object_id(key)
        target = self.intake.store.quarantine_object(key, name, error.reason, str(error))
        if target is None:
            return
        if key.startswith(UPLOADS) and error.reason != rules.DUPLICATE_CONTENT:
            self.intake.claims.reject(key.rpartition("/")[2], error.reason)
        self.intake.bus.publish([CloudEvent.of(rules.rejected_object(key, error, target, self.clock()))])
        self.intake.store.remove(key)

    def _form(self, footage: Footage) -> Form:
        """Size to the byte, type, camera and clip are conditions of the signature."""
        fields = {"Content-Type": footage.media_type, "x-amz-meta-sha256": footage.sha256}
        conditions: list[Any] = [{name: value} for name, value in fields.items()]
        made = clients.s3().generate_presigned_post(
            Bucket=footage.bucket,
            Key=f"{UPLOADS}{footage.camera_id}/{footage.clip_id}",
            Fields=dict(fields),
            Conditions=[*conditions, ["content-length-range", footage.size_bytes, footage.size_bytes]],
            ExpiresIn=UPLOAD_MINUTES * 60,
        )
        return Form(made["url"], made["fields"], self.clock() + timedelta(minutes=UPLOAD_MINUTES))
