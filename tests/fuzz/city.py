"""A small city with something at every stage, so that a random call meets real things and not only "not found"."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from jutong.center.fleet.receipts import apply_receipt
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import InformationSystem, SystemKey
from jutong.center.org.permissions import HOLDERS, Permission
from jutong.center.sharing.models import Grant
from jutong.contracts.receipts import AccessSummary, GrantReceipt, ServedReceipt
from jutong.kernel.keys import generate_signer
from tests import sharing_world
from tests.api_client import Caller
from tests.fuzz import (
    agreement_city,
    catalog_city,
    corrections_city,
    demand_city,
    jobs_city,
    library_city,
    remedy_city,
    returns_city,
    sharing_city,
    supervision_city,
)

CIVIL, EDUCATION = "11629900MB4482457G", "11629900MB5345980L"
"""Credit codes whose check characters are right, which submission asks for."""
RECORD = "0199c0de-0000-7000-8000-000000000001"
ENTRY: dict[str, Any] = {
    "name": "低保对象信息", "classification": "307010", "summary": "城乡低保对象的基本信息", "domain": "民生服务",
    "data_format": "database", "update_cycle": "daily", "share_attribute": "conditional", "share_way": "service",
    "share_scope": "本市各部门", "share_purpose": "核对资格", "grade": "general-2", "not_secret": True,
    "items": [{"name": "公民身份号码", "data_type": "C", "length": 18, "is_key": True, "grade": "general-2"}],
}  # fmt: skip
BINDING = {
    "source": "civil", "schema_name": "public", "table": "marriage", "columns": {"公民身份号码": "id_number"},
}  # fmt: skip
_ORDER = ("requester", "requester_head", "steward", "provider_head", "department_head", "authority", "system_admin")
_OTHERS = ("security_admin", "auditor")
_SIDES = {
    Permission.AGREEMENT_AGREEMENT_SIGN: "provider_head",
    Permission.AGREEMENT_BREACH_VIEW: "steward",
    Permission.SHARING_REPLY_CONSENT: "provider_head",
    Permission.SHARING_SUSPENSION_LIFT: "provider_head",
    Permission.SHARING_GRANT_SUSPEND: "steward",
    Permission.CATALOG_ENTRY_SUBMIT: "steward",
    Permission.DISPUTE_CASE_DECIDE: "leader",
    Permission.CATALOG_DRAFT_VIEW: "steward",
    Permission.CATALOG_FILING_SUBMIT: "steward",
    Permission.FLEET_SOURCE_VIEW: "steward",
    Permission.INTAKE_BATCH_VIEW: "steward",
    Permission.JOBS_JOB_VIEW: "steward",
    Permission.NORMS_NORM_VIEW: "steward",
    Permission.OWNERSHIP_SOURCE_VIEW: "steward",
    Permission.REMEDY_CHANGE_PROPOSE: "steward",
    Permission.SHARING_RETURN_ANSWER: "upper_steward",
    Permission.REMEDY_DISPOSAL_VERIFY: "steward",
    Permission.REMEDY_LEDGER_INSPECT: "steward",
    Permission.REMEDY_RECTIFICATION_ORDER: "provider_head",
}
"""Whose side a step belongs to, where the permission alone does not tell."""


@dataclass
class FuzzCity:
    """The world, who calls what, and the address of the thing each operation is about."""

    world: sharing_world.World
    callers: dict[str, Caller] = field(default_factory=dict)
    addresses: dict[str, dict[str, str]] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Fields without which a body meets nothing real."""
    queries: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Query parameters without which a call meets nothing real."""

    def caller(self, name: str) -> Caller:
        if name not in self.callers:
            actor: Actor = self.world.actors[name]
            self.callers[name] = Caller(actor, timezone.now())
        return self.callers[name]

    def token(self, rule: str) -> str:
        """Return the token of somebody who may call an operation with this rule."""
        if rule == "signed-in":
            return self.caller("requester").token
        permission = Permission(rule)
        name = _SIDES.get(permission) or next(
            key for key in (*_ORDER, *_OTHERS) if self.world.actors[key].role in HOLDERS[permission]
        )
        return self.caller(name).token

    # -- applications and grants ------------------------------------------------

    def draft(self, title: str) -> str:
        items = self.world.items
        body = {
            "entry_code": self.world.entry.code,
            "need": {
                "title": title, "basis": "义务教育法第十二条", "scenario": "新生入学核验", "scope": "招生人员",
                "share_way": "service", "valid_until": str(timezone.localdate() + timedelta(days=90)),
                "system_id": str(self._system(title).id), "is_true": True, "is_lawful": True, "is_necessary": True,
                "items": [
                    {"item_id": str(items["公民身份号码"].id), "mode": "verify"},
                    {"item_id": str(items["婚姻状况"].id), "mode": "plain"},
                ],
            },
        }  # fmt: skip
        return str(self.caller("requester").ask("POST", "/applications", body, status=201)["number"])

    def _system(self, title: str) -> InformationSystem:
        return InformationSystem.objects.create(
            organisation=self.world.education, name=f"{title}系统", created_at=timezone.now()
        )

    def awaiting(self, title: str) -> str:
        number = self.draft(title)
        self.caller("requester").ask("POST", f"/applications/{number}/consent-request")
        return number

    def submitted(self, title: str) -> str:
        number = self.awaiting(title)
        self.caller("requester_head").ask("POST", f"/applications/{number}/consent", {"agreed": True})
        return number

    def prepared(self, title: str) -> str:
        number = self.submitted(title)
        self.caller("steward").ask("POST", f"/applications/{number}/reply", {"agreed": True})
        return number

    def signed(self, application: str) -> str:
        for name in ("provider_head", "requester_head"):
            (row,) = self.caller(name).get(f"/agreements?application={application}")["rows"]
            read = self.caller(name).get(f"/agreements/{row['number']}")
            self.caller(name).ask("POST", f"/agreements/{row['number']}/signature", {"digest": read["digest"]})
        return str(row["number"])

    def granted(self, title: str) -> str:
        number = self.prepared(title)
        done = self.caller("provider_head").ask("POST", f"/applications/{number}/reply/consent", {"agreed": True})
        self.signed(number)
        grant, now = Grant.objects.get(number=done["grant_number"]), timezone.now()
        ready = GrantReceipt(grant_id=str(grant.id), state="ready")
        apply_receipt(node=self.world.node, envelope=self.world.receipt("grant", ready, now), now=now)
        return str(grant.number)

    # -- entries ------------------------------------------------------------------

    def entry(self, name: str) -> str:
        made = self.caller("steward").ask("POST", "/catalog/entries", {**ENTRY, "name": name}, status=201)
        return str(made["code"])

    def assessed(self, name: str) -> str:
        code = self.entry(name)
        for kind in ("secrecy", "personal"):
            body = {
                "kind": kind, "passed": True, "conclusion": "风险可控", "assessed_by": "王建国",
                "assessed_on": str(timezone.localdate()),
            }  # fmt: skip
            self.caller("steward").ask("POST", f"/catalog/entries/{code}/assessments", body)
        return code

    def consented(self, name: str) -> str:
        code = self.assessed(name)
        self.caller("department_head").ask("POST", f"/catalog/entries/{code}/consent", {"agreed": True})
        return code

    def under_review(self, name: str) -> str:
        code = self.consented(name)
        self.caller("steward").ask("POST", f"/catalog/entries/{code}/submission")
        return code

    def bound(self, name: str) -> str:
        code = self.under_review(name)
        self.caller("authority").ask("POST", f"/catalog/entries/{code}/publication")
        self.caller("steward").ask("PUT", f"/catalog/entries/{code}/binding", BINDING)
        return code


def build() -> FuzzCity:
    world = sharing_world.build()
    world.actors["security_admin"] = sharing_world.person(world.bigdata, Role.SECURITY_ADMIN, "security-admin", "顾严")
    columns = [{"name": name, "type": "text"} for name in ("id_number", "name", "marital", "address", "division")]
    world.source.tables = [{"schema_name": "public", "name": "marriage", "row_estimate": 10, "columns": columns}]
    world.source.save()
    for organisation, code in ((world.civil, CIVIL), (world.education, EDUCATION)):
        organisation.code, organisation.data_office = code, "信息科"
        organisation.save()
        for name, actor in world.actors.items():
            if actor.organisation_id == organisation.id:
                world.actors[name] = replace(actor, organisation_code=code)
    world.bind()
    city = FuzzCity(world)
    _people_and_sources(city)
    _applications(city)
    _catalogue(city)
    catalog_city.extend(city)
    corrections_city.extend(city)
    remedy_city.extend(city)
    agreement_city.extend(city)
    sharing_city.extend(city)
    supervision_city.extend(city)
    demand_city.extend(city)  # last but for what begins above: an application for a matched entry carries the need on
    returns_city.extend(city)
    return city


def _people_and_sources(city: FuzzCity) -> None:
    world, now = city.world, timezone.now()
    spare = generate_signer("spare")
    SystemKey.objects.create(system=world.system, key_id=spare.key_id, public_key=spare.public_b64, created_at=now)
    system = {"system_id": str(world.system.id)}
    for name in ("getSystem", "addSystemKey"):
        city.addresses[name] = system
    city.addresses["revokeSystemKey"] = {**system, "key_id": spare.key_id}
    city.addresses["getOrganisation"] = {"code": world.civil.code}
    for name in ("getSource", "orderInventory"):
        city.addresses[name] = {"name": world.source.name}
    jobs_city.extend(city)
    library_city.extend(city)


def _applications(city: FuzzCity) -> None:
    made = {
        "editApplication": city.draft("起草"),
        "requestConsent": city.draft("提请"),
        "consentApplication": city.awaiting("待同意"),
        "askSupplement": city.submitted("已提交"),
        "answerSupplement": city.submitted("补正"),
        "decideExtension": city.submitted("延长"),
        "consentReply": city.prepared("已拟答复"),
    }
    steward = city.caller("steward")
    steward.ask("POST", f"/applications/{made['answerSupplement']}/supplement", {"missing": ["职责依据"]})
    steward.ask("POST", f"/applications/{made['decideExtension']}/extension", {"days": 3, "reason": "量大"})
    sent = made["askSupplement"]
    for name in (
        "getApplication",
        "askExtension",
        "prepareReply",
        "sendMessage",
        "sendReminder",
        "withdrawApplication",
    ):
        made[name] = sent
    city.addresses |= {name: {"number": number} for name, number in made.items()}
    active, stopped = city.granted("使用"), city.granted("暂停")
    steward.ask("POST", f"/grants/{stopped}/suspension", {"reason": "核实"})
    for name in ("getGrant", "suspendGrant", "revokeGrant"):
        city.addresses[name] = {"number": active}
    city.addresses["liftSuspension"] = {"number": stopped}
    _access(city, active)


def _access(city: FuzzCity, number: str) -> None:
    grant, now = Grant.objects.get(number=number), timezone.now()
    call = AccessSummary(
        record_id=RECORD, time_ms=int(now.timestamp() * 1000), kind="query", outcome="ok", grant_id=str(grant.id),
        system_id=str(grant.system_id), official="吴思源", purpose="新生入学核验", case_number="JY-1", rows=1,
        fields=("婚姻状况",), leaf_index=7,
    )  # fmt: skip
    served = ServedReceipt(calls=(call,))
    apply_receipt(node=city.world.node, envelope=city.world.receipt("served", served, now), now=now)
    city.addresses["getAccess"] = {"record_id": RECORD}


def _catalogue(city: FuzzCity) -> None:
    draft, review = city.entry("草稿目录"), city.under_review("待审目录")
    made = {
        "editEntry": draft,
        "assessEntry": draft,
        "listFindings": draft,
        "getOwnEntry": draft,
        "consentEntry": city.assessed("待同意目录"),
        "submitEntry": city.consented("待提交目录"),
        "recallEntry": review,
        "publishEntry": review,
        "returnEntry": review,
    }
    for name in ("getEntry", "getEntryHistory", "getEntryUse", "renewEntry"):
        made[name] = city.world.entry.code
    made["bindEntry"] = made["unbindEntry"] = bound = city.bound("已挂接目录")
    city.bodies |= {
        "editEntry": {"classification": ENTRY["classification"], "items": []},
        "draftApplication": {"entry_code": city.world.entry.code, "need": {}},
        "bindEntry": BINDING,
        "orderJob": {"entry_code": bound},
    }
    for name, code in made.items():
        city.addresses[name] = catalog_city.path_of(code)
