"""Who may do what: one table of actions and roles. On which unit's things is asked of the caller's units besides."""

from enum import StrEnum

from civicam.contracts.errors import Rejected


class Role(StrEnum):
    """A group of the user pool."""

    OPERATOR = "operator"  # works in a unit's operation centre
    SUPERVISOR = "supervisor"  # answers for it
    AUDITOR = "auditor"  # sees what was done, touches nothing
    CITIZEN = "citizen"  # hands in what they filmed in their ward, and learns what became of it
    RECORDER = "recorder"  # a recorder at the edge: delivers footage, reads nothing


class Action(StrEnum):
    """What somebody may want to do with a unit's things."""

    READ_CAMERAS = "read_cameras"
    READ_CLIPS = "read_clips"
    DELIVER_CLIPS = "deliver_clips"
    REPORT_ROUTES = "report_routes"
    READ_FACTS = "read_facts"
    FILE_COUNTS = "file_counts"
    SET_CREDENTIALS = "set_credentials"
    HAND_IN = "hand_in"
    READ_ALERTS = "read_alerts"
    ACKNOWLEDGE_ALERTS = "acknowledge_alerts"


_PEOPLE = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR})
POLICY: dict[Action, frozenset[Role]] = {
    Action.READ_CAMERAS: _PEOPLE,
    Action.READ_CLIPS: _PEOPLE,
    Action.DELIVER_CLIPS: frozenset({Role.RECORDER}),
    Action.REPORT_ROUTES: frozenset({Role.RECORDER}),
    Action.READ_FACTS: _PEOPLE,
    Action.FILE_COUNTS: frozenset({Role.OPERATOR, Role.SUPERVISOR}),
    Action.SET_CREDENTIALS: frozenset({Role.SUPERVISOR}),
    Action.HAND_IN: frozenset({Role.CITIZEN, Role.OPERATOR, Role.SUPERVISOR}),
    Action.READ_ALERTS: _PEOPLE,
    Action.ACKNOWLEDGE_ALERTS: frozenset({Role.OPERATOR, Role.SUPERVISOR}),
}
"""The roles that may act, within the caller's own units only. A new action without a row may be done by nobody."""


class Unauthenticated(Rejected):
    """Nobody knows who is asking."""

    def __init__(self) -> None:
        super().__init__("unauthenticated", "send an access token: Authorization: Bearer <token>")


class Forbidden(Rejected):
    """The caller is known and may not do this."""

    def __init__(self, action: Action) -> None:
        allowed = ", ".join(sorted(POLICY.get(action, frozenset()))) or "nobody"
        super().__init__("forbidden", f"{action.value.replace('_', ' ')}: only for {allowed}")
