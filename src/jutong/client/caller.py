"""The client for ordinary code; ``AsyncJutongClient`` is the same for asyncio."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
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


def _call(ask: Callable[Said, Asked[Result]]) -> Callable[Concatenate[JutongClient, Said], Result]:
    @wraps(ask)
    def made(client: JutongClient, /, *args: Said.args, **how: Said.kwargs) -> Result:
        return client.send(ask(*args, **how))

    return made


class JutongClient:
    """Calls one gateway as one information system. Close it, or use it as a context manager.

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
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wire = Wire(base_url, key_id, signer, node_key=node_key, language=language)
        self._retry = retry or Retry()
        self._sleep = sleep
        self._http = httpx.Client(transport=transport, **self._wire.options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

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

    def pages(self, **asked: Any) -> Iterator[Page]:
        """Yield page after page to the end; the arguments are those of ``page``."""
        cursor: str | None = asked.pop("cursor", None)
        while True:
            found = self.page(**asked, cursor=cursor)
            yield found
            if found.next is None:
                return
            cursor = found.next

    def follow(self, **asked: Any) -> Iterator[Change]:
        """Yield stretch after stretch of the change feed until there is no more for now.

        The arguments are those of ``changes``. Keep ``next`` of the last stretch that is safely stored and begin
        there the next time.
        """
        cursor: str | None = asked.pop("cursor", None)
        while True:
            found = self.changes(**asked, cursor=cursor)
            yield found
            if not found.more:
                return
            cursor = found.next

    def download(self, part: FilePart, path: Path) -> Path:
        """Fetch a file into its place, which it reaches whole or not at all, and return that.

        Raises:
            RefusedError: the gateway says why, for instance that the address is too old.
            AnswerUntrustedError: what came is not the file its manifest tells of.
            GatewayUnreachableError: the connection broke; nothing is left behind.
        """
        landing = Landing(part, path)
        try:
            with self._http.stream("GET", part.address) as response:
                if response.status_code != httpx.codes.OK:
                    response.read()
                    raise self._wire.refused(response)
                for chunk in response.iter_bytes():
                    landing.write(chunk)
            return landing.land()
        except httpx.HTTPError as error:
            raise self._wire.unreachable(error) from error
        finally:
            landing.clear()

    def prove(
        self, answer: Answer | Verdict | Batch | Page | Change | FilePart, log_keys: str | Iterable[str]
    ) -> Proven:
        """Fetch the receipt of an answer and check it: the call is in the log, with exactly this answer's digest.

        Args:
            answer: what a call returned.
            log_keys: the node's published log key, or several.

        Raises:
            ReceiptUntrustedError: naming the step that failed.
            RefusedError: no such call of this system.
            GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
        """
        return proven(self.receipt(answer.record), answer.raw, log_keys)

    def send(self, asked: Asked[Result]) -> Result:
        """Make a call, again where that makes sense; see ``Retry``."""
        signed = self._wire.sign(asked, self._http)
        attempt = 0
        while True:
            attempt += 1
            try:
                response = self._http.send(signed.request)
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
            self._sleep(wait)
