"""Backbone: the bus that every fact takes, and the cluster that the city's containers run on."""

from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infra.constructs.city_stack import CityStack
from infra.constructs.fact_bus import FactBus
from infra.stacks.security import Security


class Backbone(CityStack):
    """The bus and the cluster."""

    def __init__(self, scope: Construct, *, security: Security) -> None:
        super().__init__(scope, settings=security.settings, alarms=security.alarms)
        self.facts = FactBus(self)
        self.cluster = ecs.CfnCluster(
            self,
            "Cluster",
            cluster_name=self.called("city"),
            cluster_settings=[ecs.CfnCluster.ClusterSettingsProperty(name="containerInsights", value="enabled")],
        )
        self.publish("CLUSTER_NAME", self.cluster.ref)
