"""What of the checkout decides what is deployed: unchanged, nothing is synthesised or deployed again."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from civicam_cli.places import ROOT

_STACKS = (
    "infra",
    "cdk.json",
    "requirements.lock",
    "package-lock.json",
    "layers/common/python/civicam/contracts",
    "models/catalog.toml",
)
_IGNORED = {"__pycache__", ".DS_Store"}


@dataclass(frozen=True)
class Fingerprint:
    """Of the stacks (a change means synthesis and deployment), of each function, of the package that they import."""

    stacks: str
    functions: dict[str, str]
    """`vision/judge_clip` -> its folder's digest."""
    package: str
    """Of the package civicam, which functions here import from the checkout: a change means new workers."""

    @classmethod
    def now(cls, root: Path = ROOT) -> Self:
        """Of the checkout as it is."""
        folders = {
            f"{path.parent.parent.name}/{path.parent.name}": path.parent
            for path in root.glob("functions/*/*/handler.py")
        }
        images = sorted(root.glob("containers/*/*/Dockerfile"))
        return cls(
            stacks=_digest(root, [*(root / name for name in _STACKS), *images], extra=sorted(folders)),
            functions={name: _digest(folder, [folder]) for name, folder in sorted(folders.items())},
            package=_digest(root, [root / "layers/common/python/civicam"]),
        )

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """From `document()`."""
        return cls(**document)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def changed_functions(self, before: Self) -> list[str]:
        """Functions whose code must be exchanged, where `before` is what was deployed."""
        if self.package != before.package:
            return list(self.functions)
        return [name for name, digest in self.functions.items() if before.functions.get(name) != digest]


def _digest(base: Path, paths: Iterable[Path], extra: Iterable[str] = ()) -> str:
    content = hashlib.sha256("\0".join(extra).encode())
    for path in paths:
        for file in _files(path):
            content.update(f"\0{file.relative_to(base)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return content.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file() and not _IGNORED & set(file.parts))
