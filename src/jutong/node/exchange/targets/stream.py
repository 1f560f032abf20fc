"""A subject of a NATS stream: every row a message, published when all of them lie ready and were found right.

Chunks are kept as they pass, in the job's folder. At the end the job decides in one durable step; from then on its
messages will be published, by it or by whoever comes next, each once (``published``, ``publishing``).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from typing_extensions import override

from jutong.contracts.landing import Landing
from jutong.contracts.modes import AppendMode, MergeMode, ReplaceMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import Rule
from jutong.contracts.subjects import is_subject
from jutong.kernel.clock import Clock, utc_now
from jutong.library.overwrite import Committed, Overwrite, Proof
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.exchange.errors import ContentDiffersError, OrderUnfitError, SourceLostError, ValueUnfitError
from jutong.node.exchange.jobs import write_whole
from jutong.node.exchange.targets import Landed, Target
from jutong.node.exchange.targets.errors import TargetLostError, TargetUnfitError, WriteForbiddenError
from jutong.node.exchange.targets.published import FILE, Published, SubjectBook, load
from jutong.node.exchange.targets.publishing import DroppedError, Publishing
from jutong.node.exchange.targets.staged import standing, summed
from jutong.node.queues.errors import StreamUnfitError
from jutong.node.queues.server import Server
from jutong.node.queues.writing import LONGEST_SCHEMA, endless, schema_of
from jutong.node.sources import SourceConfig

STAGED = "staged"
_NOWHERE: dict[str, Any] = {"watermark": "", "position": "", "position_rows": 0}


class StreamTarget(Target):
    """One subject; see ``targets.Target``.

    Args:
        order: the job's; it has a landing.
        landing: the stream as schema, the subject as table, and by the columns that land their names in a message.
        into: the server.
        home: the instance's data folder.
        folder: the job's own.
        clock: tells when the rows were published.
    """

    def __init__(
        self, order: JobOrder, landing: Landing, into: SourceConfig, *, home: Path, folder: Path, clock: Clock = utc_now
    ) -> None:
        self._order, self._landing, self._into, self._folder, self._clock = order, landing, into, folder, clock
        self._book = SubjectBook(home, into.name, landing.schema_name, landing.table)
        self._rows = Overwrite(folder / STAGED, order.job_id)
        self._stack = ExitStack()
        self._files: list[str] = []
        self._held = self._decided = False

    @override
    def __enter__(self) -> Self:
        if self._landing.schema_name not in self._into.writes:
            raise WriteForbiddenError(source=self._into.name, schema=self._landing.schema_name)
        subject = self._landing.table
        if not is_subject(subject):
            raise OrderUnfitError(what="主题", found=subject)
        mode = self._order.mode
        if mode is not None and (not isinstance(mode, ReplaceMode | AppendMode | MergeMode) or _keeps(mode)):
            raise OrderUnfitError(what="写入方式", found=f"{mode.kind}: replace, append, merge")
        with ExitStack() as stack:
            self._book.hold()
            stack.callback(self._book.leave)
            last = self._book.last()
            if last is not None and last.state == "decided":
                self._decided = last.job_id == self._order.job_id
                self._published(last, begun=True)
            stack.enter_context(self._rows)
            self._stack = stack.pop_all()
        return self

    @override
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if self._held or self._decided:
                self._rows.hold()
                return
        if self._folder.joinpath(STAGED).is_dir():
            shutil.rmtree(self._folder / STAGED)

    @override
    def committed(self) -> Committed | None:
        found = load(self._folder / FILE)
        return found.committed if found else None

    @override
    def fits(self, schema: pa.Schema, kinds: Mapping[str, str]) -> tuple[Rule, ...]:
        """Compare the columns that land with those of the order, and see whether the stream can be proven to hold them.

        Raises:
            TargetUnfitError: when a column has no name, or two have one.
            StreamUnfitError: when the stream does not keep messages until they are looked at again.
        """
        pairs = dict(self._landing.columns)
        names = [name for _, name in self._landing.columns]
        missing = sorted(set(schema.names) ^ set(pairs))
        twice = sorted({name for name in names if names.count(name) > 1})
        if missing or twice:
            raise TargetUnfitError(table=self._landing.table, columns="、".join(missing or twice)[:400])
        if len(schema_of(schema, [pairs[name] for name in schema.names])) > LONGEST_SCHEMA:
            raise TargetUnfitError(table=self._landing.table, columns=f"{len(schema)}")
        with Server(self._into) as server:
            self._check_stream(server.run(server.stream(self._landing.schema_name)))
        return ()

    def _check_stream(self, info: Any) -> None:
        config = info.config
        problems = {
            f"retention {config.retention}": str(config.retention) != "limits",
            "no_ack": bool(config.no_ack),
            "sealed": bool(config.sealed),
            "mirror": config.mirror is not None,
            "max_msgs_per_subject": (config.max_msgs_per_subject or -1) > 0,
        }
        if wrong := [name for name, bad in problems.items() if bad]:
            raise StreamUnfitError(stream=self._landing.schema_name, problem="、".join(wrong))

    @override
    def position(self, watermark: str) -> tuple[str, int]:
        last = self._book.last()
        proof = last.committed.proof if last else None
        return (proof.position, proof.position_rows) if proof and proof.watermark == watermark else ("", 0)

    @override
    def begin(self, schema: pa.Schema, done: Sequence[ChunkDone] | None) -> tuple[ChunkDone, ...]:
        good = standing(self._rows, schema, done, self._landing)
        self._files = [name for chunk in good for name in chunk.files]
        return good

    @override
    def begin_chunk(self, number: int) -> None:
        self._rows.begin_chunk(number)

    @override
    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows to the chunk.

        Raises:
            ValueUnfitError: for a number that JSON has not.
        """
        if column := endless(batch):
            raise ValueUnfitError(column=column, kind="JSON", problem="NaN, infinity")
        self._rows.write(batch)

    @override
    def finish_chunk(self) -> Landed:
        return summed(self._rows, self._rows.finish(), self._landing)

    @override
    def keep(self, done: ChunkDone) -> None:
        """Note the chunk's files: they are on the disk, and the job's folder names them."""
        self._files += done.files

    @override
    def commit(self, proof: Proof) -> Committed:
        """Decide, publish, and read back what the stream holds.

        Raises:
            TargetRefusedError, ContentDiffersError, TargetLostError: as they say; the rows are published when the
                stream can take them, by the next try or the next job for the subject.
        """
        proof, last, mode = replace(proof, inserted=proof.rows if self._order.mode else 0), self._book.last(), "replace"
        before = {name: last.proof[name] if last else value for name, value in _NOWHERE.items()}
        if not proof.watermark:
            proof = replace(proof, **before)
        if self._order.mode is not None:
            mode = self._order.mode.kind
        with Server(self._into) as server:
            info = server.run(server.stream(self._landing.schema_name))
        entry = Published(
            job_id=self._order.job_id, state="decided", stream=self._landing.schema_name, subject=self._landing.table,
            created=info.created.isoformat(), start=info.state.last_seq, files=tuple(self._files),
            names=tuple(self._landing.columns), mode=mode, keys=tuple(getattr(self._order.mode, "keys", ())),
            whole=self._landing.proof == "digest", proof=asdict(proof), before=before,
            time_ms=int(self._clock().timestamp() * 1000),
        )  # fmt: skip
        if 0 < (info.config.max_msgs or -1) < proof.rows:
            raise StreamUnfitError(stream=entry.stream, problem=f"max_msgs {info.config.max_msgs} < {proof.rows}")
        self._book.decide(entry)
        self._decided = True
        self._published(entry, begun=False)
        return entry.committed

    def _published(self, entry: Published, *, begun: bool) -> None:
        """Bring all messages of an entry to the stream; done twice it has one effect."""
        folder = self._folder.parent / entry.job_id
        if missing := [name for name in entry.files if not (folder / STAGED / name).is_file()]:
            raise ContentDiffersError(source_digest=entry.job_id, target_digest=f"-{len(missing)}")
        try:
            with Server(self._into) as server:
                info = server.run(server.stream(entry.stream))
                if info.created.isoformat() != entry.created:  # made anew meanwhile: it holds none of them, or all
                    entry = entry.model_copy(update={"created": info.created.isoformat(), "start": 0})
                server.run(Publishing(server, entry, folder / STAGED).done(begun=begun))
        except SourceLostError as error:
            raise TargetLostError(table=entry.subject, reason=error.fields["reason"]) from error
        except DroppedError:
            # No try could ever end well. Where the source is read from stays as it was.
            self._book.decide(entry.model_copy(update={"state": "done", "proof": {**entry.proof, **entry.before}}))
            self._decided = False
            raise
        done = entry.model_copy(update={"state": "done"})
        if folder.is_dir():
            write_whole(folder / FILE, done.model_dump_json(), durable=True)
        self._book.decide(done)
        self._decided = False
        if entry.job_id != self._order.job_id:
            shutil.rmtree(folder / STAGED, ignore_errors=True)

    @override
    def hold(self) -> None:
        self._held = True


def _keeps(mode: Any) -> bool:
    """Tell whether a mode asks for what a stream has not: former versions, other columns of the same table."""
    return bool(getattr(mode, "history", False)) or mode.drift != "freeze"
