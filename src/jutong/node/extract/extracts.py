"""Makes a file of granted rows page by page, keeps it for its few minutes, and what it was for good."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from jutong.node.errors import ExtractTooLargeError
from jutong.node.extract.fingerprint import BLOCK, arranged, carrier, cell, key_of
from jutong.node.extract.writers import Writer, writer
from jutong.node.gateway.addresses import Lender
from jutong.node.gateway.answers import Served, blind, encoded
from jutong.node.gateway.bulk import BulkCalls
from jutong.node.gateway.calls import Call
from jutong.node.gateway.marks import Mark, told
from jutong.node.gateway.narrow import BulkPermit
from jutong.node.gateway.recorder import Attempt, Outcome
from jutong.node.gateway.stretches import BulkAnswer, Stretch, told_filters

EXTRACTS = ("records", "extracts")
"""Where files and what is kept of them, and of moves with a fingerprint, lie in an instance's home."""
DOWNLOAD = "/gw/v1/file/download"
LIFE_MS = 600_000
"""How long a file may be fetched."""
MOST_FILE_ROWS = 1_000_000
AT_ONCE = 2
"""Files made side by side."""
MANIFEST, TAGS = ".json", ".tags"


@dataclass
class _Making:
    """One file while it is written; every method runs in a thread."""

    attempt: Attempt
    call: Call
    permit: BulkPermit
    path: Path
    key: bytes
    writer: Writer
    tags: BinaryIO
    rows: int = 0
    column: int = -1
    found: list[tuple[int, Mark]] = field(default_factory=list)

    def add(self, stretch: Stretch, made: BulkAnswer) -> None:
        """Write a block in the recipient's order."""
        shown = made.placed(stretch.found, stretch.order)
        texts = [[cell(row[name]) for name in self.permit.items] for row in shown]
        if self.column < 0 and texts:
            self.column = carrier(texts)
        order = arranged(texts, self.column, self.key)
        places = {number: self.rows + place for place, number in enumerate(order)}
        self.found += [(places[number], mark) for number, mark in made.take_found()]
        self.writer.write([texts[number] for number in order])
        self.tags.write(made.take_tags())
        self.rows += len(texts)

    def close(self) -> tuple[int, str]:
        """Finish the file and return its size and SHA-256."""
        self.writer.close()
        self.tags.flush()
        os.fsync(self.tags.fileno())
        self.tags.close()
        with self.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return self.path.stat().st_size, digest

    def manifest(self) -> dict[str, Any]:
        """Return what the file is and for whom."""
        attempt, call = self.attempt, self.call
        order, asker, items = self.permit.grant.order, attempt.asker, self.permit.items
        return {
            "record": attempt.record_id,
            "time_ms": attempt.now_ms,
            "grant": order.grant_number,
            "entry": order.entry_code,
            "entry_name": order.entry_name,
            "recipient": asker.requester_code,
            "recipient_name": asker.requester_name,
            "system": asker.system_name,
            "official": call.official,
            "purpose": call.purpose,
            "case": call.case,
            "format": call.bulk.format,
            "items": list(items),
            "carrier": items[self.column] if self.column >= 0 else "",
            "rows": self.rows,
        }

    def abandon(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(Exception):
            self.writer.close()
        self.tags.close()
        for suffix in (self.path.suffix, TAGS):
            self.path.with_suffix(suffix).unlink(missing_ok=True)


class Extracts:
    """Files of granted rows.

    Args:
        folder: where they lie; private.
        secret: the node's own secret, of which each file's key is made.
        lender: signs the addresses they are fetched at.
        base: the gateway's public address, without a trailing slash.
        most_rows: rows of the largest file.
    """

    def __init__(
        self, folder: Path, secret: bytes, lender: Lender, base: str, *, most_rows: int = MOST_FILE_ROWS
    ) -> None:
        self._folder = folder
        self._secret = secret
        self._lender = lender
        self._base = base
        self._most_rows = most_rows
        self._gate = asyncio.Semaphore(AT_ONCE)

    def path_of(self, record_id: str) -> Path | None:
        """Return the file of a record, None where there is none any more; blocking."""
        found = [path for path in self._folder.glob(f"{record_id}.*") if path.suffix not in {MANIFEST, TAGS}]
        return found[0] if found else None

    async def make(self, calls: BulkCalls, attempt: Attempt, call: Call, permit: BulkPermit) -> tuple[Served, Outcome]:
        """Write the file and return the answer that tells where it is; nothing is recorded yet.

        Raises:
            ExtractTooLargeError: if the rows are more than one file may hold.
            JutongError: if the source refuses.
            OSError: if the disk does.
        """
        async with self._gate:
            await asyncio.to_thread(self._sweep, attempt.now_ms)
            making = await asyncio.to_thread(self._open, attempt, call, permit)
            made = BulkAnswer(calls.tag, permit, None)
            try:
                await self._fill(calls, permit, making, made)
                size, digest = await asyncio.to_thread(making.close)
                manifest = making.manifest() | {"bytes": size, "sha256": digest}
                await asyncio.to_thread(self._keep, attempt.record_id, manifest)
            except BaseException:
                await asyncio.to_thread(making.abandon)
                raise
        return self._answered(making, made, manifest)

    async def _fill(self, calls: BulkCalls, permit: BulkPermit, making: _Making, made: BulkAnswer) -> None:
        place: list[Any] | None = None
        block = replace(permit, limit=BLOCK)
        while True:
            stretch = await calls.stretch(block, permit.grant.key_columns, place, "file")
            if making.rows + len(stretch.found) > self._most_rows:
                raise ExtractTooLargeError(limit=self._most_rows)
            made.table = stretch.table
            await asyncio.to_thread(making.add, stretch, made)
            if not stretch.more:
                return
            place = stretch.last

    def _open(self, attempt: Attempt, call: Call, permit: BulkPermit) -> _Making:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{attempt.record_id}.{call.bulk.format}"
        for one in (path, path.with_suffix(TAGS)):
            os.close(os.open(one, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        key = key_of(self._secret, attempt.record_id)
        opened = writer(call.bulk.format, path, permit.items)
        return _Making(attempt, call, permit, path, key, opened, path.with_suffix(TAGS).open("wb"))

    def _keep(self, record_id: str, manifest: dict[str, Any]) -> None:
        """Keep what a file was: by it a leaked copy is found long after the file is gone."""
        path = self._folder / f"{record_id}{MANIFEST}"
        with path.open("wb") as stream:
            stream.write(orjson.dumps(manifest))
            stream.flush()
            os.fsync(stream.fileno())

    def _answered(self, making: _Making, made: BulkAnswer, manifest: dict[str, Any]) -> tuple[Served, Outcome]:
        attempt, call, grant = making.attempt, making.call, making.permit.grant
        expires = min(attempt.now_ms + LIFE_MS, grant.order.valid_until_ms)
        token = self._lender.token(grant.order.grant_number, attempt.record_id, expires)
        marks = {"marks": told(making.found, grant)} if making.found else {}
        content = {
            "record": attempt.record_id,
            "manifest": {name: value for name, value in manifest.items() if name != "carrier"},
            "address": f"{self._base}{DOWNLOAD}?token={token}",
            "expires_ms": expires,
            "blind": blind(),
            **marks,
        }
        body = encoded(content)
        more = {
            "file": {name: manifest[name] for name in ("format", "bytes", "sha256")},
            **told_filters(call, made.tag),
        }
        corrections = tuple(dict.fromkeys(mark.correction for _, mark in making.found))
        outcome = replace(made.outcome(body, more), marks=corrections)
        return Served(attempt.record_id, body, marks=corrections), outcome

    def _sweep(self, now_ms: int) -> None:
        """Drop files whose time is over; manifests and tags stay."""
        if not self._folder.exists():
            return
        for path in self._folder.iterdir():
            if path.suffix in {MANIFEST, TAGS}:
                continue
            with contextlib.suppress(OSError):
                if path.stat().st_mtime * 1000 < now_ms - 2 * LIFE_MS:
                    path.unlink()
