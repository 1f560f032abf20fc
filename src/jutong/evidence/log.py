"""The append-only log: one writer, durable before acknowledged, published as tiles with a signed checkpoint."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, RLock
from typing import Self

from jutong.evidence import files, recovery
from jutong.evidence.checkpoint import Checkpoint, SignsBytes, VerifierKey, verifier_key
from jutong.evidence.errors import (
    EntryNotFoundError,
    EntryTooLargeError,
    ErasureUnfinishedError,
    LogBusyError,
    LogClosedError,
    LogStoppedError,
    LogUnwritableError,
    RecordNotFoundError,
    Told,
    refusal,
    told,
)
from jutong.evidence.receipt import Receipt
from jutong.evidence.records import RecordStore, record_id_of
from jutong.evidence.tiles import LARGEST_ENTRY, TileReader
from jutong.evidence.wal import Pair, WalWriter
from jutong.evidence.writer import ASIDE
from jutong.kernel.i18n import gettext_noop

WAL = "wal"
LOCK = "lock"
SEGMENT_BYTES = 8 << 20
SEGMENT_SECONDS = 60.0
"""After how long a used segment of the write-ahead log is closed, so that records do not linger in it."""
DISK_ERRORS = (OSError, sqlite3.Error)


class EvidenceLog:
    """A log folder held open by its one writer. Safe to call from several threads.

    ``append`` is durable on return; ``publish`` makes what was appended provable. When the disk refuses anything the
    log stops: memory may then be ahead of the disk, so only ``reopen``, which reads the disk again, makes it go on.
    """

    def __init__(
        self,
        folder: Path,
        *,
        signer: SignsBytes,
        origin: str,
        records: Path | None = None,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        """Open or create the log, recovering whatever a crash left.

        Args:
            folder: the log folder, all of which may be published.
            signer: the log's Ed25519 key.
            origin: the log's name in checkpoints and the key's name in notes: no spaces, no plus sign.
            records: the erasable record store; by default ``records/records.db`` beside the log folder.
            segment_bytes: how much of the write-ahead log is kept at least before it is dropped as published.

        Raises:
            LogBusyError: if another writer holds the folder.
            LogDamagedError: if the folder contradicts itself or belongs to another key.
            LogUnwritableError: if the disk refuses.
        """
        self.folder = folder
        self.origin = origin
        self.key: VerifierKey = verifier_key(origin, signer)
        self._signer = signer
        self._records_path = records or folder.parent / "records" / "records.db"
        self._segment_bytes = segment_bytes
        self._state = Lock()
        self._publishing = RLock()
        self._failure: Told | None = None
        self._closed = False
        self._lock_descriptor = self._take_lock()
        try:
            self._open()
        except BaseException:
            os.close(self._lock_descriptor)
            raise

    def _take_lock(self) -> int:
        try:
            files.make_folder(self.folder / WAL)
            (self.folder / WAL).chmod(0o700)
            descriptor = os.open(self.folder / WAL / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise LogUnwritableError(reason=refusal(problem)) from problem
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            os.close(descriptor)
            raise LogBusyError(folder=str(self.folder)) from problem
        return descriptor

    def _open(self) -> None:
        try:
            files.make_folder(self.folder / ASIDE)
            recovery.clear_aside(self.folder / ASIDE)
            recovery.publish_key(self.folder, self.key)
            records = RecordStore(self._records_path)
            try:
                writer, checkpoint, sealed = recovery.recover(self.folder, self.key, self._sign, records)
                segment = WalWriter(self.folder / WAL, writer.size, self.folder / ASIDE)
            except BaseException:
                records.close()
                raise
        except DISK_ERRORS as problem:
            raise LogUnwritableError(reason=refusal(problem)) from problem
        self._records, self._writer, self._checkpoint, self._segment = records, writer, checkpoint, segment
        self._sealed = sealed
        self._segment_since = time.monotonic()
        self._pending: list[Pair] = []
        self._size = writer.size

    def _sign(self, size: int, root: bytes) -> Checkpoint:
        return Checkpoint.signed(self.origin, size, root, self._signer)

    def reopen(self) -> None:
        """Read the disk again and go on, keeping the lock. What was acknowledged is there; the rest is forgotten.

        Raises:
            LogUnwritableError: if the disk still refuses.
            LogDamagedError: if the folder contradicts itself.
            LogClosedError: if the log was closed.
        """
        with self._publishing, self._state:
            if self._closed:
                raise LogClosedError
            self._release()
            self._failure = self._failure or told(gettext_noop("正在重新打开"))
            self._open()
            self._failure = None

    def _release(self) -> None:
        with contextlib.suppress(*DISK_ERRORS):
            self._segment.close()
        with contextlib.suppress(*DISK_ERRORS):
            self._records.close()

    @property
    def failed(self) -> bool:
        """Whether the log stopped and waits for ``reopen``."""
        return self._failure is not None

    @property
    def size(self) -> int:
        """How many entries are durable."""
        return self._size

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint published last."""
        return self._checkpoint

    @property
    def published_size(self) -> int:
        """How many entries are provable."""
        return self._checkpoint.size

    def _check_open(self) -> None:
        if self._closed:
            raise LogClosedError
        if self._failure is not None:
            raise LogStoppedError(reason=self._failure)

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Turn a refusal of the disk into a stopped log and a named error."""
        try:
            yield
        except DISK_ERRORS as problem:
            self._failure = refusal(problem)
            raise LogUnwritableError(reason=self._failure) from problem

    def append(self, batch: Sequence[Pair]) -> int:
        """Write leaves with their attachments, durable on return, and return the index of the first.

        Raises:
            EntryTooLargeError: if a leaf passes 65,535 bytes; nothing is written then.
            LogUnwritableError: if the disk refuses; nothing of the batch counts and the log stops.
            LogStoppedError: if it stopped before.
        """
        for leaf, _ in batch:
            if len(leaf) > LARGEST_ENTRY:
                raise EntryTooLargeError(size=len(leaf), limit=LARGEST_ENTRY)
        with self._state:
            self._check_open()
            first = self._size
            if batch:
                with self._stopping():
                    self._segment.append(first, batch)
                    self._pending += batch
                    self._size += len(batch)
                    if self._segment.size >= self._segment_bytes:
                        self._seal()
            return first

    def _seal(self) -> None:
        fresh = WalWriter(self.folder / WAL, self._size, self.folder / ASIDE)
        self._segment.close()
        self._sealed.append((self._segment.path, self._size))
        self._segment = fresh
        self._segment_since = time.monotonic()

    def publish(self) -> Checkpoint:
        """Write tiles, checkpoint and records of everything appended, and return the checkpoint.

        Raises:
            LogUnwritableError: if the disk refuses; the log stops, nothing acknowledged is lost.
            LogStoppedError: if it stopped before.
        """
        with self._publishing:
            self._publish_pending(Path.unlink)
            return self._checkpoint

    def _publish_pending(self, remove: Callable[[Path], None]) -> None:
        with self._state:
            self._check_open()
            batch = self._pending[:]
        with self._stopping():
            if batch:
                self._publish(batch)
            with self._state:
                if time.monotonic() - self._segment_since >= SEGMENT_SECONDS:
                    self._seal_if_used()
            self._drop_sealed(remove)

    def _publish(self, batch: Sequence[Pair]) -> None:
        first = self._writer.size
        self._writer.extend([leaf for leaf, _ in batch])
        self._writer.flush()
        checkpoint = self._sign(self._writer.size, self._writer.root())
        self._records.insert((first + at, attachment) for at, (_, attachment) in enumerate(batch))
        self._writer.publish(checkpoint)
        with self._state:
            del self._pending[: len(batch)]
            self._checkpoint = checkpoint

    def _drop_sealed(self, remove: Callable[[Path], None]) -> None:
        """Remove segments whose entries are published, indexed and durable elsewhere."""
        with self._state:
            ready = [path for path, end in self._sealed if end <= self._checkpoint.size]
        if not ready:
            return
        self._writer.sync()
        if not self._records.sync():
            return
        for path in ready:
            remove(path)
        files.sync_folder(self.folder / WAL)
        with self._state:
            self._sealed = [(path, end) for path, end in self._sealed if path not in ready]

    def receipt(self, index: int) -> Receipt:
        """Return the receipt of a published entry, under the latest checkpoint.

        Raises:
            EntryNotFoundError: if nothing is published at the index.
        """
        checkpoint = self._checkpoint
        if not 0 <= index < checkpoint.size:
            raise EntryNotFoundError(index=index, size=checkpoint.size)
        reader = TileReader(self.folder, checkpoint.size)
        return Receipt(index, tuple(reader.inclusion(index)), checkpoint)

    def find_record(self, record_id: str) -> tuple[int, bytes]:
        """Return leaf index and ``record.json`` bytes of a record, published or not.

        Raises:
            RecordNotFoundError: if there is none, or it was erased.
        """
        try:
            found = self._find_pending(record_id) or self._records.get(record_id)
        except sqlite3.Error as problem:
            raise LogStoppedError(reason=refusal(problem)) from problem
        if found is None:
            raise RecordNotFoundError(record_id=record_id)
        return found

    def _find_pending(self, record_id: str) -> tuple[int, bytes] | None:
        with self._state:
            first = self._size - len(self._pending)
            pending = list(self._pending)
        wanted = record_id.encode()
        for at, (_, attachment) in enumerate(pending):
            if wanted in attachment and record_id_of(attachment) == record_id:
                return first + at, attachment
        return None

    def get_record(self, record_id: str) -> bytes:
        """Return the ``record.json`` bytes of a record.

        Raises:
            RecordNotFoundError: if there is none, or it was erased.
        """
        return self.find_record(record_id)[1]

    def erase(self, record_id: str) -> None:
        """Remove a record and its salt everywhere, the write-ahead log included; leaf and root stay as they are.

        Raises:
            RecordNotFoundError: if there is none.
            ErasureUnfinishedError: if another program holds the record store; the erasure must then be repeated.
            LogUnwritableError: if the disk refuses; the erasure must then be repeated.
        """
        with self._publishing:
            self.find_record(record_id)
            with self._state:
                self._check_open()
                with self._stopping():
                    self._seal_if_used()
            self._publish_pending(files.shred)
            with self._stopping():
                done = self._records.erase(record_id)
            if self._sealed or not done:
                raise ErasureUnfinishedError(record_id=record_id)

    def _seal_if_used(self) -> None:
        if self._size > self._segment.first:
            self._seal()

    def close(self) -> None:
        """Publish what is left, leave an empty write-ahead log and let go of the folder.

        A stopped log is closed as it is; opening it again recovers.

        Raises:
            LogUnwritableError: if the disk refuses; nothing acknowledged is lost.
        """
        with self._publishing:
            if self._closed:
                return
            try:
                if self._failure is None:
                    with self._state, self._stopping():
                        self._seal_if_used()
                    self.publish()
            finally:
                self._closed = True
                self._release()
                os.close(self._lock_descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
