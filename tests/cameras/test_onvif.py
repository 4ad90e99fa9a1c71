"""`civicam edge discover` against a camera that speaks ONVIF over real UDP and SOAP, and against hostile ones."""

import json
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from civicam.contracts.errors import Rejected
from civicam_cli.edge.commands import app
from civicam_cli.edge.onvif.device import Device, without_login
from civicam_cli.edge.onvif.discovery import discover
from civicam_cli.edge.onvif.soap import DEEPEST, LONGEST, Login, read
from tests.fakes.onvif_camera import OnvifCamera, onvif_camera

pytestmark = pytest.mark.unit
LOOPBACK = (ip_network("127.0.0.0/8"),)


def discovered(camera: OnvifCamera, *more: str) -> Any:
    command = [
        "discover",
        "--interface",
        "127.0.0.1",
        "--to",
        f"127.0.0.1:{camera.udp[1]}",
        "--seconds",
        "0.5",
        "--json",
    ]
    told = CliRunner().invoke(app, [*command, *more], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)["devices"]


def test_a_camera_is_found_once_with_its_profiles_streams_and_snapshots() -> None:
    with onvif_camera() as camera:
        (device,) = discovered(camera)
    assert (device["endpoint"], device["manufacturer"], device["serial"]) == ("urn:uuid:cam-1", "Hãng", "S-7")
    assert "http://www.onvif.org/ver10/media/wsdl" in device["services"]
    main, sub = device["profiles"]
    assert (main["name"], main["codec"], main["width"], main["fps"]) == ("Hauptstrom & mehr", "H264", 1920, 25)
    assert (main["stream"], main["snapshot"]) == ("rtsp://127.0.0.1:554/main", "http://127.0.0.1/snap.jpg")
    assert (sub["codec"], sub["snapshot"]) == ("JPEG", "")


@pytest.mark.parametrize("clock", [timedelta(0), timedelta(hours=7), timedelta(days=-9000)])
def test_the_login_bears_the_device_s_own_time(clock: timedelta, tmp_path: Path) -> None:
    (tmp_path / "login").write_text("admin:päss:wörd\n")
    with onvif_camera(login=("admin", "päss:wörd"), clock=clock) as camera:
        (device,) = discovered(camera, "--login-file", str(tmp_path / "login"))
    assert len(device["profiles"]) == 2
    assert device["clock_offset_s"] == pytest.approx(clock.total_seconds(), abs=3)


def test_a_login_that_is_missing_or_wrong_is_said_without_it() -> None:
    with onvif_camera(login=("admin", "right")) as camera:
        (device,) = discovered(camera)
        assert "--login-file" in device["refused"]
        with pytest.raises(Rejected) as refused:
            Device(camera.url, LOOPBACK, Login("admin", "wr0ng")).describe()
    assert "wr0ng" not in f"{refused.value} {Login('admin', 'wr0ng')!r}"


def test_an_older_device_tells_its_capabilities_instead() -> None:
    with onvif_camera(old=True) as camera:
        assert len(Device(camera.url, LOOPBACK).describe().profiles) == 2
        assert "GetCapabilities" in camera.asked


class TestHostile:
    @pytest.mark.parametrize(
        "address",
        [
            "http://169.254.169.254/latest",
            "http://10.0.0.1/x",
            "http://[::1]/x",
            "file:///etc/passwd",
            "https://127.0.0.1/x",
        ],
    )
    def test_a_device_sends_nobody_to_other_networks(self, address: str) -> None:
        with onvif_camera(announces=address) as camera:
            (device,) = discovered(camera)
        assert device["refused"].startswith(("the address is not called", "devices are asked over http"))

    def test_a_service_at_another_address_is_not_asked(self) -> None:
        with (
            onvif_camera(media="http://127.0.0.2/onvif/media") as camera,
            pytest.raises(Rejected, match="another address"),
        ):
            Device(camera.url, LOOPBACK).describe()

    @pytest.mark.parametrize(
        "body",
        [
            b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
            b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>',
            b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1),
            b"<a>" + b"<b/>" * 50_000 + b"</a>",
            b"<a>" + b"x" * LONGEST + b"</a>",
            b"<a><b></a>",
            b"",
            b"\xff\xfe\x00",
            b"<?xml version='1.0' encoding='nonsense'?><a/>",
        ],
        ids=["entities", "external", "dtd", "deep", "many", "long", "broken", "empty", "bytes", "encoding"],
    )
    def test_xml_that_is_not_plain_is_refused(self, body: bytes) -> None:
        with pytest.raises(Rejected) as refused:
            read(body)
        assert refused.value.reason == "hostile_xml"
        with onvif_camera(answers=body) as camera, pytest.raises(Rejected):
            Device(camera.url, LOOPBACK).describe()

    @given(st.binary(max_size=300))
    def test_no_bytes_whatever_raise_anything_else(self, body: bytes) -> None:
        for content in (body, b"<a>" + body + b"</a>"):
            with suppress(Rejected):
                read(content)

    def test_nobody_there_is_no_device(self) -> None:
        assert list(discover("127.0.0.1", 0.2, ("127.0.0.1", 9))) == []

    @pytest.mark.parametrize(
        ("uri", "shown"),
        [
            ("rtsp://a:b@192.168.1.7:554/x?y=1", "rtsp://192.168.1.7:554/x?y=1"),
            ("rtsp://[fe80::1]/x", "rtsp://[fe80::1]/x"),
            ("javascript:alert(1)", ""),
            ("rtsp://[", ""),
            ("rtsp://x:port/", ""),
        ],
    )
    def test_a_login_in_an_address_is_left_out(self, uri: str, shown: str) -> None:
        assert without_login(uri) == shown
