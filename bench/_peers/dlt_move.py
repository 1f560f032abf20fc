"""One table by dlt's fastest way: connectorx reads, Parquet lies between, ADBC or delta-rs writes.

``dlt_move.py postgres|delta SOURCE_DSN TARGET FOLDER``
"""

from __future__ import annotations

import os
import sys
from urllib.parse import parse_qs, unquote, urlsplit

kind, source, target, folder = sys.argv[1:]
os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": folder, "RUNTIME__LOG_LEVEL": "ERROR"}

import dlt  # noqa: E402
from dlt.sources.sql_database import sql_table  # noqa: E402


def reachable(dsn: str) -> str:
    """Return an address by a socket in the shape dlt insists on: with a host, which the query overrules."""
    parts = urlsplit(dsn)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return parts._replace(netloc=f"{parts.netloc}localhost", query=f"host={unquote(query['host'])}").geturl()


table = sql_table(
    credentials=reachable(source), schema="public", table="resident", backend="connectorx",
    backend_kwargs={"return_type": "arrow_stream", "batch_size": 65_536}, reflection_level="full",
)  # fmt: skip
where = dlt.destinations.postgres(reachable(target)) if kind == "postgres" else dlt.destinations.filesystem(target)
line = dlt.pipeline(pipeline_name="peer", destination=where, dataset_name="peer", pipelines_dir=folder)
if kind == "postgres":
    line.run(table, write_disposition="replace", loader_file_format="parquet")
else:
    line.run(table, write_disposition="replace", table_format="delta")
