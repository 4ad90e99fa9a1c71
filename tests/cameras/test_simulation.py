"""A simulated fleet: the same by its seed, and a ledger that finds what was lost."""

import hashlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicam.cameras.pulls import START_HEADER
from civicam.contracts.base import now, utc_text
from civicam.contracts.errors import Rejected
from civicam_cli.simulation.farm import Farm, Order, Server
from civicam_cli.simulation.ledger import Held, Offer, account, read
from civicam_cli.simulation.paper import asked_by, page
from civicam_cli.simulation.report import Percentiles, usd
from civicam_cli.simulation.scenario import Fault, Scenario, Simulated, scenario
from tests.fakes.footage import clip, jpeg, passing

pytestmark = pytest.mark.unit
AT = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


@given(st.integers(1, 300), st.integers(0, 300), st.integers(1, 30), st.integers(0, 9))
def test_the_same_seed_is_the_same_fleet_and_only_those_that_are_analysed_push(
    cameras: int, analysed: int, minutes: int, seed: int
) -> None:
    if analysed > cameras:
        with pytest.raises(Rejected, match="--analysed"):
            scenario(cameras, analysed, minutes, seed)
        return
    fleet = scenario(cameras, analysed, minutes, seed)
    assert fleet == scenario(cameras, analysed, minutes, seed)
    assert sum(camera.analysed for camera in fleet.cameras) == analysed
    assert all(camera.analysed for camera in fleet.cameras if camera.kind == "push")
    for fault in (camera.fault for camera in fleet.cameras if camera.fault):
        assert 0 <= fault.begin_s < fault.end_s <= fleet.seconds


def test_another_seed_is_another_fleet_with_every_kind_of_fault_in_it() -> None:
    fleets = [scenario(1000, 100, 10, seed) for seed in (1, 2)]
    assert fleets[0].cameras != fleets[1].cameras
    kinds = {camera.fault.kind for camera in fleets[0].cameras if camera.fault}
    assert kinds == {"outage", "freeze", "slow", "clock", "burst"}


@pytest.mark.parametrize(("told", "says"), [((0, 0, 1), "--cameras"), ((9, 10, 1), "--analysed"), ((9, 9, 0), "--min")])
def test_what_cannot_be_simulated_is_told(told: tuple[int, int, int], says: str) -> None:
    with pytest.raises(Rejected, match=says):
        scenario(*told, seed=1)


def offer(camera: str, body: bytes, minute: int = 0, kind: str = "clip") -> Offer:
    end = AT + timedelta(minutes=minute, seconds=30)
    told = {"camera": camera, "kind": kind, "sha256": hashlib.sha256(body).hexdigest()}
    return Offer.model_validate(told | {"start": end - timedelta(seconds=30), "end": end})


class TestLedger:
    def test_each_clip_counts_once_however_often_it_was_given_out(self) -> None:
        one, other = offer("a", b"1"), offer("a", b"2", 1)
        told = account([one, one, other], {"a"}, {"a": Held({one.sha256}, ())}, {other.sha256})
        assert (told.offered, told.stored, told.refused, told.lost) == (2, 1, 1, ())

    def test_what_the_city_has_nothing_of_is_lost_and_named(self) -> None:
        gone = offer("a", b"1")
        assert account([gone], {"a"}, {}, ()).lost == (gone.sha256,)

    def test_pictures_of_a_minute_are_one_series(self) -> None:
        pictures = [offer("p", bytes([number]), number // 5, "picture") for number in range(10)]
        told = account(pictures, {"p"}, {"p": Held((), {AT})}, ())
        assert (told.offered, told.stored, len(told.lost)) == (2, 1, 1)

    def test_cameras_that_are_not_analysed_are_owed_nothing(self) -> None:
        assert account([offer("b", b"1")], {"a"}, {}, ()).offered == 0

    def test_a_line_that_broke_off_is_left_out(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger"
        whole = offer("a", b"1")
        path.write_text(whole.model_dump_json() + "\n" + whole.model_dump_json()[:30])
        assert read(path) == [whole]
        assert read(tmp_path / "none") == []


class TestFarm:
    CAMERAS = (
        Simulated(number=0, kind="clip", analysed=True),
        Simulated(number=1, kind="clip", analysed=True, fault=Fault(kind="outage", begin_s=0, end_s=600)),
        Simulated(number=2, kind="clip", analysed=True, fault=Fault(kind="freeze", begin_s=0, end_s=600)),
        Simulated(number=3, kind="clip", analysed=True, fault=Fault(kind="clock", begin_s=0, end_s=600)),
        Simulated(number=4, kind="picture", analysed=False),
    )

    @pytest.fixture
    def order(self, tmp_path: Path) -> Order:
        (tmp_path / "clip").write_bytes(clip(passing(25)))
        (tmp_path / "picture").write_bytes(jpeg(passing(1)[0]))
        return Order(
            scenario=Scenario(cameras=self.CAMERAS, seconds=600, seed=1),
            port=0,
            clips=(tmp_path / "clip",),
            pictures=(tmp_path / "picture",),
            ledger=tmp_path / "ledger",
            begins=tmp_path / "begins",
            api_url="http://127.0.0.1:9",
            token="none",
            ids={},
        )

    @pytest.fixture
    def url(self, order: Order) -> Iterator[str]:
        with order.ledger.open("a") as ledger:
            server = Server(Farm(order, ledger), order.port)
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            server.server_close()
            thread.join()

    def test_before_it_begins_and_after_its_end_nothing_is_new(self, order: Order, url: str) -> None:
        assert httpx.get(f"{url}/camera-00000").status_code == 304
        order.begins.write_text(utc_text(now() - timedelta(hours=1)))
        assert httpx.get(f"{url}/camera-00000").status_code == 304
        assert httpx.get(f"{url}/nobody").status_code == 404
        assert read(order.ledger) == []

    def test_what_is_given_out_stands_in_the_ledger_and_a_fault_is_played(self, order: Order, url: str) -> None:
        order.begins.write_text(utc_text(now() - timedelta(seconds=90)))
        first = httpx.get(f"{url}/camera-00000")
        assert first.status_code == 200
        (noted,) = written(order.ledger)
        assert noted.sha256 == hashlib.sha256(first.content).hexdigest()
        assert utc_text(noted.start) == first.headers[START_HEADER]
        assert httpx.get(f"{url}/camera-00001").status_code == 503
        assert noted.end - httpx_end(url, "camera-00002") > timedelta(seconds=30)
        assert httpx_end(url, "camera-00003") > now() + timedelta(hours=2)
        again = httpx.get(f"{url}/camera-00000", headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code in {200, 304}, "200 where the next clip began in between"
        assert httpx.get(f"{url}/camera-00004").headers["Content-Type"] == "image/jpeg"


def written(ledger: Path) -> list[Offer]:
    """The first lines, which are written once the answer has gone out."""
    deadline = time.monotonic() + 10
    while not (found := read(ledger)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def httpx_end(url: str, camera: str) -> datetime:
    return datetime.fromisoformat(httpx.get(f"{url}/{camera}").headers["capture-end"])


def test_on_paper_the_nearest_limit_stands_first_and_more_cameras_ask_for_more() -> None:
    small, large = asked_by(1_000), asked_by(100_000)
    assert small[0].share < 1 < large[0].share
    assert [one.share for one in large] == sorted((one.share for one in large), reverse=True)
    of_all = {one.quota.name: one.asked for one in asked_by(1_000, 1.0)}
    assert all(of_all[one.quota.name] >= one.asked for one in small if one.quota.name.startswith(("SQS", "API", "S3")))
    assert "\n".join(page()).count("### ") == 7


def test_the_report_s_arithmetic() -> None:
    assert Percentiles.of([3, 1, 2]) == Percentiles(p50=2, p99=3)
    assert Percentiles.of([]) == Percentiles(p50=None, p99=None)
    an_hour = usd(clips=60, looked_hours=1, looks=0)
    assert an_hour == pytest.approx(0.0067, abs=0.0001)
    assert usd(0, 0, 1000) > 0
