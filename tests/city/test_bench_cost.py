"""The cost of a camera-hour: it follows from what was measured and counted, and says what it is made of."""

import pytest

from civicam.vision.prices import SINGAPORE, SOURCES, Prices
from civicam_cli.bench.cost import COMMIT_SECONDS, COST, LENGTHS, VCPU_GB, Measured, _files, hour, on_a_gpu
from civicam_cli.bench.part import Share
from infra.settings import ENVIRONMENTS

pytestmark = pytest.mark.unit
ONE = Measured(sample_cpu_s=0.1, all_cpu_s=0.4, facts_kb=3.0)


def test_computing_costs_its_cpu_seconds_at_any_clip_length() -> None:
    computing = {seconds: hour(ONE, seconds)["sampling and detection"] for seconds in LENGTHS}
    expected = 360 * 0.4 * VCPU_GB * SINGAPORE.lambda_gb_second
    assert all(usd == pytest.approx(expected) for usd in computing.values())


def test_longer_clips_cost_less_because_fewer_are_carried_around() -> None:
    totals = [sum(hour(ONE, seconds).values()) for seconds in LENGTHS]
    assert totals == sorted(totals, reverse=True)
    calls = [hour(ONE, seconds)["calls"] for seconds in LENGTHS]
    assert calls[0] == pytest.approx(calls[-1] * LENGTHS[-1] / LENGTHS[0])


def test_a_price_that_doubles_shows_where_it_is_paid_and_nowhere_else() -> None:
    dearer = SINGAPORE.model_copy(update={"logs_gb": 2 * SINGAPORE.logs_gb})
    before, after = hour(ONE, 10), hour(ONE, 10, dearer)
    assert {name for name in before if after[name] != before[name]} == {"logs"}


def test_more_cameras_in_a_commit_are_fewer_files_each() -> None:
    assert [round(_files(rows), 1) for rows in (0, 1, 4, 10_000)] == [0.0, 1.0, 2.7, 4.0]


def test_the_lakes_window_is_the_one_that_is_deployed() -> None:
    assert ENVIRONMENTS["production"].lake_batch_seconds == COMMIT_SECONDS


def test_no_price_stands_without_its_source_or_the_word_that_there_is_none() -> None:
    assert SOURCES.keys() <= Prices.model_fields.keys()


def test_a_gpu_is_shared_by_its_cameras_and_takes_detection_off_lambda() -> None:
    few, many = on_a_gpu(ONE, 25), on_a_gpu(ONE, 100)
    assert few["on demand"] - many["on demand"] == pytest.approx(SINGAPORE.gpu_hour * (1 / 25 - 1 / 100), abs=1e-4)
    assert many["spot"] < many["on demand"]
    assert on_a_gpu(ONE, 10**9)["on demand"] < sum(hour(ONE, LENGTHS[-1]).values())


def test_the_page_shows_lengths_prices_and_what_was_measured() -> None:
    usd = {str(seconds): hour(ONE, seconds) for seconds in LENGTHS}
    share: Share = {
        "usd_per_camera_hour": 0.005,
        "cost": {
            "models": ["picodet-s", "yunet-n"],
            "measured": {"sample_cpu_s": 0.1},
            "lambda_usd_hour": {length: {**told} for length, told in usd.items()},
            "gpu_usd_hour": {"50": {"on demand": 0.02, "spot": 0.01}},
            "writes_a_clip": 20,
            "prices": SINGAPORE.model_dump(),
        },
    }
    lines = "\n".join(COST.section(share))
    assert "| Lambda tier, by clip length | 10 s | 30 s | 60 s |" in lines
    assert f"| all, USD | {sum(usd['10'].values()):.4f} |" in lines
    assert "| region_and_month | ap-southeast-1, 2026-11 |" in lines
    assert "| writes_million | 0.71 | from memory: no dated source found on 2026-11-24 |" in lines
