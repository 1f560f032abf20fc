"""Lineage of a job as OpenLineage run events, read off the signed order and what receipts told of it.

Nothing is kept: an order never changes, and neither does a job that has ended. Types and comments of columns are those
the source's catalog shows now. Addresses of databases are the node's own secret, so datasets are named after node and
source.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

import jutong
from jutong.center.fleet.models import Order, Source
from jutong.center.jobs.models import Job, JobState
from jutong.contracts.envelope import Envelope, unseal
from jutong.contracts.lineage import Change, Filter, LandedColumn, filters, landed
from jutong.contracts.orders import JobOrder

EventType = Literal["START", "COMPLETE", "FAIL", "ABORT"]
PRODUCER = f"urn:jutong:center:{jutong.__version__}"
_SPEC = "https://openlineage.io/spec"
EVENT_SCHEMA = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = {
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "dataQualityAssertions": "1-1-0/DataQualityAssertionsDatasetFacet",
    "dataSource": "1-0-1/DatasourceDatasetFacet",
    "documentation": "1-1-0/DocumentationJobFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "inputStatistics": "1-0-0/InputStatisticsInputDatasetFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "lifecycleStateChange": "1-0-1/LifecycleStateChangeDatasetFacet",
    "nominalTime": "1-0-1/NominalTimeRunFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "ownership": "1-0-1/OwnershipDatasetFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet",
    "schema": "1-2-0/SchemaDatasetFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
}
"""Facets of the specification that are used, with the version of each."""
_OWN = {"jutong_evidence": "urn:jutong:openlineage:evidence:1"}
_ENDS: dict[str, EventType] = {JobState.DONE: "COMPLETE", JobState.FAILED: "FAIL", JobState.CANCELLED: "ABORT"}


@dataclass(frozen=True)
class Ordered:
    """What a node was ordered to do for a job."""

    order: JobOrder
    node: str
    envelope_id: str

    @property
    def columns(self) -> tuple[LandedColumn, ...]:
        """Every column that lands, with what it is made of."""
        work = self.order
        return landed(work.columns, work.steps, work.rules, work.masks, work.into)

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The columns that decide which rows land."""
        return filters(self.order.columns, self.order.steps, self.order.rules)


def ordered(job: Job) -> Ordered | None:
    """Return the order of a job, or None where none is on record."""
    row = Order.objects.filter(kind="job", subject_id=str(job.id)).order_by("issued_at").first()
    if row is None:
        return None
    envelope = Envelope.model_validate(row.envelope)
    return Ordered(unseal(envelope, JobOrder), row.node_id, envelope.id)


def due(job: Job) -> list[EventType]:
    """Return which events a job has by now: none before it began, START, and how it ended once it has.

    A dry run moves nothing and has none.
    """
    ended = _ENDS.get(job.state)
    if job.is_dry or (job.started_at is None and ended is None):
        return []
    return ["START", ended] if ended else ["START"]


def events(job: Job) -> list[dict[str, Any]]:
    """Return the events of a job so far."""
    kinds = due(job)
    known = ordered(job) if kinds else None
    return [event(job, known, kind) for kind in kinds] if known else []


def event(job: Job, known: Ordered, kind: EventType) -> dict[str, Any]:
    """Return one run event.

    Args:
        job: whose it is; for any but START it has ended.
        known: its order.
        kind: which event.
    """
    at = job.started_at or job.ordered_at if kind == "START" else job.finished_at or job.ordered_at
    return {
        "eventType": kind,
        "eventTime": _moment(at),
        "producer": PRODUCER,
        "schemaURL": EVENT_SCHEMA,
        "run": {"runId": str(job.id), "facets": dict(_run_facets(job, known, kind))},
        "job": {
            "namespace": f"jutong://{job.entry.organisation.code}",
            "name": f"{job.entry.code}:{job.target}",
            "facets": _facets(
                documentation={"description": job.entry.published_name},
                jobType={"processingType": "BATCH", "integration": "JUTONG", "jobType": "EXCHANGE"},
            ),
        },
        "inputs": [_input(job, known, kind)],
        "outputs": [_output(job, known, kind)],
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _facet(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    schema = _OWN.get(name) or f"{_SPEC}/facets/{_FACETS[name]}.json#/$defs/{_FACETS[name].partition('/')[2]}"
    return {"_producer": PRODUCER, "_schemaURL": schema, **fields}


def _facets(**named: dict[str, Any]) -> dict[str, Any]:
    return {name: _facet(name, fields) for name, fields in named.items()}


def _run_facets(job: Job, known: Ordered, kind: EventType) -> Iterable[tuple[str, Any]]:
    told: dict[str, dict[str, Any]] = {
        "nominalTime": {"nominalStartTime": _moment(job.ordered_at)},
        "processing_engine": {"name": "jutong", "version": jutong.__version__},
    }
    evidence: dict[str, Any] = {"node": known.node, "orderId": known.envelope_id}
    if kind != "START":
        evidence |= {
            "leafIndex": job.leaf_index, "sourceDigest": job.source_digest, "targetDigest": job.target_digest,
            "rowsRead": job.rows_read or 0, "rowsQuarantined": job.rows_quarantined or 0,
            "rowsSkipped": job.rows_skipped or 0,
        }  # fmt: skip
    if kind == "FAIL":
        told["errorMessage"] = {"message": job.problem, "programmingLanguage": "Python"}
    return _facets(**told, jutong_evidence=evidence).items()


@dataclass(frozen=True)
class Named:
    """A dataset."""

    namespace: str
    name: str

    @property
    def source(self) -> dict[str, Any]:
        """The facet of the place it is kept in."""
        return {"name": self.namespace.removeprefix("jutong://"), "uri": self.namespace}


def read_from(known: Ordered) -> Named:
    """Return the dataset a job reads."""
    return _table(known.node, known.order.source, known.order.schema_name, known.order.table)


def written_to(job: Job, known: Ordered) -> Named:
    """Return the dataset a job writes."""
    into = known.order.into
    if into is not None:
        return _table(known.node, into.source, into.schema_name, into.table)
    return _landed_table(known.node, job.entry.organisation.code, known.order.target)


def _table(node: str, source: str, schema: str, table: str) -> Named:
    return Named(f"jutong://{quote(node)}/{quote(source)}", f"{schema}.{table}" if schema else table)


def _landed_table(node: str, organisation: str, table: str) -> Named:
    return Named(f"jutong://{quote(node)}/library", f"landed/{organisation}/{table}")


def _described(source: str, schema: str, table: str) -> dict[str, dict[str, Any]]:
    """Return what the source's own catalog says of a table's columns, by name."""
    found = Source.objects.filter(name=source).first()
    for one in found.tables if found else []:
        if (one["schema_name"], one["name"]) == (schema, table):
            return {column["name"]: column for column in one["columns"]}
    return {}


def _schema(names: Iterable[str], described: dict[str, dict[str, Any]]) -> dict[str, Any]:
    fields = []
    for place, name in enumerate(names, start=1):
        known = described.get(name, {})
        said = {"type": known.get("type", ""), "description": known.get("comment", "")}
        fields.append({"name": name, **{key: text for key, text in said.items() if text}, "ordinal_position": place})
    return {"fields": fields}


def _input(job: Job, known: Ordered, kind: EventType) -> dict[str, Any]:
    order, dataset = known.order, read_from(known)
    described = _described(order.source, order.schema_name, order.table)
    found: dict[str, Any] = {
        "namespace": dataset.namespace,
        "name": dataset.name,
        "facets": _facets(
            schema=_schema(order.columns, described),
            dataSource=dataset.source,
            ownership={"owners": [{"name": "organisation:" + job.entry.organisation.code, "type": "OWNER"}]},
        ),
    }
    if kind != "START":
        asked = {"assertions": [_assertion(count) for count in job.rule_counts]}
        told = {"inputStatistics": {"rowCount": job.rows_read or 0}}
        found["inputFacets"] = _facets(**told, **({"dataQualityAssertions": asked} if job.rule_counts else {}))
    return found


def _assertion(count: dict[str, Any]) -> dict[str, Any]:
    severity = "warn" if count["action"] == "warn" else "error"
    return {
        "assertion": count["kind"], "name": count["id"], "success": not count["rows"], "severity": severity,
        "actual": str(count["rows"]), "expected": "0", **({"column": count["column"]} if count["column"] else {}),
    }  # fmt: skip


def _output(job: Job, known: Ordered, kind: EventType) -> dict[str, Any]:
    dataset, into, columns = written_to(job, known), known.order.into, known.columns
    described = _described(into.source, into.schema_name, into.table) if into else {}
    told: dict[str, dict[str, Any]] = {
        "schema": _schema((column.name for column in columns), described),
        "dataSource": dataset.source,
        "columnLineage": _column_lineage(job, known, columns),
    }
    found: dict[str, Any] = {"namespace": dataset.namespace, "name": dataset.name}
    if kind == "COMPLETE":
        if known.order.mode is None or known.order.mode.kind == "replace":
            told["lifecycleStateChange"] = {"lifecycleStateChange": "OVERWRITE"}
        if job.delta_version is not None:
            told["version"] = {"datasetVersion": str(job.delta_version)}
        found["outputFacets"] = _facets(outputStatistics={"rowCount": job.rows_written or 0})
    return {**found, "facets": _facets(**told)}


def _column_lineage(job: Job, known: Ordered, columns: Iterable[LandedColumn]) -> dict[str, Any]:
    dataset = read_from(known)
    fields = {
        column.name: {
            "inputFields": [
                _field(dataset, source, _transformations(changes)) for source, changes in column.origins.items()
            ]
        }
        for column in columns
    }
    return {"fields": fields, "dataset": list(_deciding(job, known))}


def _field(dataset: Named, column: str, transformations: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "namespace": dataset.namespace, "name": dataset.name, "field": column, "transformations": transformations,
    }  # fmt: skip


def _transformations(changes: Iterable[Change]) -> list[dict[str, Any]]:
    found = [
        {
            "type": "DIRECT",
            "subtype": "IDENTITY" if change.keeps else "TRANSFORMATION",
            "description": f"{change.kind} {change.id}",
            "masking": change.masks,
        }
        for change in changes
    ]
    return found or [{"type": "DIRECT", "subtype": "IDENTITY", "description": "", "masking": False}]


def _indirect(subtype: str, description: str) -> list[dict[str, Any]]:
    return [{"type": "INDIRECT", "subtype": subtype, "description": description, "masking": False}]


def _deciding(job: Job, known: Ordered) -> Iterable[dict[str, Any]]:
    """Yield the columns by which it is decided which rows land."""
    dataset, mode = read_from(known), known.order.mode
    for one in known.filters:
        subtype, said = ("JOIN" if one.table else "FILTER"), f"{one.kind} {one.rule}"
        yield _field(dataset, one.column, _indirect(subtype, said))
        if one.table:
            other = _landed_table(known.node, job.entry.organisation.code, one.table)
            yield _field(other, one.table_column, _indirect(subtype, said))
    if watermark := getattr(mode, "watermark", None):
        yield _field(dataset, watermark, _indirect("FILTER", "watermark"))
    origins = {column.column: column.origins for column in known.columns}
    for key in getattr(mode, "keys", ()):
        for source in origins.get(key, {}):
            yield _field(dataset, source, _indirect("JOIN", "key"))
