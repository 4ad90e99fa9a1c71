"""The whole city: deployed by the CDK under enforced IAM, kept up to date, whole again after a crash."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from civicam.contracts.errors import Unavailable
from civicam_cli.deployment import Deployment, embedded_deployment
from civicam_cli.embedded import deploying, life
from civicam_cli.embedded.aws import client
from civicam_cli.embedded.city import City
from civicam_cli.embedded.fingerprint import Fingerprint
from civicam_cli.status import status_of
from tests.city.making import kill, wait_for

pytestmark = pytest.mark.flow


def test_every_output_has_a_reachable_address(deployment: Deployment, city: City) -> None:
    variables = deployment.env()
    assert variables["FOOTAGE_BUCKET"].startswith("civicam-laptop-footage-")
    assert variables["API_URL"].startswith(f"{city.endpoint_url}/_aws/execute-api/")
    urls = [value for name, value in variables.items() if name.endswith("_URL")]
    assert urls
    assert all(value.startswith(city.endpoint_url) for value in urls)


def test_bringing_it_up_again_changes_nothing_and_is_quick(city: City) -> None:
    said: list[str] = []
    began = time.monotonic()
    life.bring_up(city, said.append)
    assert not said
    assert time.monotonic() - began < 5


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


def test_killed_and_brought_up_it_stands_over_the_same_buckets(city: City) -> None:
    """Last in this file, because it kills the city that the others share; afterwards it is whole."""
    outputs = embedded_deployment(city.folder).outputs
    footage = outputs["FootageBucket"]
    client(city, "s3").put_object(Bucket=footage, Key="inbox/confirmed", Body=b"footage")
    client(city, "sqs").send_message(QueueUrl=outputs["DetectQueueUrl"], MessageBody="lost on purpose")
    kill(city)
    with pytest.raises(Unavailable, match="civicam up"):
        embedded_deployment(city.folder)

    life.bring_up(city, print)

    again = embedded_deployment(city.folder).outputs
    assert again["FootageBucket"] == footage
    assert client(city, "s3").get_object(Bucket=footage, Key="inbox/confirmed")["Body"].read() == b"footage"
    assert city.due("recovery").exists()
    assert len([*client(city, "dynamodb").list_tables()["TableNames"]]) == len(
        [name for name in again if name.endswith("Table")]
    )
    client(city, "s3").delete_object(Bucket=footage, Key="inbox/confirmed")
    wait_for(lambda: all(process.is_running() for process in city.processes()))
