"""Reads everything that was ever moved into the library again and holds it against what its last job left.

``python -m jutong.node.exchange.modes.reconcile HOME`` writes the checks as JSON to standard output. It is a process of
its own, at low priority, so that neither its memory nor its hunger for the disk is the gateway's.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from jutong.contracts.receipts import TableCheck
from jutong.library.proof import Proof, newest_proof
from jutong.library.tables import ZONES, arrow_schema, digest_files

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
    return TableCheck(
        job_id=proof.job_id, organisation_code=owner, target=name,
        state="same" if found.text() == expected else "differs",
        rows=found.rows, expected_rows=rows, digest=found.text(), expected=expected, delta_version=table.version(),
    )  # fmt: skip


def _left(proof: Proof) -> tuple[int, str]:
    """Return rows and digest of the whole table as its last job left it.

    A commit of an earlier version says it of its own rows only. They were the whole table, or had been put right by
    hand and added to it: then it differs until the next job.
    """
    return (proof.table_rows, proof.table_digest) if proof.table_digest else (proof.rows, proof.digest)


def main(arguments: list[str] | None = None) -> int:
    """Check the library of the home named; return the status to end with.

    Args:
        arguments: the home; the command line's when None.
    """
    (home,) = sys.argv[1:] if arguments is None else arguments
    os.nice(NICE)
    for check in look(Path(home)):
        sys.stdout.write(json.dumps(check.model_dump(mode="json")) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
