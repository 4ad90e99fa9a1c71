"""Who may do what: one table of actions and roles. On whose things is asked of the caller's units and owners too."""

from enum import StrEnum

from civicam.contracts.errors import Rejected


class Role(StrEnum):
    """A group of the user pool."""

    OPERATOR = "operator"  # works in a unit's operation centre
    SUPERVISOR = "supervisor"  # answers for it
    AUDITOR = "auditor"  # sees what was done, touches nothing
    CITIZEN = "citizen"  # hands in what they filmed in their ward, and learns what became of it
    OWNER = "owner"  # answers for an owner's cameras: sees and changes these, and nobody else's
    RECORDER = "recorder"  # a recorder at the edge: delivers footage, reads nothing


class Action(StrEnum):
    """What somebody may want to do with a unit's or an owner's things."""

    READ_CAMERAS = "read_cameras"
    CHANGE_CAMERAS = "change_cameras"
    REQUEST_ANALYSIS = "request_analysis"
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
_OWNERS = frozenset({Role.OWNER})
"""Their cameras are theirs in whichever unit these stand; everybody else's are their units'."""
POLICY: dict[Action, frozenset[Role]] = {
    Action.READ_CAMERAS: _PEOPLE | _OWNERS,
    Action.CHANGE_CAMERAS: _OWNERS,
    Action.REQUEST_ANALYSIS: frozenset({Role.OPERATOR, Role.SUPERVISOR}),
    Action.READ_CLIPS: _PEOPLE | _OWNERS,
    Action.DELIVER_CLIPS: frozenset({Role.RECORDER}),
    Action.REPORT_ROUTES: frozenset({Role.RECORDER}),
    Action.READ_FACTS: _PEOPLE | _OWNERS,
    Action.FILE_COUNTS: frozenset({Role.OPERATOR, Role.SUPERVISOR}),
    Action.SET_CREDENTIALS: frozenset({Role.SUPERVISOR}) | _OWNERS,
    Action.HAND_IN: frozenset({Role.CITIZEN, Role.OPERATOR, Role.SUPERVISOR}),
    Action.READ_ALERTS: _PEOPLE | _OWNERS,
    Action.ACKNOWLEDGE_ALERTS: frozenset({Role.OPERATOR, Role.SUPERVISOR}),
}
"""The roles that may act: owners on their own cameras, all others within their own units. An action without a row may
be done by nobody."""


class Unauthenticated(Rejected):
    """Nobody knows who is asking."""

    def __init__(self) -> None:
        super().__init__("unauthenticated", "send an access token: Authorization: Bearer <token>")


class Forbidden(Rejected):
    """The caller is known and may not do this."""

    def __init__(self, action: Action) -> None:
        allowed = ", ".join(sorted(POLICY.get(action, frozenset()))) or "nobody"
        super().__init__("forbidden", f"{action.value.replace('_', ' ')}: only for {allowed}")
