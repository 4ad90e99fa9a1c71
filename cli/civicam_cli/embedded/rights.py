"""Notes which rights are used: a line `role action` the first time that a role is allowed to do something.

What is granted and never used by any flow test is a right too many, or one whose reason somebody must know.
"""

from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator


def install(used: Path) -> None:
    """Have every decision that allows something noted in this file."""
    evaluate, noted = iam_evaluator.evaluate, set(used.read_text().splitlines() if used.exists() else ())

    def evaluate_and_note(context: Any, *policies: Any) -> Any:
        result = evaluate(context, *policies)
        kind, _, name = str(context.principal_arn).rpartition(":")[2].partition("/")
        line = f"{name.partition('/')[0]} {context.action}"
        if kind == "assumed-role" and result.decision == "Allow" and line not in noted:
            noted.add(line)
            with used.open("a") as file:
                file.write(f"{line}\n")
        return result

    iam_evaluator.evaluate = evaluate_and_note
