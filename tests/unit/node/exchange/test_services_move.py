"""A service's pages and the library's own tables, moved."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest

from jutong.contracts import rules as given
from jutong.contracts.orders import JobOrder
from jutong.kernel.errors import JutongError
from jutong.library.tables import open_table
from jutong.node.connectors.introspect import inventory
from jutong.node.exchange.chunks import cut
from jutong.node.exchange.progress import Held
from jutong.node.exchange.readers import OpenRead, Span, reader_for
from jutong.node.exchange.readers.paging import TRIES, Paging
from jutong.node.exchange.readers.rest import PAGES, read
from jutong.node.mapped import Service
from jutong.node.sources import SourceConfig, as_row, from_row
from tests.unit.node.exchange.moving import ORGANISATION, landed, landed_path, order_for, run_move, sqlite_source

ROWS = [{"id": number, "who": {"name": f"张{number}"}, "pay": number + 0.5} for number in range(1, 8)]
COLUMNS = {"id": "/id", "name": "/who/name", "pay": "/pay"}
Handler = Callable[[httpx.Request], httpx.Response]


def service(**listing: Any) -> SourceConfig:
    table = {
        "path": "/people",
        "fixed": {"v": "2"},
        "rows": "/data/list",
        "columns": COLUMNS,
        "listing": listing or None,
    }
    if not listing:
        table["query"] = {"id": "id"}
    mapped = Service.model_validate_json(json.dumps({"tables": {"people": table}, "headers": {"X-Key": "k"}}))
    return SourceConfig("credit", "rest", ORGANISATION, dsn="http://127.0.0.1:1/api", rest=mapped)


def pages_of(source: SourceConfig, handler: Handler, waits: list[float] | None = None) -> list[Any]:
    table = source.service.tables["people"]
    pause = (waits if waits is not None else []).append
    paging = Paging(source, table, transport=httpx.MockTransport(handler), pause=pause)
    return [row for page in paging.pages() for row in page.rows]


def answer(rows: list[Any], **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": {"list": rows}, **more})


def numbered(request: httpx.Request) -> httpx.Response:
    """Serve pages of three by number or offset, whatever size was asked for."""
    asked = request.url.params
    assert (asked["v"], asked["size"], request.headers["X-Key"]) == ("2", "500", "k")
    first = (int(asked["page"]) - 1) * 3 if "page" in asked else int(asked["skip"])
    return answer(ROWS[first : first + 3], total=len(ROWS))


def by_cursor(request: httpx.Request) -> httpx.Response:
    first = int(request.url.params.get("after", "0"))
    return answer(ROWS[first : first + 3], next=str(first + 3) if first + 3 < len(ROWS) else None)


def by_link(request: httpx.Request) -> httpx.Response:
    first = int(request.url.params.get("from", "0"))
    link = {"Link": f'</api/people?from={first + 3}>; rel="next", </x>; rel="last"'} if first + 3 < len(ROWS) else {}
    return httpx.Response(200, json={"data": {"list": ROWS[first : first + 3]}}, headers=link)


NUMBERED = {"by": "page", "parameter": "page", "size_parameter": "size"}


@pytest.mark.parametrize(
    ("listing", "handler"),
    [
        (NUMBERED, numbered),
        ({**NUMBERED, "total": "/total"}, numbered),
        ({"by": "offset", "parameter": "skip", "first": 0, "size_parameter": "size"}, numbered),
        ({"by": "cursor", "parameter": "after", "next": "/next"}, by_cursor),
        ({"by": "link"}, by_link),
    ],
)
def test_every_way_of_paging_takes_each_row_once(listing: dict[str, Any], handler: Handler) -> None:
    assert [row["id"] for row in pages_of(service(**listing), handler)] == [str(row["id"]) for row in ROWS]


def constant(response: httpx.Response) -> Handler:
    return lambda _: httpx.Response(response.status_code, content=response.content, headers=response.headers)


REFUSED: list[tuple[str, dict[str, Any], Handler]] = [
    ("node.rest.pages-unfit", NUMBERED, constant(answer(ROWS))),  # it does not know the parameter: for ever page one
    ("node.rest.pages-unfit", {"by": "cursor", "parameter": "a", "next": "/n"}, constant(answer(ROWS, n="1"))),
    ("node.rest.pages-unfit", {"by": "link", "next": "/n"}, constant(answer(ROWS, n="http://127.0.0.2:1/api/x"))),
    ("node.rest.pages-unfit", {"by": "link", "next": "/n"}, constant(answer(ROWS, n="/other"))),
    ("node.rest.pages-unfit", NUMBERED, constant(httpx.Response(200, json={"data": {"rows": ROWS}}))),
    ("node.rest.pages-unfit", NUMBERED, constant(httpx.Response(200, text="<html>"))),
    ("node.rest.pages-unfit", {**NUMBERED, "total": "/n"}, constant(answer(ROWS, n="many"))),
    ("node.rest.page-denied", NUMBERED, constant(httpx.Response(302, headers={"Location": "http://127.0.0.2/"}))),
    ("node.rest.page-refused", NUMBERED, constant(httpx.Response(503, headers={"Retry-After": "7"}))),
]


@pytest.mark.parametrize(("code", "listing", "handler"), REFUSED)
def test_pages_that_cannot_be_believed_are_refused(code: str, listing: dict[str, Any], handler: Handler) -> None:
    waits: list[float] = []
    with pytest.raises(JutongError) as caught:
        pages_of(service(**listing), handler, waits)
    assert caught.value.code == code
    if caught.value.fields.get("reason") == "HTTP 503":
        assert waits == [7.0] * (TRIES - 1)


def opened(order: JobOrder, source: SourceConfig, folder: Path, handler: Handler) -> Any:
    return read(source, order, folder, transport=httpx.MockTransport(handler))


def test_pages_are_kept_for_a_job_that_is_held_and_nothing_is_made_up(tmp_path: Path) -> None:
    source = from_row(json.loads(json.dumps(as_row(service(**NUMBERED, total="/total")))))
    order = order_for(source, "rest", "people", "id", "name", "pay")
    calls: list[int] = []

    def counting(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        return numbered(request)

    with pytest.raises(Held), opened(order, source, tmp_path, counting):
        raise Held
    assert stat.S_IMODE((tmp_path / PAGES).stat().st_mode) == 0o600
    with opened(order, source, tmp_path, counting) as found:
        assert isinstance(found, OpenRead)
        whole = pa.Table.from_batches([part.rows for part in found.every(Span())]).to_pylist()
        assert found.counted == found.count(Span()) == len(ROWS)
        assert cut(found, 0).total == len(ROWS)
    assert whole[0] == {"id": "1", "name": "张1", "pay": "1.5"}
    assert len(calls) == 3  # taken once
    assert not (tmp_path / PAGES).exists()
    with pytest.raises(JutongError) as caught, opened(order, source, tmp_path, lambda _: answer(ROWS, total=9)):
        pass
    assert caught.value.code in {"node.rest.pages-unfit", "node.exchange.rows-differ"}
    lookup = service()
    looked_up = [one.service.tables["people"].lookup for one in (lookup, source)]
    assert looked_up == [frozenset({"id"}), frozenset()]
    with pytest.raises(JutongError) as caught, opened(order, lookup, tmp_path, numbered):
        pass
    assert caught.value.code == "node.rest.no-listing"


def test_a_table_of_the_library_moves_on_file_by_file(tmp_path: Path) -> None:
    rows = ("INSERT INTO t VALUES (?, ?)", [(number, f"n{number}") for number in range(1, 5_001)])
    source = sqlite_source(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)", rows)
    first = order_for(source, "main", "t", "id", "name", target="first").model_copy(update={"chunk_rows": 1_000})
    run_move(first, source, tmp_path)
    library = SourceConfig("landed", "library", ORGANISATION, path=tmp_path / "library")
    assert [table.name for table in inventory(library)] == ["first"]
    order = order_for(library, "landed", "first", "name", "id", target="second")
    order = order.model_copy(
        update={"chunk_rows": 2_000, "rules": (given.Between(id="few", column="id", most="4990"),)}
    )
    receipt = run_move(order, library, tmp_path)
    assert (receipt.rows_read, receipt.rows_quarantined, receipt.chunks) == (5_000, 10, 3)
    assert landed(tmp_path, "second").sort_by("id")["name"].to_pylist() == [f"n{number}" for number in range(1, 4_991)]
    with reader_for(library)(library, order) as held:
        run_move(first.model_copy(update={"job_id": order.job_id}), source, tmp_path)  # a newer version meanwhile
        assert held.count(Span()) == sum(batch.num_rows for batch in held.batches(Span())) == 5_000
    assert open_table(landed_path(tmp_path, "first")).version() == 1
    with pytest.raises(JutongError) as caught:
        run_move(order_for(library, "landed", "../first", "id"), library, tmp_path)
    assert caught.value.code == "node.table.missing"
