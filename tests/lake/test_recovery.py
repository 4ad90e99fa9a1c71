"""The whole recovery against the embedded AWS: tables gone or behind, S3 alone left."""

from datetime import timedelta

import pytest

from civicam.aws.claims import ClipState
from civicam.aws.recovery import Scope, recover
from civicam.aws.recovery.clips import Deed, deed
from civicam.aws.recovery.facts import Judged
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera, ClipStored, Profile
from civicam.contracts.errors import NotFound
from civicam.contracts.footage import Footage
from civicam.contracts.owners import Owner, OwnerKind
from civicam.contracts.vision import CrowdMeasured, VehiclesCounted
from civicam.contracts.watch import Alert, AlertState, Severity
from civicam.watch.facts import acknowledged, raised
from tests.fakes import facts
from tests.fakes.city_in_moto import TABLES
from tests.fakes.facts import CAMERA
from tests.fakes.town import Town, put_into_outbox

pytestmark = pytest.mark.flow


def judged(footage: Footage) -> tuple[VehiclesCounted, CrowdMeasured]:
    """The facts that the clip was judged to."""
    told = {"clip_id": footage.clip_id, "capture_start": footage.capture_start}
    return facts.vehicles(facts.crossing(3), **told), facts.crowd(**told)


def alert(state: AlertState = AlertState.NEW) -> Alert:
    taken = {"state": state, "acknowledged_by": "subject", "acknowledged_at": now()}
    return Alert(
        alert_id="a" * 64,
        rule_id="many",
        rule_version=1,
        title="Many",
        severity=Severity.WARNING,
        camera_id=CAMERA,
        unit_id="ward-1",
        fact_id="f",
        fact_type="vision.vehicles.counted.v1",
        value=3,
        at_least=2,
        capture_start=now() - timedelta(minutes=5),
        capture_end=now() - timedelta(minutes=4),
        raised_at=now() - timedelta(minutes=4),
        **(taken if state is AlertState.ACKNOWLEDGED else {}),
    )


def test_a_whole_city_needs_no_repair(town: Town) -> None:
    footage = town.store(0)
    put_into_outbox(*judged(footage))
    town.write(*judged(footage))
    town.city.intake.claims.judged(footage.clip_id)
    assert town.recover() == {}
    assert town.told() == []


def test_registry_and_rules_come_back_at_their_newest_version(town: Town) -> None:
    camera = town.city.registry.camera(CAMERA)
    town.city.registry.put(camera.model_copy(update={"name": "North gate"}))
    town.city.owners.put(Owner(owner_id="city", name="Thành phố", kind=OwnerKind.DEPARTMENT), by="anna")
    town.lose("CAMERAS_TABLE", "OWNERS_TABLE", "RULES_TABLE")
    assert town.recover() == {"cameras": 1, "owners": 1, "rules": 1}
    assert town.city.owners.get("city").name == "Thành phố"
    assert town.city.registry.camera(CAMERA).name == "North gate"
    assert town.city.rules.get("many").version == 1
    assert town.recover() == {}


def test_with_every_table_gone_what_was_judged_is_judged_and_the_rest_announced(town: Town) -> None:
    done, waiting = town.store(0), town.store(1)
    town.write(*judged(done))
    town.lose(*TABLES)
    town.lose_catalogue()
    assert town.recover() == {"tables of the lake": 2, "cameras": 1, "rules": 1, "clips": 2}
    assert (town.state(done), town.state(waiting)) == (ClipState.JUDGED, ClipState.STORED)
    assert [kind for kind, _ in town.told()] == [ClipStored.TYPE]
    assert town.city.intake.claims.get(waiting.clip_id).announced_at is not None


def test_a_clip_that_counts_as_judged_without_any_fact_is_judged_again(town: Town) -> None:
    footage = town.store(0)
    town.city.intake.claims.judged(footage.clip_id)
    assert town.recover() == {"clips": 1}
    assert town.state(footage) is ClipState.STORED
    assert len(town.told()) == 1


def test_a_clip_of_which_half_the_facts_were_lost_is_judged_again(town: Town) -> None:
    whole, half = town.store(0), town.store(1)
    town.write(*judged(whole), judged(half)[0])
    assert town.recover() == {"clips": 2}
    assert (town.state(whole), town.state(half)) == (ClipState.JUDGED, ClipState.STORED)


def test_what_is_under_way_is_left_alone(town: Town) -> None:
    town.store(0)
    long_ago = now() - timedelta(hours=2)
    assert [done.repaired for done in recover(town.city, Scope(settled=long_ago))] == [0] * 8


def test_facts_of_the_outbox_that_the_lake_never_got_are_told_again(town: Town) -> None:
    footage = town.store(0)
    heard, lost = judged(footage)
    put_into_outbox(heard, lost)
    town.write(heard)
    assert town.recover() == {"facts": 1, "clips": 1}
    assert town.told() == [(lost.TYPE, lost.fact_id)]
    assert town.state(footage) is ClipState.JUDGED


def test_what_lies_in_quarantine_is_rejected_again(town: Town) -> None:
    footage = town.store(0)
    town.write(ClipStored(fact_id="s", camera_id=CAMERA, footage=footage, stored_at=now()))
    town.city.intake.store.quarantine(footage, "not_a_video", "send a video")
    town.city.intake.store.remove(footage.key)
    town.lose("CLIPS_TABLE")
    assert town.recover() == {"quarantine": 1}
    assert town.city.intake.claims.get(footage.clip_id).reason == "not_a_video"
    assert town.recover() == {}


def test_alerts_come_back_as_they_last_stood(town: Town) -> None:
    taken = alert(AlertState.ACKNOWLEDGED)
    town.write(raised(alert()), acknowledged(taken))
    assert town.recover() == {"alerts": 1}
    assert town.city.alerts.get(taken.alert_id).state is AlertState.ACKNOWLEDGED
    assert town.recover() == {}


def test_an_alert_that_the_table_shows_open_is_taken_as_the_lake_knows(town: Town) -> None:
    town.city.alerts.raise_once(alert())
    town.write(raised(alert()), acknowledged(alert(AlertState.ACKNOWLEDGED)))
    assert town.recover() == {"alerts": 1}
    assert town.city.alerts.get("a" * 64).acknowledged_by == "subject"


def test_an_alert_that_nobody_heard_of_is_told_again(town: Town) -> None:
    town.city.alerts.raise_once(alert())
    assert town.recover() == {"alerts": 1}
    assert town.told() == [("watch.alert.raised.v1", "a" * 64)]


def test_a_dry_run_counts_and_changes_nothing(town: Town) -> None:
    footage = town.store(0)
    heard, lost = judged(footage)
    town.write(heard, raised(alert()))
    put_into_outbox(heard, lost)
    town.lose("CAMERAS_TABLE", "CLIPS_TABLE")
    assert town.recover(dry_run=True) == {"cameras": 1, "facts": 1, "clips": 1, "alerts": 1}
    assert town.told() == []
    with pytest.raises(NotFound):
        town.city.registry.camera(CAMERA)


def test_footage_of_days_before_is_left_alone_where_that_is_asked(town: Town) -> None:
    town.store(0)
    assert town.recover(since=now() + timedelta(days=1)) == {}


@pytest.mark.parametrize(
    ("standing", "is_whole", "is_settled", "expected"),
    [
        (None, True, True, Deed.CLOSE),
        (None, False, True, Deed.ANNOUNCE),
        (None, False, False, Deed.NOTHING),
        (ClipState.STORED, True, False, Deed.CLOSE),
        (ClipState.STORED, False, True, Deed.ANNOUNCE),
        (ClipState.JUDGED, True, True, Deed.NOTHING),
        (ClipState.JUDGED, False, True, Deed.REOPEN),
        (ClipState.REJECTED, False, True, Deed.NOTHING),
        (ClipState.ABANDONED, False, True, Deed.NOTHING),
    ],
)
def test_what_a_clip_needs(standing: ClipState | None, is_whole: bool, is_settled: bool, expected: Deed) -> None:
    assert deed(standing, is_whole=is_whole, is_settled=is_settled) is expected


def test_a_clip_is_whole_with_a_fact_of_each_analytic_or_judged_under_an_earlier_profile() -> None:
    camera = Camera(
        camera_id=CAMERA,
        version=2,
        name="Gate",
        owner_id="city",
        unit_id="ward-1",
        position=(0, 0),
        profile=Profile(analytics=("vehicle", "crowd")),
    )
    known = Judged()
    known.note("earlier", VehiclesCounted.TYPE, 1)
    known.note("half", VehiclesCounted.TYPE, 2)
    known.note("whole", VehiclesCounted.TYPE, 2)
    known.note("whole", CrowdMeasured.TYPE, 2)
    whole = {clip: known.is_whole(clip, camera) for clip in ("earlier", "half", "whole", "unknown")}
    assert whole == {"earlier": True, "half": False, "whole": True, "unknown": False}
