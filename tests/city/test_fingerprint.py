"""What makes a deployment necessary, and what only an exchange of code."""

from pathlib import Path

import pytest

from civicam_cli.embedded.fingerprint import Fingerprint

pytestmark = pytest.mark.unit
PACKAGE = "layers/common/python/civicam"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    functions = [f"functions/{name}/handler.py" for name in ("vision/judge_clip", "lake/write_facts")]
    for name in (
        "infra/app.py",
        "cdk.json",
        *functions,
        f"{PACKAGE}/contracts/facts.py",
        f"{PACKAGE}/vision/judging.py",
    ):
        write(tmp_path, name, "1")
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_nothing_changed_is_nothing_to_do(checkout: Path) -> None:
    before = Fingerprint.now(checkout)
    write(checkout, "infra/__pycache__/app.pyc", "x")
    write(checkout, "docs/flow.md", "x")
    now = Fingerprint.now(checkout)
    assert now == before
    assert now.changed_functions(before) == []
    assert Fingerprint.read(now.document()) == now


@pytest.mark.parametrize(
    "name",
    [
        "infra/app.py",
        "cdk.json",
        f"{PACKAGE}/contracts/facts.py",
        "functions/watch/new_one/handler.py",
    ],
)
def test_stacks_follow_their_sources_the_contracts_and_the_set_of_functions(checkout: Path, name: str) -> None:
    before = Fingerprint.now(checkout)
    write(checkout, name, "2")
    assert Fingerprint.now(checkout).stacks != before.stacks


def test_a_functions_own_code_is_exchanged_alone(checkout: Path) -> None:
    before = Fingerprint.now(checkout)
    write(checkout, "functions/vision/judge_clip/handler.py", "2")
    now = Fingerprint.now(checkout)
    assert now.stacks == before.stacks
    assert now.changed_functions(before) == ["vision/judge_clip"]


def test_a_change_of_what_all_import_is_for_all(checkout: Path) -> None:
    before = Fingerprint.now(checkout)
    write(checkout, f"{PACKAGE}/vision/judging.py", "2")
    now = Fingerprint.now(checkout)
    assert now.stacks == before.stacks
    assert now.changed_functions(before) == ["lake/write_facts", "vision/judge_clip"]
