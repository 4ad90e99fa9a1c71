"""The state machine Replay, seen from whoever starts and stops replays."""

import json
from dataclasses import dataclass
from typing import Self

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.aws.replay_planning import manifest_key
from civicam.aws.replays import Replays
from civicam.contracts.errors import Conflict
from civicam.contracts.replay import BatchDone, Replay, ReplayState


@dataclass(frozen=True)
class Progress:
    """How far a replay is."""

    replay: Replay
    state: ReplayState
    done: tuple[BatchDone, ...]
    why: str = ""
    """What the machine says where it failed."""

    @property
    def is_over(self) -> bool:
        """Whether nothing will change by itself any more."""
        return self.state != "running"


@dataclass(frozen=True)
class ReplayMachine:
    """Starts a replay's next attempt, stops it, says how far it is."""

    arn: str
    replays: Replays

    @classmethod
    def from_env(cls) -> Self:
        """The machine of REPLAY_ARN."""
        return cls(setting("REPLAY_ARN"), Replays.from_env())

    def start(self, run: str) -> Replay:
        """Start a replay that was planned, or go on with one that was stopped or failed.

        What is done stays done. Raises Conflict where it runs or is finished, NotFound where there is none.
        """
        progress = self.progress(run)
        if progress.state in {"running", "finished"}:
            raise Conflict(f"replay {run} is {progress.state}: there is nothing to start")
        replay = self.replays.start(progress.replay)
        order = {"run": run, "attempt": replay.attempt, "manifest": manifest_key(run)}
        clients.stepfunctions().start_execution(stateMachineArn=self.arn, name=_name(replay), input=json.dumps(order))
        return replay

    def stop(self, run: str) -> Replay:
        """Stop a replay: the clips in hand are finished, no other is begun. Raises Conflict where it does not run."""
        progress = self.progress(run)
        if progress.state != "running":
            raise Conflict(f"replay {run} is {progress.state}: there is nothing to stop")
        replay = self.replays.stop(progress.replay)
        clients.stepfunctions().stop_execution(executionArn=self._execution(replay), cause="stopped by hand")
        return replay

    def progress(self, run: str) -> Progress:
        """Where the replay stands; raises NotFound."""
        replay = self.replays.get(run)
        done = tuple(self.replays.done(run))
        if len(done) >= replay.batches:
            return Progress(replay, "finished", done)
        if not replay.attempt:
            return Progress(replay, "planned", done)
        if replay.stopped:
            return Progress(replay, "stopped", done)
        told = clients.stepfunctions()
        try:
            ended = told.describe_execution(executionArn=self._execution(replay))
        except told.exceptions.ExecutionDoesNotExist:
            return Progress(replay, "failed", done, "it was never begun: resume it")
        if ended["status"] == "RUNNING":
            return Progress(replay, "running", done)
        why = f"{ended['status']}: {ended.get('error', '')} {ended.get('cause', '')}".strip()
        return Progress(replay, "failed", done, why[:500])

    def _execution(self, replay: Replay) -> str:
        return f"{self.arn.replace(':stateMachine:', ':execution:')}:{_name(replay)}"


def _name(replay: Replay) -> str:
    return f"{replay.run}-{replay.attempt}"
