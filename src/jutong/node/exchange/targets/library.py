"""The library's Delta tables: files nobody sees, and one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
from typing_extensions import override

from jutong.contracts.modes import ChangesMode, Mode
from jutong.contracts.rules import Rule
from jutong.library.changes import Changes
from jutong.library.drift import check_replaced
from jutong.library.merge import Merge
from jutong.library.overwrite import Committed, Overwrite, Proof
from jutong.library.proof import standing
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.targets import Landed, Target


class LibraryTarget(Target):
    """A table of the library; see ``targets.Target``.

    Args:
        path: the table's folder.
        job_id: the job's.
        mode: how the rows meet those that are there; without one they replace them.
    """

    def __init__(self, path: Path, job_id: str, mode: Mode | None = None) -> None:
        self.changes = Changes(path, job_id, mode) if isinstance(mode, ChangesMode) else None
        merge = self.changes or (Merge(path, job_id, mode) if mode is not None else None)
        self._table = merge or Overwrite(path, job_id)
        self._sweeps = False

    @override
    def __enter__(self) -> Self:
        self._table.__enter__()
        return self

    @override
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self._sweeps:
            # It ended before it took over what an earlier run left here, and nobody else would ever remove that.
            for leftover in self._table.path.glob(f"part-{self._table.job_id}-*.parquet"):
                leftover.unlink(missing_ok=True)
        self._table.__exit__(kind, value, trace)

    @override
    def committed(self) -> Committed | None:
        found = self._table.committed()
        self._sweeps = found is None
        return found

    @override
    def fits(self, schema: pa.Schema, kinds: Mapping[str, str]) -> tuple[Rule, ...]:
        """Compare the columns with those of the table, as far as the order's mode cares.

        Raises:
            SchemaDriftError, ModeUnfitError, KeyUnfitError: the rows cannot be brought in as ordered.
        """
        if isinstance(self._table, Merge):
            self._table.agree(schema)
        else:
            check_replaced(self._table.path)
        return ()

    @override
    def position(self, watermark: str) -> tuple[str, int]:
        found = standing(self._table.path)
        if found is None or found.watermark != watermark:
            return "", 0
        return found.position, found.position_rows

    @override
    def begin(self, schema: pa.Schema, done: Sequence[ChunkDone] | None) -> tuple[ChunkDone, ...]:
        """Get ready; read back what an earlier run finished.

        Raises:
            ContentDiffersError: when a finished chunk is not on the disk as it was.
        """
        self._sweeps = False
        good: list[ChunkDone] = []
        for chunk in done or ():
            if not all((self._table.path / name).is_file() for name in chunk.files):
                break
            good.append(chunk)
        self._table.begin(schema, [name for chunk in good for name in chunk.files])
        for chunk in good:
            found = self._table.read_back(chunk.files).text()
            if found != chunk.digest:
                raise ContentDiffersError(source_digest=chunk.digest, target_digest=found)
        return tuple(good)

    @override
    def begin_chunk(self, number: int) -> None:
        self._table.begin_chunk(number)

    @override
    def write(self, batch: pa.RecordBatch) -> None:
        self._table.write(batch)

    @override
    def finish_chunk(self) -> Landed:
        files = self._table.finish()
        found = self._table.read_back(files)
        return Landed(found.rows, found.text(), files)

    @override
    def keep(self, done: ChunkDone) -> None:
        """Do nothing: the files are on the disk, and the job's folder names them."""

    @override
    def commit(self, proof: Proof) -> Committed:
        return self._table.commit(proof)

    @override
    def hold(self) -> None:
        self._sweeps = False
        self._table.hold()
