"""The node's own TLS door: asks every caller for a certificate and hands the request to the gateway with it.

The server in front of the plain door does not tell an application which certificate its caller showed. This one speaks
HTTP/1.1 with h11 on the same event loop, and only to callers whose certificate a configured authority signed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import h11

from jutong.node.gateway.callers.certificates import EXTENSION
from jutong.node.gateway.callers.config import FILE, Listen, Mtls
from jutong.node.gateway.callers.errors import CallersFileError
from jutong.node.gateway.http import Receive, Scope, Send

LOGGER = logging.getLogger(__name__)
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
IDLE_SECONDS = 75.0
"""How long a connection may say nothing, and a request may take to arrive."""

LARGEST_HEAD = 32 * 1024
LARGEST_REST = 1024 * 1024
BACKLOG = 512
_CHUNK = 64 * 1024


def context_for(listen: Listen) -> ssl.SSLContext:
    """Return the TLS settings of the door.

    Raises:
        OSError: if a file is missing or not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(listen.certificate, listen.key)
    context.load_verify_locations(listen.client_ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class TlsDoor:
    """Serves an application to callers with certificates.

    Args:
        app: the ASGI application.
        listen: where, and with which files.
    """

    def __init__(self, app: Application, listen: Listen) -> None:
        self._app = app
        self._listen = listen
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens at."""
        assert self._server is not None  # noqa: S101 - asked of a started door
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Start to listen.

        Raises:
            OSError: if the address is taken, or a file is not what it should be.
        """
        context = context_for(self._listen)
        self._server = await asyncio.start_server(
            self._connected, self._listen.host, self._listen.port, ssl=context, backlog=BACKLOG,
            ssl_handshake_timeout=10,
        )  # fmt: skip

    async def close(self) -> None:
        """Stop listening and end what is under way."""
        if self._server is None:
            return
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection has its own
        self._open.add(task)
        try:
            await _Connection(self._app, reader, writer).serve()
        except (OSError, TimeoutError, h11.RemoteProtocolError):
            pass  # the caller went away, or does not speak HTTP
        except Exception:
            LOGGER.exception("a TLS connection broke")
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()


class _Connection:
    """One caller's connection, request after request."""

    def __init__(self, app: Application, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._app = app
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
        shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
        self._extensions = {EXTENSION: shown.getpeercert(binary_form=True)}
        self._client = writer.get_extra_info("peername")[:2]

    async def serve(self) -> None:
        while True:
            try:
                request = await self._event()
            except h11.RemoteProtocolError as error:
                await self._refuse(error.error_status_hint)
                return
            if not isinstance(request, h11.Request):
                return
            await self._app(self._scope(request), self._receive, self._send)
            await self._pass_over()
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _pass_over(self) -> None:
        """Read what the application did not want, within bounds: closed at once, the caller might miss its answer."""
        passed = 0
        while self._http.their_state is h11.SEND_BODY and passed < LARGEST_REST:
            event = await self._event()
            passed += len(event.data) if isinstance(event, h11.Data) else 0

    async def _event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            async with asyncio.timeout(IDLE_SECONDS):
                self._http.receive_data(await self._reader.read(_CHUNK))
        return event

    def _scope(self, request: h11.Request) -> Scope:
        path, _, query = request.target.partition(b"?")
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "https",
            "method": request.method.decode("ascii").upper(), "path": unquote(path.decode("ascii")), "raw_path": path,
            "query_string": query, "root_path": "", "headers": [(name, value) for name, value in request.headers],
            "client": self._client, "extensions": self._extensions,
        }  # fmt: skip

    async def _receive(self) -> dict[str, Any]:
        try:
            event = await self._event()
        except h11.RemoteProtocolError:
            return {"type": "http.disconnect"}
        if isinstance(event, h11.Data):
            return {"type": "http.request", "body": bytes(event.data), "more_body": True}
        if isinstance(event, h11.EndOfMessage):
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._write(h11.Response(status_code=message["status"], headers=message["headers"]))
            return
        self._write(h11.Data(data=message.get("body", b"")))
        if not message.get("more_body", False):
            self._write(h11.EndOfMessage())
        await self._writer.drain()

    def _write(self, event: Any) -> None:
        self._writer.write(self._http.send(event) or b"")

    async def _refuse(self, status: int) -> None:
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._write(
                h11.Response(status_code=status, headers=[(b"connection", b"close"), (b"content-length", b"0")])
            )
            self._write(h11.EndOfMessage())
            await self._writer.drain()


@contextlib.asynccontextmanager
async def tls_door(app: Application, config: Mtls | None) -> AsyncIterator[TlsDoor | None]:
    """Have the door open while inside, where the node is configured for one.

    Raises:
        CallersFileError: if it cannot be opened.
    """
    if config is None or config.listen is None:
        yield None
        return
    door = TlsDoor(app, config.listen)
    try:
        await door.start()
    except OSError as error:
        reason = f"mtls.listen: {error.strerror or type(error).__name__}"
        raise CallersFileError(path=FILE, reason=reason) from error
    try:
        yield door
    finally:
        await door.close()
