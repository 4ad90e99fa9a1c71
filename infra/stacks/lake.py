"""Lake: every fact of the bus as a row of an Iceberg table, and Athena to ask it."""

from aws_cdk import Aws
from aws_cdk import aws_glue as glue
from constructs import Construct

from civicam.contracts.catalogue import FACTS
from infra.constructs.athena import workgroup
from infra.constructs.city_bucket import CityBucket
from infra.constructs.city_function import Bounds, CityFunction
from infra.constructs.city_stack import CityStack
from infra.constructs.city_table import CityTable
from infra.constructs.fact_queue import FactQueue, Tries
from infra.constructs.fact_rule import FactRule
from infra.constructs.tick import Tick
from infra.constructs.worker import Worker, accept, allow
from infra.stacks.backbone import Backbone
from infra.stacks.security import Security

WRITER_SECONDS = 120


class Lake(CityStack):
    """The facts' store for analysts: bucket, catalogue, its one writer a table, and its queries."""

    def __init__(self, scope: Construct, *, security: Security, backbone: Backbone) -> None:
        super().__init__(scope, settings=security.settings, alarms=security.alarms)
        self.bucket = CityBucket(self, "lake", key=security.key, expire={"athena/": 7})
        self.leases = CityTable(self, "leases", key=("lease",))
        self._catalogue()
        workgroup(self, self.bucket.name, security.key)

        arrived = FactQueue(self, "lake", tries=Tries(times=10, seconds=WRITER_SECONDS + 60))
        FactRule(self, "EveryFact", bus=backbone.facts.bus, facts=FACTS).to(arrived)
        write = CityFunction(
            self, "lake/write_facts", layer="lake", bounds=Bounds(at_once=2, seconds=WRITER_SECONDS, memory_mb=1769)
        )
        arrived.feed(write, batch=1000, window_seconds=self.settings.lake_batch_seconds)
        compact = CityFunction(
            self, "lake/compact_tables", layer="lake", bounds=Bounds(at_once=1, seconds=900, memory_mb=3008)
        )
        Tick(compact, minute="17")
        self._let_write(write, "glue:CreateTable")
        self._let_write(compact, "glue:GetTables")

    def _catalogue(self) -> None:
        self.database = self.called("lake").replace("-", "_")
        glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database, description="civicam: the facts, an Iceberg table for each type"
            ),
        )
        self.publish("GLUE_DATABASE", self.database)

    def _let_write(self, worker: Worker, besides: str) -> None:
        """Iceberg's writers create, replace and delete files, and look for what lies there already."""
        self.bucket.grant_read(worker, "lake/*", missing_is_an_answer=True)
        self.bucket.grant_write(worker, "lake/*")
        self.bucket.grant_delete(worker, "lake/*")
        self.leases.grant(worker, "PutItem", "DeleteItem")
        root = f"arn:aws:glue:{self.region}:{Aws.ACCOUNT_ID}"
        allow(
            worker,
            ["glue:GetTable", "glue:UpdateTable", besides],
            f"{root}:catalog",
            f"{root}:database/{self.database}",
            f"{root}:table/{self.database}/*",
        )
        worker.tell("GLUE_DATABASE", self.database)
        worker.tell("LAKE_BATCH_SECONDS", str(self.settings.lake_batch_seconds))
        accept(
            worker.role,
            f"AwsSolutions-IAM5[Resource::arn:aws:glue:{self.region}:<AWS::AccountId>:table/{self.database}/*]",
            "the tables of one database: they follow from the catalogue of facts, and their writer creates them",
        )
