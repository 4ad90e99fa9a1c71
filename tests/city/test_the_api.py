"""The API behind its gateway, on the embedded AWS: who may come in, and what a caller sees."""

import base64
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import urllib3

from civicam.aws.claims import Claims
from civicam.aws.owners import Owners
from civicam.aws.recorder_identity import PLACE, RecorderIdentity
from civicam.aws.recorders import Recorders
from civicam.contracts.base import now, utc_text
from civicam.contracts.cameras import Profile
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import LOOK_MEDIA_TYPE, ClockQuality
from civicam.contracts.geometry import Line
from civicam.contracts.owners import Owner, OwnerKind
from civicam.contracts.vision import VehiclesCounted
from civicam.operations.policy import Role
from civicam.runtime.segmenting import Segment
from civicam.vision.catalogue import Task, load_catalogue
from civicam_cli.api import make_token
from containers.cameras.recorder.buffer import Buffer
from containers.cameras.recorder.delivery import Delivery
from containers.cameras.recorder.instructed import Instructions
from containers.cameras.recorder.looking import EdgeLooking
from containers.cameras.recorder.recorder import Edge, Recorder
from containers.cameras.recorder.recordings import Recorded
from tests.city.whole import WholeCity
from tests.fakes.footage import clip as video
from tests.fakes.footage import passing
from tests.fakes.looks import floor_models

pytestmark = pytest.mark.flow


def test_the_document_is_public_and_everything_else_is_not(whole: WholeCity) -> None:
    assert whole.call(None, "GET", "/v1/openapi.json").json()["openapi"].startswith("3.1")
    assert whole.call(None, "GET", "/v1/cameras").status_code == 401


def test_a_caller_sees_the_cameras_of_its_units_only(whole: WholeCity) -> None:
    ours, theirs = whole.camera("ours"), whole.camera("theirs", unit="ward-ben-thanh")

    seen = whole.call(Role.OPERATOR, "GET", "/v1/cameras?limit=200").json()["items"]

    assert ours.camera_id in {camera["camera_id"] for camera in seen}
    assert {camera["unit_id"] for camera in seen} == {ours.unit_id}
    assert whole.call(Role.OPERATOR, "GET", f"/v1/cameras/{theirs.camera_id}").status_code == 404


def test_a_changed_token_is_refused(whole: WholeCity) -> None:
    head, claims, signature = whole.token(Role.OPERATOR).split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    told["units"] = "ward-ben-thanh"
    forged = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")

    assert _with(whole, f"{head}.{forged}.{signature}").status_code == 401
    assert _with(whole, "no.token.atall").status_code == 401


def test_an_expired_token_is_refused(whole: WholeCity, expired_token: str) -> None:
    claims = expired_token.split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"] < time.time()

    assert _with(whole, expired_token).status_code == 401


def test_a_malformed_paging_token_is_a_problem_that_names_it(whole: WholeCity) -> None:
    refused = whole.call(Role.OPERATOR, "GET", "/v1/cameras?cursor=%25%25nonsense")

    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"
    assert "cursor" in refused.text


def test_a_recorder_delivers_for_its_own_unit_only(whole: WholeCity) -> None:
    theirs = whole.camera("theirs", unit="ward-ben-thanh")
    as_if_ours = theirs.model_copy(update={"unit_id": "ward-sai-gon"})

    assert whole.declare(as_if_ours, b"x").status_code == 404


def test_an_enrolled_recorder_delivers_for_its_camera_until_it_is_revoked(whole: WholeCity, tmp_path: Path) -> None:
    ours, beside = whole.camera("recorded"), whole.camera("recorded-beside")
    recorders, url = Recorders.from_env(), whole.deployment.outputs["ApiUrl"]
    code = recorders.new_code(ours.camera_id)
    me = RecorderIdentity.enrol(url, code, tmp_path / "identity")
    body = video(passing(75))

    def post(path: str, document: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {me.token()}", "Content-Type": "application/json"}
        return httpx.post(f"{url}/v1/recorders/{path}", content=document, headers=headers, timeout=30)

    declared = post("clips", whole.declaration(ours, body).model_dump_json())
    assert declared.status_code == 201, declared.text
    upload, clip = declared.json()["upload"], declared.json()["clip_id"]
    assert (
        whole.put({**upload, "url": upload["url"].replace(ours.camera_id, beside.camera_id)}, body).status_code >= 400
    )
    assert whole.put(upload, body).status_code == 200
    assert post(f"clips/{clip}/complete", "{}").status_code == 202
    assert post("clips", whole.declaration(beside, body).model_dump_json()).status_code == 404
    with pytest.raises(Rejected):
        RecorderIdentity.enrol(url, code, tmp_path / "second")
    recorders.revoke(me.kept.recorder_id)
    assert post("clips", whole.declaration(ours, body).model_dump_json()).status_code == 401


def test_a_camera_whose_pixels_stay_at_the_edge_is_judged_from_what_its_recorder_saw(
    whole: WholeCity, tmp_path: Path
) -> None:
    ours = whole.camera("stays", Profile(pixels="edge", analytics=("vehicle",), sampling_fps=1))
    url, body = whole.deployment.outputs["ApiUrl"], video(passing(75))
    assert whole.declare(ours, body).json()["type"] == "urn:civicam:problem:pixels_at_edge"
    me = RecorderIdentity.enrol(url, Recorders.from_env().new_code(ours.camera_id), tmp_path / "identity")
    with urllib3.PoolManager() as http:
        delivery = Delivery(url, me.token, http, PLACE)
        recorder = Recorder(ours.camera_id, ClockQuality.SYNCED, Buffer(tmp_path / "buffer", 9_000_000), delivery)
        wanted = Instructions(delivery, tmp_path / "instruction.json", recorder.stop)
        recorder.edge = Edge(wanted, EdgeLooking(floor_models(tmp_path)))
        recorder.run([Recorded(now() - timedelta(seconds=4), Segment(0.0, 3.0, body))])

    (clip,) = Claims.from_env().by_camera(ours.camera_id).items
    assert clip.footage.media_type == LOOK_MEDIA_TYPE
    (counted,) = whole.facts_of(clip.footage.clip_id, VehiclesCounted)
    assert counted.model_digest == load_catalogue().floor(Task.OBJECTS).sha256


def test_a_count_by_hand_stands_beside_the_city_s_own(whole: WholeCity) -> None:
    line = Line(line_id="across", points=((160, 0), (160, 190)))
    camera = whole.camera("counted", Profile(analytics=("vehicle",), sampling_fps=1, lines=(line,)))
    start = now() - timedelta(minutes=5)
    minute = whole.deliver(camera, video(passing(60), fps=1, gop=10), start, seconds=60)
    whole.facts_of(minute, VehiclesCounted)
    tally = {"line_id": "across", "direction": "forward", "count": 0}
    sheet = {"start": utc_text(start), "minutes": 1, "tallies": [tally]}

    filed = whole.call(Role.SUPERVISOR, "POST", f"/v1/cameras/{camera.camera_id}/counts", json=sheet)

    assert (filed.status_code, filed.json()["total"]["by_city"]) == (200, 0)
    assert filed.json()["covered"] > 0.9
    beside = whole.call(Role.OPERATOR, "GET", f"/v1/facts?camera_id={camera.camera_id}").json()["manual_counts"]
    assert beside == [filed.json()]


def test_an_owner_takes_its_own_cameras_in_and_sees_nobody_else_s(whole: WholeCity) -> None:
    mine, theirs = "school-le-loi", "school-tran-dai-nghia"
    for owner_id in (mine, theirs):
        Owners.from_env().put(Owner(owner_id=owner_id, name=owner_id, kind=OwnerKind.DEPARTMENT), by="anna")
    token = make_token(whole.deployment, Role.OWNER, [], [mine])
    other = whole.camera("theirs", unit="ward-ben-thanh").camera_id
    properties = {"owner_id": mine, "owner_reference": "gate", "name": "Cổng", "unit_id": "ward-ben-thanh"}
    told = {"type": "Feature", "properties": properties}
    told["geometry"] = {"type": "Point", "coordinates": [106.7, 10.77]}
    foreign = [told | {"properties": properties | {"owner_id": theirs}}, told | {"id": other}]

    def ask(method: str, path: str, *features: object) -> Any:
        url, headers = whole.deployment.outputs["ApiUrl"] + path, {"Authorization": f"Bearer {token}"}
        body = {"type": "FeatureCollection", "features": features} if features else None
        answer = httpx.request(method, url, headers=headers, timeout=60, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    first = ask("POST", "/v1/cameras", told, *foreign)
    assert [row["outcome"] for row in first["rows"]] == ["added", "refused", "refused"]
    properties["name"] = "Cổng chính"
    assert ask("POST", "/v1/cameras", told)["rows"][0]["version"] == 2
    (camera,) = ask("GET", "/v1/cameras")["items"]
    assert (camera["name"], camera["owner_id"]) == ("Cổng chính", mine)
    assert ask("GET", f"/v1/clips?camera_id={camera['camera_id']}")["items"] == []
    assert ask("GET", "/v1/alerts")["items"] == []
    for path in (f"/v1/cameras/{other}", f"/v1/clips?camera_id={other}", f"/v1/facts?camera_id={other}"):
        url = whole.deployment.outputs["ApiUrl"] + path
        assert httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code == 404


def _with(whole: WholeCity, token: str) -> httpx.Response:
    url = whole.deployment.outputs["ApiUrl"] + "/v1/cameras"
    return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
