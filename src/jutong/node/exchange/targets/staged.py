"""Rows that wait in files of the job's folder until all is found right: which chunks stand, and what is there."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from jutong.contracts.landing import Landing
from jutong.library.overwrite import Overwrite
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.lanes.sums import COUNTED
from jutong.node.exchange.targets import Landed


def summed(rows: Overwrite, files: Sequence[str], landing: Landing) -> Landed:
    """Return what lies in files: counted, or with its digest where the landing asks for one."""
    found = rows.read_back(files)
    digest = f"{COUNTED}:{found.rows}" if landing.proof == "count" else found.text()
    return Landed(found.rows, digest, tuple(files))


def standing(
    rows: Overwrite, schema: pa.Schema, done: Sequence[ChunkDone] | None, landing: Landing
) -> tuple[ChunkDone, ...]:
    """Take up the chunks whose files are all there, from the first on, and get ready for the rest.

    Raises:
        ContentDiffersError: when a chunk's files are not what was written.
    """
    good: list[ChunkDone] = []
    for chunk in done or ():
        if not all((rows.path / name).is_file() for name in chunk.files):
            break
        good.append(chunk)
    rows.begin(schema, [name for chunk in good for name in chunk.files])
    for chunk in good:
        if (found := summed(rows, chunk.files, landing).digest) != chunk.digest:
            raise ContentDiffersError(source_digest=chunk.digest, target_digest=found)
    return tuple(good)
