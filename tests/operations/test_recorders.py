"""A recorder's identity: a code that is good once, a secret that turns, a token for one camera alone, and their end."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3

from civicam.aws.claims import Claims
from civicam.aws.recorder_identity import RecorderIdentity
from civicam.aws.recorders import Recorders
from civicam.contracts.base import now, utc_text
from civicam.contracts.errors import NotFound, Rejected, Unavailable
from civicam.contracts.recorders import TOKEN_SECONDS, digest_of
from tests.operations.conftest import CAMERAS, OTHER, OWN, Answer, Api, City

pytestmark = pytest.mark.unit
FIRST, SECOND, THIRD = "1" * 64, "2" * 64, "3" * 64


@pytest.fixture
def code(city: City) -> str:
    return Recorders.from_env().new_code(CAMERAS[OWN])


def ask(api: Api, path: str, body: Any, token: str | None = None) -> Answer:
    """As nobody: the gateway verified no claims."""
    api.claims = {}
    api.event["headers"] = {"authorization": f"Bearer {token}"} if token else {}
    return api("POST", f"/v1/recorders/{path}", body)


def enrol(api: Api, code: str, secret: str = FIRST) -> Answer:
    return ask(api, "enrol", {"code": code, "secret_digest": digest_of(secret)})


def token(api: Api, who: str, secret: str, following: str) -> Answer:
    return ask(api, "token", {"recorder_id": who, "secret": secret, "next_digest": digest_of(following)})


def known(api: Api, code: str) -> tuple[str, str]:
    """An enrolled recorder and its token."""
    who = enrol(api, code).json["recorder_id"]
    return who, token(api, who, FIRST, SECOND).json["token"]


def declaration(camera_id: str) -> dict[str, Any]:
    end = now()
    return {
        "camera_id": camera_id,
        "capture_start": utc_text(end - timedelta(seconds=6)),
        "capture_end": utc_text(end),
        "sha256": hashlib.sha256(camera_id.encode()).hexdigest(),
        "size_bytes": 26,
        "media_type": "video/mp4",
    }


class TestCodes:
    def test_a_code_makes_one_recorder_of_its_camera(self, api: Api, code: str) -> None:
        made = enrol(api, code)
        assert (made.status, made.json["camera_id"]) == (200, CAMERAS[OWN])
        assert enrol(api, code).json == made.json
        assert (enrol(api, code, SECOND).status, enrol(api, code, SECOND).problem) == (401, "unauthenticated")

    def test_a_code_that_waited_too_long_or_was_never_given_is_refused_alike(self, api: Api, city: City) -> None:
        late = replace(Recorders.from_env(), clock=lambda: now() - timedelta(hours=25)).new_code(CAMERAS[OWN])
        answers = [enrol(api, late), enrol(api, "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")]
        assert [answer.status for answer in answers] == [401, 401]
        assert answers[0].text == answers[1].text

    @pytest.mark.parametrize("code", ["", "x", "AAAAA-BBBBB-CCCCC-DDDDD-EEEE1", 7, None])
    def test_what_is_no_code_is_told_without_it(self, api: Api, city: City, code: Any) -> None:
        answer = ask(api, "enrol", {"code": code, "secret_digest": "0" * 64})
        assert answer.status == 422
        assert str(code) not in answer.json["errors"][0]["detail"] or code in ("", "x", 7, None)

    def test_neither_code_nor_secret_nor_token_stands_in_the_table(self, api: Api, code: str) -> None:
        _, shown = known(api, code)
        table = str(boto3.client("dynamodb").scan(TableName="recorders-table")["Items"])
        assert not [one for one in (code, FIRST, SECOND, shown) if one in table]


class TestSecrets:
    def test_a_secret_ends_with_the_token_that_it_bought(self, api: Api, code: str) -> None:
        who, _ = known(api, code)
        assert token(api, who, SECOND, THIRD).status == 200
        assert [token(api, who, secret, "4" * 64).status for secret in (FIRST, SECOND)] == [401, 401]
        assert token(api, who, THIRD, "4" * 64).status == 200

    def test_an_answer_that_was_lost_is_asked_for_again(self, api: Api, code: str) -> None:
        who, first = known(api, code)
        again = token(api, who, FIRST, SECOND)
        assert again.status == 200
        assert again.json["token"] != first

    def test_a_stolen_old_secret_sets_no_other(self, api: Api, code: str) -> None:
        who, _ = known(api, code)
        assert token(api, who, FIRST, THIRD).status == 401

    def test_of_another_recorder_it_opens_nothing(self, api: Api, code: str) -> None:
        _, _ = known(api, code)
        other = enrol(api, Recorders.from_env().new_code(CAMERAS[OTHER]), THIRD).json["recorder_id"]
        assert token(api, other, SECOND, FIRST).status == 401


class TestOneCamera:
    def test_it_delivers_for_its_own_camera(self, api: Api, code: str) -> None:
        _, shown = known(api, code)
        declared = ask(api, "clips", declaration(CAMERAS[OWN]), shown)
        assert declared.status == 201
        assert f"/{CAMERAS[OWN]}/" in declared.json["upload"]["url"]
        waits = ask(api, f"clips/{declared.json['clip_id']}/complete", {}, shown)
        assert (waits.status, waits.problem) == (422, "not_uploaded")

    def test_it_is_told_what_is_wanted_of_its_camera(self, api: Api, code: str) -> None:
        _, shown = known(api, code)
        api.claims, api.event["headers"] = {}, {"authorization": f"Bearer {shown}"}
        told = api("GET", "/v1/recorders/camera").json
        assert (told["camera_id"], told["pixels"], told["passes"]) == (CAMERAS[OWN], "city", ["objects", "faces"])
        api.event["headers"] = {}
        assert api("GET", "/v1/recorders/camera").status == 401

    def test_another_camera_does_not_exist_for_it_not_even_of_its_unit(self, api: Api, code: str) -> None:
        _, shown = known(api, code)
        for camera_id in (CAMERAS[OTHER], "01JD8K3V4N0000000000000009"):
            assert ask(api, "clips", declaration(camera_id), shown).status == 404

    def test_a_clip_of_another_camera_is_not_its_to_complete(self, api: Api, city: City, code: str) -> None:
        _, shown = known(api, code)
        theirs = city.other.footage.clip_id
        assert ask(api, f"clips/{theirs}/complete", {}, shown).status == 404
        assert Claims.from_env().get(theirs).state == "stored"

    def test_its_token_is_nobody_on_the_routes_of_people(self, api: Api, code: str) -> None:
        _, shown = known(api, code)
        api.event["headers"] = {"authorization": f"Bearer {shown}"}
        for path in ("cameras", f"clips?camera_id={CAMERAS[OWN]}", "alerts"):
            assert api("GET", f"/v1/{path}").status in {401, 422}
        assert api("POST", "/v1/clips", declaration(CAMERAS[OWN])).status == 401

    @pytest.mark.parametrize("header", [None, "", "x", "x.y", "code#a.b", f"{'0' * 32}.abc"])
    def test_without_a_token_that_was_given_nobody_delivers(self, api: Api, city: City, header: str | None) -> None:
        assert ask(api, "clips", declaration(CAMERAS[OWN]), header).status == 401

    def test_a_changed_or_an_ended_token_is_none(self, api: Api, code: str) -> None:
        _, shown = known(api, code)
        assert (
            ask(api, "clips", declaration(CAMERAS[OWN]), shown[:-1] + ("a" if shown[-1] != "a" else "b")).status == 401
        )
        later = replace(Recorders.from_env(), clock=lambda: now() + timedelta(seconds=TOKEN_SECONDS + 1))
        with pytest.raises(Rejected):
            later.verified(shown)


class TestRevocation:
    def test_from_that_moment_on_nothing_opens(self, api: Api, code: str) -> None:
        who, shown = known(api, code)
        Recorders.from_env().revoke(who)
        Recorders.from_env().revoke(who)
        assert ask(api, "clips", declaration(CAMERAS[OWN]), shown).status == 401
        assert token(api, who, SECOND, THIRD).status == 401
        assert enrol(api, code).status == 200
        assert token(api, who, FIRST, SECOND).status == 401
        (one,) = Recorders.from_env().all()
        assert one.revoked_at is not None

    @pytest.mark.parametrize("who", ["0" * 32, "code#0"])
    def test_what_is_no_recorder_is_said(self, city: City, who: str) -> None:
        with pytest.raises(NotFound, match="civicam edge list"):
            Recorders.from_env().revoke(who)


class Wire(urllib3.PoolManager):
    """The way to the handler itself; of the next requests `lost` says which answers do not come back."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api
        self.lost: list[bool] = []

    def request(self, method: str, url: str, **told: Any) -> Any:  # type: ignore[override]
        answer = ask(self._api, url.partition("/v1/recorders/")[2], told["json"])
        if self.lost and self.lost.pop(0):
            raise urllib3.exceptions.ProtocolError
        return urllib3.HTTPResponse(answer.text.encode(), status=answer.status)


class TestTheRecordersOwnSide:
    @pytest.fixture
    def wire(self, api: Api) -> Wire:
        return Wire(api)

    def test_it_enrols_and_turns_its_secret_over_restarts_and_lost_answers(
        self, wire: Wire, code: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "identity.json"
        wire.lost = [True]
        with pytest.raises(Unavailable):
            RecorderIdentity.enrol("https://city.example", code, file, wire)
        RecorderIdentity.enrol("https://city.example", code, file, wire)
        for lost in (False, True, False, True, True):
            wire.lost = [lost]
            one = RecorderIdentity.of_file(file, wire)
            if lost:
                with pytest.raises(Unavailable):
                    one.token()
            assert Recorders.from_env().verified(one.token()).camera_id == CAMERAS[OWN]
            assert one.token() == one.token()
        assert file.stat().st_mode & 0o077 == 0
        assert one.kept.secret not in repr(one)

    def test_a_revoked_one_says_what_helps_and_its_footage_waits(self, wire: Wire, code: str, tmp_path: Path) -> None:
        one = RecorderIdentity.enrol("https://city.example", code, tmp_path / "identity.json", wire)
        Recorders.from_env().revoke(one.kept.recorder_id)
        with pytest.raises(Unavailable, match="enrol it again"):
            one.token()

    @pytest.mark.parametrize("api_url", ["http://city.example", "ftp://x", "city"])
    def test_a_code_goes_over_no_open_line(self, api_url: str, tmp_path: Path) -> None:
        with pytest.raises(Rejected, match="https"):
            RecorderIdentity.enrol(api_url, "AAAAA", tmp_path / "identity")

    def test_a_file_that_holds_none_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "identity").write_text("{}")
        with pytest.raises(Rejected, match="civicam edge code"):
            RecorderIdentity.of_file(tmp_path / "identity")
