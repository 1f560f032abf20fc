"""Live REST service of a department: one mapped request for each look-up, under the node's own credentials.

The service's address is fixed, redirects are not followed, answers are bounded, and a value never leaves its place in
path, query or body. A row that is not the one asked for, or not within the grant, does not pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import orjson

from jutong.node.errors import KeyUnfitError, SourceChangedError, SourceSlowError, SourceUnavailableError
from jutong.node.live.predicate import fits, same
from jutong.node.live.source import CONNECT_SECONDS, PointQuery, ProbedTable, Row
from jutong.node.mapped import PLACEHOLDER, MappedTable, parts_of, value_at
from jutong.node.sources import SourceConfig

CONNECTIONS = 16
LARGEST_ANSWER = 4 * 1024 * 1024
ROWS_UNKNOWN = -1
_OK = 200
_BAD_REQUEST = 400


class RestSource:
    """A department's REST service.

    Args:
        config: the source, with its mapping.
        transport: an httpx transport instead of the network, for tests.
    """

    def __init__(self, config: SourceConfig, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.name = config.name
        self._base = config.dsn.rstrip("/")
        self._service = config.service
        self._transport = transport
        self._http: httpx.AsyncClient | None = None

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            service = self._service
            trusted: ssl.SSLContext | bool = True
            if service.ca:
                try:
                    trusted = ssl.create_default_context(cafile=service.ca)
                except OSError as error:
                    raise SourceUnavailableError(source=self.name) from error
            self._http = httpx.AsyncClient(
                headers={"Accept": "application/json", **service.headers},
                auth=(service.user, service.password) if service.user else None,
                timeout=httpx.Timeout(service.seconds, connect=min(CONNECT_SECONDS, service.seconds)),
                limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
                follow_redirects=False, trust_env=False, verify=trusted, transport=self._transport,
            )  # fmt: skip
        return self._http

    def _table(self, name: str) -> MappedTable:
        found = self._service.tables.get(name)
        if found is None:
            raise SourceChangedError(source=self.name)
        return found

    async def fetch(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        """Return at most ``query.limit`` rows; see ``LiveSource``."""
        table = self._table(query.table)
        needed = {*query.columns, *(one.column for one in query.conditions)}
        # A table that can only be listed answers no call: it would answer with everybody.
        if not table.lookup or set(query.lookup) != table.lookup or not needed <= table.columns.keys():
            raise SourceChangedError(source=self.name)
        key = dict(zip(query.lookup, values, strict=True))
        asked = {column: value for column, value in key.items() if value is not None}
        if len(asked) < len(key):
            return []
        content = await self._ask(table, asked)
        rows = [self._row(table, row) for row in self._rows(table, content)]
        # A service that does not know a parameter ignores it and answers with everybody.
        checked = [column for column in query.lookup if column in table.columns]
        fitting = [
            row for row in rows
            if all(same(row[column], asked[column]) for column in checked) and fits(row, query.conditions)
        ]  # fmt: skip
        return [tuple([row[column] for column in query.columns]) for row in fitting[: query.limit]]

    async def _ask(self, table: MappedTable, key: Mapping[str, str]) -> Any:
        request = self._request(table, key)
        try:
            async with asyncio.timeout(self._service.seconds):
                status, body = await self._receive(request)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise SourceSlowError(source=self.name, seconds=int(self._service.seconds)) from error
        except httpx.HTTPError as error:
            raise SourceUnavailableError(source=self.name) from error
        if status in table.none:
            return None
        if status in {_BAD_REQUEST, 422}:
            raise KeyUnfitError
        if status != _OK:
            raise SourceUnavailableError(source=self.name)
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise SourceChangedError(source=self.name) from error

    async def _receive(self, request: httpx.Request) -> tuple[int, bytes]:
        client = self._client()
        response = await client.send(request, stream=True)
        try:
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise SourceChangedError(source=self.name)
        finally:
            await response.aclose()
        return response.status_code, body

    def _request(self, table: MappedTable, key: Mapping[str, str]) -> httpx.Request:
        for column in PLACEHOLDER.findall(table.path):
            if key[column].strip() in {"", ".", ".."}:
                raise KeyUnfitError  # it would be another path
        path = PLACEHOLDER.sub(lambda found: quote(key[found[1]], safe=""), table.path)
        said = {name: key[column] for name, column in table.query.items()}
        content = {name: key[column] for name, column in table.body.items()}
        if table.method == "GET":
            return self._client().build_request("GET", self._base + path, params={**table.fixed, **said})
        return self._client().build_request("POST", self._base + path, params=said, json={**table.fixed, **content})

    def _rows(self, table: MappedTable, content: Any) -> list[Any]:
        found = _at(content, table.rows)
        if found is None:
            return []
        return found if isinstance(found, list) else [found]

    def _row(self, table: MappedTable, row: Any) -> dict[str, Any]:
        if not isinstance(row, dict):
            raise SourceChangedError(source=self.name)
        values = {column: _at(row, pointer) for column, pointer in table.columns.items()}
        if any(isinstance(value, dict | list) for value in values.values()):
            raise SourceChangedError(source=self.name)
        return values

    async def probe(self, schema: str, table: str) -> ProbedTable:
        """Describe a mapped table, if something listens at the service's address."""
        found = self._table(table)
        if self._transport is None:
            await self._knock()
        return ProbedTable(frozenset(found.columns) | found.lookup, found.lookup, ROWS_UNKNOWN)

    async def _knock(self) -> None:
        parts = urlsplit(self._base)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(parts.hostname, port)
        except (OSError, TimeoutError) as error:
            raise SourceUnavailableError(source=self.name) from error
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()


def _at(content: Any, pointer: str) -> Any:
    return value_at(content, parts_of(pointer))
