"""How a grant is called, written out for it: the interface of each way, and code to start from.

Dots and angle brackets stand where the caller's own values go; nothing here holds a key, a secret or a record.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.enums import FieldMode
from jutong.center.sharing.queries import GrantConsole, GrantView

DOTS = "…"


@dataclass(frozen=True, slots=True)
class Interface:
    """One way of calling: its address, what it is for, an example of its body, and a call in Python."""

    way: str
    title: str | Promise
    text: str | Promise
    address: str
    body: str
    python: str


_TOLD: dict[str, tuple[str | Promise, str | Promise]] = {
    "query": (_("查询"), _("按标识查一条，返回授权的字段")),
    "verify": (_("核验"), _("发来要比对的值，只返回一致或不一致")),
    "batch": (_("批量查询"), _("一次带多个标识，逐个返回结果")),
    "page": (_("分页取数"), _("从头一页一页取，下一页用上一页给出的游标")),
    "changes": (_("变化订阅"), _("取上次之后变化的记录，更正也从这里来")),
    "file": (_("文件下载"), _("取一份文件，文件上有接收方的标记")),
    "address": (_("签名地址"), _("调用后得到60秒内有效的签名地址，按返回的地址原样访问")),
}
ERRORS = (
    ("401", _("没有签名、签名不对，或者密钥已作废")),
    ("403", _("授权不含这些字段、用途不符，或者不在允许的时间")),
    ("409", _("授权还没开始、已暂停或已结束")),
    ("422", _("请求缺少内容，或者值不合格式")),
    ("429", _("超过每天或每分钟的次数，按Retry-After等一等再来")),
    ("503", _("数据源暂时连不上，稍后再试")),
)
"""What a caller meets, by HTTP status; each answer says in words what to do."""


def interfaces(view: GrantView, console: GrantConsole) -> list[Interface]:
    """Return every way a grant is called in, the plainest first."""
    return [_interface(way, view) for way in console.ways]


def _interface(way: str, view: GrantView) -> Interface:
    title, text = _TOLD[way]
    body = _body(way, view)
    address = f"{view.gateway_url}/gw/v1/{way}"
    return Interface(way, title, text, address, json.dumps(body, ensure_ascii=False, indent=2), _python(way, view))


def _keys(view: GrantView) -> dict[str, str]:
    return {row.item.name: DOTS for row in view.items if row.is_lookup}


def _claims(view: GrantView) -> dict[str, str]:
    rows = [row for row in view.items if not row.is_lookup] or [row for row in view.items if row.is_lookup]
    return {row.item.name: DOTS for row in rows[:2]}


def _body(way: str, view: GrantView) -> dict[str, Any]:
    body: dict[str, Any] = {
        "grant": view.grant.number, "purpose": view.grant.purpose, "case": DOTS, "official": DOTS,
    }  # fmt: skip
    if way in {"query", "verify"}:
        body["key"] = _keys(view)
    if way == "verify":
        body["claims"] = _claims(view)
    if way == "batch":
        body["keys"] = [_keys(view), _keys(view)]
    return body


def _python(way: str, view: GrantView) -> str:
    extra = {
        "query": f",\n    key={_keys(view)!r}",
        "verify": f",\n    key={_keys(view)!r},\n    claims={_claims(view)!r}",
        "batch": f",\n    keys=[{_keys(view)!r}]",
    }.get(way, "")
    said = f"    grant={view.grant.number!r},\n    purpose={view.grant.purpose!r},\n    official={DOTS!r},\n"
    call = f"(\n{said}    case={DOTS!r}{extra},\n)"
    if way == "page":
        return f"for page in client.pages{call}:\n    for row in page.rows:\n        ..."
    if way == "changes":
        return f"for change in client.follow{call}:\n    for row in change.rows:\n        ..."
    name = "file" if way == "file" else way
    return f"answer = client.{name}{call}"


def python_start(view: GrantView) -> str:
    """Return how a client is made: the system's own key, and the node's key that answers are checked with."""
    return (
        "from pathlib import Path\n\n"
        "from jutong.client import JutongClient\n"
        "from jutong.kernel.keys import Ed25519Verifier, load_or_create_signer\n\n"
        f'signer = load_or_create_signer(Path("{DOTS}"), "{DOTS}")\n'
        f"node_key = Ed25519Verifier.from_b64({view.node_key_id!r}, {view.node_public_key!r})\n"
        f"client = JutongClient({view.gateway_url!r}, signer.key_id, signer, node_key=node_key)\n"
    )


def national(view: GrantView) -> str:
    """Return a call in the national form with curl; rid, sid and the secret are what the node's keeper gave."""
    key = "&".join(f"{name}=<{name}>" for name in _keys(view))
    return (
        "rtime=$(date +%s%3N)\n"
        'sign=$(printf "%s" "$sid$rid$rtime" | openssl dgst -sha256 -hmac "$secret" -binary | base64)\n'
        f'curl "{view.gateway_url}/gw/national/httpproxy" \\\n'
        '  -H "gjgxjhpt_rid: $rid" -H "gjgxjhpt_sid: $sid" \\\n'
        '  -H "gjgxjhpt_rtime: $rtime" -H "gjgxjhpt_sign: $sign" \\\n'
        f'  --data-urlencode "{key}"\n'
    )


def shows_national(console: GrantConsole) -> bool:
    """Tell whether a grant can be called in the national form: single queries and verifications."""
    return bool({"query", "verify"} & set(console.ways))


def plain_items(view: GrantView) -> list[str]:
    """Return the items pages and changes may be narrowed by."""
    return [row.item.name for row in view.items if row.mode == FieldMode.PLAIN]
