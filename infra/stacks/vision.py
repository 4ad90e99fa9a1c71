"""Vision: from a stored clip to its facts, by way of AnalyseClip (or a GPU) and judge_clip."""

from constructs import Construct

from civicam.contracts.cameras import ClipStored
from civicam.vision.orders import PASSES
from infra.constructs.analyse_clip import SECONDS, AnalyseClip, Onward
from infra.constructs.city_bucket import CityBucket
from infra.constructs.city_function import Bounds, CityFunction
from infra.constructs.city_stack import CityStack
from infra.constructs.city_table import CityTable
from infra.constructs.fact_queue import FactQueue, Tries
from infra.constructs.fact_rule import FactRule
from infra.constructs.gpu_service import GpuService
from infra.constructs.worker import Worker
from infra.stacks.backbone import Backbone
from infra.stacks.cameras import Cameras
from infra.stacks.security import Security
from infra.stacks.vision_gpu import VisionGpu

ADMISSION_SECONDS = SECONDS + 30


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
        self.work = CityBucket(self, "work", key=security.key, expire={"packs/": 1, "boxes/": 30})
        self.models = CityBucket(self, "models", key=security.key)
        self.facts = CityTable(
            self,
            "facts",
            key=("camera_run", "moment"),
            indexes={"by_clip": ("clip_id", "run")},
            outbox=True,
        )
        self.to_judge = FactQueue(self, "judge", fifo=True, tries=Tries(seconds=150))
        self.to_gpu = FactQueue(self, "detect", tries=Tries(times=3, seconds=300))
        self._admit(self._machine())
        self._judge()
        self._publish()
        self._detect_on_gpu(backbone, gpu)

    def _hot(self, path: str, *, seconds: int, memory_mb: int, layer: str | None = None) -> CityFunction:
        bounds = Bounds(at_once=self.settings.clips_at_once, seconds=seconds, memory_mb=memory_mb, disk_mb=1024)
        return CityFunction(self, path, bounds=bounds, layer=layer)

    def _machine(self) -> AnalyseClip:
        sample = self._hot("vision/sample_clip", layer="decode", seconds=120, memory_mb=1769)
        self.cameras.let_refuse(sample)
        self.work.grant_write(sample, "packs/*")
        detectors = {name: self._detector(name) for name in PASSES}
        onward = Onward(bus=self.bus, judge=self.to_judge, gpu=self.to_gpu)
        return AnalyseClip(self, sample=sample, detectors=detectors, onward=onward)

    def _detector(self, name: str) -> CityFunction:
        detector = self._hot(f"vision/detect_{name}", layer="infer", seconds=120, memory_mb=1769)
        self._let_detect(detector)
        return detector

    def _let_detect(self, worker: Worker) -> None:
        self.work.grant_read(worker, "packs/*", missing_is_an_answer=True)
        self.work.grant_write(worker, "boxes/*")
        self.models.grant_read(worker, "models/*", missing_is_an_answer=True)

    def _admit(self, machine: AnalyseClip) -> None:
        tries = Tries(times=self.settings.run_tries, seconds=ADMISSION_SECONDS + 30)
        queue = FactQueue(self, "clip", tries=tries)
        FactRule(self, "ClipStored", bus=self.bus.bus, facts=[ClipStored]).to(queue)
        admit = self._hot("vision/admit_clip", seconds=ADMISSION_SECONDS, memory_mb=128)
        queue.feed(admit)
        machine.grant_run(admit)
        self.cameras.clips.grant(admit, "GetItem", "UpdateItem")
        self.bus.grant_publish(admit)
        admit.tell("RUN_TRIES", str(tries.times))

    def _judge(self) -> None:
        judge = self._hot("vision/judge_clip", layer="track", seconds=120, memory_mb=1024)
        self.to_judge.feed(judge, batch=10)
        self.work.grant_read(judge, "boxes/*", missing_is_an_answer=True)
        self.cameras.registry.grant_read(judge, "registry/cameras/*", missing_is_an_answer=True)
        self.cameras.cameras.name_to(judge)
        self.facts.grant(judge, "GetItem", "PutItem", "Query")

    def _publish(self) -> None:
        bounds = Bounds(at_once=self.settings.helpers_at_once, seconds=60)
        publish = CityFunction(self, "vision/publish_facts", bounds=bounds)
        self.facts.feed(publish, "INSERT", "MODIFY", batch=50)
        self.cameras.clips.grant(publish, "UpdateItem")
        self.bus.grant_publish(publish)

    def _detect_on_gpu(self, backbone: Backbone, gpu: VisionGpu | None) -> None:
        service = GpuService(
            self, "vision/detector", cluster=backbone.cluster, capacity=gpu.capacity_provider if gpu else None
        )
        self._let_detect(service)
        self.to_gpu.grant_receive(service)
        self.to_judge.grant_send(service)
        self.bus.grant_publish(service)
        if gpu:
            service.scale_with(self.to_gpu)
