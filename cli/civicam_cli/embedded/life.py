"""Up and down: a city as it was left, as the checkout wants it, and whole again after a crash."""

from civicam_cli.embedded import emulator
from civicam_cli.embedded.cdk import Said
from civicam_cli.embedded.city import City, alone
from civicam_cli.embedded.deploying import deploy


def bring_up(city: City, say: Said) -> bool:
    """Make the city run, deployed from this checkout; returns whether it must be recovered from S3.

    That is so after a crash: then only S3 survived, the rest was dropped, and the stacks stand anew over its buckets.
    The need is remembered until `recovered` says that it was met, whatever happens in between.
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
        return city.unrecovered.exists()


def recovered(city: City) -> None:
    """The tables and the lake's catalogue are rebuilt."""
    city.unrecovered.unlink(missing_ok=True)


def bring_down(city: City) -> bool:
    """Stop the city, its state saved; False where it did not run."""
    with alone(city.folder / "lock"):
        ran = city.running() is not None
        emulator.stop(city)
        return ran
