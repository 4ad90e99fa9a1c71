"""The command line's frame: quick to start, and plain about what went wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from civicam_cli.embedded.cdk import NODE_FOLDER
from civicam_cli.main import Commands, program

pytestmark = pytest.mark.unit


def run(*arguments: str, home: Path, code: str | None = None) -> subprocess.CompletedProcess[str]:
    """civicam in a process of its own, with a city that does not exist."""
    program_line = ["-c", code] if code else ["-c", "from civicam_cli.main import app; app()"]
    environment = {"PATH": os.environ["PATH"], "CIVICAM_HOME": str(home), "HOME": str(home)}
    line = [sys.executable, "-W", "error", *program_line, *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_help_lists_every_command_and_imports_none_of_them(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from civicam_cli.main import program\n"
        "try:\n"
        "    program(['--help'])\n"
        "except SystemExit:\n"
        "    print(sorted({'boto3', 'numpy', 'duckdb', 'pydantic', 'psutil'} & set(sys.modules)))\n"
    )
    said = run(home=tmp_path, code=code).stdout
    assert all(name in said for name in Commands.entries)
    assert said.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", [*Commands.entries])
def test_every_command_of_the_table_is_there_and_explains_itself(name: str) -> None:
    answer = CliRunner().invoke(program, [name, "--help"], prog_name="civicam")
    assert answer.exit_code == 0, answer.output
    assert f"civicam {name}" in answer.output


def test_a_mistyped_command_is_answered_with_the_one_that_was_meant() -> None:
    answer = CliRunner().invoke(program, ["statsu"])
    assert answer.exit_code == 2
    assert "status" in answer.output


def test_an_error_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    answer = run("status", home=tmp_path)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == "civicam: the city is not up: start it with `civicam up`\n"


def test_with_debug_the_traceback_is_shown_too(tmp_path: Path) -> None:
    answer = run("--debug", "status", home=tmp_path)
    assert answer.returncode == 1
    assert "Traceback" in answer.stderr


def test_what_nobody_foresaw_is_one_line_too(tmp_path: Path) -> None:
    code = "import civicam_cli.main as m\n@m.program.command()\ndef x(): pass\nm.program = lambda: 1 / 0\nm.app()"
    answer = run(home=tmp_path, code=code)
    assert (answer.returncode, len(answer.stderr.splitlines())) == (1, 1)
    assert "ZeroDivisionError" in answer.stderr


def test_node_comes_from_its_wheel() -> None:
    assert (NODE_FOLDER / "node").is_file()
