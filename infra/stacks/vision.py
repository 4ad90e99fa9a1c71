"""Vision: from a stored clip to its facts, by way of AnalyseClip (or a GPU) and judge_clip."""

from constructs import Construct

from civicam.contracts.cameras import ClipStored
from infra.constructs.analyse_clip import SECONDS, AnalyseClip
from infra.constructs.batch_task import BatchTask
from infra.constructs.city_bucket import CityBucket
from infra.constructs.city_function import Bounds, CityFunction
from infra.constructs.city_stack import CityStack
from infra.constructs.city_table import CityTable
from infra.constructs.fact_queue import FactQueue, Tries
from infra.constructs.fact_rule import FactRule
from infra.constructs.gpu_service import GpuService
from infra.constructs.replay_machine import ReplayMachine
from infra.constructs.tick import Tick
from infra.constructs.worker import Worker, allow
from infra.stacks.backbone import Backbone
from infra.stacks.cameras import Cameras
from infra.stacks.security import Security
from infra.stacks.vision_gpu import VisionGpu

ADMISSION_SECONDS = SECONDS + 30
BACKLOG_SECONDS = 600
"""A clip that waited so long is an alarm."""
DETECT_TRIES = Tries(times=10, seconds=300)
"""More than a bad clip needs: whatever ends a worker takes a try from every clip in its hands."""


class Vision(CityStack):
    """The hot path."""

    def __init__(
        self,
        scope: Construct,
        *,
        security: Security,
        backbone: Backbone,
        cameras: Cameras,
        gpu: VisionGpu | None,
    ) -> None:
        super().__init__(scope, settings=security.settings, alarms=security.alarms)
        self.bus, self.cameras = backbone.facts, cameras
        self.work = CityBucket(self, "work", key=security.key, expire={"packs/": 1, "boxes/": 30, "replays/": 30})
        self.models = CityBucket(self, "models", key=security.key)
        self.facts = CityTable(
            self,
            "facts",
            key=("camera_run", "moment"),
            outbox=True,
        )
        self.to_judge = FactQueue(self, "judge", fifo=True, tries=Tries(seconds=150))
        self.to_admit = FactQueue(
            self, "clip", tries=Tries(times=self.settings.run_tries, seconds=ADMISSION_SECONDS + 30)
        )
        self.to_gpu = FactQueue(self, "detect", tries=DETECT_TRIES)
        self.tiers = CityTable(self, "tiers", key=("setting",))
        self._admit(self._machine())
        self._judge()
        self._publish()
        self._set_tiers(self._detect_on_gpu(backbone, gpu), backbone)
        self._replay(backbone, gpu)

    def _hot(self, path: str, *, seconds: int, memory_mb: int, layer: str | None = None) -> CityFunction:
        bounds = Bounds(at_once=self.settings.clips_at_once, seconds=seconds, memory_mb=memory_mb, disk_mb=1024)
        return CityFunction(self, path, bounds=bounds, layer=layer)

    def _machine(self) -> AnalyseClip:
        look = self._hot("vision/look_at_clip", layer="look", seconds=150, memory_mb=1769)
        self.cameras.let_refuse(look)
        self.cameras.registry.grant_read(look, "registry/cameras/*", missing_is_an_answer=True)
        self.tiers.grant(look, "GetItem")
        self.work.grant_write(look, "packs/*")
        self._let_detect(look)
        return AnalyseClip(self, look=look, judge=self.to_judge, gpu=self.to_gpu)

    def _let_detect(self, worker: Worker) -> None:
        worker.tell("INFERENCE_PRECISION", self.settings.inference_precision)
        for name, model in self.settings.live_models.items():
            worker.tell(f"{name.upper()}_MODELS", model)
        self.work.grant_write(worker, "boxes/*")
        self.models.grant_read(worker, "models/*", missing_is_an_answer=True)

    def _admit(self, machine: AnalyseClip) -> None:
        FactRule(self, "ClipStored", bus=self.bus.bus, facts=[ClipStored]).to(self.to_admit)
        self.to_admit.wake_up_when_older(BACKLOG_SECONDS)
        admit = self._hot("vision/admit_clip", seconds=ADMISSION_SECONDS, memory_mb=128)
        self.to_admit.feed(admit)
        machine.grant_run(admit)
        self.cameras.clips.grant(admit, "GetItem", "UpdateItem")
        self.cameras.allocation.grant(admit, "GetItem")
        self.bus.grant_publish(admit)
        admit.tell("RUN_TRIES", str(self.settings.run_tries))

    def _judge(self) -> None:
        judge = self._hot("vision/judge_clip", layer="track", seconds=120, memory_mb=1024)
        self.to_judge.feed(judge, batch=10)
        self._let_judge(judge)

    def _let_judge(self, worker: Worker) -> None:
        self.work.grant_read(worker, "boxes/*", missing_is_an_answer=True)
        self.cameras.registry.grant_read(worker, "registry/cameras/*", missing_is_an_answer=True)
        self.cameras.cameras.name_to(worker)
        self.facts.grant(worker, "PutItem", "Query")

    def _publish(self) -> None:
        bounds = Bounds(at_once=self.settings.helpers_at_once, seconds=60)
        publish = CityFunction(self, "vision/publish_facts", bounds=bounds)
        self.facts.feed(publish, "INSERT", "MODIFY", batch=50)
        self.cameras.clips.grant(publish, "UpdateItem")
        self.bus.grant_publish(publish)

    def _detect_on_gpu(self, backbone: Backbone, gpu: VisionGpu | None) -> GpuService:
        service = GpuService(
            self, "vision/detector", cluster=backbone.cluster, capacity=gpu.capacity_provider if gpu else None
        )
        self._let_detect(service)
        self.work.grant_read(service, "packs/*", missing_is_an_answer=True)
        self.to_gpu.grant_receive(service)
        service.tell("DETECT_TRIES", str(DETECT_TRIES.times))
        self.cameras.clips.grant(service, "GetItem", "UpdateItem")
        self.to_judge.grant_send(service)
        self.bus.grant_publish(service)
        self.to_gpu.wake_up_when_older(BACKLOG_SECONDS)
        if gpu:
            service.scale_with(self.to_gpu)
        return service

    def _set_tiers(self, service: GpuService, backbone: Backbone) -> None:
        """Where the service has no GPU, no camera is sent there for its speed."""
        most = self.settings.gpu_workers[1] if self.settings.gpu_capacity else 0
        setter = CityFunction(self, "vision/set_tiers", bounds=Bounds(at_once=1))
        self.tiers.grant(setter, "GetItem", "PutItem")
        self.to_admit.grant_measure(setter)
        self.to_gpu.grant_measure(setter)
        allow(setter, ["cloudwatch:GetMetricData"], "*")
        self.publish("DETECTOR_SERVICE", service.service_name)
        setter.tell("CLUSTER_NAME", backbone.cluster.ref)
        setter.tell("DETECTOR_SERVICE", service.service_name)
        setter.tell("CLIPS_AT_ONCE", str(self.settings.clips_at_once))
        setter.tell("MOST_GPU_WORKERS", str(most))
        Tick(setter, minute="*")

    def _replay(self, backbone: Backbone, gpu: VisionGpu | None) -> None:
        replays = CityTable(self, "replays", key=("run", "part"))
        plan = CityFunction(
            self, "vision/plan_replay", layer="track", bounds=Bounds(at_once=1, seconds=900, memory_mb=512)
        )
        self.publish("PLAN_REPLAY_FUNCTION", plan.function.function_name)
        self.cameras.cameras.grant(plan, "GetItem", "Scan")
        self.cameras.registry.name_to(plan)
        self.cameras.clips.grant(plan, "Query", index="by_camera")
        self.work.grant_write(plan, "replays/*")
        replays.grant(plan, "PutItem")
        task = BatchTask(self, "vision/replayer", cluster=backbone.cluster, network=gpu.network if gpu else None)
        self._let_replay(task, replays)
        ReplayMachine(self, task=task, work=self.work)

    def _let_replay(self, task: BatchTask, replays: CityTable) -> None:
        """Read a batch's footage, look at it as the detectors do, judge it as judge_clip does."""
        self._let_detect(task)
        self.work.grant_read(task, "packs/*", missing_is_an_answer=True)
        self._let_judge(task)
        replays.grant(task, "GetItem", "PutItem")
        self.facts.grant(task, "GetItem")
        self.cameras.clips.grant(task, "Query", index="by_camera")
        self.cameras.cameras.grant(task, "GetItem")
        self.cameras.footage.grant_read(task, "clips/*", missing_is_an_answer=True)
        task.tell("MAX_CLIP_BYTES", str(self.settings.max_clip_bytes))
        task.tell("MAX_CLIP_SECONDS", str(self.settings.max_clip_seconds))
