"""Operations: the API, and the people who may use it."""

from constructs import Construct

from functions.operations.api.app import routes
from infra.constructs.city_api import CityApi
from infra.constructs.city_function import Bounds, CityFunction
from infra.constructs.city_stack import CityStack
from infra.constructs.city_users import CityUsers
from infra.stacks.cameras import Cameras
from infra.stacks.security import Security
from infra.stacks.vision import Vision
from infra.stacks.watch import Watch


class Operations(CityStack):
    """What operators and recorders talk to."""

    def __init__(
        self,
        scope: Construct,
        *,
        security: Security,
        cameras: Cameras,
        vision: Vision,
        watch: Watch,
    ) -> None:
        super().__init__(scope, settings=security.settings, alarms=security.alarms)
        claims = CityFunction(
            self, "operations/claim_units", bounds=Bounds(at_once=self.settings.requests_at_once, seconds=5)
        )
        users = CityUsers(self, claims=claims)
        api = CityFunction(
            self,
            "operations/api",
            bounds=Bounds(at_once=self.settings.requests_at_once, seconds=29, memory_mb=512),
            layer="track",  # numpy: a profile is looked at before it is taken
        )
        CityApi(self, handler=api, users=users, routes=routes())

        cameras.let_take_in(api)
        cameras.footage.grant_read(api, "clips/*", missing_is_an_answer=True)
        cameras.footage.grant_write(api, "clips/*")
        cameras.footage.grant_write(api, "inbox/uploads/*")
        cameras.registry.grant_read(api, "registry/counts/*", missing_is_an_answer=True)
        cameras.registry.grant_read(api, "registry/cameras/*", missing_is_an_answer=True)
        cameras.registry.grant_write(api, "registry/counts/*")
        cameras.registry.grant_write(api, "registry/cameras/*")
        cameras.cameras.grant(api, "BatchGetItem", "PutItem")
        cameras.owners.grant(api, "GetItem")
        for index in ("by_unit", "by_owner"):
            cameras.cameras.grant(api, "Query", index=index)
            watch.alerts.grant(api, "Query", index=index)
        cameras.routes.grant(api, "PutItem", "Query")
        cameras.vault.grant_write(api)
        cameras.clips.grant(api, "Query", index="by_camera")
        cameras.health.grant(api, "BatchGetItem", "Query")
        cameras.allocation.grant(api, "GetItem", "PutItem", "DeleteItem", "Query")
        cameras.recorders.grant(api, "GetItem", "PutItem", "UpdateItem")
        vision.facts.grant(api, "Query")
        watch.alerts.grant(api, "GetItem", "PutItem")
