"""The state machine AnalyseClip, seen from whoever lets a clip in."""

from typing import Self

from botocore.exceptions import ClientError, ReadTimeoutError

from civicam.aws import clients
from civicam.aws.environment import setting
from civicam.contracts.errors import Unavailable
from civicam.vision.admitted import AdmittedClip


class AnalyseMachine:
    """Runs AnalyseClip for one clip after another and waits for each: an Express execution answers at once."""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    @classmethod
    def from_env(cls) -> Self:
        """The machine that the stack names in ANALYSE_CLIP_ARN."""
        return cls(setting("ANALYSE_CLIP_ARN"))

    def run(self, clip: AdmittedClip) -> None:
        """Have the clip analysed; raises Unavailable, with the machine's own words, for every end but SUCCEEDED."""
        try:
            ended = clients.stepfunctions().start_sync_execution(
                stateMachineArn=self._arn, input=clip.model_dump_json()
            )
        except (ClientError, ReadTimeoutError) as error:
            raise Unavailable(f"AnalyseClip did not start or answer: {error}") from error
        if ended["status"] != "SUCCEEDED":
            told = ended.get("error") or "no error named"
            raise Unavailable(f"AnalyseClip {ended['status']}: {told}: {ended.get('cause', '')[:500]}")
