"""Up and down: a city as it was left, as the checkout wants it, and whole again after a crash."""

from civicam_cli.embedded import emulator
from civicam_cli.embedded.cdk import Said
from civicam_cli.embedded.city import City, alone
from civicam_cli.embedded.deploying import deploy


def bring_up(city: City, say: Said) -> None:
    """Make the city run, deployed from this checkout.

    After a crash only S3 survived: the rest is dropped, the stacks stand anew over its buckets, and a recovery is due.
    After a deployment the models are.
    """
    with alone(city.folder / "lock"):
        if city.crashed():
            say("it was not stopped in order: keeping S3, deploying the rest anew")
            emulator.end_leftovers(city)
            emulator.forget_everything_but_objects(city)
        if not city.running():
            emulator.end_leftovers(city)
            say("starting the embedded AWS")
            emulator.start(city)
        deploy(city, say)


def bring_down(city: City) -> bool:
    """Stop the city, its state saved; False where it did not run."""
    with alone(city.folder / "lock"):
        ran = city.running() is not None
        emulator.stop(city)
        return ran
