"""A service's pages, one after the other: each under the node's own credentials, from the one address it has.

A page that is refused for the moment is asked for again, three times, no sooner than the service says. What goes in
circles, leads to another address or never ends is an error.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from jutong.node.exchange.readers.errors import PagesDeniedError, PagesRefusedError, PagesUnfitError
from jutong.node.files.lines import parsed
from jutong.node.mapped import MappedTable, parts_of, value_at
from jutong.node.sources import SourceConfig

LARGEST_PAGE = 32 * 1024 * 1024
MOST_PAGES = 200_000
TRIES = 4
LONGEST_WAIT_SECONDS = 60.0
_OK = 200
_LATER = {429, 500, 502, 503, 504}
_NEXT_LINK = re.compile(r'<([^<>]*)>[^,<>]*;\s*rel="?next"?(?:[;,\s]|$)', re.IGNORECASE)


@dataclass(frozen=True)
class Page:
    """A page's rows; ``total`` is what the service says of all pages, -1 where it says nothing."""

    number: int
    rows: list[Any]
    total: int


@dataclass(frozen=True)
class _Answer:
    content: Any
    link: str
    sha256: str


class Paging:
    """Reads a mapped table of a service from its first page to its last.

    Args:
        source: the service.
        table: the mapped table, with its listing.
        transport: an httpx transport instead of the network, for tests.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        source: SourceConfig,
        table: MappedTable,
        *,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        if table.listing is None:
            raise ValueError("the table has no listing")
        self._source, self._table, self._listing = source, table, table.listing
        self._transport, self._pause = transport, pause
        self._base = source.dsn.rstrip("/")

    def pages(self) -> Iterator[Page]:
        """Yield every page that has rows.

        Raises:
            PagesRefusedError: when the service does not answer now.
            PagesDeniedError: when it will not.
            PagesUnfitError: when the answers are not what the mapping says.
        """
        seen: set[str] = set()
        read, place = 0, self._listing.path or self._table.path
        url: str | None = self._base + place
        named: str | int = self._first()
        with self._client() as client:
            for number in range(1, MOST_PAGES + 1):
                assert url is not None  # noqa: S101 - the loop ends where there is no next page
                answer = self._asked(client, url, named, number)
                page = self._page(answer, number)
                if page.rows and answer.sha256 in seen:
                    raise self._unfit(number, "the page came before")
                seen.add(answer.sha256)
                read += len(page.rows)
                if page.rows:
                    yield page
                url, named = self._following(answer, page, read, url)
                if url is None:
                    return
                self._pause(self._listing.pause_ms / 1000)
        raise self._unfit(MOST_PAGES, "there is no end")

    def _first(self) -> str | int:
        return {"page": self._listing.first, "offset": self._listing.first}.get(self._listing.by, "")

    def _following(self, answer: _Answer, page: Page, read: int, url: str) -> tuple[str | None, str | int]:
        """Return where the next page is and what names it; no place when this was the last."""
        listing = self._listing
        if listing.by in {"page", "offset"}:
            if not page.rows or 0 <= page.total <= read:
                return None, ""
            return url, listing.first + (page.number if listing.by == "page" else read)
        found = value_at(answer.content, parts_of(listing.next)) if listing.next else answer.link
        if found is None or found == "" or found is False:
            return None, ""
        if listing.by == "cursor":
            return url, str(found)
        place = urljoin(url, str(found))
        wanted, meant = urlsplit(self._base), urlsplit(place)
        below = f"{meant.path}/".startswith(f"{wanted.path.rstrip('/')}/") and ".." not in meant.path.split("/")
        if (meant.scheme, meant.netloc) != (wanted.scheme, wanted.netloc) or not below:
            raise self._unfit(page.number, "the next page is at another address")
        return place, ""

    def _asked(self, client: httpx.Client, url: str, named: str | int, number: int) -> _Answer:
        reason = ""
        for again in range(TRIES):
            wait = float(2**again)
            try:
                response, body = self._received(client, self._request(client, url, named, number))
            except httpx.HTTPError as error:
                reason = type(error).__name__
            else:
                if response.status_code == _OK:
                    return self._answer(response, body, number)
                reason = f"HTTP {response.status_code}"
                if response.status_code not in _LATER:
                    raise PagesDeniedError(source=self._source.name, page=number, reason=reason)
                asked = response.headers.get("Retry-After", "")
                wait = min(float(asked), LONGEST_WAIT_SECONDS) if asked.isdigit() else wait
            if again + 1 < TRIES:
                self._pause(wait)
        raise PagesRefusedError(source=self._source.name, page=number, reason=reason)

    def _received(self, client: httpx.Client, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        response = client.send(request, stream=True)
        try:
            body = bytearray()
            for block in response.iter_bytes():
                body += block
                if len(body) > LARGEST_PAGE:
                    raise PagesRefusedError(source=self._source.name, page=0, reason=f"> {LARGEST_PAGE >> 20} MiB")
        finally:
            response.close()
        return response, bytes(body)

    def _answer(self, response: httpx.Response, body: bytes, number: int) -> _Answer:
        try:
            content = parsed(body.decode("utf-8-sig"))
        except ValueError as error:
            raise self._unfit(number, "no JSON in UTF-8") from error
        link = _NEXT_LINK.search(response.headers.get("Link", ""))
        return _Answer(content, link[1] if link else "", hashlib.sha256(body).hexdigest())

    def _page(self, answer: _Answer, number: int) -> Page:
        total = -1
        if self._listing.total:
            said = str(value_at(answer.content, parts_of(self._listing.total)))
            if not said.isdecimal():
                raise self._unfit(number, "the total is no number")
            total = int(said)
        rows = value_at(answer.content, parts_of(self._table.rows))
        if rows is None and (number > 1 or total == 0):
            rows = []
        if not isinstance(rows, list):  # a wrong pointer must not empty a table
            raise self._unfit(number, "no list of rows")
        return Page(number, rows, total)

    def _request(self, client: httpx.Client, url: str, named: str | int, number: int) -> httpx.Request:
        listing = self._listing
        if listing.by == "link" and number > 1:
            return client.build_request("GET", url)
        said: dict[str, str | int] = {**self._table.fixed, **listing.fixed}
        if listing.parameter and named != "":
            said[listing.parameter] = named
        if listing.size_parameter:
            said[listing.size_parameter] = listing.size
        if self._table.method == "GET":
            return client.build_request("GET", url, params=said)
        return client.build_request("POST", url, json=said)

    def _client(self) -> httpx.Client:
        service = self._source.service
        try:
            trusted = ssl.create_default_context(cafile=service.ca) if service.ca else True
        except OSError as error:
            raise PagesRefusedError(source=self._source.name, page=1, reason="ca") from error
        return httpx.Client(
            headers={"Accept": "application/json", **service.headers},
            auth=(service.user, service.password) if service.user else None,
            timeout=service.seconds, follow_redirects=False, trust_env=False, verify=trusted,
            transport=self._transport,
        )  # fmt: skip

    def _unfit(self, page: int, reason: str) -> PagesUnfitError:
        return PagesUnfitError(source=self._source.name, page=page, reason=reason)
