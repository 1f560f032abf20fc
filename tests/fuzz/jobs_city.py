"""A job under way and a transfer of each state for random calls."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from jutong.center.catalog.models import Binding
from jutong.center.fleet.models import Source
from jutong.center.jobs import actions as jobs
from jutong.center.jobs import transfers
from jutong.center.jobs.models import Transfer
from jutong.center.jobs.schedule import Schedule
from jutong.center.jobs.work import Work
from jutong.contracts.modes import MergeMode
from tests.sharing_world import publish

if TYPE_CHECKING:
    from tests.fuzz.city import FuzzCity

COLUMNS = {"公民身份号码": "id_number", "姓名": "name"}


def extend(city: FuzzCity) -> None:
    world, now = city.world, timezone.now()
    steward = world.actors["steward"]
    job = {"job_id": str(jobs.order_job(entry=world.entry, by=steward, now=now).id)}
    for name in ("getJob", "controlJob", "getJobLog", "getJobLineage"):
        city.addresses[name] = job
    columns = [{"name": column, "type": "text", "nullable": True} for column in COLUMNS.values()]
    table = {"schema_name": "public", "name": "burial", "row_estimate": 3, "columns": columns}
    source = Source.objects.get(name=world.source.name)
    Source.objects.filter(id=source.id).update(tables=[*source.tables, table])
    entry, _ = publish(world.civil, name="殡葬信息", code="306001/77")
    Binding.objects.create(
        entry=entry, source=source.name, schema_name="public", table="burial", columns=COLUMNS,
        bound_at=now - timedelta(days=1),
    )  # fmt: skip
    terms = transfers.Terms(name="殡葬信息入库", schedule=Schedule(kind="daily"))
    kept: list[Transfer] = [transfers.save_transfer(entry=entry, terms=terms, by=steward, now=now) for _ in range(2)]
    transfers.switch_off(transfer=kept[1], reason="核对", by=steward, now=now)
    for name in ("getTransfer", "changeTransfer", "runTransfer", "listTransferVersions"):
        city.addresses[name] = {"transfer_id": str(kept[0].id)}
    by_key = transfers.Terms(name="殡葬信息合并", work=Work(mode=MergeMode(keys=("id_number",), watermark="name")))
    merging = {"transfer_id": str(transfers.save_transfer(entry=entry, terms=by_key, by=steward, now=now).id)}
    city.addresses["tryTransfer"], city.addresses["backfillTransfer"] = merging, merging
    city.bodies["tryTransfer"] = {"rows": 100}
    city.bodies["backfillTransfer"] = {"first": "2026-01-01", "until": "2026-02-01"}
    city.addresses["switchTransfer"] = {"transfer_id": str(kept[1].id)}
    city.bodies["switchTransfer"] = {"on": True}
    city.bodies["changeTransfer"] = {"work": {}, "schedule": {"kind": "daily"}}
    city.bodies["createTransfer"] = {"entry_code": entry.code, "work": {}, "schedule": {"kind": "daily"}}
    city.queries["proposeTransfer"] = {"entry": entry.code}
