"""Writes one more source, or another password, into the node's own configuration: whole or not at all, mode 0600."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

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

    def added(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if any(one["name"] == row["name"] for one in rows):
            raise SourceTakenError(source=row["name"])
        return [*rows, dict(row)]

    return _changed(path, row["name"], added)


def change_password(path: Path, name: str, password: str) -> SourceConfig:
    """Put another password into a source's address and return the source as the node reads it; durable before return.

    Raises:
        SourceUnknownError: when no source has the name.
        SourcesFileError, SourcesExposedError: when the file is not as it must be; nothing is changed.
    """

    def changed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        sources.pick(sources.load(path), name)
        return [{**row, "dsn": _with_password(row["dsn"], password)} if row["name"] == name else row for row in rows]

    return _changed(path, name, changed)


def _with_password(dsn: str, password: str) -> str:
    parts = urlsplit(dsn)
    account, _, door = parts.netloc.rpartition("@")
    user = account.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{door}"))


Change = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def _changed(path: Path, name: str, change: Change) -> SourceConfig:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sources.load(path)  # what is not as it must be is not written over
        rows = change(json.loads(path.read_bytes()) if path.exists() else [])
        trial = path.with_name(path.name + ".trial")
        content = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
        try:
            write_whole(trial, content, durable=False)
            found = sources.load(trial)[name]
        except SourcesFileError as error:
            raise SourcesFileError(path=str(path), reason=error.fields["reason"]) from error
        finally:
            trial.unlink(missing_ok=True)
        write_whole(path, content, durable=True)
        return found
    finally:
        os.close(lock)
