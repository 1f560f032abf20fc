"""Reads the data files that travel inside the package; ``data/README.md`` says where each came from."""

from __future__ import annotations

import csv
import gzip
import json
from importlib.resources import files
from typing import Any

_ROOT = files("jutong.standards") / "data"


def read_json(name: str) -> Any:
    """Return the content of a JSON file below ``standards/data``."""
    return json.loads((_ROOT / name).read_text(encoding="utf-8"))


def read_csv(name: str) -> list[list[str]]:
    """Return the rows after the header of a CSV file below ``standards/data``; ``.gz`` files are unpacked."""
    content = (_ROOT / name).read_bytes()
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    return list(csv.reader(content.decode("utf-8").splitlines()))[1:]
