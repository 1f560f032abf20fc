"""Reads what was moved into databases again and holds it against what the last job left, as its book there says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from jutong.contracts.receipts import TableCheck
from jutong.kernel.errors import JutongError
from jutong.node import sources
from jutong.node.exchange.targets.looking import Look, UnlikeError, look_at
from jutong.node.exchange.targets.whole import Left
from jutong.node.sources import SourceConfig

DIALECTS = ("postgresql", "mysql")
LONGEST = 128
"""Characters of a target's name the center keeps."""


def look(home: Path) -> Iterator[TableCheck]:
    """Check every table jobs left in databases this node may write, one after the other.

    Args:
        home: the instance's data folder.
    """
    for source in sources.load(home / sources.FILE).values():
        if source.writes and source.dialect in DIALECTS:
            yield from _look_at(source)


def _look_at(source: SourceConfig) -> Iterator[TableCheck]:
    try:
        with closing(look_at(source)) as there:
            for left in there.left():
                yield _check(source, there, left)
    except JutongError as error:
        yield TableCheck(
            job_id="", organisation_code=source.organisation_code, target=f"{source.name}:*", state="unreadable",
            problem=error.code,
        )  # fmt: skip


def _check(source: SourceConfig, there: Look, left: Left) -> TableCheck:
    found = _found(source, there, left)
    if found.state == "same":
        return found
    # A job may have ended meanwhile: then it is held against what that one left.
    now = next((one for one in there.left() if (one.schema_name, one.table) == (left.schema_name, left.table)), left)
    return found if now.job_id == left.job_id else _found(source, there, now)


def _found(source: SourceConfig, there: Look, left: Left) -> TableCheck:
    proof = left.proof
    check = TableCheck(
        job_id=left.job_id, organisation_code=source.organisation_code, target=_name(source, left), state="unreadable",
        expected_rows=proof.table_rows, expected=proof.table_digest,
    )  # fmt: skip
    try:
        rows, digest = there.digest(left) if proof.table_digest else (there.rows(left), "")
    except UnlikeError:
        return check.model_copy(update={"state": "differs", "problem": "other columns"})
    except JutongError as error:
        return check.model_copy(update={"problem": error.code})
    same = (rows, digest) == (proof.table_rows, proof.table_digest)
    return check.model_copy(update={"state": "same" if same else "differs", "rows": rows, "digest": digest})


def _name(source: SourceConfig, left: Left) -> str:
    name = f"{source.name}:{left.schema_name}.{left.table}"
    if len(name) <= LONGEST:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: LONGEST - len(mark) - 1]}~{mark}"
