"""Takes messages off a stream, into a file of the job's own; nothing is acknowledged yet.

A message that was handed out to a process that died comes again after the consumer's time for acknowledging. So a
drain is over only when the server says that every message it has out is one that is held here.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

import orjson

from jutong.contracts.envelope import Document
from jutong.library.errors import DiskFullError
from jutong.node.exchange.jobs import private, write_whole
from jutong.node.queues.errors import ConsumerUnfitError, MessagesElsewhereError, MessagesLostError
from jutong.node.queues.mapping import StreamTable
from jutong.node.queues.server import Server

ROWS, ACKS, STATE = "messages.jsonl", "messages.acks", "messages.json"
FETCHED_AT_ONCE = 1_000
FETCH_SECONDS = 1.0
MARGIN_SECONDS = 0.5
PATIENCE_SECONDS = 10.0
"""How long past its time a message that is out may take to come again."""

UNLIMITED = -1


class Drained(Document):
    """What a drain took: behind which message of the stream, up to which, and how many there were."""

    stream: str
    consumer: str
    created: str
    after: int
    upto: int
    messages: int
    lines: int

    @property
    def position(self) -> str:
        """How far the stream was read, as the target keeps it."""
        return f"{self.upto} {self.created}"


def load(folder: Path) -> Drained | None:
    """Return what a job has drained; None where it has not, or not all."""
    try:
        return Drained.model_validate_json((folder / STATE).read_bytes())
    except (OSError, ValueError):
        return None


def forget(folder: Path) -> None:
    """Remove what was drained."""
    for name in (STATE, ROWS, ACKS):
        (folder / name).unlink(missing_ok=True)


def position_of(text: str) -> tuple[int, str]:
    """Return the number and the stream's birth out of a position; 0 where nothing was read yet."""
    number, _, created = text.partition(" ")
    return (int(number), created) if number.isdigit() else (0, "")


class Draining:
    """One drain.

    Args:
        server: the connection.
        table: the mapping.
        consumer: the consumer's name.
        position: how far the target has read, as ``Drained.position`` says it; empty for not at all.
        target: whom a consumer of our making is for.
    """

    def __init__(self, server: Server, table: StreamTable, *, consumer: str, position: str, target: str) -> None:
        self._server, self._table = server, table
        self._name, self._label = consumer, f"jutong {target}"
        self._after, self._created = position_of(position)
        self._held: set[int] = set()
        self._upto = 0
        self._ack_wait = float(table.ack_seconds)

    def into(self, folder: Path) -> Drained:
        """Take what the stream has now into a folder; durable before return.

        Raises:
            MessagesLostError: what was to be read next is gone.
            ConsumerUnfitError, MessagesElsewhereError: the consumer cannot be read by, or not now.
            DiskFullError: the disk takes no more.
        """
        try:
            with open(folder / ROWS, "wb", opener=private) as rows, open(folder / ACKS, "wb", opener=private) as acks:
                drained = self._server.run(self._drained(rows, acks))
                for stream in (rows, acks):
                    stream.flush()
                    os.fsync(stream.fileno())
            write_whole(folder / STATE, drained.model_dump_json(), durable=True)
        except OSError as error:
            raise DiskFullError(rows=len(self._held)) from error
        return drained

    async def _drained(self, rows: BinaryIO, acks: BinaryIO) -> Drained:
        info = await self._server.stream(self._table.stream)
        created, state = _moment(info.created), info.state
        self._check_place(state, created)
        most = await self._opened(str(info.config.retention))
        complete = await self._take(rows, acks, goal=state.last_seq, most=most)
        # Everything up to the goal was handed out to us; behind it, what came while we read.
        upto = max(self._upto, self._after, state.last_seq if complete else 0)
        return Drained(
            stream=self._table.stream, consumer=self._name, created=created, after=self._after, upto=upto,
            messages=len(self._held), lines=len(self._held),
        )  # fmt: skip

    def _check_place(self, state: Any, created: str) -> None:
        """Make sure that nothing behind the position is gone."""
        renewed = bool(self._after) and (created != self._created or state.last_seq < self._after)
        # Of a part of the subjects nobody can say whether what is gone was ours.
        gone = bool(self._after) and not self._table.subject and state.first_seq > self._after + 1
        if renewed and self._table.lost == "pass":
            self._after = 0
        elif (renewed or gone) and self._table.lost == "stop":
            raise MessagesLostError(
                stream=self._table.stream, after=self._after, first=state.first_seq, last=state.last_seq,
                problem="stream made anew" if renewed else "not kept long enough",
            )  # fmt: skip

    async def _opened(self, retention: str) -> int:
        """Find the consumer, or make it; return how many messages it hands out before one is acknowledged."""
        found = await self._server.consumer(self._table.stream, self._name)
        if found is None and self._table.consumer:
            raise self._unfit("missing")
        if found is None:
            found = await self._made(retention)
        config = found.config
        problems = {
            "push": bool(config.deliver_subject),
            "ack policy": str(config.ack_policy) != "explicit",
            "max_deliver": (config.max_deliver or UNLIMITED) > 0,
            "filter subject": (config.filter_subject or "") != self._table.subject,
            "another target's": bool(config.description) and config.description.startswith("jutong ")
            and config.description != self._label,
            "acknowledged elsewhere": not self._after and found.ack_floor.consumer_seq > 0,
        }  # fmt: skip
        if wrong := [name for name, bad in problems.items() if bad]:
            raise self._unfit("、".join(wrong))
        self._ack_wait = float(config.ack_wait or self._table.ack_seconds)
        most = config.max_ack_pending or UNLIMITED
        return min(self._table.most_messages, most) if most > 0 else self._table.most_messages

    async def _made(self, retention: str) -> Any:
        from nats.js import api  # noqa: PLC0415 - an optional driver

        # A work queue has no place to begin at: what was acknowledged is gone from it.
        behind = self._after if retention != "workqueue" else 0
        where: dict[str, Any] = {"deliver_policy": api.DeliverPolicy.ALL}
        if behind:
            where = {"deliver_policy": api.DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": behind + 1}
        config = api.ConsumerConfig(
            durable_name=self._name, description=self._label, ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=float(self._table.ack_seconds), max_deliver=UNLIMITED, max_ack_pending=UNLIMITED,
            filter_subject=self._table.subject or None, **where,
        )  # fmt: skip
        return await self._server.js.add_consumer(self._table.stream, config)

    async def _take(self, rows: BinaryIO, acks: BinaryIO, *, goal: int, most: int) -> bool:
        """Take messages until there are none, or as many as a job takes; return whether it was all up to the goal."""
        pull = await self._server.js.pull_subscribe_bind(consumer=self._name, stream=self._table.stream)
        waited = began = monotonic()
        since = 0.0
        while True:
            found = await self._server.consumer(self._table.stream, self._name)
            if found is None:
                raise self._unfit("missing")
            out = found.num_ack_pending - len(self._held)
            complete = not found.num_pending or found.delivered.stream_seq >= goal
            # What is held too long comes again before anything new does: then no drain would ever end.
            full = len(self._held) >= most or bool(since and monotonic() - since > self._ack_wait / 2)
            if out <= 0 and (full or complete):
                return complete
            if out > 0 and monotonic() - waited > self._ack_wait + PATIENCE_SECONDS:
                raise MessagesElsewhereError(stream=self._table.stream, consumer=self._name, count=out)
            if full and monotonic() - began < self._ack_wait + MARGIN_SECONDS:
                await asyncio.sleep(MARGIN_SECONDS)  # who asked now would be given new ones
                continue
            wanted = min(FETCHED_AT_ONCE, out if full else most - len(self._held))
            try:
                taken = await pull.fetch(wanted, timeout=FETCH_SECONDS)
            except TimeoutError:  # the driver raises its own and asyncio's
                continue
            if await self._kept(taken, rows, acks):
                waited = monotonic()
                since = since or waited

    async def _kept(self, taken: list[Any], rows: BinaryIO, acks: BinaryIO) -> int:
        """Keep messages that are not held yet; what the target has already is acknowledged again."""
        kept = 0
        for message in taken:
            number = message.metadata.sequence.stream
            if number <= self._after:
                await message.ack()
                continue
            acks.write(message.reply.encode() + b"\n")
            if number in self._held:
                continue
            self._held.add(number)
            self._upto = max(self._upto, number)
            rows.write(line_of(message, number) + b"\n")
            kept += 1
        return kept

    def _unfit(self, problem: str) -> ConsumerUnfitError:
        return ConsumerUnfitError(stream=self._table.stream, consumer=self._name, problem=problem)


def line_of(message: Any, number: int) -> bytes:
    """Return a message as a line of JSON: an object, or, of one that is no row, a list that tells what it is."""
    data = bytes(message.data)
    try:
        row = isinstance(orjson.loads(data), dict)
    except ValueError:
        row = False
    if not row:
        return orjson.dumps([number, message.subject, data.decode("utf-8", "backslashreplace")])
    told = orjson.dumps({
        "s": number, "t": message.metadata.timestamp.isoformat(), "u": message.subject,
        "i": (message.headers or {}).get("Nats-Msg-Id"),
    })  # fmt: skip
    # Line ends are nothing but blanks in JSON; the message's own bytes keep every digit as it was written.
    return told[:-1] + b',"d":' + data.replace(b"\n", b" ").replace(b"\r", b" ") + b"}"


def consumer_of(table: StreamTable, target: str) -> str:
    """Return the consumer a target reads by."""
    if table.consumer:
        return table.consumer
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in target)
    return f"jutong_{plain[:60]}_{hashlib.sha256(target.encode()).hexdigest()[:10]}"


def _moment(created: Any) -> str:
    return created.isoformat() if isinstance(created, datetime) else str(created)
