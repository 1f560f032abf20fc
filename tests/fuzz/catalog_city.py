"""The registry's newer corners in the fuzz city: norms, imports, sources and plans, and what happens to an entry."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from jutong.center.catalog import actions as catalog
from jutong.center.catalog.fields import ItemFields
from jutong.center.catalog.models import Entry
from jutong.center.fleet.models import Source
from jutong.center.intake import actions as intake
from jutong.center.norms import actions as norms
from jutong.center.org.models import InformationSystem, Organisation
from jutong.center.ownership import actions as ownership
from jutong.center.ownership.enums import Stance
from jutong.center.ownership.holdings import follow
from jutong.center.ownership.models import SourceDesignation
from tests import sharing_steps, sharing_world
from tests.center_world import FIELDS, PLATFORM

if TYPE_CHECKING:
    from tests.fuzz.city import FuzzCity

DECIDED, FREE, HEARD, ASKED = "婚姻状况", "文化程度", "户籍所在地", "公民身份号码"
"""Items both departments publish: with a source, without, with a proposal all have answered, with a fresh one."""
PLAN = {
    "kind": "form",
    "name": "入学申请表",
    "purpose": "入学登记",
    "fields": [{"name": DECIDED}, {"name": "就读意愿"}],
}
UNSHARED = [{"name": "就读意愿"}]
PLACE = {
    "kind": "service", "source": "civil-doors", "protocol": "http", "address": "10.0.0.5:8080", "path": "/health",
    "channel": "",
}  # fmt: skip
LIST = "目录标题,摘要,更新周期,数据项\n公墓名录,全市公墓,看情况定,名称、地址\n殡仪馆名录,全市殡仪馆,每年,名称、电话\n"
EVERY_ROW = {
    "classification": "307010", "domain": "民生服务", "data_format": "database", "share_attribute": "unconditional",
    "share_way": "service", "grade": "general-1", "not_secret": "1",
}  # fmt: skip


def path_of(code: str) -> dict[str, str]:
    """Return an entry's code as the path parameters it is addressed with."""
    classification, _, sequence = code.partition("/")
    return {"classification": classification, "sequence": sequence}


def extend(city: FuzzCity) -> None:
    """Add what these areas need to a city that has applications and entries."""
    city.bodies["checkEntry"] = {"code": ""}
    city.addresses["getTemplateSchema"] = {"key": "cn-2025.1"}
    bound = city.bound("挂接地点目录")
    _places(city, bound)
    _life(city, bound)
    _ending(city)
    _batches(city)
    _norms(city, bound)
    _imports(city)
    _sources(city)
    _plans(city)


def _places(city: FuzzCity, bound: str) -> None:
    world = city.world
    Source.objects.create(
        node=world.node, name=str(PLACE["source"]), dialect="endpoints", organisation=world.civil, is_ok=True,
        seen_at=timezone.now(),
    )  # fmt: skip
    city.addresses["bindEntryPlace"], city.bodies["bindEntryPlace"] = path_of(bound), PLACE
    system = InformationSystem.objects.create(organisation=world.civil, name="殡葬系统", created_at=timezone.now())
    city.addresses["linkSystemEntries"] = {"system_id": str(system.id)}
    city.bodies["linkSystemEntries"] = {"codes": [bound]}


def _life(city: FuzzCity, bound: str) -> None:
    steward, other = city.caller("steward"), city.bound("另一变化目录")
    change: dict[str, Any] = {
        "kind": "law", "title": "殡葬管理条例修订", "basis": "国务院令", "happened_on": str(timezone.localdate()),
        "entries": [bound, other],
    }  # fmt: skip
    event = steward.ask("POST", "/catalog/change-events", change, status=201)
    more = {"days": 2, "reason": "等细则"}
    asked = steward.ask("POST", f"/catalog/entries/{other}/extensions", more, status=201)
    for name in ("getChangeEvent", "listTouchedEntries"):
        city.addresses[name] = {"event_id": event["id"]}
    city.addresses |= {
        "discardDraft": path_of(city.entry("作废目录")),
        "proposeRemoval": path_of(bound),
        "askUpdateExtension": path_of(bound),
        "decideUpdateExtension": {"extension_id": asked["id"]},
    }
    city.bodies |= {
        "registerChange": change,
        "askUpdateExtension": more,
        "proposeRemoval": {"reason": "职责划出", "effective_from": None},
        "decideUpdateExtension": {"agreed": True, "note": ""},
    }


def _ending(city: FuzzCity) -> None:
    """Two services that run: one may be filed to end, of the other the filing waits; and one with two versions."""
    world, now = city.world, timezone.now()
    entry, _ = sharing_world.publish(world.civil, name="收养登记信息", code="306001/7")
    items = sharing_world.publish_version(entry, name="收养登记信息", attribute=entry.share_attribute, number=2)
    sharing_steps.sharing(replace(world, entry=entry, items=items), now)
    filing = {"reason": "职责划出", "consulted": {world.education.code: "改用省级接口"}}
    made = city.caller("steward").ask("POST", f"/catalog/entries/{entry.code}/filings", filing, status=201)
    city.addresses |= {
        "fileEnd": path_of(world.entry.code),
        "decideFiling": {"filing_id": made["id"]},
        "compareVersions": path_of(entry.code),
    }
    city.bodies |= {"fileEnd": filing, "decideFiling": {"agreed": True, "note": ""}}
    city.queries["compareVersions"] = {"before": 1, "after": 2}


def _batches(city: FuzzCity) -> None:
    body = {
        "step": "discard", "codes": [city.entry("批量作废目录")], "matching": None, "assessments": [], "code": "",
        "reason": "",
    }  # fmt: skip
    done = city.caller("steward").ask("POST", "/catalog/batches", body, status=202)
    for name in ("getBatch", "listBatchOutcomes"):
        city.addresses[name] = {"batch_id": done["id"]}
    city.addresses["listWork"] = {"name": "assess"}
    city.bodies["startBatch"] = {**body, "codes": [city.entry("批量待作废目录")]}


def _norms(city: FuzzCity, bound: str) -> None:
    now = timezone.now()
    norms.load_library(by=PLATFORM, now=now)
    norms.load_shipped_tables(by=PLATFORM, now=now)
    run = city.caller("steward").ask("POST", f"/norms/conformance/entries/{bound}", status=201)
    city.addresses |= {
        "getElement": {"code": "DE01005"},
        "getCodeTable": {"key": "gbt3304"},
        "listCodes": {"key": "gbt3304"},
        "mapCode": {"key": "gbt2260"},
        "getConformanceRun": {"run_id": run["id"]},
        "runOrganisationConformance": {"code": city.world.civil.code},
        "runEntryConformance": path_of(bound),
    }
    city.queries["mapCode"] = {"code": "110221", "start": "1990-12-01"}
    city.bodies["runTableConformance"] = {
        "source": city.world.source.name, "schema_name": "public", "table": "marriage",
    }  # fmt: skip


def _imports(city: FuzzCity) -> None:
    """One list whose headers wait for their fields, and one that was checked."""
    steward = city.caller("steward")
    file = {"name": "清单.csv", "content": base64.b64encode(LIST.encode()).decode()}
    mapping: dict[str, Any] = {"choices": {}, "defaults": EVERY_ROW}
    waiting, checked = (steward.ask("POST", "/imports", file, status=201)["id"] for _ in range(2))
    steward.ask("PUT", f"/imports/{checked}/mapping", mapping)
    intake.check_batch(batch_id=checked, by=PLATFORM, now=timezone.now())
    for name in ("getImport", "listProposals", "draftImport"):
        city.addresses[name] = {"batch_id": checked}
    city.addresses["mapImport"] = {"batch_id": waiting}
    city.addresses["fixProposal"] = {"batch_id": checked, "line": "2"}
    city.bodies |= {
        "receiveImport": file,
        "mapImport": mapping,
        "fixProposal": {"places": {"update_cycle": "每年"}},
    }


def _published(organisation: Organisation, name: str) -> Entry:
    items = tuple(ItemFields(name=item, data_type="C", length=64) for item in (ASKED, DECIDED, FREE, HEARD))
    rows = [catalog.ImportRow(replace(FIELDS, name=name, summary=name), items)]
    return catalog.import_published(organisation=organisation, rows=rows, by=PLATFORM, now=timezone.now())[0]


def _sources(city: FuzzCity) -> None:
    world, now = city.world, timezone.now()
    source = _published(world.civil, "家庭成员信息")
    _published(world.education, "学籍信息")
    follow(now)
    actors = world.actors
    held = {row.item_name: row.subject for row in source.holdings.select_related("subject")}
    made: dict[str, SourceDesignation] = {}
    for name in (DECIDED, HEARD, ASKED):
        made[name] = ownership.propose_source(
            subject=held[name], entry=source, basis="职责", by=actors["authority"], now=now
        )
    for name in (DECIDED, HEARD):
        for who in ("steward", "requester_head"):
            ownership.state_position(designation=made[name], stance=Stance.AGREE, text="", by=actors[who], now=now)
    start = {"entry": source.code, "effective_on": str(timezone.localdate())}
    path = f"/ownership/sources/{made[DECIDED].id}/designate"
    city.caller("authority").ask("POST", path, start)
    free = {"subject_id": str(held[FREE].id)}
    city.addresses |= {"getSubject": free, "proposeSource": free}
    for operation, name in (("statePosition", ASKED), ("designateSource", HEARD), ("revokeSource", ASKED)):
        city.addresses[operation] = {"designation_id": str(made[name].id)}
    city.queries["findSource"] = {"name": DECIDED}
    city.bodies |= {
        "proposeSource": {"entry": source.code, "basis": "职责"},
        "statePosition": {"stance": "agree", "text": ""},
        "designateSource": start,
        "revokeSource": {"reason": "职责划转"},
        "resolvePlan": {"answers": [{"position": 1, "choice": "reuse", "entry": source.code, "justification": ""}]},
    }


def _plans(city: FuzzCity) -> None:
    steward = city.caller("steward")
    begun, clear, sent = (
        steward.ask("POST", "/ownership/plans", {**PLAN, "name": name, "fields": fields}, status=201)["id"]
        for name, fields in (("登记表", PLAN["fields"]), ("意愿表", UNSHARED), ("调查表", UNSHARED))
    )
    steward.ask("POST", f"/ownership/plans/{sent}/submit")
    for name in ("getPlan", "editPlan", "resolvePlan"):
        city.addresses[name] = {"plan_id": begun}
    city.addresses["submitPlan"] = {"plan_id": clear}
    for name in ("recallPlan", "decidePlan"):
        city.addresses[name] = {"plan_id": sent}
    city.bodies |= {"createPlan": PLAN, "editPlan": PLAN, "decidePlan": {"approve": True, "note": ""}}
