"""A function's failure bears its exception's class as `errorType`: retries and catches in state machines go by it.

ministack says `Runtime.HandlerError` for every exception of a warm worker.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import lambda_svc

Executor = Callable[[dict[str, Any], Any, str], dict[str, Any]]


def install() -> None:
    """Wrap the executor of warm workers."""
    lambda_svc._execute_function_warm = naming_the_exception(lambda_svc._execute_function_warm)


def naming_the_exception(execute: Executor) -> Executor:
    """An executor whose failures bear the class that the traceback at the end of their log names."""

    def executed(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result = execute(function, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            body["errorType"] = (
                exception_class(result.get("log", ""), body.get("errorMessage", "")) or body["errorType"]
            )
        return result

    return executed


def exception_class(log: str, message: str) -> str | None:
    """The class's bare name; None where the log does not end in the traceback of an exception with this message.

    A traceback ends in `package.Class: message`, or in `package.Class` where the message is empty, and the message may
    hold line breaks: so it is taken off first.
    """
    ending = log.rstrip("\n")
    if "Traceback (most recent call last)" not in ending:
        return None
    if message:
        suffix = f": {message.rstrip(chr(10))}"
        if not ending.endswith(suffix):
            return None
        ending = ending.removesuffix(suffix)
    name = ending.rpartition("\n")[2].rpartition(".")[2]
    return name if name.isidentifier() else None
