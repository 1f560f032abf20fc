"""Publishes the rows of a job to a stream, each once, and reads them back there.

Every message carries the job and its number in it. So after any kill the stream itself says what is still missing,
however long it took; the server's own memory of message ids only covers what was on its way at that moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.targets.errors import TargetLostError, TargetRefusedError
from jutong.node.exchange.targets.published import Published
from jutong.node.queues.server import Server
from jutong.node.queues.writing import schema_of, written

JOB, ROW, ROWS, SCHEMA, MODE, KEYS = (
    "Jutong-Job", "Jutong-Row", "Jutong-Rows", "Jutong-Schema", "Jutong-Mode", "Jutong-Keys",
)  # fmt: skip
AT_ONCE = 500
"""Messages on their way before their acknowledgements are waited for."""

BATCH_ROWS = 8_192
FETCH_SECONDS = 2.0
ACK_SECONDS = 30.0


class DroppedError(TargetRefusedError):
    """The stream takes messages and drops older ones of the same job for them."""


class Publishing:
    """One job's messages.

    Args:
        server: the connection.
        entry: what was decided.
        folder: of the job's rows.
    """

    def __init__(self, server: Server, entry: Published, folder: Path) -> None:
        self._server, self._entry, self._folder = server, entry, folder
        self._rows = int(entry.proof["rows"])

    async def done(self, *, begun: bool) -> None:
        """Publish what is missing, and make sure that the stream holds every row once, as it was sent.

        Args:
            begun: whether an earlier process may have published something.

        Raises:
            TargetRefusedError: the stream does not take messages, or does not keep them.
            ContentDiffersError: what lies there is not what was sent.
            TargetLostError: the server does not acknowledge.
        """
        known = {number async for number, _ in self._there(headers_only=True)} if begun else set()
        await self._publish(known)
        await self._check()

    def _lines(self) -> Iterator[bytes]:
        names = dict(self._entry.names)
        for name in self._entry.files:
            with pq.ParquetFile(self._folder / name) as file:
                for batch in file.iter_batches(BATCH_ROWS):
                    yield from written(batch, [names[column] for column in batch.schema.names])

    def _headers(self) -> dict[str, str]:
        names = dict(self._entry.names)
        told = {JOB: self._entry.job_id, ROWS: str(self._rows), MODE: self._entry.mode}
        if self._entry.files:
            schema = pq.read_schema(self._folder / self._entry.files[0])
            told[SCHEMA] = schema_of(schema, [names[column] for column in schema.names])
        if self._entry.keys:
            told[KEYS] = schema_of_keys(self._entry.keys, names)
        return told

    async def _publish(self, known: set[int]) -> None:
        answers = Answers()
        inbox = await self._server.hear(answers.heard)
        told = self._headers()
        numbered = ((number, line) for number, line in enumerate(self._lines(), start=1) if number not in known)
        while some := list(islice(numbered, AT_ONCE)):
            answers.wait_for({number for number, _ in some})
            for number, line in some:
                headers = {
                    **told, ROW: str(number), "Nats-Msg-Id": f"{self._entry.job_id}-{number}",
                    "Nats-Expected-Stream": self._entry.stream,
                }  # fmt: skip
                await self._server.say(self._entry.subject, line, reply=f"{inbox}.{number}", headers=headers)
            await self._taken(answers)

    async def _taken(self, answers: Answers) -> None:
        try:
            async with asyncio.timeout(ACK_SECONDS):
                await answers.complete.wait()
        except TimeoutError as error:
            raise TargetLostError(table=self._entry.subject, reason="not acknowledged") from error
        if answers.problem:
            raise TargetRefusedError(table=self._entry.subject, reason=answers.problem)

    async def _check(self) -> None:
        """Read the job's messages again, in the stream's order."""
        lines, found, whole = self._lines(), 0, self._entry.whole
        async for number, data in self._there(headers_only=not whole):
            found += 1
            if number != found and (await self._state()).first_seq > self._entry.start + 1:
                break
            if number != found or (whole and data != next(lines, None)):
                raise ContentDiffersError(
                    source_digest=f"{self._entry.subject} {found}", target_digest=f"{self._entry.subject} {number}"
                )
        state = await self._state()
        if state.first_seq > self._entry.start + 1:
            reason = f"the stream keeps {state.messages} messages, {self._rows} were published"
            raise DroppedError(table=self._entry.subject, reason=reason)
        if found != self._rows:
            missing = f"{self._entry.subject} {found}/{self._rows}"
            raise ContentDiffersError(source_digest=f"{self._entry.subject} {self._rows}", target_digest=missing)

    async def _state(self) -> Any:
        return (await self._server.stream(self._entry.stream)).state

    async def _there(self, *, headers_only: bool) -> AsyncIterator[tuple[int, bytes]]:
        """Yield the numbers, and the data, of the job's messages that the stream holds."""
        from nats.js import api  # noqa: PLC0415

        config = api.ConsumerConfig(
            ack_policy=api.AckPolicy.NONE, deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._entry.start + 1, headers_only=headers_only or None, inactive_threshold=60.0,
        )  # fmt: skip
        pull = await self._server.js.pull_subscribe(self._entry.subject, stream=self._entry.stream, config=config)
        left = (await pull.consumer_info()).num_pending or 0
        while left:
            try:
                taken = await pull.fetch(min(left, AT_ONCE), timeout=FETCH_SECONDS)
            except TimeoutError:  # the driver raises its own and asyncio's
                left = (await pull.consumer_info()).num_pending or 0
                continue
            for message in taken:
                told = message.headers or {}
                if told.get(JOB) == self._entry.job_id:
                    yield int(told[ROW]), bytes(message.data)
            left = taken[-1].metadata.num_pending
        await pull.unsubscribe()


class Answers:
    """What the server answers to messages that are on their way, by their numbers."""

    def __init__(self) -> None:
        self.complete = asyncio.Event()
        self.problem = ""
        self._waiting: set[int] = set()

    def wait_for(self, numbers: set[int]) -> None:
        """Begin to wait for the answers to some messages."""
        self._waiting = numbers
        self.complete.clear()

    async def heard(self, message: Any) -> None:
        """Take an answer: that a message is kept, or why it is not."""
        if (message.headers or {}).get("Status") == "503":
            self.problem = "no stream takes it"
        else:
            said = orjson.loads(message.data)
            if "error" in said:
                self.problem = f"{said['error'].get('err_code', '')} {said['error'].get('description', '')}"[:200]
        self._waiting.discard(int(message.subject.rpartition(".")[2]))
        if not self._waiting or self.problem:
            self.complete.set()


def schema_of_keys(keys: tuple[str, ...], names: dict[str, str]) -> str:
    """Return the keys as a header says them, by their names in a message."""
    return ",".join(names.get(key, key) for key in keys).encode("ascii", "backslashreplace").decode()
