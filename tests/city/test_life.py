"""The whole city: deployed by the CDK under enforced IAM, kept up to date, whole again after a crash."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from civicam.contracts.errors import Unavailable
from civicam_cli.deployment import Deployment, embedded_deployment
from civicam_cli.embedded import deploying, life
from civicam_cli.embedded.aws import client
from civicam_cli.embedded.city import City
from civicam_cli.embedded.fingerprint import Fingerprint
from civicam_cli.models import usual
from civicam_cli.places import LAPTOP
from civicam_cli.status import status_of
from tests.city.making import kill

pytestmark = pytest.mark.flow


def test_every_output_has_a_reachable_address(deployment: Deployment, city: City) -> None:
    variables = deployment.env()
    assert variables["FOOTAGE_BUCKET"].startswith("civicam-laptop-footage-")
    assert variables["API_URL"].startswith(f"{city.endpoint_url}/_aws/execute-api/")
    urls = [value for name, value in variables.items() if name.endswith("_URL")]
    assert urls
    assert all(value.startswith(city.endpoint_url) for value in urls)


def test_bringing_it_up_again_changes_nothing(city: City) -> None:
    life.bring_up(city, print)
    said: list[str] = []
    life.bring_up(city, said.append)
    assert not said


def test_a_functions_code_is_exchanged_without_a_deployment(city: City, aws: Callable[[str], Any]) -> None:
    """As where its source has changed: what is deployed is noted to be another."""
    noted = deploying.deployed_fingerprint(city)
    assert noted
    name = next(iter(noted.functions))
    stale = Fingerprint(noted.stacks, {**noted.functions, name: "other"}, noted.package)
    deploying.note_deployed(city, stale)
    before = aws("lambda").get_function(FunctionName=deploying.function_name(name))["Configuration"]["RevisionId"]

    said: list[str] = []
    life.bring_up(city, said.append)

    assert said == ["exchanging the code of 1 functions"]
    after = aws("lambda").get_function(FunctionName=deploying.function_name(name))["Configuration"]["RevisionId"]
    assert after != before
    assert deploying.deployed_fingerprint(city) == noted


def test_its_status_names_functions_tasks_and_queues(
    deployment: Deployment, city: City, city_env: dict[str, str]
) -> None:
    status = status_of(
        deployment, since=city.since(), processes=len(city.processes()), left_out=deploying.left_out(city)
    )
    assert "judge_clip" in status.functions
    assert {"ClipQueue", "JudgeQueue", "ClipDeadLetters"} <= {queue.name for queue in status.queues}
    assert status.dead_letters == 0
    assert status.since


def civicam(city: City, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, for one city."""
    line = [sys.executable, "-c", "from civicam_cli.main import app; app()", "--city", str(city.folder), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)


def test_a_city_is_started_stopped_killed_and_whole_again_by_command(a_city: Callable[..., City]) -> None:
    city = a_city("by command")
    up = civicam(city, "up")
    assert up.returncode == 0, up.stderr
    outputs = embedded_deployment(city.folder).outputs
    footage, facts = outputs["FootageBucket"], outputs["FactsTable"]
    assert client(city, "s3").list_objects_v2(Bucket=outputs["ModelsBucket"])["KeyCount"] == len(usual(LAPTOP))
    client(city, "s3").put_object(Bucket=footage, Key="inbox/confirmed", Body=b"footage")
    item = {"camera_run": {"S": "c#live"}, "moment": {"S": "m"}, "expires_at": {"N": "9999999999"}}
    client(city, "dynamodb").put_item(TableName=facts, Item=item)

    assert civicam(city, "down").stdout == "the city is stopped, its state kept\n"
    assert city.processes() == []
    assert civicam(city, "status").returncode == 1
    again = civicam(city, "up")
    assert "deploying" not in again.stderr, "nothing of the stacks had changed"
    key = {name: item[name] for name in ("camera_run", "moment")}
    assert client(city, "dynamodb").get_item(TableName=facts, Key=key)["Item"] == item

    kill(city)
    with pytest.raises(Unavailable, match="civicam up"):
        embedded_deployment(city.folder)
    after = civicam(city, "up")
    assert after.returncode == 0, after.stderr
    assert "rebuilding the tables" in after.stderr
    assert not city.due("recovery").exists()
    assert embedded_deployment(city.folder).outputs["FootageBucket"] == footage
    assert client(city, "s3").get_object(Bucket=footage, Key="inbox/confirmed")["Body"].read() == b"footage"

    status = json.loads(civicam(city, "status", "--json").stdout)
    assert (status["environment"], len(status["functions"])) == ("laptop", len(Fingerprint.now().functions))
    assert civicam(city, "logs", "detector", "--since", "1h").stdout
    civicam(city, "down")
    assert city.processes() == []
