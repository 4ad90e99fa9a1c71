"""Brings the stacks into a running city: by `cdk deploy` when they changed, by function when only code did."""

import io
import re
import zipfile
from typing import Any, Final

from civicam_cli.deployment import CREDENTIALS, REGION
from civicam_cli.embedded.assembly import Assembly, assembly_for
from civicam_cli.embedded.aws import ACCOUNT, client
from civicam_cli.embedded.cdk import Said, run_cdk
from civicam_cli.embedded.city import City, read_json, write_json
from civicam_cli.embedded.dropped import apply_dropped
from civicam_cli.embedded.fingerprint import Fingerprint
from civicam_cli.embedded.left_out import explained
from civicam_cli.places import LAPTOP, ROOT

DEPLOY_SECONDS: Final = 240
_STACK_DONE = re.compile(r"^✅\s+(\S+)")


def deploy(city: City, say: Said) -> None:
    """Make what is deployed equal to the checkout; nothing where it is already. Raises Unavailable when it cannot."""
    now, before = Fingerprint.now(), deployed_fingerprint(city)
    if before is None or before.stacks != now.stacks or not city.outputs_file.exists():
        before = _deploy_stacks(city, assembly_for(now, say=say), say)
    changed = now.changed_functions(before)
    if changed:
        say(f"exchanging the code of {len(changed)} functions")
        exchange_code(city, changed)
    if now != before:
        note_deployed(city, now)


def note_deployed(city: City, fingerprint: Fingerprint) -> None:
    """Remember what is deployed."""
    write_json(city.deployed_file, {**read_json(city.deployed_file), "fingerprint": fingerprint.document()})


def deployed_fingerprint(city: City) -> Fingerprint | None:
    """Of what is deployed; None where nothing is."""
    return Fingerprint.read(read_json(city.deployed_file)["fingerprint"]) if city.deployed_file.exists() else None


def left_out(city: City) -> dict[str, str]:
    """What this city does without, and why."""
    said: dict[str, str] = read_json(city.deployed_file)["left_out"] if city.deployed_file.exists() else {}
    return said


def exchange_code(city: City, names: list[str]) -> None:
    """Give functions the code of the checkout; workers at hand end, the next invocation starts on it."""
    functions = client(city, "lambda")
    for name in names:
        functions.update_function_code(FunctionName=function_name(name), ZipFile=zipped(name))


def function_name(name: str) -> str:
    """`vision/judge_clip` -> its name in this environment (infra/constructs/city_stack.py names them so)."""
    return f"civicam-{LAPTOP}-{name.rpartition('/')[2]}"


def zipped(name: str) -> bytes:
    """A function's zip as the stacks make it: its folder, under its path in the repository."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((ROOT / "functions" / name).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(ROOT))
    return content.getvalue()


def _deploy_stacks(city: City, assembly: Assembly, say: Said) -> Fingerprint:
    environment = {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": city.endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    if not _is_bootstrapped(city):
        say("bootstrapping the account")
        bootstrap = ["bootstrap", f"aws://{ACCOUNT}/{REGION}"]
        run_cdk(bootstrap, seconds=DEPLOY_SECONDS, say=lambda _: None, environment=environment, folder=city.folder)
    say(f"deploying {len(assembly.templates)} stacks")
    city.deployed_file.unlink(missing_ok=True)
    arguments = ["--all", "--app", str(assembly.folder), "--require-approval", "never", "--concurrency", "4"]
    # No change sets: the emulator finds one empty that changes outputs alone, and a stack behind it misses its import.
    arguments += ["--method", "direct"]
    run_cdk(
        ["deploy", *arguments, "--outputs-file", str(city.outputs_file)],
        seconds=DEPLOY_SECONDS,
        say=_progress(say, len(assembly.templates)),
        environment=environment,
    )
    city.due("models").touch()
    applied = apply_dropped(city, assembly)
    say(f"{applied} settings applied that the emulator's CloudFormation drops")
    write_json(city.deployed_file, {"fingerprint": assembly.fingerprint.document(), "left_out": explained()})
    return assembly.fingerprint


def _progress(say: Said, stacks: int) -> Said:
    done: list[str] = []

    def said(line: str) -> None:
        match = _STACK_DONE.match(line)
        if match:
            done.append(match[1])
            say(f"deployed {match[1]} ({len(done)} of {stacks})")

    return said


def _is_bootstrapped(city: City) -> bool:
    pages: Any = (
        client(city, "cloudformation").get_paginator("list_stacks").paginate(StackStatusFilter=["CREATE_COMPLETE"])
    )
    return any(stack["StackName"] == "CDKToolkit" for page in pages for stack in page["StackSummaries"])
