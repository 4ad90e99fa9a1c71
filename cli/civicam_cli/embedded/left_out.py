"""What the city on this machine does without, and why; tests/infra/test_left_out.py holds it against the templates."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LeftOut:
    """One thing, the types of resources that it is made of on AWS, and why it is not here."""

    thing: str
    types: tuple[str, ...]
    """Types, or beginnings of types."""
    why: str


LEFT_OUT = (
    LeftOut(
        "stack VisionGpu (instances, their network and capacity provider)",
        (
            "AWS::EC2::",
            "AWS::AutoScaling::",
            "AWS::ECS::CapacityProvider",
            "AWS::ECS::ClusterCapacity",
            "AWS::IAM::Instance",
        ),
        "the embedded AWS knows no NAT gateways and no capacity providers; the detector runs as a process here",
    ),
    LeftOut(
        "scaling of the detector's service",
        ("AWS::ApplicationAutoScaling::",),
        "the embedded AWS has no Application Auto Scaling; one detector runs here",
    ),
    LeftOut(
        "Lambda layers",
        ("AWS::Lambda::LayerVersion",),
        "functions run on the checkout's interpreter, which has the same locked packages",
    ),
    LeftOut(
        "container images",
        ("AWS::ECR::",),
        "there is no Docker here: a task is the process that its Dockerfile would start",
    ),
)


def explained() -> dict[str, str]:
    """Each thing and why."""
    return {one.thing: one.why for one in LEFT_OUT}
