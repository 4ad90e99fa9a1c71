"""A clip on its way through the whole city, on the embedded AWS with its IAM enforced: what comes of it, and once."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from civicam.aws.footage import FootageStore
from civicam.aws.recent import RECENT_SECONDS
from civicam.aws.registry import Registry
from civicam.aws.rules import Rules
from civicam.aws.tiers import Tiers
from civicam.cameras.sweeping import is_listed
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera, ClipRejected, ClipStored, HttpSource, Profile, PushSource, Tier
from civicam.contracts.vision import ClipAbandoned, CrowdMeasured, FacesSeen, VehiclesCounted
from civicam.contracts.watch import AlertAcknowledged, AlertRaised, LineCount, Rule
from civicam.operations.policy import Role
from civicam.runtime.segmenting import stamped
from civicam.vision.tiers import TierSetting
from civicam_cli.dead_letters import dead_letters, move_back
from civicam_cli.embedded.city import City
from civicam_cli.farm import farm, feeds_of
from civicam_cli.receiver import subscribe
from tests.city.whole import WholeCity, camera_id
from tests.fakes import footage

pytestmark = pytest.mark.flow

JUDGED = (VehiclesCounted, CrowdMeasured, FacesSeen)
JUNCTION = Profile.model_validate(
    {
        "lines": [{"line_id": "leaving-junction", "points": [[388, 230], [388, 60]]}],
        "zones": [{"zone_id": "junction", "polygon": [[120, 85], [640, 85], [640, 272], [120, 272]]}],
    }
)
SECONDS = 2.0
"""The junction's footage lasts so long."""


@pytest.fixture
def filmed(junction: Path) -> Callable[[Camera], bytes]:
    """A clip that this camera has just filmed; no two are alike."""
    return lambda camera: stamped(junction.read_bytes(), camera.camera_id, now())


def test_a_delivered_clip_becomes_facts_in_the_api_and_one_row_each_in_the_lake(
    whole: WholeCity, filmed: Callable[[Camera], bytes]
) -> None:
    camera = whole.camera("junction", JUNCTION)
    clip = whole.deliver(camera, filmed(camera), seconds=SECONDS)

    (counted,) = whole.facts_of(clip, VehiclesCounted)
    (crowd,) = whole.facts_of(clip, CrowdMeasured)
    (faces,) = whole.facts_of(clip, FacesSeen)

    assert sum(label.count for label in counted.appeared) >= 1
    assert crowd.zones[0].zone_id == "junction"
    assert faces.coverage == pytest.approx(1.0)
    listed = whole.call(Role.OPERATOR, "GET", f"/v1/facts?camera_id={camera.camera_id}").json()["items"]
    assert {fact["id"] for fact in listed} >= {fact.fact_id for fact in (counted, crowd, faces)}
    for kind in (ClipStored, *JUDGED):
        (row,) = whole.wait_for_rows(kind, f"camera_id = '{camera.camera_id}'", 1)
        assert row["fact_id"]


def test_a_crossing_raises_one_alert_that_arrives_signed_and_is_acknowledged_once(
    whole: WholeCity, filmed: Callable[[Camera], bytes]
) -> None:
    camera = whole.camera("alerting junction", JUNCTION)
    condition = LineCount(line_id="leaving-junction", at_least=1)
    Rules.writable_from_env().put(
        Rule(rule_id="flow-crossing", title="Xe rời giao lộ", camera_id=camera.camera_id, condition=condition)
    )
    with subscribe(whole.deployment.outputs["WebhookSecretArn"]) as receiver:
        whole.deliver(camera, filmed(camera), seconds=SECONDS)
        (raised,) = whole.hear(lambda event: event.type == AlertRaised.TYPE and event.subject == camera.camera_id)
        whole.wait_until(lambda: receiver.inbox.deliveries)

    (delivery,) = receiver.inbox.deliveries
    assert delivery.event.data.alert == raised.alert
    assert receiver.inbox.refused.total() == 0
    path = f"/v1/alerts/{raised.alert.alert_id}"
    assert whole.call(Role.OPERATOR, "GET", path).json()["state"] == "new"
    assert whole.call(Role.OPERATOR, "POST", f"{path}/acknowledge", json={"note": "đã cử người"}).status_code == 200
    assert whole.call(Role.SUPERVISOR, "POST", f"{path}/acknowledge", json={}).status_code == 409
    (taken,) = whole.hear(lambda event: event.type == AlertAcknowledged.TYPE and event.subject == camera.camera_id)
    assert taken.alert.note == "đã cử người"


def test_every_fact_delivered_twice_leaves_one_row_each(whole: WholeCity, filmed: Callable[[Camera], bytes]) -> None:
    camera = whole.camera("twice", JUNCTION)
    clip = whole.deliver(camera, filmed(camera), seconds=SECONDS)
    for kind in JUDGED:
        whole.facts_of(clip, kind)
    events = [event for event in whole.heard if event.subject == camera.camera_id]
    for event in events:
        whole.say(event)

    marker = whole.deliver(camera, filmed(camera), start=now() - timedelta(minutes=5), seconds=SECONDS)
    for kind in JUDGED:
        whole.facts_of(marker, kind)
        whole.wait_for_rows(kind, f"clip_id = '{marker}'", 1)
        assert len(whole.rows(kind, f"clip_id = '{clip}' AND revision = 0")) == 1


def test_a_clip_completed_twice_is_analysed_once(whole: WholeCity, filmed: Callable[[Camera], bytes]) -> None:
    camera = whole.camera("completed twice", JUNCTION)
    body, start = filmed(camera), now() - timedelta(seconds=SECONDS)
    clip = whole.deliver(camera, body, start, SECONDS)
    again = whole.call(Role.RECORDER, "POST", f"/v1/clips/{clip}/complete", json={})
    known = whole.declare(camera, body, start, SECONDS)

    assert again.status_code == 202
    assert (known.status_code, known.json()["clip_id"]) == (200, clip)
    whole.facts_of(clip, VehiclesCounted)
    assert len(whole.facts_of(clip, ClipStored)) == 1


def test_the_same_bytes_at_another_time_are_refused(whole: WholeCity, filmed: Callable[[Camera], bytes]) -> None:
    camera = whole.camera("same bytes", JUNCTION)
    body = filmed(camera)
    whole.deliver(camera, body, seconds=SECONDS)

    refused = whole.declare(camera, body, now() - timedelta(minutes=3), SECONDS)

    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("reason", "body"),
    [
        pytest.param("not_a_video", b"this is a letter, not a video" * 40, id="not_a_video"),
        pytest.param("playlist", footage.PLAYLIST, id="playlist"),
        pytest.param("truncated", footage.clip(footage.passing(50))[:-3000], id="truncated"),
    ],
)
def test_footage_that_cannot_be_used_lies_in_quarantine_under_its_reason(
    whole: WholeCity, reason: str, body: bytes
) -> None:
    camera = whole.camera(f"sends {reason}")
    clip = whole.deliver(camera, body)

    (rejected,) = whole.facts_of(clip, ClipRejected)

    assert rejected.reason == reason
    assert rejected.quarantine_key in set(FootageStore.from_env().keys(f"quarantine/{reason}/"))
    shown = whole.call(Role.OPERATOR, "GET", f"/v1/clips/{clip}").json()
    assert (shown["state"], shown["reason"]) == ("rejected", reason)


@pytest.mark.parametrize(
    ("status", "ahead", "seconds"),
    [(422, timedelta(minutes=10), 3.0), (422, timedelta(), 7200.0)],
    ids=["from the future", "two hours long"],
)
def test_footage_that_cannot_be_true_is_refused_before_it_is_uploaded(
    whole: WholeCity, status: int, ahead: timedelta, seconds: float
) -> None:
    camera = whole.camera("cannot be true")
    refused = whole.declare(camera, b"x" * 100, now() + ahead - timedelta(seconds=seconds), seconds)

    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"


def test_an_upload_of_other_bytes_than_declared_is_refused_by_the_store(whole: WholeCity) -> None:
    camera = whole.camera("other bytes")
    upload = whole.declare(camera, b"declared" * 20).json()["upload"]

    assert whole.put(upload, b"anything" * 20).status_code == 400
    assert whole.put(upload, b"longer than it may be" * 99).status_code in {400, 403}


def test_a_clip_whose_recorder_died_before_completing_it_is_announced_by_the_store(
    whole: WholeCity, filmed: Callable[[Camera], bytes]
) -> None:
    """At a camera whose objects the sweeper does not list meanwhile: it would find the clip too."""
    soon = [now() + timedelta(minutes=minute) for minute in range(3)]
    names = (f"dies after its upload {number}" for number in count())
    camera = whole.camera(
        next(name for name in names if not any(is_listed(camera_id(name), at) for at in soon)), JUNCTION
    )
    body = filmed(camera)
    declared = whole.declare(camera, body, seconds=SECONDS).json()
    assert whole.put(declared["upload"], body).status_code == 200

    (stored,) = whole.facts_of(declared["clip_id"], ClipStored)
    whole.facts_of(declared["clip_id"], VehiclesCounted)

    assert stored.camera_id == camera.camera_id


def test_a_clip_whose_inference_fails_is_abandoned_then_redriven_and_counted_once(
    whole: WholeCity, filmed: Callable[[Camera], bytes], out_of_order: Callable[[str], Any]
) -> None:
    camera = whole.camera("inference fails", JUNCTION)
    with out_of_order("look_at_clip"):
        clip = whole.deliver(camera, filmed(camera), seconds=SECONDS)
        (abandoned,) = whole.facts_of(clip, ClipAbandoned, seconds=200)
        whole.wait_until(lambda: whole.waiting_in("ClipDeadLettersUrl") == 1)
        assert abandoned.error

    (letters,) = [one for one in dead_letters(whole.deployment) if one.name == "clip"]
    assert move_back(letters) == 1
    for kind in JUDGED:
        whole.facts_of(clip, kind)
        whole.wait_for_rows(kind, f"clip_id = '{clip}'", 1)
    assert whole.waiting_in("ClipDeadLettersUrl") == 0


def test_the_gpu_tier_brings_the_same_facts(whole: WholeCity, filmed: Callable[[Camera], bytes]) -> None:
    cpu = whole.camera("on the CPU", JUNCTION)
    gpu = whole.camera("on the GPU tier", JUNCTION.model_copy(update={"tier": Tier.GPU}))
    start, body = now() - timedelta(seconds=SECONDS), filmed(cpu)
    first, second = whole.deliver(cpu, body, start, SECONDS), whole.deliver(gpu, body, start, SECONDS)

    for kind in JUDGED:
        (one,), (other,) = whole.facts_of(first, kind), whole.facts_of(second, kind)
        assert _measures(one) == _measures(other)


def test_a_camera_that_names_no_tier_goes_where_the_city_sends_it(
    whole: WholeCity, city: City, filmed: Callable[[Camera], bytes]
) -> None:
    tiers = Tiers(whole.deployment.outputs["TiersTable"])
    camera, standing = whole.camera("sent to the GPU tier", JUNCTION), tiers.current()
    sent = TierSetting(version=standing.version + 1, on_gpu=3, since=now())
    assert tiers.put(sent)
    time.sleep(RECENT_SECONDS)
    try:
        clip = whole.deliver(camera, filmed(camera), seconds=SECONDS)
        whole.facts_of(clip, VehiclesCounted)
    finally:
        assert tiers.put(sent.model_copy(update={"version": sent.version + 1, "on_gpu": 0}))

    said = [log.read_text() for log in city.scratch.glob("task-*.log")]
    assert any(clip in text and "clip detected" in text for text in said), "the detector's task worked on it"


def test_a_clip_that_comes_late_leaves_the_counts_that_the_right_order_gives(
    whole: WholeCity, junction_in_two: tuple[bytes, bytes]
) -> None:
    start = now() - timedelta(seconds=30)
    closely = JUNCTION.model_copy(update={"sampling_fps": 12.5})
    in_order, late = whole.camera("in order", closely), whole.camera("late", closely)
    whole.camera("late", JUNCTION)  # changed after its pieces were filmed: they are judged as it was then
    counted: dict[str, list[VehiclesCounted]] = {}
    for camera, order in ((in_order, (0, 1)), (late, (1, 0))):
        clips = {}
        for piece in order:
            begun = start + timedelta(seconds=piece)
            clips[piece] = whole.deliver(camera, stamped(junction_in_two[piece], camera.camera_id, begun), begun, 1.0)
            whole.facts_of(clips[piece], VehiclesCounted)
        revised = 1 if camera is late else 0
        whole.hear(lambda event, clip=clips[1], at=revised: _is(event, clip, at))  # type: ignore[misc]
        counted[camera.name] = [_latest(whole.facts_of(clip, VehiclesCounted)) for clip in (clips[0], clips[1])]

    assert _sums(counted["in order"]) == _sums(counted["late"])
    assert {fact.profile_version for fact in counted["late"]} == {1}


def _open_to_sns(queue_arn: str) -> str:
    allowed = {"Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue_arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **allowed}]})


def _is(event: Any, clip: str, revision: int) -> bool:
    fact = event.data
    return isinstance(fact, VehiclesCounted) and (fact.clip_id, fact.revision) == (clip, revision)


def _latest(facts: list[VehiclesCounted]) -> VehiclesCounted:
    return max(facts, key=lambda fact: fact.revision)


def _sums(facts: list[VehiclesCounted]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for fact in facts:
        for one in fact.crossings:
            key = f"{one.line_id} {one.direction} {one.label}"
            sums[key] = sums.get(key, 0) + one.count
        for label in fact.appeared:
            sums[label.label] = sums.get(label.label, 0) + label.count
    return sums


def _measures(fact: Any) -> dict[str, Any]:
    ours = {"crossings", "appeared", "present_max", "people_mean", "people_max", "zones", "faces_mean", "faces_max"}
    return {name: value for name, value in fact.model_dump().items() if name in ours}


def test_a_source_that_is_pulled_brings_its_clip_once(
    whole: WholeCity, junction: Path, aws: Callable[[str], Any]
) -> None:
    """Two ticks plan the same minute, and every read of an interval finds the same clip."""
    source = HttpSource(kind="http_clip", url="http://127.0.0.1:1/street.mp4", interval_seconds=10)
    camera = whole.camera("pulled", JUNCTION).model_copy(update={"source": source})
    with farm(feeds_of({camera: junction})) as served:
        there = source.model_copy(update={"url": f"{served.url}/street.mp4"})
        camera = Registry.from_env().put(camera.model_copy(update={"source": there})).camera
        for _ in range(2):
            aws("lambda").invoke(FunctionName="civicam-laptop-plan_pulls", Payload=b"{}")
        (stored, *_) = whole.hear(lambda event: event.type == ClipStored.TYPE and event.subject == camera.camera_id)
        Registry.from_env().put(camera.model_copy(update={"source": PushSource()}))
        whole.facts_of(stored.footage.clip_id, VehiclesCounted)

    assert len(whole.facts_of(stored.footage.clip_id, ClipStored)) == 1


def test_an_alert_reaches_people_in_words(
    whole: WholeCity, filmed: Callable[[Camera], bytes], aws: Callable[[str], Any]
) -> None:
    camera = whole.camera("told in words", JUNCTION)
    condition = LineCount(line_id="leaving-junction", at_least=1)
    rule = Rule(rule_id="flow-words", title="Xe rời giao lộ", camera_id=camera.camera_id, condition=condition)
    Rules.writable_from_env().put(rule)
    queue = aws("sqs").create_queue(QueueName="somebody-who-subscribed")["QueueUrl"]
    arn = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = whole.deployment.outputs["AlertTopicArn"]
    aws("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": _open_to_sns(arn)})
    subscribed = aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    said: list[str] = []

    def read() -> bool:
        messages = aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        said.extend(json.loads(message["Body"])["Message"] for message in messages)
        return any(camera.camera_id in text for text in said)

    try:
        whole.deliver(camera, filmed(camera), seconds=SECONDS)
        whole.wait_until(read)
    finally:
        aws("sns").unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])

    (text,) = [text for text in said if camera.camera_id in text]
    assert text.strip('"').startswith("warning: Xe rời giao lộ. Camera ")
    assert "{" not in text
    assert "<" not in text
