"""The HTTP API: a gateway route for each of the handler's own, a token asked for on all but the public ones."""

import json
from collections.abc import Iterable
from typing import Protocol

from aws_cdk import Aws
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from constructs import Construct

from infra.constructs.city_function import CityFunction
from infra.constructs.city_stack import CityStack, resource_of
from infra.constructs.city_users import CityUsers
from infra.constructs.worker import accept

ACCESS_LOG = {
    "time": "$context.requestTime",
    "request_id": "$context.requestId",
    "method": "$context.httpMethod",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "subject": "$context.authorizer.claims.sub",
    "refused": "$context.authorizer.error",
}
"""No address, no query, no name: a subject is a random identifier."""

OPEN = "the API's own description; or a recorder's routes, whose token the handler checks at each call"
SELDOM = {"/v1/recorders/enrol"}
"""Asked once in a recorder's life: whoever asks for more is trying codes."""
SELDOM_A_SECOND = 2


class Route(Protocol):
    """What the handler says of a route."""

    @property
    def method(self) -> str:
        """Such as GET."""

    @property
    def path(self) -> str:
        """Such as /v1/cameras/{camera_id}."""

    @property
    def public(self) -> bool:
        """Whether it asks for no token."""


class CityApi(Construct):
    """ApiUrl and ApiId among the outputs."""

    def __init__(self, stack: CityStack, *, handler: CityFunction, users: CityUsers, routes: Iterable[Route]) -> None:
        super().__init__(stack, "HttpApi")
        self.api = gateway.HttpApi(self, "Api", api_name=stack.called("api"), create_default_stage=False)
        integration = integrations.HttpLambdaIntegration("Handler", handler.function, scope_permission_to_route=False)
        tokens = authorizers.HttpJwtAuthorizer(
            "Tokens",
            f"https://cognito-idp.{stack.region}.amazonaws.com/{users.pool.user_pool_id}",
            jwt_audience=[users.client.user_pool_client_id],
        )
        seldom: dict[str, gateway.HttpRoute] = {}
        for route in routes:
            added = self.api.add_routes(
                path=route.path,
                methods=[gateway.HttpMethod[route.method]],
                integration=integration,
                authorizer=gateway.HttpNoneAuthorizer() if route.public else tokens,
            )
            if route.public:
                accept(added[0], "AwsSolutions-APIG4", OPEN)
            if route.path in SELDOM:
                seldom[f"{route.method} {route.path}"] = added[0]
        self._stage(stack, seldom)
        stack.publish("API_ID", self.api.api_id)
        stack.publish("API_URL", f"https://{self.api.api_id}.execute-api.{stack.region}.{Aws.URL_SUFFIX}")

    def _stage(self, stack: CityStack, seldom: dict[str, gateway.HttpRoute]) -> None:
        limit = stack.settings.requests_at_once
        stage = self.api.add_stage(
            "Stage",
            stage_name="$default",
            auto_deploy=True,
            detailed_metrics_enabled=True,
            throttle=gateway.ThrottleSettings(rate_limit=limit * 2, burst_limit=limit),
        )
        name = f"/aws/vendedlogs/apis/{stack.called('api')}"
        logs = stack.log_group(self, name)
        resource = resource_of(stage, gateway.CfnStage)
        resource.access_log_settings = gateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=f"arn:aws:logs:{stack.region}:{Aws.ACCOUNT_ID}:log-group:{logs.log_group_name}",
            format=json.dumps(ACCESS_LOG),
        )
        resource.route_settings = {
            key: {"ThrottlingRateLimit": SELDOM_A_SECOND, "ThrottlingBurstLimit": 10} for key in seldom
        }
        for route in seldom.values():
            resource.add_resource_dependency(resource_of(route, gateway.CfnRoute))
