"""/v1/facts: what was judged from a camera's clips in the last 30 days; older questions go to the lake."""

from enum import StrEnum
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.openapi.params import Query

from civicam.aws.manual_counts import ManualCounts
from civicam.aws.recent_facts import Asked, RecentFacts
from civicam.contracts.base import Moment, utc_text
from civicam.operations.caller import Caller
from civicam.operations.paging import next_link, read_cursor
from civicam.operations.policy import Action
from functions.operations.api.access import camera_of, known_since, may
from functions.operations.api.answers import CLIP_FACTS, FactPage, answers
from functions.operations.api.routing import CameraQuery, Cursor, Limit, Resource

resource = Resource("facts")
FactType = StrEnum("FactType", {fact.__name__: fact.TYPE for fact in CLIP_FACTS})  # type: ignore[misc] # its members are the catalogue's
Reader = Annotated[Caller, Depends(may(Action.READ_FACTS))]


@resource.get("/v1/facts", answers(400, 404, ok=(FactPage, "A page of facts")))
def list_facts(  # noqa: PLR0913, PLR0917 - each is one query parameter
    caller: Reader,
    camera_id: CameraQuery,
    fact_type: Annotated[FactType | None, Query(alias="type", description="Only facts of this type")] = None,
    start: Annotated[Moment | None, Query(alias="from", description="Captured at or after this")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Captured before this")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> FactPage:
    """Facts of one camera as CloudEvents, newest first, each at its highest revision."""
    since = known_since(caller, camera_of(caller, camera_id))
    asked = Asked(camera_id, fact_type, max(start or since, since) if since else start, end)
    query = _query(asked)
    page = RecentFacts.from_env().by_camera(asked, cursor=read_cursor(query, cursor), limit=limit)
    return FactPage(
        items=page.items,
        manual_counts=ManualCounts.from_env().of_camera(camera_id),
        next=next_link("/v1/facts", query, limit, page.cursor),
    )


def _query(asked: Asked) -> dict[str, str]:
    given = {
        "camera_id": asked.camera_id,
        "type": asked.fact_type,
        "from": asked.start and utc_text(asked.start),
        "to": asked.end and utc_text(asked.end),
    }
    return {name: str(value) for name, value in given.items() if value is not None}
