"""A socket before an ASGI application that runs on the test's own event loop, for clients that know only sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx


@contextmanager
def bridged(app: Any, loop: asyncio.AbstractEventLoop, server: ThreadingHTTPServer) -> Iterator[None]:
    """Pass what comes in at a server on to an application. Clients call from threads other than the loop's."""

    async def ask(method: str, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
            return await http.request(method, f"http://127.0.0.1{path}", headers=headers, content=body)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            found = asyncio.run_coroutine_threadsafe(ask(self.command, self.path, headers, body), loop).result(60)
            self.send_response(found.status_code)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(found.content)

        do_GET = do_POST = do_HEAD = _pass  # noqa: N815 - the base class looks for these names

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server.RequestHandlerClass = Handler
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def listening() -> ThreadingHTTPServer:
    """Return a server on a free port of the loopback; ``bridged`` gives it something to say."""
    return ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
