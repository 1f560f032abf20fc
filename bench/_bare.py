"""The same query served bare by the same server: no signature, no grant, no mask, no record.

``python _bare.py PORT DSN POOL``: same HTTP server and settings, same statement, same JSON encoder as the gateway.
POOL is ``own``, the gateway's own connections with a statement for each query, so that the difference is what the
gateway adds, or ``stock``, the driver's pool as it comes, which is what serving the query without the gateway would
mean to most.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Any

import asyncpg
import orjson

from jutong.node.gateway.http import Answer, Receive, Scope, Send, read_body, send_answer
from jutong.node.live.postgresql import PostgresSource
from jutong.node.main import server_for
from jutong.node.sources import SourceConfig


async def main(port: int, dsn: str, pool: str) -> None:
    from gateway import bench_grant

    grant = bench_grant()
    items = tuple(grant.visible)
    query = grant.plan(items)
    source = PostgresSource(SourceConfig("bench", "postgresql", "0", dsn), gather=False)
    if pool == "own":

        async def fetch(value: str) -> Sequence[Any]:
            return await source.fetch(query, (value,))

    else:
        stock = await asyncpg.create_pool(dsn, min_size=16, max_size=16)
        columns = ", ".join(query.columns)
        sql = f"SELECT {columns} FROM person WHERE sfzh = $1 LIMIT {query.limit}"

        async def fetch(value: str) -> Sequence[Any]:
            found: Sequence[Any] = await stock.fetch(sql, value)
            return found

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/healthz":
            await send_answer(send, Answer(200, b"{}"))
            return
        key = orjson.loads(await read_body(receive))["key"]
        rows = await fetch(*key.values())
        content = {"rows": [dict(zip(items, row, strict=True)) for row in rows]}
        await send_answer(send, Answer(200, orjson.dumps(content)))

    server = server_for(app, host="127.0.0.1", port=port)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()
    await source.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
