"""Looks at a source from a process of its own: ``python -m jutong.node.universal.apart``.

An ODBC driver is native code of its maker's and may end the process it is loaded into (arrow-odbc itself does so on
some columns), or never return. So the node's own process loads none: it asks a helper, one line of JSON for each
question, and ends the helper when that does not answer in time. The source, password included, is the first line.
"""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any

from jutong.contracts.receipts import TableInfo
from jutong.kernel.errors import JutongError, kinds
from jutong.node import sources
from jutong.node.connectors.errors import SourceUnreachableError, TableUnreadableError
from jutong.node.connectors.limits import LOOK_SECONDS
from jutong.node.drivers import DriverMissingError
from jutong.node.sources import SourceConfig
from jutong.node.universal.errors import SnapshotMissingError, TextGarbledError

SAID = (DriverMissingError, SnapshotMissingError, TextGarbledError)
"""Errors a helper may name besides those of every source: known here, so that they keep their sentences."""

PATIENCE_SECONDS = 3 * LOOK_SECONDS
"""A question may run a few statements; each of them has its own, shorter deadline."""

GOODBYE_SECONDS = 2.0

_MODULE = "jutong.node.universal.apart"


class Apart:
    """A helper that looks at one source.

    Args:
        source: the source.
        patience: seconds a question may take.
    """

    def __init__(self, source: SourceConfig, patience: float = PATIENCE_SECONDS) -> None:
        self._source = source
        self._patience = patience
        self._child = subprocess.Popen(
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._said = b""
        self._tell(sources.as_row(source))

    def ask(self, what: str, *arguments: Any) -> Any:
        """Ask a question and return its answer.

        Raises:
            SourceUnreachableError: when the helper died or did not answer in time.
            JutongError: as the helper says it.
        """
        self._tell([what, *arguments])
        answer = self._answer()
        if "error" in answer:
            kind = kinds().get(answer["error"], JutongError)
            raise kind(**answer["fields"])
        return answer["found"]

    def _tell(self, words: Any) -> None:
        try:
            _pipe(self._child.stdin).write(json.dumps(words).encode() + b"\n")
            _pipe(self._child.stdin).flush()
        except OSError as error:
            raise SourceUnreachableError(source=self._source.name, reason="the driver ended its process") from error

    def _answer(self) -> dict[str, Any]:
        until, stdout = time.monotonic() + self._patience, _pipe(self._child.stdout)
        while b"\n" not in self._said:
            if not select.select([stdout], [], [], max(0.0, until - time.monotonic()))[0]:
                raise SourceUnreachableError(source=self._source.name, reason="timed out")
            heard = stdout.read1(1 << 20)  # type: ignore[attr-defined]
            if not heard:
                raise SourceUnreachableError(source=self._source.name, reason="the driver ended its process")
            self._said += heard
        line, _, self._said = self._said.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the helper: it leaves the database politely when nobody asks any more, and is made to if it does not."""
        with contextlib.suppress(OSError):
            _pipe(self._child.stdin).close()
        try:
            self._child.wait(GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        _pipe(self._child.stdout).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("no pipe")
    return pipe


@contextmanager
def helper(source: SourceConfig) -> Iterator[Apart]:
    """Start a helper for a few questions."""
    found = Apart(source)
    try:
        yield found
    finally:
        found.close()


class Desk:
    """Answers the questions in the helper: the session of a table stays open until the helper ends."""

    def __init__(self, source: SourceConfig, stack: ExitStack) -> None:
        self._source = source
        self._stack = stack
        self._table: Any = None
        self._named = ""

    def answer(self, what: str, *arguments: Any) -> Any:
        """Return what was asked for, as JSON values."""
        questions: dict[str, Callable[..., Any]] = {
            "probe": self._probe, "inventory": self._inventory, "account": self._account, "open": self._open,
        }  # fmt: skip
        if what in questions:
            return questions[what](*arguments)
        return self._of_table(what, *arguments)

    def _of_table(self, what: str, *arguments: Any) -> Any:
        """Answer ``sample``, ``count`` or ``newest`` of the table that was opened."""
        from jutong.node.universal import sessions  # noqa: PLC0415 - as above
        from jutong.node.universal.errors import RefusedError  # noqa: PLC0415 - as above

        try:
            return getattr(self._table, what)(*arguments)
        except RefusedError as error:
            reason = sessions.reason_of(sessions.capability_of(self._source), error)
            raise TableUnreadableError(source=self._source.name, table=self._named, reason=reason) from error

    def _probe(self) -> None:
        from jutong.node.universal import looks  # noqa: PLC0415 - the drivers are loaded in the helper only

        looks.probe(self._source)

    def _inventory(self) -> list[dict[str, Any]]:
        from jutong.node.universal import looks  # noqa: PLC0415 - as above

        return [table.model_dump(mode="json") for table in looks.inventory(self._source)]

    def _account(self) -> dict[str, Any]:
        from jutong.node.universal import looks, sessions  # noqa: PLC0415 - as above
        from jutong.node.universal.errors import RefusedError  # noqa: PLC0415 - as above

        try:
            return looks.account(self._source)
        except RefusedError as error:
            told = sessions.capability_of(self._source).why(error)
            return {"refused": told or "lost", "detail": f"{error.state} {error.native}".strip()}

    def _open(self, schema: str, table: str) -> dict[str, Any]:
        from jutong.node.universal import looks  # noqa: PLC0415 - as above

        self._table = self._stack.enter_context(looks.opened(self._source, schema, table))
        self._named = table
        return {"columns": self._table.columns, "estimate": self._table.estimate}


def tables(rows: list[dict[str, Any]]) -> tuple[TableInfo, ...]:
    """Return the tables of an answer."""
    return tuple(TableInfo.model_validate_json(json.dumps(row)) for row in rows)


def main() -> int:
    """Answer until nobody asks; return the status to end with."""
    source = sources.from_row(json.loads(sys.stdin.buffer.readline()))
    with ExitStack() as stack:
        desk = Desk(source, stack)
        for line in sys.stdin.buffer:
            try:
                answer = {"found": desk.answer(*json.loads(line))}
            except JutongError as error:
                answer = {"error": error.code, "fields": error.envelope()["error"]["fields"]}
            except Exception as error:  # noqa: BLE001 - a driver's message may repeat a value: only its kind is told
                answer = SourceUnreachableError(source=source.name, reason=type(error).__name__).envelope()
                answer = {"error": SourceUnreachableError.code, "fields": answer["error"]["fields"]}
            sys.stdout.buffer.write(json.dumps(answer, default=str).encode() + b"\n")
            sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
