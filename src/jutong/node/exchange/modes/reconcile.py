"""Reads everything that was ever moved again and holds it against what its last job left: in the library, in databases.

``python -m jutong.node.exchange.modes.reconcile HOME`` writes the checks as JSON to standard output. It is a process of
its own, at low priority, so that neither its memory nor its hunger for the disk is the gateway's.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from jutong.contracts.receipts import TableCheck
from jutong.kernel import settings as jutong_settings
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.library.proof import Proof, newest_proof
from jutong.library.retention import Pruned, prune
from jutong.library.tables import ZONES, arrow_schema, digest_files
from jutong.node.exchange.jobs import all_jobs
from jutong.node.exchange.modes import databases

LOGGER = logging.getLogger(__name__)
NICE = 10
ELSE = "something else has written to it"


def look(home: Path) -> Iterator[TableCheck]:
    """Check every table of the library, one after the other.

    Args:
        home: the instance's data folder.
    """
    for zone in ZONES:
        for log in sorted((home / "library" / zone).glob("*/*/_delta_log")):
            yield _check(log.parent)


def every(home: Path) -> Iterator[TableCheck]:
    """Check every table of the library, and every table of a database that jobs filled.

    Args:
        home: the instance's data folder.
    """
    yield from look(home)
    yield from databases.look(home)


def _check(path: Path) -> TableCheck:
    owner, name = path.parent.name, path.name
    proof: Proof | None = None
    try:
        table = DeltaTable(str(path))
        proof, current = newest_proof(table)
        if proof is None or not current:
            return TableCheck(
                job_id=proof.job_id if proof else "", organisation_code=owner, target=name, state="differs",
                problem=ELSE, delta_version=table.version(),
            )  # fmt: skip
        found = digest_files([Path(uri) for uri in table.file_uris()], arrow_schema(table))
    except (DeltaError, pa.ArrowException, OSError) as error:
        # Only its kind: a message may name values.
        return TableCheck(
            job_id=proof.job_id if proof else "", organisation_code=owner, target=name, state="unreadable",
            problem=type(error).__name__,
            expected=proof.table_digest if proof else "", expected_rows=proof.table_rows if proof else -1,
        )  # fmt: skip
    rows, expected = _left(proof)
    # What an engine wrote was counted and not digested; of a roll-back nothing was said.
    same = found.text() == expected if expected else rows in {-1, found.rows}
    return TableCheck(
        job_id=proof.job_id, organisation_code=owner, target=name,
        state="same" if same else "differs",
        rows=found.rows, expected_rows=rows, digest=found.text(), expected=expected, delta_version=table.version(),
    )  # fmt: skip


def _left(proof: Proof) -> tuple[int, str]:
    """Return rows and digest of the whole table as its last job left it.

    A commit of an earlier version says it of its own rows only. They were the whole table, or had been put right by
    hand and added to it: then it differs until the next job.
    """
    if proof.table_digest or proof.table_rows >= 0:
        return proof.table_rows, proof.table_digest
    return proof.rows, proof.digest


def tidy(home: Path, keep_days: int, check: TableCheck, *, dry: bool = False) -> Pruned:
    """Remove what only versions of a table need that were replaced longer ago than they are kept; 0 days keeps all."""
    if not keep_days:
        return Pruned()
    paths = [home / "library" / zone / check.organisation_code / check.target for zone in ZONES]
    at_work = {folder.job_id for folder in all_jobs(home) if folder.result() is None}
    found = Pruned()
    for path in paths:
        if not DeltaTable.is_deltatable(str(path)):
            continue
        try:
            pruned = prune(path, keep_days=keep_days, now=utc_now(), at_work=at_work, dry=dry)
        except (DeltaError, OSError, ValueError, JutongError) as error:  # the next night looks again
            LOGGER.warning("%s/%s was not tidied: %s", check.organisation_code, check.target, type(error).__name__)
            continue
        found = Pruned(found.files + pruned.files, found.size + pruned.size)
        LOGGER.info("%s/%s: %d files removed", check.organisation_code, check.target, pruned.files)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Check the library of the home named, and the databases its node fills; return the status to end with.

    Args:
        arguments: the home; the command line's when None.
    """
    (home,) = sys.argv[1:] if arguments is None else arguments
    os.nice(NICE)
    for check in every(Path(home)):
        sys.stdout.write(json.dumps(check.model_dump(mode="json")) + "\n")
        sys.stdout.flush()
        if (
            check.state == "same" and check.delta_version >= 0
        ):  # of a table that is damaged an older version may be all there is
            tidy(Path(home), jutong_settings.load().library_keep_days, check)
    return 0


if __name__ == "__main__":
    sys.exit(main())
