"""Lineage: as OpenLineage's own classes have it, which are made from the published schema; and pushed until taken."""

from __future__ import annotations

import dataclasses
import importlib
import json
import threading
import types
import typing
from datetime import datetime, timedelta
from enum import Enum
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import attr
import pytest
from django.conf import settings
from django.utils import timezone
from openlineage.client.generated import base

from jutong.center.audit.models import AuditEvent
from jutong.center.fleet.models import Node, Source
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.jobs import actions, lineage, lineage_sending
from jutong.center.jobs.models import Job, LineageSend
from jutong.center.jobs.work import Work
from jutong.center.notify.models import AllowedHost
from jutong.center.notify.sending import MOST_TRIES
from jutong.center.org.actor import platform_actor
from jutong.contracts import rules as rule
from jutong.contracts import steps as step
from jutong.contracts.modes import MergeMode
from jutong.contracts.receipts import MovedReceipt, RuleCount
from tests.api_client import Caller
from tests.sharing_world import NOW, World

BY = platform_actor("lineage")
MODULES = {
    "columnLineage": "column_lineage_dataset.ColumnLineageDatasetFacet",
    "dataQualityAssertions": "data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet",
    "dataSource": "datasource_dataset.DatasourceDatasetFacet",
    "documentation": "documentation_job.DocumentationJobFacet",
    "errorMessage": "error_message_run.ErrorMessageRunFacet",
    "inputStatistics": "input_statistics_input_dataset.InputStatisticsInputDatasetFacet",
    "jobType": "job_type_job.JobTypeJobFacet",
    "lifecycleStateChange": "lifecycle_state_change_dataset.LifecycleStateChangeDatasetFacet",
    "nominalTime": "nominal_time_run.NominalTimeRunFacet",
    "outputStatistics": "output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet",
    "ownership": "ownership_dataset.OwnershipDatasetFacet",
    "processing_engine": "processing_engine_run.ProcessingEngineRunFacet",
    "schema": "schema_dataset.SchemaDatasetFacet",
    "version": "dataset_version_dataset.DatasetVersionDatasetFacet",
}
WORK = Work(
    steps=(
        step.Concat(id="full", columns=("division", "address"), into="place", separator=" "),
        step.Rename(id="called", column="name", to="full_name"),
        step.Constant(id="from", into="origin", value="民政"),
        step.Drop(id="gone", column="address"),
    ),
    rules=(
        rule.Identity(id="number", column="id_number", to_18=True),
        rule.NotNull(id="named", column="full_name", action="warn"),
        rule.Reference(id="known", column="marital", table="states", in_column="code"),
    ),
    masks=(rule.ColumnMask(column="place", mask="address"),),
    mode=MergeMode(keys=("id_number",)),
)


def fits(kind: Any, value: Any, at: str) -> None:
    """Ask whether a value has the shape of one of the generated classes: nothing missing, nothing unknown."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        fits(next(one for one in inner if one is not type(None)), value, at)
    elif origin is list:
        assert isinstance(value, list), at
        for place, one in enumerate(value):
            fits(inner[0], one, f"{at}[{place}]")
    elif origin is dict:
        for name, one in value.items():
            fits(_facet(name) if at.endswith("acets") else inner[1], one, f"{at}.{name}")
    elif attr.has(kind):
        _fits_class(kind, value, at)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        assert value in {one.value for one in kind}, at
    elif kind is not Any:
        assert isinstance(value, kind), (at, kind, value)


def _fits_class(kind: Any, value: dict[str, Any], at: str) -> None:
    hints = typing.get_type_hints(kind, {**vars(typing), **vars(importlib.import_module(kind.__module__))})
    fields = {field.name: field for field in attr.fields(kind)}
    own = kind is base.RunFacet
    assert own or set(value) <= set(fields), (at, set(value) - set(fields))
    needed = {name for name, field in fields.items() if field.default is attr.NOTHING}
    assert needed <= set(value), (at, needed - set(value))
    if "_schemaURL" in fields:
        assert value["_schemaURL"] == ("urn:jutong:openlineage:evidence:1" if own else kind._get_schema()), at
    for name in set(value) & set(fields):
        fits(hints[name], value[name], f"{at}.{name}")


def _facet(name: str) -> Any:
    return base.RunFacet if name == "jutong_evidence" else _class(MODULES[name])


def _class(path: str) -> Any:
    module, _, name = path.partition(".")
    return getattr(importlib.import_module(f"openlineage.client.generated.{module}"), name)


@pytest.fixture
def job(world: World) -> Job:
    world.bind()
    columns = [
        {"name": name, "type": "character varying(64)", "nullable": True, "comment": "姓名" * (name == "name")}
        for name in ("id_number", "name", "marital", "address", "division")
    ]
    Source.objects.update(tables=[{"schema_name": "public", "name": "marriage", "columns": columns}])
    return actions.order_job(entry=world.entry, work=WORK, by=world.steward, now=NOW)


def moved(world: World, job: Job, state: str, after: int, **told: Any) -> Job:
    now = NOW + timedelta(minutes=after)
    started = int((NOW + timedelta(minutes=1)).timestamp() * 1000)
    receipt = MovedReceipt(job_id=str(job.id), state=state, started_ms=started, **told)  # type: ignore[arg-type]
    apply_receipt(node=Node.objects.get(), envelope=world.receipt("moved", receipt, now), now=now)
    return Job.objects.get(id=job.id)


DONE: dict[str, Any] = {
    "rows_read": 5, "rows_written": 4, "rows_quarantined": 1, "source_digest": "jc1:4:aa", "target_digest": "jc1:4:aa",
    "delta_version": 3, "leaf_index": 9, "mode": "merge", "rows_inserted": 4,
    "finished_ms": int((NOW + timedelta(minutes=2)).timestamp() * 1000),
    "rules": (RuleCount(id="number", kind="identity", column="id_number", action="set-aside", rows=1),),
}  # fmt: skip


def test_every_event_is_what_the_published_schema_says_and_tells_each_columns_way(world: World, job: Job) -> None:
    assert lineage.events(job) == [], "nothing has begun"
    assert [one["eventType"] for one in lineage.events(moved(world, job, "running", 1))] == ["START"]
    done = moved(world, job, "done", 2, **DONE)
    start, complete = lineage.events(done)
    failed = lineage.event(with_changes(done, state="failed", problem="node.x: 断了"), known(done), "FAIL")
    for one in (start, complete, failed):
        fits(base.RunEvent, one, one["eventType"])
    caller = Caller(world.steward, timezone.now())
    assert caller.get(f"/jobs/{done.id}/lineage") == {"events": [start, complete]}
    stranger = Caller(world.stranger, timezone.now())
    assert stranger.refused("GET", f"/jobs/{done.id}/lineage")[0] == 404
    assert failed["run"]["facets"]["errorMessage"]["message"] == "node.x: 断了"
    assert start["run"]["runId"] == complete["run"]["runId"] == str(done.id)
    assert datetime.fromisoformat(start["eventTime"]) < datetime.fromisoformat(complete["eventTime"])
    assert (start["job"]["name"], complete["inputs"][0]["name"]) == (f"306001/1:{done.target}", "public.marriage")
    assert complete["inputs"][0]["facets"]["schema"]["fields"][1]["description"] == "姓名"
    assert complete["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"][0]["actual"] == "1"
    out = complete["outputs"][0]
    assert out["outputFacets"]["outputStatistics"]["rowCount"] == 4
    assert out["facets"]["version"]["datasetVersion"] == "3"
    assert "lifecycleStateChange" not in out["facets"], "a merge leaves what is there"
    fields = {
        name: {
            way["field"]: [(one["subtype"], one["description"], one["masking"]) for one in way["transformations"]]
            for way in told["inputFields"]
        }
        for name, told in out["facets"]["columnLineage"]["fields"].items()
    }
    joined = [("TRANSFORMATION", "concat full", False), ("TRANSFORMATION", "address place", True)]
    assert fields == {
        "id_number": {"id_number": [("TRANSFORMATION", "identity number", False)]},
        "full_name": {"name": [("IDENTITY", "rename called", False)]},
        "marital": {"marital": [("IDENTITY", "", False)]},
        "division": {"division": [("IDENTITY", "", False)]},
        "place": {"division": joined, "address": joined},
        "origin": {},
    }
    deciding = [
        (one["name"], one["field"], one["transformations"][0]["subtype"], one["transformations"][0]["description"])
        for one in out["facets"]["columnLineage"]["dataset"]
    ]
    states = f"landed/{world.civil.code}/states"
    assert deciding == [
        ("public.marriage", "id_number", "FILTER", "identity number"),
        ("public.marriage", "marital", "JOIN", "reference known"),
        (states, "code", "JOIN", "reference known"),
        ("public.marriage", "id_number", "JOIN", "key"),
    ]


def known(job: Job) -> lineage.Ordered:
    found = lineage.ordered(job)
    assert found is not None
    return found


def with_changes(job: Job, **changes: Any) -> Job:
    for name, value in changes.items():
        setattr(job, name, value)
    return job


class _Collector(BaseHTTPRequestHandler):
    status = 503
    got: typing.ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append((self.headers["Authorization"], body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_events_are_pushed_in_order_until_they_are_taken(world: World, job: Job, monkeypatch: Any) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Collector)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/api/v1/lineage"
    pushing = dataclasses.replace(settings.JUTONG, lineage_url=url, lineage_token="secret")
    try:
        moved(world, job, "running", 1)
        assert not LineageSend.objects.exists(), "no address, nothing to push"
        monkeypatch.setattr(settings, "JUTONG", pushing)
        moved(world, job, "done", 2, **DONE)
        now = NOW + timedelta(minutes=3)
        assert lineage_sending.send_due(clock=lambda: now, by=BY) == 0
        assert "允许" in LineageSend.objects.get(kind="START").problem, "the host is not on the list"
        AllowedHost.objects.create(host="127.0.0.0/8", added_at=NOW)
        now += timedelta(minutes=30)
        assert lineage_sending.send_due(clock=lambda: now, by=BY) == 0
        assert "503" in LineageSend.objects.exclude(problem="").latest("next_at").problem
        monkeypatch.setattr(_Collector, "status", 201)
        now += timedelta(minutes=30)
        assert lineage_sending.send_due(clock=lambda: now, by=BY) == 2
        assert [(token, body["eventType"]) for token, body in _Collector.got[1:]] == [
            ("Bearer secret", "START"), ("Bearer secret", "COMPLETE"),
        ]  # fmt: skip
        assert lineage_sending.send_due(clock=lambda: now, by=BY) == 0, "once each"
        row = LineageSend.objects.filter(kind="START")
        monkeypatch.setattr(_Collector, "status", 500)
        row.update(state="waiting", tries=MOST_TRIES - 1, next_at=now)
        lineage_sending.send_due(clock=lambda: now, by=BY)
        assert (row.get().state, AuditEvent.objects.filter(event="jobs:lineage:fail").count()) == ("dead", 1)
        assert lineage_sending.forget_old(now + lineage_sending.KEPT + timedelta(hours=1)) == 2
    finally:
        server.shutdown()
        server.server_close()
