"""Every incident rule, listed: a new one is one file here, one name in RULES and one in `IncidentName`."""

from civicam.vision.incidents.collision_suspected import COLLISION_SUSPECTED
from civicam.vision.incidents.congestion import CONGESTION
from civicam.vision.incidents.crowd_crush_risk import CROWD_CRUSH_RISK
from civicam.vision.incidents.object_left_behind import OBJECT_LEFT_BEHIND
from civicam.vision.incidents.pedestrian_on_carriageway import PEDESTRIAN_ON_CARRIAGEWAY
from civicam.vision.incidents.rule import IncidentRule
from civicam.vision.incidents.stopped_vehicle import STOPPED_VEHICLE
from civicam.vision.incidents.sudden_run import SUDDEN_RUN
from civicam.vision.incidents.wrong_way import WRONG_WAY
from civicam.vision.incidents.zone_entered_outside_hours import ZONE_ENTERED_OUTSIDE_HOURS

RULES: tuple[IncidentRule, ...] = (
    STOPPED_VEHICLE,
    WRONG_WAY,
    CONGESTION,
    PEDESTRIAN_ON_CARRIAGEWAY,
    COLLISION_SUSPECTED,
    CROWD_CRUSH_RISK,
    SUDDEN_RUN,
    ZONE_ENTERED_OUTSIDE_HOURS,
    OBJECT_LEFT_BEHIND,
)
