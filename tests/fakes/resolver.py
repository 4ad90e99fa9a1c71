"""A resolver of names that answers as a test tells it to."""

from collections.abc import Iterable


class Resolver:
    """Gives each set of answers once, in their order, the last one for ever; notes what was asked."""

    def __init__(self, *answers: Iterable[str]) -> None:
        self._answers = [tuple(each) for each in answers]
        self.asked: list[str] = []

    def __call__(self, name: str, port: int) -> Iterable[str]:
        self.asked.append(name)
        assert self._answers, f"{name}:{port} is looked up"
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
