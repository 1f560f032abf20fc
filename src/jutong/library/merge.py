"""Brings rows into a table that is there: added, put in the place of those with their key, ended, or taken out.

The rows were written unseen, as for a replacement. To commit them, both sides are matched by key on the disk
(``matching``), only the files that hold a row to be changed are written anew, what was written is read back, and one
Delta commit names the new files and takes the old ones away. The digest of the whole table follows from the one it had,
the rows taken away and the rows added, so that a nightly look at the files can be held against it.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable
from deltalake import Schema as DeltaSchema
from deltalake.transaction import RemoveAction

from jutong.contracts.modes import DELETED, FROM, TO, DifferenceMode, MergeMode, Mode, ReplaceMode
from jutong.library.digest import ContentDigest
from jutong.library.drift import Agreed, agree, shaped
from jutong.library.errors import MergeDiffersError
from jutong.library.matching import GONE, KEPT, NEW, REPLACED, SAME, Fates, Matched
from jutong.library.overwrite import Overwrite, add_action, prepare
from jutong.library.proof import Committed, Proof, Standing, standing
from jutong.library.sides import BothFates, Side, match
from jutong.library.tables import arrow_schema, read_batches

SMALL_BYTES = 8 * 1024 * 1024
MOST_SMALL = 32
"""So many small files are written as one: a table that takes a few rows every hour must not become thousands."""

MERGED = 99_999
"""Stands in the names of merged files where those of a chunk have its number."""


class Merge(Overwrite):
    """One job's way of bringing rows into one table; see ``Overwrite`` for what comes before ``commit``.

    Args:
        path: the table's folder.
        job_id: names the files and the transaction.
        mode: how the rows meet those that are there.
    """

    def __init__(self, path: Path, job_id: str, mode: Mode) -> None:
        super().__init__(path, job_id, "append")
        self.how = mode
        self.agreed: Agreed | None = None
        self._landed: list[Path] = []
        self._removed: list[Path] = []
        self._reshaped = False
        self._moment_ms = 0
        self._scratch = path / f".merge-{job_id}"

    def agree(self, schema: pa.Schema) -> Agreed:
        """Decide what the table becomes when rows of a schema arrive, before the first does.

        Raises:
            SchemaDriftError, ModeUnfitError, KeyUnfitError: the rows cannot be brought in as ordered.
        """
        with self._named_problems():
            exists = DeltaTable.is_deltatable(str(self.path))
            there = arrow_schema(DeltaTable(str(self.path))) if exists else None
        self.agreed = agree(there, schema, self.how, self.name)
        self._reshaped = there is not None and not there.equals(self.agreed.schema)
        return self.agreed

    def committed(self) -> Committed | None:
        """Return this job's commit, if there is one; files of the job that it does not name are removed."""
        found = super().committed()
        if found is not None:
            table = DeltaTable(str(self.path), version=found.version)
            named = {Path(uri).name for uri in table.file_uris()}
            for file in self.path.glob(f"part-{self.job_id}-*.parquet"):
                if file.name not in named:
                    file.unlink()
        return found

    def commit(self, proof: Proof) -> Committed:
        """Bring the finished rows into the table; durable before return.

        Raises:
            KeyMissingError, KeyRepeatedError: rows have no key, or one has several.
            MergeDiffersError: what was made is not what it should be.
            DiskFullError, WriteError: as in ``Overwrite``.
        """
        assert self._schema is not None  # noqa: S101 - begin() comes first
        agreed = self.agreed or self.agree(self._schema)
        with self._named_problems():
            self._scratch.mkdir(exist_ok=True)
            told = self._brought_in(proof, agreed)
        return super().commit(told)

    def _brought_in(self, proof: Proof, agreed: Agreed) -> Proof:
        """Write what changes into files nobody sees yet, and return what the commit is to say."""
        assert self._schema is not None  # noqa: S101 - begin() comes first
        before = standing(self.path)
        landed, present = Side.of(self.files, self._schema), self._present()
        self._landed, self.files = self.files, []
        # Moments of one table only grow, whatever the clock did.
        self._moment_ms = max(proof.started_ms, before.started_ms + 1 if before else 0)
        fates = BothFates(self._scratch, landed.total, present.total)
        matched = self._fated(landed, present, agreed, fates)
        writing = _Writing(self, agreed, self._moment_ms)
        self._schema = agreed.schema
        self.begin_chunk(MERGED)
        self._write_present(present, fates.present, writing)
        self._write_landed(landed, fates.arriving, writing)
        names = self.finish()
        self._check(writing.written.text(), self.read_back(names).text())
        whole = self._whole(before, writing)
        if writing.direct:
            self.files = [*self.files, *landed.files]
            whole.add(proof.digest)
        if self._is_source(landed.schema, agreed):
            self._check(proof.digest, whole.text())
        told = replace(
            proof, started_ms=self._moment_ms, table_rows=whole.rows, table_digest=whole.text(),
            inserted=matched.new, updated=matched.changed, deleted=matched.gone, unchanged=matched.same,
            drift=" ".join(agreed.told),
        )  # fmt: skip
        return told if told.watermark or before is None else before.carried(told)

    def _present(self) -> Side:
        if not DeltaTable.is_deltatable(str(self.path)):
            return Side((), (), pa.schema([]))
        table = DeltaTable(str(self.path))
        return Side.of([Path(uri) for uri in table.file_uris()], arrow_schema(table))

    def _fated(self, landed: Side, present: Side, agreed: Agreed, fates: BothFates) -> Matched:
        """Decide about every row of both sides."""
        if isinstance(self.how, MergeMode | DifferenceMode):
            return match(self.how, landed, present, agreed.columns, fates, scratch=self._scratch)
        fates.arriving[:] = NEW
        gone = 0
        if isinstance(self.how, ReplaceMode):
            fates.present[:] = GONE
            gone = present.total
        return Matched(new=landed.total, gone=gone)

    def _write_present(self, present: Side, fates: Fates, writing: _Writing) -> None:
        """Write those files anew that hold a row with another fate than to be kept, and many small ones as one."""
        small = [file for file in present.files if file.stat().st_size < SMALL_BYTES]
        folded = set(small if len(small) >= MOST_SMALL else ())
        for file, start, end in present.placed():
            part = fates[start:end]
            if not self._reshaped and not part.any() and file not in folded:
                continue
            self._removed.append(file)
            if isinstance(self.how, ReplaceMode):
                continue
            place = 0
            for batch in read_batches([file], present.schema):
                writing.survivors(batch, part[place : place + batch.num_rows], self.how)
                place += batch.num_rows

    def _write_landed(self, landed: Side, fates: Fates, writing: _Writing) -> None:
        """Write the rows that are new or changed, or take the files over as they are."""
        writing.direct = landed.schema.equals(writing.agreed.schema) and bool((fates[: landed.total] != SAME).all())
        if writing.direct:
            return
        for file, start, end in landed.placed():
            part, place = fates[start:end], 0
            for batch in read_batches([file], landed.schema):
                writing.arrivals(batch.filter(pa.array(part[place : place + batch.num_rows] != SAME)))
                place += batch.num_rows

    def _whole(self, before: Standing | None, writing: _Writing) -> ContentDigest:
        """Return the digest the table must have, but for files that are taken over."""
        assert self._schema is not None  # noqa: S101 - set before
        if before is None or self._reshaped or isinstance(self.how, ReplaceMode):
            return ContentDigest.sum_of(self._schema, writing.written.text())
        whole = ContentDigest.sum_of(self._schema, before.digest, writing.written.text())
        whole.take_away(writing.taken.text())
        return whole

    def _check(self, expected: str, found: str) -> None:
        if expected != found:
            raise MergeDiffersError(table=self.name, expected=expected, found=found)

    def _is_source(self, landed: pa.Schema, agreed: Agreed) -> bool:
        """Tell whether the table must now be just what was read."""
        how = self.how
        gone_go = isinstance(how, DifferenceMode) and how.deletes == "hard" and not how.history
        return (gone_go or isinstance(how, ReplaceMode)) and agreed.schema.equals(landed)

    def _made_of_it(self, proof: Proof) -> Proof:
        return proof

    def _put(self, schema: pa.Schema, properties: CommitProperties) -> None:
        if not DeltaTable.is_deltatable(str(self.path)):
            super()._put(schema, properties)
            return
        table = DeltaTable(str(self.path))
        prepare(table, schema)
        fields, adds = DeltaSchema.from_arrow(schema), [add_action(file) for file in self.files]
        if self._reshaped:
            table.create_write_transaction(list(adds), "overwrite", fields, commit_properties=properties)
            return
        gone = [RemoveAction(file.name, True, self._moment_ms, file.stat().st_size, {}) for file in self._removed]
        table.create_write_transaction([*adds, *gone], "append", fields, commit_properties=properties)

    def _abandon(self) -> None:
        self.files = list(dict.fromkeys([*self.files, *self._landed]))
        super()._abandon()
        shutil.rmtree(self._scratch, ignore_errors=True)


class _Writing:
    """Writes merged rows and keeps count of what was taken away and what was written."""

    def __init__(self, target: Merge, agreed: Agreed, moment_ms: int) -> None:
        self.agreed = agreed
        self.direct = False
        self.written = ContentDigest(agreed.schema)
        self.taken = ContentDigest(agreed.schema)
        self._target = target
        self._moment: pa.Scalar[Any] = pa.scalar(moment_ms * 1000, pa.timestamp("us", tz="UTC"))

    def survivors(self, batch: pa.RecordBatch, fates: Fates, how: Mode) -> None:
        """Take the rows of a file that goes, and write what stays of them."""
        if batch.schema.equals(self.agreed.schema):
            self.taken.update(batch)
        rows = shaped(batch, self.agreed.schema)
        if isinstance(how, MergeMode | DifferenceMode) and how.history:
            self._write(self._stamped(rows, TO, fates != KEPT))
        elif isinstance(how, DifferenceMode) and how.deletes == "soft":
            left = fates != REPLACED
            self._write(self._stamped(rows, DELETED, fates == GONE).filter(pa.array(left)))
        else:
            self._write(rows.filter(pa.array(fates == KEPT)))

    def arrivals(self, rows: pa.RecordBatch) -> None:
        """Write rows that came, as holding from now on."""
        rows = shaped(rows, self.agreed.schema)
        if FROM in self.agreed.own:
            rows = self._stamped(rows, FROM, np.ones(rows.num_rows, dtype=np.bool_))
        self._write(rows)

    def _stamped(self, rows: pa.RecordBatch, column: str, where: npt.NDArray[np.bool_]) -> pa.RecordBatch:
        place = rows.schema.get_field_index(column)
        stamped = pc.if_else(pa.array(where), self._moment, rows.column(place))
        arrays = [stamped if number == place else array for number, array in enumerate(rows.columns)]
        return pa.RecordBatch.from_arrays(arrays, schema=rows.schema)

    def _write(self, rows: pa.RecordBatch) -> None:
        if rows.num_rows:
            self.written.update(rows)
            self._target.write(rows)
