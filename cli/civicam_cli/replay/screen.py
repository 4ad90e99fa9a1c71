"""A replay as people read it."""

from rich.console import Console
from rich.table import Table

from civicam.aws.replay_machine import Progress
from civicam.contracts.replay import Replay
from civicam_cli.moments import both


def print_estimate(replay: Replay, console: Console) -> None:
    """What was planned and what it takes."""
    estimate, wish = replay.estimate, replay.wish
    table = Table.grid(padding=(0, 2))
    table.add_row("replay", replay.run)
    table.add_row("from", both(wish.start))
    table.add_row("to", both(wish.end))
    table.add_row("cameras", ", ".join(wish.cameras) or "all")
    table.add_row("instead", said(replay))
    hours = estimate.clip_seconds / 3600
    table.add_row("clips", f"{estimate.clips} ({hours:.2f} h of footage) in {replay.batches} batches")
    table.add_row(
        "at most", f"{estimate.cpu_seconds / 3600:.2f} CPU hours, {estimate.vcpu_hours:.2f} vCPU hours on AWS"
    )
    table.add_row("", f"USD {estimate.usd:.2f} by the list prices of {estimate.prices_of}")
    console.print(table)


def print_progress(progress: Progress, console: Console) -> None:
    """Where it stands, and every clip that failed."""
    console.print(headline(progress), highlight=False)
    failures = [failure for batch in progress.done for failure in batch.failures]
    if failures:
        table = Table("clip", "captured", "reason", "message", box=None)
        for failure in failures:
            table.add_row(failure.clip_id, both(failure.capture_start), failure.reason, failure.message)
        console.print(table)


def headline(progress: Progress) -> str:
    """One line: its state, and how many batches and clips are done."""
    clips = sum(batch.clips for batch in progress.done)
    failed = sum(batch.failed for batch in progress.done)
    line = f"{progress.replay.run}: {progress.state}, {len(progress.done)} of {progress.replay.batches} batches"
    line += f", {clips} of {progress.replay.estimate.clips} clips, {failed} of them failed"
    return f"{line}. {progress.why}" if progress.why else line


def said(replay: Replay) -> str:
    """What the replay changes."""
    overrides = replay.wish.overrides
    models = [f"{name} for {task}" for task, name in overrides.models.items()]
    rules = [
        f"{analytic}.{name} = {value}"
        for analytic, changes in overrides.parameters.items()
        for name, value in changes.items()
    ]
    return ", ".join([*models, *rules]) or "nothing: today's code and models"


def described(progress: Progress) -> dict[str, object]:
    """The same as one JSON document."""
    return progress.replay.model_dump(mode="json") | {
        "state": progress.state,
        "why": progress.why,
        "batches_done": len(progress.done),
        "clips_done": sum(batch.clips for batch in progress.done),
        "failed": sum(batch.failed for batch in progress.done),
        "failures": [failure.model_dump(mode="json") for batch in progress.done for failure in batch.failures],
    }
