"""The client for asyncio; the calls and their arguments are those of ``JutongClient``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx

from jutong.client import asking
from jutong.client.asking import Asked
from jutong.client.errors import RefusedError
from jutong.client.results import Answer, Batch, Change, FilePart, Page, Proven, Verdict
from jutong.client.retrying import Retry
from jutong.client.wire import Landing, Wire, proven
from jutong.kernel.keys import Ed25519Verifier, Signer

Result = TypeVar("Result")
Said = ParamSpec("Said")


def _call(
    ask: Callable[Said, Asked[Result]],
) -> Callable[Concatenate[AsyncJutongClient, Said], Coroutine[Any, Any, Result]]:
    @wraps(ask)
    async def made(client: AsyncJutongClient, /, *args: Said.args, **how: Said.kwargs) -> Result:
        return await client.send(ask(*args, **how))

    return made


class AsyncJutongClient:
    """Calls one gateway as one information system. Close it, or use it as an asynchronous context manager.

    Args:
        base_url: the gateway's address as its node publishes it; the signature covers it.
        key_id: the id of the key registered for the system.
        signer: the system's private key.
        node_key: the node's public key; with it every answer is checked, without it none is.
        language: of error messages, ``zh-hans`` or ``en``.
        retry: when a call is made again; ``retrying.NEVER`` for not at all.
        transport: an httpx transport instead of the network, for tests.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        base_url: str,
        key_id: str,
        signer: Signer,
        *,
        node_key: Ed25519Verifier | None = None,
        language: str = "zh-hans",
        retry: Retry | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._wire = Wire(base_url, key_id, signer, node_key=node_key, language=language)
        self._retry = retry or Retry()
        self._sleep = sleep
        self._http = httpx.AsyncClient(transport=transport, **self._wire.options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    query = _call(asking.query)
    verify = _call(asking.verify)
    batch = _call(asking.batch)
    page = _call(asking.page)
    changes = _call(asking.changes)
    file = _call(asking.file)
    address = _call(asking.address)
    explain = _call(asking.explain)
    cell_key = _call(asking.cell_key)
    receipt = _call(asking.receipt)

    async def pages(self, **asked: Any) -> AsyncIterator[Page]:
        """Yield page after page to the end; the arguments are those of ``page``."""
        cursor: str | None = asked.pop("cursor", None)
        while True:
            found = await self.page(**asked, cursor=cursor)
            yield found
            if found.next is None:
                return
            cursor = found.next

    async def follow(self, **asked: Any) -> AsyncIterator[Change]:
        """Yield stretch after stretch of the change feed until there is no more for now; see ``JutongClient``."""
        cursor: str | None = asked.pop("cursor", None)
        while True:
            found = await self.changes(**asked, cursor=cursor)
            yield found
            if not found.more:
                return
            cursor = found.next

    async def download(self, part: FilePart, path: Path) -> Path:
        """Fetch a file into its place, which it reaches whole or not at all, and return that.

        Raises:
            RefusedError: the gateway says why, for instance that the address is too old.
            AnswerUntrustedError: what came is not the file its manifest tells of.
            GatewayUnreachableError: the connection broke; nothing is left behind.
        """
        landing = Landing(part, path)
        try:
            async with self._http.stream("GET", part.address) as response:
                if response.status_code != httpx.codes.OK:
                    await response.aread()
                    raise self._wire.refused(response)
                async for chunk in response.aiter_bytes():
                    landing.write(chunk)
            return landing.land()
        except httpx.HTTPError as error:
            raise self._wire.unreachable(error) from error
        finally:
            landing.clear()

    async def prove(
        self, answer: Answer | Verdict | Batch | Page | Change | FilePart, log_keys: str | Iterable[str]
    ) -> Proven:
        """Fetch the receipt of an answer and check it; see ``JutongClient``."""
        return proven(await self.receipt(answer.record), answer.raw, log_keys)

    async def send(self, asked: Asked[Result]) -> Result:
        """Make a call, again where that makes sense; see ``Retry``."""
        signed = self._wire.sign(asked, self._http)
        attempt = 0
        while True:
            attempt += 1
            try:
                response = await self._http.send(signed.request)
            except httpx.HTTPError as error:
                problem = self._wire.unreachable(error)
                wait = self._retry.wait(attempt, problem)
                if wait is None:
                    raise problem from error
            else:
                try:
                    return self._wire.read(asked, signed, response)
                except RefusedError as refused:
                    wait = self._retry.wait(attempt, refused)
                    if wait is None:
                        raise
                signed = self._wire.sign(asked, self._http)
            await self._sleep(wait)
