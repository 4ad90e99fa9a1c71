"""The city as a whole: who is in it, what the laptop leaves out, and what the stacks tell the outside."""

import re
from pathlib import Path

import pytest
from aws_cdk import App
from cfnlint.api import lint  # type: ignore[import-untyped] # it ships no types

from civicam.contracts.catalogue import FACTS
from functions.operations.api.app import routes
from infra import flow
from infra.assembly import Assembly
from infra.constructs.city_stack import CityStack, camel
from infra.settings import LAPTOP, PRODUCTION
from tests.fakes.city_in_moto import TABLES
from tests.fakes.tables import declared_tables

pytestmark = pytest.mark.infra

NO_FAULTS = {"W3005"}
"""CDK states dependencies that references imply already."""
NOT_IN_THE_EMBEDDED_AWS = {
    "AWS::ApiGatewayV2::VpcLink",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::Athena::NamedQuery",
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ECS::CapacityProvider",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::Events::Archive",
    "AWS::Events::EventBusPolicy",
}


def test_the_city_is_whole_in_an_account(production: Assembly) -> None:
    expected = {"Security", "Backbone", "Lake", "Cameras", "VisionGpu", "Vision", "Watch", "Operations"}
    assert set(production.templates) == expected


def test_the_laptop_leaves_out_the_gpu_instances_alone(production: Assembly, laptop: Assembly) -> None:
    assert set(production.templates) - set(laptop.templates) == {"VisionGpu"}
    kinds = {resource.kind for resource in laptop.resources()}
    assert not kinds & NOT_IN_THE_EMBEDDED_AWS
    assert not {kind for kind in kinds if kind.startswith("Custom::")}, "custom resources need functions of their own"


def test_the_laptop_takes_no_layers_and_builds_no_images(laptop: Assembly) -> None:
    assert not list(laptop.resources("AWS::Lambda::LayerVersion"))
    tasks = laptop.resources("AWS::ECS::TaskDefinition")
    images = {task.properties["ContainerDefinitions"][0]["Image"] for task in tasks}
    assert images == {"civicam/vision/detector", "civicam/vision/replayer"}


def test_a_layer_that_is_missing_names_the_remedy() -> None:
    stack = CityStack(App(), settings=PRODUCTION.model_copy(update={"python": "3.0"}))
    with pytest.raises(LookupError, match="make layers"):
        stack.layer("common")


def test_cloudformation_finds_no_fault(production: Assembly) -> None:
    for stack in production.templates:
        template = (production.folder / f"{stack}.template.json").read_text()
        faults = [str(fault) for fault in lint(template, regions=[PRODUCTION.region]) if fault.rule.id not in NO_FAULTS]
        assert not faults, stack


def test_unit_tests_make_the_tables_that_the_stacks_declare(laptop: Assembly) -> None:
    declared = declared_tables(laptop)
    for variable, (key, indexes) in TABLES.items():
        assert declared[variable] == (key, dict(indexes)), variable


def test_functions_find_their_names_among_the_outputs(laptop: Assembly) -> None:
    settings = {
        "PRIVATE_NETWORKS",
        "PULL_LIMITS",
        "SOURCE_PORTS",
        "MAX_CLIP_BYTES",
        "MAX_CLIP_SECONDS",
        "RUN_TRIES",
        "INFERENCE_PRECISION",
        "OBJECTS_MODELS",
        "FACES_MODELS",
        "LAKE_BATCH_SECONDS",
        "CLIPS_AT_ONCE",
        "MOST_GPU_WORKERS",
        "ANALYSED_BUDGET",
    }
    for function in laptop.resources("AWS::Lambda::Function"):
        variables = set(function.properties["Environment"]["Variables"])
        named = {name for name in variables - settings if not name.startswith("POWERTOOLS_")}
        assert {camel(name) for name in named} <= set(laptop.outputs), function.logical_id


def test_every_queue_and_its_dead_letters_are_told(laptop: Assembly) -> None:
    told = {laptop.led_to(stack, value) for stack, value in laptop.outputs.values()}
    assert set(laptop.resources("AWS::SQS::Queue")) <= {resource for resource in told if resource}


def test_every_fact_reaches_the_lake(production: Assembly) -> None:
    [rule] = (rule for rule in production.resources("AWS::Events::Rule") if rule.name == "EveryFact")
    assert rule.properties["EventPattern"]["detail-type"] == [fact.TYPE for fact in FACTS]


def test_the_gateway_knows_the_handlers_routes_and_asks_for_a_token(production: Assembly) -> None:
    found = {
        route.properties["RouteKey"]: route.properties["AuthorizationType"]
        for route in production.resources("AWS::ApiGatewayV2::Route")
    }
    assert found == {f"{route.method} {route.path}": "NONE" if route.public else "JWT" for route in routes()}


def test_the_gateway_throttles_and_logs(production: Assembly) -> None:
    [stage] = production.resources("AWS::ApiGatewayV2::Stage")
    assert stage.properties["DefaultRouteSettings"]["ThrottlingBurstLimit"] == PRODUCTION.requests_at_once
    assert "AccessLogSettings" in stage.properties


def test_nothing_on_the_laptop_names_another_region(laptop: Assembly) -> None:
    for template in (laptop.folder / f"{stack}.template.json" for stack in laptop.templates):
        assert not re.search(r"ap-southeast-\d", template.read_text()), template.name
    assert LAPTOP.region == "us-east-1"


def test_flow_page_is_fresh(laptop: Assembly, checkout: Path) -> None:
    written = (checkout / "docs/flow.md").read_text()
    assert written == flow.page(laptop), "run `python -m infra.flow`"
