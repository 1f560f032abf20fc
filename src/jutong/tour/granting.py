"""From the catalogue to a grant that a node serves: the steps of both departments, each by the person it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from jutong.client import JutongClient
from jutong.demo.city import department
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.keys import Ed25519Signer, Ed25519Verifier, generate_signer
from jutong.tour.desk import Desk, Platform, sign_in, wait_for
from jutong.tour.errors import WaitedInVainError
from jutong.tour.facts import BASIS, PURPOSE, REQUESTER, SCOPE, SYSTEM, Fact
from jutong.tour.voice import Voice

VALID_DAYS = 180
DAILY_QUOTA = 2000
KEY_NAME = "tour"
RUNNING = ("awaiting-signing", "awaiting-binding", "ordered", "active", "failed", "suspended")
_DRAFT = gettext_noop("起草申请")
_REQUEST = gettext_noop("提请本部门同意")
_CONSENT = gettext_noop("同意并提交申请")
_REPLY = gettext_noop("拟答复")
_REPLY_CONSENT = gettext_noop("同意答复")
_SIGN = gettext_noop("签署协议")
_ADD_SYSTEM = gettext_noop("登记信息系统")
_ADD_KEY = gettext_noop("登记公钥")
_REVOKE_KEY = gettext_noop("作废上次的公钥")
_END = gettext_noop("终止上次的授权")
_SUPPLIED = gettext_noop("节点开通授权")


@dataclass
class Requester:
    """The people and the system of the department that needs the facts."""

    worker: Desk
    head: Desk
    registrar: Desk
    security: Desk
    system_id: str = ""
    signer: Ed25519Signer | None = None


@dataclass
class Granted:
    """A fact with the grant it is asked under and the people who gave it."""

    fact: Fact
    grant: dict[str, Any]
    steward: Desk
    head: Desk
    client: JutongClient

    @property
    def number(self) -> str:
        """The grant's number."""
        return str(self.grant["number"])


def gather(platform: Platform, voice: Voice) -> Requester:
    """Sign in the people who ask."""
    requester = Requester(
        worker=sign_in(platform, REQUESTER, "requester"),
        head=sign_in(platform, REQUESTER, "office-head"),
        registrar=sign_in(platform, "bigdata", "system-admin"),
        security=sign_in(platform, "bigdata", "security-admin"),
    )
    for desk in (requester.worker, requester.head, requester.registrar, requester.security):
        voice.proof(gettext_noop("{who}（{username}）换得访问令牌"), who=desk.who, username=desk.username)
    return requester


def clear_earlier(requester: Requester, voice: Voice) -> None:
    """End what an earlier tour left, so that this one walks the whole way again.

    A system holds one running grant on an entry; the requester ends it because its purpose is reached (条例 27(1)).
    """
    for grant in requester.head.get("/grants", side="requester", state=list(RUNNING), limit=100)["rows"]:
        if grant["system"]["name"] == SYSTEM:
            reason = {"reason": voice.sentence(gettext_noop("演示重新开始，使用目的已经实现"))}
            requester.head.do(_END, "POST", f"/grants/{grant['number']}/revocation", reason)
            voice.proof(gettext_noop("上次的授权{number}由{who}终止"), number=grant["number"], who=requester.head.who)


def register_key(requester: Requester, voice: Voice) -> Ed25519Signer:
    """Give the requester's system a fresh key pair; the private half stays here."""
    system = _system(requester, voice)
    requester.system_id = system["id"]
    for key in system["keys"]:
        if key["key_id"].startswith(f"{KEY_NAME}.") and key["revoked_at"] is None:
            requester.security.do(_REVOKE_KEY, "DELETE", f"/systems/{system['id']}/keys/{key['key_id']}")
    signer = generate_signer(KEY_NAME)
    body = {"key_id": signer.key_id, "public_key": signer.public_b64}
    requester.security.do(_ADD_KEY, "POST", f"/systems/{system['id']}/keys", body)
    requester.signer = signer
    voice.proof(
        gettext_noop("{who}为“{system}”登记公钥{key}；私钥不出本机"),
        who=requester.security.who,
        system=SYSTEM,
        key=signer.key_id,
    )
    return signer


def _system(requester: Requester, voice: Voice) -> dict[str, Any]:
    systems = requester.worker.get("/systems", limit=100)["rows"]
    found: dict[str, Any] | None = next((row for row in systems if row["name"] == SYSTEM), None)
    if found is None:
        body = {"organisation_code": department(REQUESTER).code, "name": SYSTEM, "protection_level": 3}
        found = requester.registrar.do(_ADD_SYSTEM, "POST", "/systems", body)
        voice.proof(gettext_noop("{who}登记信息系统“{system}”"), who=requester.registrar.who, system=SYSTEM)
    assert found is not None  # noqa: S101 - just registered
    return found


def obtain(platform: Platform, requester: Requester, fact: Fact, voice: Voice) -> Granted:
    """Walk one application from the catalogue to a grant in use.

    Raises:
        StepRefusedError: if the platform refuses a step.
        WaitedInVainError: if the node does not say that it serves the grant.
    """
    entry = _find(requester.worker, fact, voice)
    number = _apply(requester, fact, entry, voice)
    steward, head = (sign_in(platform, fact.department, role) for role in ("steward", "office-head"))
    _answer(steward, head, number, voice)
    _sign(head, requester.head, number, voice)
    grant = _await_supply(requester.worker, number, voice)
    return Granted(fact, grant, steward, head, _client(requester, grant))


def _find(worker: Desk, fact: Fact, voice: Voice) -> dict[str, Any]:
    hits = worker.get("/catalog/entries", q=fact.entry, bound="1")["rows"]
    hit = next((row for row in hits if row["name"] == fact.entry), None)
    if hit is None:
        what = voice.sentence(gettext_noop("目录里有“{name}”并已挂接"), name=fact.entry)
        raise WaitedInVainError(seconds=0, what=what, found=str(len(hits)))
    voice.proof(
        gettext_noop("检索到“{name}”：{code}，{organisation}，{attribute}"),
        name=hit["name"],
        code=hit["code"],
        organisation=hit["organisation_name"],
        attribute=hit["share_attribute_label"],
    )
    entry: dict[str, Any] = worker.get(f"/catalog/entries/{hit['code']}")
    return entry


def need(fact: Fact, entry: dict[str, Any], system_id: str, today: date) -> dict[str, Any]:
    """Return what the application asks for: the key to find a person by, and no item more than the fact takes."""
    ids = {item["name"]: item["id"] for item in entry["version"]["items"]}
    asks = [{"item_id": ids[fact.key_item], "mode": "verify"}]
    asks += [{"item_id": ids[name], "mode": mode} for name, mode in fact.items.items()]
    return {
        "title": f"{PURPOSE.partition('：')[0]}（{fact.label}）",
        "basis": BASIS,
        "scenario": PURPOSE,
        "scope": SCOPE,
        "share_way": "service",
        "valid_until": (today + timedelta(days=VALID_DAYS)).isoformat(),
        "daily_quota": DAILY_QUOTA,
        "system_id": system_id,
        "is_true": True,
        "is_lawful": True,
        "is_necessary": True,
        "items": asks,
    }


def _apply(requester: Requester, fact: Fact, entry: dict[str, Any], voice: Voice) -> str:
    worker, head = requester.worker, requester.head
    today = date.fromisoformat(worker.get("/me")["today"])
    body = {"entry_code": entry["code"], "need": need(fact, entry, requester.system_id, today)}
    number = str(worker.do(_DRAFT, "POST", "/applications", body)["number"])
    worker.do(_REQUEST, "POST", f"/applications/{number}/consent-request")
    sent = head.do(_CONSENT, "POST", f"/applications/{number}/consent", {"agreed": True})
    voice.proof(gettext_noop("{worker}起草申请{number}，{head}同意"), worker=worker.who, number=number, head=head.who)
    _tell_clock(sent["clock"], voice)
    return number


def _tell_clock(clock: dict[str, Any], voice: Voice) -> None:
    text = gettext_noop("法定期限：{name}，{total}个工作日，到期日{due}（{clause}）")
    provisional = gettext_noop("法定期限：{name}，{total}个工作日，到期日{due}，暂定（{clause}）")
    voice.proof(
        provisional if clock["provisional"] else text,
        name=clock["name"],
        total=clock["total"],
        due=clock["due_on"],
        clause=clock["clause"],
    )


def _answer(steward: Desk, head: Desk, number: str, voice: Voice) -> None:
    steward.do(_REPLY, "POST", f"/applications/{number}/reply", {"agreed": True})
    done = head.do(_REPLY_CONSENT, "POST", f"/applications/{number}/reply/consent", {"agreed": True})
    voice.proof(
        gettext_noop("{steward}拟答复，{head}同意，授权编号{grant}"),
        steward=steward.who,
        head=head.who,
        grant=done["grant_number"],
    )
    _tell_clock(done["clock"], voice)


def _sign(provider: Desk, requester: Desk, number: str, voice: Voice) -> None:
    """Both 工作机构负责人 sign what the reply drew up; each signs the text read just before."""
    for desk in (provider, requester):
        agreement = desk.get("/agreements", application=number)["rows"][0]["number"]
        read = desk.get(f"/agreements/{agreement}")
        done = desk.do(_SIGN, "POST", f"/agreements/{agreement}/signature", {"digest": read["digest"]})
    voice.proof(
        gettext_noop("{provider}、{requester}签署协议{number}，文本摘要{digest}"),
        provider=provider.who,
        requester=requester.who,
        number=done["number"],
        digest=done["digest"][:23],
    )


def _await_supply(worker: Desk, number: str, voice: Voice) -> dict[str, Any]:
    def look() -> tuple[dict[str, Any], bool, str]:
        found = worker.get(f"/applications/{number}")
        return found, found["state"] == "sharing", found["state_label"]

    shown = wait_for(voice.sentence(_SUPPLIED), look)
    grant: dict[str, Any] = worker.get(f"/grants/{shown['grant_number']}")
    voice.proof(
        gettext_noop("节点{node}回执：授权{number}可以使用，网关{gateway}"),
        node=grant["node"],
        number=grant["number"],
        gateway=grant["gateway_url"],
    )
    return grant


def _client(requester: Requester, grant: dict[str, Any]) -> JutongClient:
    signer = requester.signer
    assert signer is not None  # noqa: S101 - the key is registered before anybody asks
    node_key = Ed25519Verifier.from_b64(grant["node_key_id"], grant["node_public_key"])
    language = requester.worker.platform.language
    return JutongClient(grant["gateway_url"], signer.key_id, signer, node_key=node_key, language=language)
