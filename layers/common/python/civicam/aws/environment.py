"""What the stacks tell a function: names of resources, each in one environment variable."""

import os

from civicam.contracts.errors import Inconsistent


def setting(name: str) -> str:
    """The value of an environment variable that the stack must have set; raises Inconsistent when it did not."""
    value = os.environ.get(name)
    if not value:
        raise Inconsistent(f"environment variable {name} is not set: the stack that deploys this function must set it")
    return value
