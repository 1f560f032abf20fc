"""A file in a folder, on this machine or elsewhere: complete and found right before anybody sees it under its name.

Chunks are kept as they pass, in the job's folder. At the end they become one file, which is read again and compared,
taken to the store under a staging name, and read again there. Then the job decides (``delivered``), the file gets its
name in one step, and a manifest beside it says how many rows it has, by which job, and its SHA-256.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from typing_extensions import override

from jutong.contracts import rules as given
from jutong.contracts.filenames import FileName, parse
from jutong.contracts.landing import Landing
from jutong.contracts.modes import AppendMode, ReplaceMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import Rule
from jutong.kernel.clock import BEIJING, Clock, utc_now
from jutong.kernel.errors import JutongError
from jutong.library.errors import DiskFullError
from jutong.library.overwrite import Committed, Overwrite, Proof
from jutong.library.tables import read_batches
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.exchange.errors import ContentDiffersError, OrderUnfitError
from jutong.node.exchange.jobs import write_whole
from jutong.node.exchange.targets import FITS, Landed, Target
from jutong.node.exchange.targets.delivered import FILE, Book, Delivered, decided, load
from jutong.node.exchange.targets.errors import TargetUnfitError
from jutong.node.exchange.targets.staged import standing, summed
from jutong.node.files.mapping import OutFolder
from jutong.node.files.stores import Store, digest_of, open_store
from jutong.node.files.writing import sheet
from jutong.node.files.writing.errors import FileTakenError, FolderForbiddenError
from jutong.node.files.writing.forms import OPENERS
from jutong.node.files.writing.forms import digest_of as digest_for
from jutong.node.sources import SourceConfig

MANIFEST = ".manifest.json"
STAGED = ".part"
_BLOCK = 1 << 20
_NO_NUL = r"(?s)[^\x00]*"


class FilesTarget(Target):
    """One file of a folder; see ``targets.Target``.

    Args:
        order: the job's; it has a landing.
        landing: the folder as schema, the name as table, and by the columns that land their headings.
        into: the source the folder is of.
        home: the instance's data folder.
        folder: the job's own.
        clock: tells when the file was written.
    """

    def __init__(
        self, order: JobOrder, landing: Landing, into: SourceConfig, *, home: Path, folder: Path, clock: Clock = utc_now
    ) -> None:
        self._clock = clock
        self._order, self._landing, self._into, self._folder = order, landing, into, folder
        self._book = Book(home, into.name, landing.schema_name, landing.table)
        self._table = Overwrite(folder / "staged", order.job_id)
        self._stack = ExitStack()
        self._store: Store
        self._name: FileName
        self._schema = pa.schema([])
        self._files: list[str] = []
        self._held = self._decided = False

    @property
    def _out(self) -> OutFolder:
        known = self._into.files.out if self._into.files else {}
        return known.get(self._landing.schema_name, OutFolder())

    @override
    def __enter__(self) -> Self:
        if self._into.dialect != "files" or self._landing.schema_name not in self._into.writes:
            raise FolderForbiddenError(source=self._into.name, folder=self._landing.schema_name)
        try:
            self._name = parse(self._landing.table)
        except ValueError as error:
            raise OrderUnfitError(what="文件名", found=self._landing.table) from error
        self._check_mode()
        with ExitStack() as stack:
            self._book.hold()
            stack.callback(self._book.leave)
            self._store = stack.enter_context(open_store(self._into))
            newest = self._book.newest()
            if newest is not None and newest.state == "decided":
                self._put_in_place(newest)
            stack.enter_context(self._table)
            self._stack = stack.pop_all()
        return self

    def _check_mode(self) -> None:
        mode = self._order.mode
        if mode is None or isinstance(mode, ReplaceMode):
            return
        if not isinstance(mode, AppendMode):
            raise OrderUnfitError(what="写入方式", found=f"{mode.kind}: replace, append")
        if not self._name.is_own:  # what is added would take the place of what was there
            raise OrderUnfitError(what="文件名", found=f"{self._landing.table}: append + {{time}} / {{job}}")

    @override
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if self._held:
                self._table.hold()
                return
            if not self._decided:
                with suppress(JutongError):  # a staged file harms nobody: its name is hidden and says that it is none
                    self._store.remove(self._staged)
        if self._folder.joinpath("staged").is_dir():
            shutil.rmtree(self._folder / "staged")

    @property
    def _staged(self) -> str:
        return self._in_folder(f".{self._order.job_id}{STAGED}")

    def _in_folder(self, name: str) -> str:
        folder = self._landing.schema_name
        return name if folder == "." else f"{folder}/{name}"

    @override
    def committed(self) -> Committed | None:
        found = load(self._folder / FILE)
        self._decided = found is not None
        return found.committed if found else None

    @override
    def fits(self, schema: pa.Schema, kinds: Mapping[str, str]) -> tuple[Rule, ...]:
        """Compare the columns that land with those of the order.

        Raises:
            TargetUnfitError: when a column has no heading, or two have one.
        """
        pairs = dict(self._landing.columns)
        missing = [name for name in schema.names if name not in pairs] + [
            name for name in pairs if name not in schema.names
        ]
        headings = [heading for _, heading in self._landing.columns]
        twice = sorted({heading for heading in headings if headings.count(heading) > 1})
        if missing or twice:
            raise TargetUnfitError(table=self._landing.table, columns="、".join(missing or twice)[:400])
        texts = [field.name for field in schema if field.type == pa.string()]
        return tuple(rule for at, name in enumerate(texts) for rule in self._asked(at, name))

    def _asked(self, at: int, name: str) -> list[Rule]:
        """Return what a text has to be so that the form can hold it."""
        if self._name.form == "parquet":
            return []
        if self._name.form != "xlsx":
            return [given.Pattern(id=f"{FITS}nul-{at}", column=name, pattern=_NO_NUL)]
        return [
            given.Pattern(id=f"{FITS}control-{at}", column=name, pattern=sheet.FIT),
            given.Length(id=f"{FITS}length-{at}", column=name, most=sheet.LONGEST_CELL),
        ]

    @override
    def position(self, watermark: str) -> tuple[str, int]:
        newest = self._book.newest()
        proof = newest.committed.proof if newest else None
        return (proof.position, proof.position_rows) if proof and proof.watermark == watermark else ("", 0)

    @override
    def begin(self, schema: pa.Schema, done: Sequence[ChunkDone] | None) -> tuple[ChunkDone, ...]:
        self._schema = schema
        good = standing(self._table, schema, done, self._landing)
        self._files = [name for chunk in good for name in chunk.files]
        return good

    @override
    def begin_chunk(self, number: int) -> None:
        self._table.begin_chunk(number)

    @override
    def write(self, batch: pa.RecordBatch) -> None:
        self._table.write(batch)

    @override
    def finish_chunk(self) -> Landed:
        return summed(self._table, self._table.finish(), self._landing)

    @override
    def keep(self, done: ChunkDone) -> None:
        """Note the chunk's files: they are on the disk, and the job's folder names them."""
        self._files += done.files

    @override
    def commit(self, proof: Proof) -> Committed:
        """Make the file, take it to its store, decide, and put it in place.

        Raises:
            ContentDiffersError: when what lies in the file, or in the store, is not what was written.
            FileTakenError: when there is a file of the name that is not ours.
            SheetFullError, StoreLostError, StoreRefusedError, DiskFullError: as they say.
        """
        began = datetime.fromtimestamp(proof.started_ms / 1000, UTC)
        name = self._in_folder(self._name.filled(self._order.job_id, began))
        if self._store.find(name) is not None and self._store.find(name + MANIFEST) is None:
            raise FileTakenError(name=name)
        proof = self._told(proof)
        if isinstance(self._order.mode, AppendMode) and not proof.rows:
            return self._nothing(proof)
        try:
            made = self._packed(self._made(proof), Path(name).name)
        except OSError as error:
            raise DiskFullError(rows=proof.rows) from error
        size, sha256 = made.stat().st_size, _sha256(made)
        self._store.put(made, self._staged)
        if (found := digest_of(self._store, self._staged)) != (size, sha256):
            raise ContentDiffersError(source_digest=sha256, target_digest=found[1])
        time_ms = self._now_ms()
        entry = decided(
            proof, name=name, staged=self._staged, sha256=sha256, size=size, time_ms=time_ms,
            manifest=self._manifest(proof, name, size, sha256, time_ms),
        )  # fmt: skip
        self._book.write(entry)
        self._decided = True
        self._put_in_place(entry)
        return entry.committed

    def _told(self, proof: Proof) -> Proof:
        """Return the proof with what became of the rows, and with the position that was reached before."""
        proof, newest = replace(proof, inserted=proof.rows if self._order.mode else 0), self._book.newest()
        if proof.watermark or newest is None:
            return proof
        before = newest.committed.proof
        return replace(proof, watermark=before.watermark, position=before.position, position_rows=before.position_rows)

    def _nothing(self, proof: Proof) -> Committed:
        """End a job that found nothing to add: nobody is sent an empty file."""
        entry = decided(proof, name="", staged="", sha256="", size=0, time_ms=self._now_ms(), manifest="")
        write_whole(self._folder / FILE, entry.model_copy(update={"state": "done"}).model_dump_json(), durable=True)
        self._decided = True
        return entry.committed

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)

    def _made(self, proof: Proof) -> Path:
        """Write the rows into a file of the form, read it again, and compare."""
        pairs = dict(self._landing.columns)
        headings = [pairs[name] for name in self._schema.names]
        schema = pa.schema(list(zip(headings, self._schema.types, strict=True)))
        order = [heading for _, heading in self._landing.columns]
        written = pa.schema([schema.field(heading) for heading in order])
        path = self._folder / "staged" / f"made.{self._name.form}"
        form = OPENERS[self._name.form](path, written, self._out)
        sent, back = (digest_for(order, written, self._name.form) for _ in range(2))
        for batch in read_batches([self._table.path / name for name in self._files], self._schema):
            named = pa.RecordBatch.from_arrays(batch.columns, schema=schema).select(order)
            form.write(named)
            sent.update(form.canonical(named))
        form.close()
        try:
            for batch in form.read():
                back.update(batch)
        except (pa.ArrowException, ValueError) as error:
            raise ContentDiffersError(source_digest=sent.text(), target_digest=type(error).__name__) from error
        if (back.text(), back.rows) != (sent.text(), proof.rows):
            raise ContentDiffersError(source_digest=sent.text(), target_digest=back.text())
        return path

    def _packed(self, made: Path, name: str) -> Path:
        if not self._name.packing:
            return made
        path = made.with_name("packed")
        bare = name.rpartition(".")[0]
        if self._name.packing == "gz":
            # No name and no time in it: the same rows make the same bytes.
            with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as packed, made.open("rb") as stream:
                shutil.copyfileobj(stream, packed, _BLOCK)
        else:
            about = zipfile.ZipInfo(bare, (1980, 1, 1, 0, 0, 0))
            about.compress_type = zipfile.ZIP_DEFLATED
            with (
                zipfile.ZipFile(path, "w") as archive,
                archive.open(about, "w", force_zip64=True) as packed,
                made.open("rb") as stream,
            ):
                shutil.copyfileobj(stream, packed, _BLOCK)
        if (found := _unpacked(path, self._name.packing)) != (sent := _sha256(made)):
            raise ContentDiffersError(source_digest=sent, target_digest=found)
        return path

    def _manifest(self, proof: Proof, name: str, size: int, sha256: str, time_ms: int) -> str:
        columns = [heading for _, heading in self._landing.columns]
        written = datetime.fromtimestamp(time_ms / 1000, BEIJING).isoformat(timespec="seconds")
        told = {
            "file": Path(name).name, "rows": proof.rows, "bytes": size, "sha256": sha256, "job": proof.job_id,
            "digest": proof.digest, "columns": columns, "written": written,
        }  # fmt: skip
        return json.dumps(told, ensure_ascii=False, indent=1) + "\n"

    def _put_in_place(self, entry: Delivered) -> None:
        """Give a decided file its name and its manifest; done twice it has one effect."""
        marker = entry.name + self._out.marker if self._out.marker else ""
        if self._store.find(entry.staged) is not None:
            if marker:
                self._store.remove(marker)
            self._store.move(entry.staged, entry.name)
        self._write(entry.manifest, entry.name + MANIFEST, entry.staged)
        if marker:
            self._write("", marker, entry.staged)
        done = entry.model_copy(update={"state": "done"})
        folder = self._folder.parent / entry.job_id
        if folder.is_dir():
            write_whole(folder / FILE, done.model_dump_json(), durable=True)
        self._book.write(done)

    def _write(self, content: str, name: str, staged: str) -> None:
        path = self._folder / f"beside{STAGED}"
        path.write_text(content, encoding="utf-8")
        self._store.put(path, f"{staged}s")
        self._store.move(f"{staged}s", name)
        path.unlink()

    @override
    def hold(self) -> None:
        self._held = True


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _unpacked(path: Path, packing: str) -> str:
    with ExitStack() as stack:
        stream: Any
        if packing == "gz":
            stream = stack.enter_context(gzip.open(path))
        else:
            archive = stack.enter_context(zipfile.ZipFile(path))
            stream = stack.enter_context(archive.open(archive.infolist()[0]))
        digest = hashlib.sha256()
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
