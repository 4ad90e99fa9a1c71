"""Cameras: the registry, the footage store, and the three ways in which a clip is announced."""

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.constructs.city_bucket import CityBucket
from infra.constructs.city_function import Bounds, CityFunction
from infra.constructs.city_stack import CityStack
from infra.constructs.city_table import CityTable
from infra.constructs.fact_queue import FactQueue, Tries
from infra.constructs.fact_rule import DELIVERIES, DELIVERY_AGE
from infra.constructs.tick import Tick
from infra.constructs.vault import Vault
from infra.constructs.worker import Worker
from infra.settings import Settings
from infra.stacks.backbone import Backbone
from infra.stacks.security import Security

ARRIVAL_SECONDS = 5
"""How long S3's events are gathered: they matter only where whoever stored the clip died before saying so."""

TURNS_WAITED = 20
"""Times that an errand waits for its turn at a busy host, 16 s each at most: it is late long before."""


class Cameras(CityStack):
    """Where cameras are known and their footage lies."""

    def __init__(self, scope: Construct, *, security: Security, backbone: Backbone) -> None:
        super().__init__(scope, settings=security.settings, alarms=security.alarms)
        self.bus = backbone.facts
        self.registry = CityBucket(self, "registry", key=security.key)
        self.footage = CityBucket(self, "footage", key=security.key, expire=_ends(self.settings), events=True)
        self.cameras = CityTable(
            self,
            "cameras",
            key=("camera_id",),
            indexes={"by_unit": ("unit_id", "camera_id"), "by_owner": ("owner_id", "camera_id")},
        )
        self.owners = CityTable(self, "owners", key=("owner_id",))
        self.clips = CityTable(
            self,
            "clips",
            key=("clip_id",),
            indexes={"by_camera": ("camera_id", "capture_start"), "pending": ("pending", "stored_at")},
        )
        self.sources = CityTable(self, "sources", key=("camera_id",))
        self.routes = CityTable(self, "routes", key=("camera_id", "at"))
        self.health = CityTable(
            self, "health", key=("camera_id", "moment"), indexes={"current": ("standing", "camera_id")}
        )
        self.allocation = CityTable(self, "allocation", key=("part", "moment"))
        self.recorders = CityTable(self, "recorders", key=("recorder",))
        self.vault = Vault(self, "sources", key=security.key)
        self._pull()
        self._announce()
        self._empty_the_inbox()
        self._sweep()
        self._watch()
        self._allocate()

    def let_take_in(self, worker: Worker) -> None:
        """What every way in needs (civicam.aws.intake): to know the camera, to claim the clip, to say so."""
        self._let_know(worker)
        self.clips.grant(worker, "PutItem")

    def let_refuse(self, worker: Worker) -> None:
        """Move footage that cannot be used out of the way, close its claim, say why."""
        self._let_know(worker)
        self.footage.grant_read(worker, "clips/*", missing_is_an_answer=True)
        self.footage.grant_write(worker, "quarantine/*")
        self.footage.grant_delete(worker, "clips/*")

    def _let_know(self, worker: Worker) -> None:
        self.cameras.grant(worker, "GetItem")
        self.registry.name_to(worker)
        self.clips.grant(worker, "GetItem", "UpdateItem")
        self.bus.grant_publish(worker)
        worker.tell("MAX_CLIP_BYTES", str(self.settings.max_clip_bytes))
        worker.tell("MAX_CLIP_SECONDS", str(self.settings.max_clip_seconds))

    def _pull(self) -> None:
        workers = self.settings.pull_limits.workers
        queue = FactQueue(self, "pull", tries=Tries(times=TURNS_WAITED, seconds=360))
        turns = CityTable(self, "turns", key=("lease",))
        plan = CityFunction(self, "cameras/plan_pulls", bounds=Bounds(at_once=1, seconds=60, memory_mb=512))
        self.cameras.grant(plan, "Scan")
        self.registry.name_to(plan)
        self.sources.grant(plan, "Scan")
        turns.grant(plan, "GetItem", "PutItem")
        self.allocation.grant(plan, "GetItem")
        plan.tell("PULL_LIMITS", self.settings.pull_limits.model_dump_json(exclude_defaults=True))
        queue.grant_send(plan)
        queue.grant_measure(plan)
        Tick(plan, minute="*")
        pull = CityFunction(self, "cameras/pull_clips", bounds=Bounds(at_once=workers, seconds=90, memory_mb=1024))
        queue.feed(pull)
        queue.grant_send(pull)
        turns.grant(pull, "PutItem", "DeleteItem")
        self.let_take_in(pull)
        self.footage.grant_write(pull, "clips/*")
        self.footage.grant_write(pull, "inbox/series/*")
        self.footage.grant_read(pull, "inbox/series/*", missing_is_an_answer=True)
        self.sources.grant(pull, "GetItem", "PutItem", "UpdateItem")
        pull.tell("PRIVATE_NETWORKS", ",".join(self.settings.private_networks))
        self.vault.grant_read(pull)
        pull.tell("SOURCE_PORTS", self.settings.source_ports)

    def _announce(self) -> None:
        """Whoever stored a clip has mostly said so when S3's own event comes: those are looked at in batches."""
        queue = FactQueue(self, "arrival", tries=Tries(times=5, seconds=120))
        announce = CityFunction(
            self, "cameras/announce_clip", bounds=Bounds(at_once=self.settings.helpers_at_once, seconds=60)
        )
        queue.feed(announce, batch=50, window_seconds=ARRIVAL_SECONDS)
        self.let_take_in(announce)
        self.let_refuse(announce)
        self._tell_of_objects("FootageArrived", queue, "clips/")

    def _empty_the_inbox(self) -> None:
        """What citizens hand in and devices drop: claimed by a PUT into clips/, or refused with a reason."""
        queue = FactQueue(self, "upload", tries=Tries(times=5, seconds=360))
        claim = CityFunction(
            self,
            "cameras/claim_upload",
            bounds=Bounds(at_once=self.settings.helpers_at_once, seconds=60, memory_mb=1024),
        )
        queue.feed(claim)
        self.let_take_in(claim)
        self.footage.grant_write(claim, "clips/*")
        self.footage.grant_write(claim, "quarantine/*")
        for keys in ("inbox/uploads/*", "inbox/drop/*"):
            self.footage.grant_read(claim, keys, missing_is_an_answer=True)
            self.footage.grant_delete(claim, keys)
        self._tell_of_objects("HandedIn", queue, "inbox/uploads/", "inbox/drop/")

    def _tell_of_objects(self, rule: str, queue: FactQueue, *prefixes: str) -> None:
        arrived = events.EventPattern(
            source=["aws.s3"],
            detail_type=["Object Created"],
            detail={
                "bucket": {"name": [self.footage.name]},
                "object": {"key": [{"prefix": prefix} for prefix in prefixes]},
            },
        )
        target = targets.SqsQueue(
            queue.queue,
            dead_letter_queue=queue.dead_letters.queue,
            retry_attempts=DELIVERIES,
            max_event_age=DELIVERY_AGE,
        )
        events.Rule(self, rule, event_pattern=arrived, targets=[target])

    def _sweep(self) -> None:
        sweep = CityFunction(self, "cameras/sweep_clips", bounds=Bounds(at_once=1, seconds=120, memory_mb=512))
        self.let_take_in(sweep)
        self.let_refuse(sweep)
        self.cameras.grant(sweep, "Scan")
        self.clips.grant(sweep, "Query", index="pending")
        self.clips.grant(sweep, "Query", index="by_camera")
        Tick(sweep, minute="*")

    def _watch(self) -> None:
        """What is known of each clip and source anyway tells how its camera is: nothing more is written for it."""
        watch = CityFunction(self, "cameras/watch_health", bounds=Bounds(at_once=1, seconds=60, memory_mb=512))
        self.cameras.grant(watch, "Scan")
        self.registry.name_to(watch)
        self.clips.grant(watch, "Query", index="by_camera")
        self.sources.grant(watch, "Scan")
        self.health.grant(watch, "PutItem")
        self.health.grant(watch, "Query", index="current")
        self.bus.grant_publish(watch)
        Tick(watch, minute="*")

    def _allocate(self) -> None:
        """Who is analysed: the plan of pulls and the admission of clips read what it writes."""
        allocate = CityFunction(self, "cameras/allocate_cameras", bounds=Bounds(at_once=1, seconds=60, memory_mb=512))
        self.cameras.grant(allocate, "Scan")
        self.registry.name_to(allocate)
        self.health.grant(allocate, "Query", index="current")
        self.allocation.grant(allocate, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        self.bus.grant_publish(allocate)
        allocate.tell("ANALYSED_BUDGET", self.settings.analysed.model_dump_json())
        Tick(allocate, minute="*")


def _ends(settings: Settings) -> dict[str, int]:
    kept = {f"clips/{retention}/": days for retention, days in settings.retention_days.items()}
    return kept | {"inbox/": 1, "quarantine/": settings.quarantine_days}
