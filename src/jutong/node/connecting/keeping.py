"""Writes one more source into the node's own configuration: whole or not at all, for its owner only."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jutong.node import sources
from jutong.node.connecting.errors import SourceTakenError
from jutong.node.connectors.errors import SourcesFileError
from jutong.node.exchange.jobs import write_whole
from jutong.node.sources import SourceConfig


def keep(path: Path, row: Mapping[str, Any]) -> SourceConfig:
    """Add a source to the file and return it as the node reads it; durable before return.

    Raises:
        SourceTakenError: when another source has the name.
        SourcesFileError, SourcesExposedError: when the file, or the row, is not as it must be; nothing is changed.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if row["name"] in sources.load(path):
            raise SourceTakenError(source=row["name"])
        rows = json.loads(path.read_bytes()) if path.exists() else []
        trial = path.with_name(path.name + ".trial")
        content = json.dumps([*rows, dict(row)], ensure_ascii=False, indent=1) + "\n"
        try:
            write_whole(trial, content, durable=False)
            found = sources.load(trial)[row["name"]]
        except SourcesFileError as error:
            raise SourcesFileError(path=str(path), reason=error.fields["reason"]) from error
        finally:
            trial.unlink(missing_ok=True)
        write_whole(path, content, durable=True)
        return found
    finally:
        os.close(lock)
