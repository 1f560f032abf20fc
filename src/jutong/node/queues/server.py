"""A connection to a NATS server for ordinary code: opened, asked and closed within one job."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import unquote, urlsplit

from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.drivers import load
from jutong.node.exchange.errors import SourceLostError
from jutong.node.queues.errors import QueueForbiddenError, StreamMissingError
from jutong.node.sources import SourceConfig

Result = TypeVar("Result")
CONNECT_SECONDS = 5
ANSWER_SECONDS = 30.0
CLOSE_SECONDS = 1.0
LARGEST_BUFFER = 8 << 20


class Server:
    """Use as a context manager. ``js`` is the server's JetStream.

    Args:
        source: address and account.
    """

    def __init__(self, source: SourceConfig) -> None:
        self._source = source
        self._runner = asyncio.Runner()
        self._nats: Any = None
        self.js: Any = None

    def __enter__(self) -> Self:
        library = load("nats", extra="nats", source=self._source.name)
        with self._closed_on_error():
            self._nats = self._runner.run(self._connected(library))
        self.js = self._nats.jetstream(timeout=ANSWER_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.run(_closed(self._nats))
        finally:
            self._runner.close()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Carry out what asks the server.

        Raises:
            SourceLostError: the connection broke, or there was no answer.
            QueueForbiddenError: the server refuses.
            JutongError: as the work raises it.
        """
        from nats import errors  # noqa: PLC0415 - an optional driver
        from nats.js import errors as refused  # noqa: PLC0415

        try:
            return self._runner.run(work)
        except (refused.ServiceUnavailableError, refused.NoStreamResponseError, errors.NoRespondersError) as error:
            raise QueueForbiddenError(source=self._source.name, reason="no JetStream, or no permission") from error
        except refused.APIError as error:
            raise QueueForbiddenError(source=self._source.name, reason=f"{error.code} {error.err_code}") from error
        except (errors.Error, TimeoutError, OSError) as error:
            raise SourceLostError(source=self._source.name, rows=0, reason=type(error).__name__) from error

    async def stream(self, name: str) -> Any:
        """Return what a stream is and holds.

        Raises:
            StreamMissingError: there is none, or we may not see it.
        """
        from nats.js.errors import NotFoundError  # noqa: PLC0415

        try:
            return await self.js.stream_info(name)
        except NotFoundError as error:
            raise StreamMissingError(source=self._source.name, stream=name) from error

    async def consumer(self, stream: str, name: str) -> Any:
        """Return what a consumer is and how far it has come; None where there is none."""
        from nats.js.errors import NotFoundError  # noqa: PLC0415

        try:
            return await self.js.consumer_info(stream, name)
        except NotFoundError:
            return None

    async def flushed(self) -> None:
        """Return when the server has everything that was said to it."""
        await self._nats.flush(timeout=int(ANSWER_SECONDS))

    async def say(
        self, subject: str, payload: bytes, *, reply: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Publish; the answer, if there is one, goes to ``reply``."""
        await self._nats.publish(subject, payload, reply=reply, headers=dict(headers) if headers else None)

    async def hear(self, heard: Callable[[Any], Awaitable[None]]) -> str:
        """Have messages under a subject of our own handed over, and return it: answers go to it and a name."""
        inbox = str(self._nats.new_inbox())
        await self._nats.subscribe(f"{inbox}.*", cb=heard)
        return inbox

    async def _connected(self, library: Any) -> Any:
        parts = urlsplit(self._source.dsn)
        name, word = unquote(parts.username or ""), unquote(parts.password or "")
        who: dict[str, Any] = {"user": name, "password": word} if word else {"token": name} if name else {}
        if parts.scheme == "tls":
            who["tls"] = ssl.create_default_context(cafile=self._source.streams.ca or None)
        problems: list[Exception] = []

        async def hear(error: Exception) -> None:
            problems.append(error)

        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        client = library.NATS()
        try:
            async with asyncio.timeout(2 * CONNECT_SECONDS):  # the library may try for ever
                await client.connect(
                    f"{parts.scheme}://{host}:{parts.port or 4222}", name="jutong", error_cb=hear,
                    allow_reconnect=False, max_reconnect_attempts=1, reconnect_time_wait=0,
                    connect_timeout=CONNECT_SECONDS, pending_size=LARGEST_BUFFER, **who,
                )  # fmt: skip
        except (library.errors.Error, TimeoutError, OSError) as error:
            await _closed(client)
            raise SourceUnreachableError(source=self._source.name, reason=_reason([*problems, error])) from error
        return client

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._runner.close()
            raise


async def _closed(client: Any) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):  # the library waits for ever for the end of a TLS that never began
            await client.close()


def _reason(problems: list[Exception]) -> str:
    """Say without an address why there is no connection."""
    said = " ".join(str(problem).lower() for problem in problems)
    if "authorization" in said or "authentication" in said:
        return "sign-in refused"
    if any(isinstance(problem, ssl.SSLError) for problem in problems):
        return "TLS"
    numbers = [problem.errno for problem in problems if isinstance(problem, OSError) and problem.errno]
    return os.strerror(numbers[-1]) if numbers else "no answer"
