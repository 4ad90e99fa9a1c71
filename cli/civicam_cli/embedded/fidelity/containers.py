"""ECS runs tasks, as their roles, and a state machine that waits for one fails when the task does.

Without Docker ministack's tasks stay RUNNING for ever and run nothing; its containers get credentials that IAM then
refuses; `runTask.sync` succeeds whatever the exit code, and answers in the wrong case; and a task that is stopped just
after its start is now and then not replaced, because nobody watches it yet.
"""

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.core.responses import get_account_id, request_scope
from ministack.services import ecs, sts
from ministack.services import stepfunctions as steps

from civicam_cli.embedded.tasks import Labels, TaskProcesses

RUN_TASK = "arn:aws:states:::ecs:runTask"
POLL_SECONDS = 0.1
KEEP_SECONDS = 2.0
"""Between two looks at whether each service runs as many tasks as it should."""
logger = logging.getLogger(__name__)


def install(images: Path) -> TaskProcesses:
    """Put our processes where the Docker client would be, and our waiting where the state machines' is."""
    region, port = os.environ["MINISTACK_REGION"], os.environ["GATEWAY_PORT"]
    processes = TaskProcesses(EcsOwner(), f"http://127.0.0.1:{port}", region, images)
    ecs._docker = processes
    start = steps._invoke_ecs_run_task
    steps._SERVICE_DISPATCH[RUN_TASK] = lambda resource, data: run_task(start, resource, data)
    threading.Thread(target=_keep_services, daemon=True, name="civicam-services").start()
    return processes


def _keep_services() -> None:
    """What a service's scheduler is there for, for ever; upstream looks only after a change that it noticed."""
    while True:
        time.sleep(KEEP_SECONDS)
        for (account, region, key), service in ecs._services.all_items():
            if service.get("status") == "ACTIVE":
                _keep(account, region, key)


def _keep(account: str, region: str, service_key: str) -> None:
    try:
        with request_scope(account, region):
            ecs._reconcile_service_tasks(service_key.partition("/")[0], service_key)
    except Exception:  # upstream's code on upstream's state: the next look may find it well, and others have their turn
        logger.exception("service %s was not looked after", service_key)


def stop_scheduling() -> None:
    """Replace no more tasks that end: the city is being stopped, and services start theirs again with it."""
    ecs._reconcile_service_tasks = lambda *_: None


class EcsOwner:
    """What this emulator's ECS knows of a container."""

    def credentials(self, labels: Labels) -> dict[str, str]:
        """Temporary keys of the task definition's role; none where it has none, as on AWS."""
        family, revision = (labels.get(f"com.amazonaws.ecs.task-definition-{part}") for part in ("family", "version"))
        role = ecs._task_defs.get(f"{family}:{revision}", {}).get("taskRoleArn")
        return _session(role, labels["com.amazonaws.ecs.task-arn"]) if role else {}

    def service(self, labels: Labels) -> str | None:
        """From the group that its task belongs to."""
        group = ecs._tasks.get(labels["com.amazonaws.ecs.task-arn"], {}).get("group", "")
        return str(group) if group.startswith("service:") else None


def _session(role: str, task: str) -> dict[str, str]:
    key, secret, token = (
        hashlib.sha256(f"{part}:{task}:{role}".encode()).hexdigest() for part in ("key", "secret", "token")
    )
    access_key, session, role_name = f"ASIA{key[:16].upper()}", task.rpartition("/")[2], role.rpartition("/")[2]
    sts.register_session(
        access_key,
        {
            "Arn": f"arn:aws:sts::{get_account_id()}:assumed-role/{role_name}/{session}",
            "UserId": f"{role_name}:{session}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        },
    )
    return {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def run_task(start: Any, resource: str, data: Mapping[str, Any]) -> Any:
    """ecs:runTask as a state's resource. With `.sync` its output is the task that has stopped.

    Raises States.TaskFailed, with the task as its cause, where a container ended with another code than 0 or never
    started (Step Functions Developer Guide, "Run Amazon ECS or Fargate tasks").
    """
    started = start(RUN_TASK, data)
    if not started.get("tasks"):
        raise steps._ExecutionError("ECS.AmazonECSException", json.dumps(capitalised(started)))
    if not resource.rstrip("/").endswith(".sync"):
        return capitalised(started)
    task = _stopped(started["tasks"][0])
    failed = task.get("stopCode") == "TaskFailedToStart" or any(one.get("exitCode") for one in task["containers"])
    if failed:
        raise steps._ExecutionError("States.TaskFailed", json.dumps(capitalised(task), default=str))
    return capitalised(task)


def capitalised(value: Any) -> Any:
    """ECS's answers as the integration gives them: names begin with a capital."""
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: capitalised(part) for name, part in value.items()}
    return [capitalised(part) for part in value] if isinstance(value, list) else value


def _stopped(task: dict[str, Any]) -> dict[str, Any]:
    asked = {"cluster": task["clusterArn"], "tasks": [task["taskArn"]]}
    while True:
        described: dict[str, Any] = json.loads(ecs._describe_tasks(asked)[2])["tasks"][0]
        if described["lastStatus"] == "STOPPED":
            return described
        time.sleep(POLL_SECONDS)
