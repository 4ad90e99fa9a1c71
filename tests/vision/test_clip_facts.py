"""The table of judgements: claimed once, replaced in order, read as a line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from civicam.aws.clip_facts import ClipFacts
from civicam.contracts.cameras import Profile
from civicam.contracts.errors import Unavailable
from civicam.contracts.facts import CloudEvent
from civicam.vision.judging import EMPTY, State, judge
from civicam.vision.succession import Judgement, judged_first
from tests.fakes.scenes import Mover, SceneClip, cut, instants

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("city")]

CLIPS = cut(instants([Mover(300, 100, vy=50), Mover(900, 500)], seconds=12), [3, 6, 9])


def judgement(scene: SceneClip, before: Judgement | None = None) -> Judgement:
    at = scene.detected.footage.capture_end

    def judged(clip: object, known: State) -> object:
        return judge(Profile(), scene.detected, scene.boxes, known, judged_at=at)

    return judged_first(CloudEvent.of(scene.detected), before, judged)  # type: ignore[arg-type] # one clip only


def test_what_is_read_is_what_was_written() -> None:
    table, first = ClipFacts.from_env(), judgement(CLIPS[0])
    assert table.get(CLIPS[0].detected) is None
    assert table.put_once(first)
    assert table.get(CLIPS[0].detected) == first
    assert first.after.tracker.tracks


def test_a_clip_is_judged_once() -> None:
    table, first = ClipFacts.from_env(), judgement(CLIPS[0])
    assert table.put_once(first)
    assert not table.put_once(replace(first, facts=()))
    assert table.get(CLIPS[0].detected) == first


def test_a_revision_replaces_the_one_before_it_and_no_other() -> None:
    table, first = ClipFacts.from_env(), judgement(CLIPS[0])
    table.put_once(first)
    table.put_revision(replace(first, revision=1))
    with pytest.raises(Unavailable, match="somebody else"):
        table.put_revision(replace(first, revision=1, after=EMPTY))
    standing = table.get(CLIPS[0].detected)
    assert standing
    assert (standing.revision, standing.after) == (1, first.after)


def test_neighbours_are_read_in_the_line_of_capture() -> None:
    table = ClipFacts.from_env()
    for number in (2, 0, 3):
        table.put_once(judgement(CLIPS[number]))
    before = table.predecessor(CLIPS[1].detected)
    assert before
    assert before.clip == CLIPS[0].detected
    assert [one.clip for one in table.successors(CLIPS[1].detected)] == [CLIPS[2].detected, CLIPS[3].detected]
    assert table.predecessor(CLIPS[0].detected) is None
    assert list(table.successors(CLIPS[3].detected)) == []


def test_another_run_is_another_line() -> None:
    table = ClipFacts.from_env()
    table.put_once(judgement(CLIPS[0]))
    replayed = CLIPS[1].detected.model_copy(update={"run": "replay-7"})
    assert table.predecessor(replayed) is None
    assert table.get(CLIPS[0].detected.model_copy(update={"run": "replay-7"})) is None


def test_a_neighbour_past_its_time_counts_as_gone() -> None:
    table, first = ClipFacts.from_env(), judgement(CLIPS[0])
    table.put_once(first)
    boto3.client("dynamodb").update_item(
        TableName="facts-table",
        Key={"camera_run": {"S": f"{first.clip.camera_id}#live"}, "moment": {"S": first.moment}},
        UpdateExpression="SET expires_at = :past",
        ExpressionAttributeValues={":past": {"N": str(int((datetime.now(UTC) - timedelta(hours=1)).timestamp()))}},
    )
    assert table.predecessor(CLIPS[1].detected) is None


def test_one_look_finds_a_clips_judgement_and_the_one_before_it() -> None:
    table = ClipFacts.from_env()
    for clip in CLIPS[:2]:
        table.put_once(judgement(clip))
    own, before = table.standing(CLIPS[1].detected)
    assert own == table.get(CLIPS[1].detected)
    assert before == table.get(CLIPS[0].detected)
    assert table.standing(CLIPS[0].detected) == (before, None)
    assert table.standing(CLIPS[2].detected) == (None, own)


def test_facts_lie_packed_and_those_of_before_are_still_read() -> None:
    table, first = ClipFacts.from_env(), judgement(CLIPS[0])
    table.put_once(first)
    key = {"camera_run": {"S": f"{first.clip.camera_id}#live"}, "moment": {"S": first.moment}}
    boto3.client("dynamodb").update_item(
        TableName="facts-table",
        Key=key,
        UpdateExpression="SET facts = :facts",
        ExpressionAttributeValues={":facts": {"L": [{"S": event.model_dump_json()} for event in first.facts]}},
    )
    assert table.get(CLIPS[0].detected) == first


def test_an_item_stays_far_below_what_a_table_takes() -> None:
    places = [(9.0 + 21 * (n % 60), 40.0 + 60 * (n // 60)) for n in range(600)]
    crowd = [Mover(x, y, vx=3.7, label="person", width=17.3, height=49.9) for x, y in places]
    motors = [Mover(x, y, vx=9.1, label="motorcycle", width=18.7) for x, y in places]
    (scene,) = cut(instants([*crowd, *motors], seconds=3), [])
    ClipFacts.from_env().put_once(judgement(scene))
    (item,) = boto3.client("dynamodb").scan(TableName="facts-table")["Items"]
    assert len(item["state_after"]["B"]) < 60_000
    assert sum(len(str(value)) for value in item.values()) < 300_000
