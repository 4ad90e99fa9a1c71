"""The emulator as a city runs it, with the images of the tests."""

from pathlib import Path

from civicam_cli.embedded.plugin import main

main(Path(__file__).parent / "images")
