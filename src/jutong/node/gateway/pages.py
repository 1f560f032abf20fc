"""The gateway's few pages, for a person who tries a grant in the browser. Every value is escaped where it is put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import SOURCE_LANGUAGE, gettext_noop, translate
from jutong.node.gateway.verification import as_text
from jutong.node.grants import Grant

LOGO = (
    '<svg viewBox="0 0 28 28" aria-hidden="true"><rect width="28" height="28" rx="6" fill="#fff" fill-opacity=".12"/>'
    '<path d="M4.5 7.5c5 0 5.5 6.5 9.5 6.5M4.5 20.5c5 0 5.5-6.5 9.5-6.5M4.5 14H14" fill="none" stroke="#9accec"'
    ' stroke-width="2" stroke-linecap="round"/><path d="M14 14h9.5" stroke="#fbbf24" stroke-width="2.5"'
    ' stroke-linecap="round"/><circle cx="14" cy="14" r="3.25" fill="#fff"/></svg>'
)
VERDICTS = {
    "yes": (gettext_noop("相符"), "ok"),
    "no": (gettext_noop("不相符"), "bad"),
    "unknown": (gettext_noop("无法判断：没有查到，或查到的不止一条"), "warn"),
}


class Page:
    """Writes one page in one language.

    Args:
        language: ``zh-hans`` or ``en``.
    """

    def __init__(self, language: str) -> None:
        self._language = language

    def say(self, sentence: str, **values: object) -> str:
        """Return a sentence in the page's language, its values filled in, all of it escaped."""
        return escape(translate(sentence, self._language).format(**values))

    def whole(self, title: str, content: str) -> bytes:
        """Return a page around escaped content."""
        tag = "zh-Hans" if self._language == SOURCE_LANGUAGE else "en"
        brand = self.say(gettext_noop("聚通"))
        place = self.say(gettext_noop("节点网关"))
        skip = self.say(gettext_noop("跳到正文"))
        return (
            f'<!doctype html>\n<html lang="{tag}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>{title} - {brand}</title><link rel="icon" href="data:,">'
            '<link rel="stylesheet" href="/static/jutong.css"></head><body class="public">'
            f'<a class="skip" href="#main">{skip}</a>'
            f'<header class="topbar"><span class="brand">{LOGO}<span><b>{brand}</b><small>{place}</small></span></span>'
            "</header>"
            '<main class="main" id="main"><div class="main-in">'
            f'<div class="page-head"><div><h1>{title}</h1></div></div>'
            f"{content}</div></main></body></html>\n"
        ).encode()

    def problem(self, error: JutongError, record_id: str = "") -> bytes:
        """Return the page of a refusal."""
        title = self.say(gettext_noop("没有提供数据"))
        record = self._record_line(record_id) if record_id else ""
        return self.whole(
            title,
            '<section class="card"><div class="card-body stack-sm" role="alert">'
            f"<p><b>{escape(error.explain(self._language))}</b></p><p>{escape(error.advise(self._language))}</p>"
            f'{record}<p class="note">{self.say(gettext_noop("错误号"))}'
            f' <span class="mono">{escape(error.code)}</span></p>'
            "</div></section>",
        )

    def form(self, grant: Grant, ticket: str, kind: str) -> bytes:
        """Return the form that asks for the key, and for claims when verifying."""
        title = self.say(gettext_noop("试用：{entry}"), entry=grant.order.entry_name)
        inputs = [self._input(f"k.{item}", item, required=True) for item in grant.lookup]
        if kind == "verify":
            inputs += [self._input(f"c.{item}", item, required=False) for item in grant.claimable]
        inputs.append(self._input("case", self.say(gettext_noop("办件号")), required=grant.order.case_required))
        note = self.say(gettext_noop("用途：{purpose}。这次调用与正式调用一样存证。"), purpose=grant.order.purpose)
        button = self.say(gettext_noop("核验") if kind == "verify" else gettext_noop("查询"))
        return self.whole(
            title,
            '<form class="card" method="post" action="/gw/v1/tickets" autocomplete="off">'
            '<div class="card-body stack-sm">'
            f"<p>{note}</p>{_hidden('ticket', ticket)}{_hidden('kind', kind)}{_hidden('purpose', grant.order.purpose)}"
            f'{"".join(inputs)}<div class="actions"><button class="btn btn-primary">{button}</button></div>'
            "</div></form>",
        )

    def _input(self, name: str, label: str, *, required: bool) -> str:
        must = " required" if required else ""
        identity = escape(name)
        return (
            f'<div class="field"><label for="{identity}">{label if name == "case" else escape(label)}</label>'
            f'<input class="input" id="{identity}" name="{identity}"{must}></div>'
        )

    def rows(self, items: Sequence[str], rows: Sequence[Mapping[str, Any]], ticket: str, record_id: str) -> bytes:
        """Return the answer to a query."""
        head = "".join(f'<th scope="col">{escape(item)}</th>' for item in items)
        body = "".join("<tr>" + "".join(f"<td>{_cell(row.get(item))}</td>" for item in items) + "</tr>" for row in rows)
        if not rows:
            nothing = self.say(gettext_noop("没有查到符合条件的记录。"))
            body = f'<tr><td colspan="{len(items)}">{nothing}</td></tr>'
        caption = self.say(gettext_noop("查询结果，{count}行"), count=len(rows))
        return self.whole(
            self.say(gettext_noop("查询结果")),
            f'<section class="card"><div class="table-wrap" tabindex="0" role="region" aria-label="{caption}">'
            f'<table class="table"><caption class="sr">{caption}</caption><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div></section>{self._proof(ticket, record_id)}",
        )

    def verdict(self, answer: str, ticket: str, record_id: str) -> bytes:
        """Return the answer to a verification."""
        sentence, tone = VERDICTS[answer]
        return self.whole(
            self.say(gettext_noop("核验结果")),
            '<section class="card"><div class="card-body"><p>'
            f'<span class="badge" data-tone="{tone}">{self.say(sentence)}</span>'
            f"</p></div></section>{self._proof(ticket, record_id)}",
        )

    def _record_line(self, record_id: str) -> str:
        return f'<p>{self.say(gettext_noop("调用记录"))} <span class="mono">{escape(record_id)}</span></p>'

    def _proof(self, ticket: str, record_id: str) -> str:
        fields = _hidden("ticket", ticket) + _hidden("record", record_id)
        buttons = "".join(
            f'<button class="btn" name="part" value="{part}">{self.say(label)}</button>'
            for part, label in (
                ("receipt", gettext_noop("下载回执 receipt.txt")),
                ("record", gettext_noop("下载记录 record.json")),
            )
        )
        title = self.say(gettext_noop("存证"))
        return (
            f'<section class="card" aria-labelledby="proof"><div class="card-head"><h2 id="proof">{title}</h2></div>'
            f'<div class="card-body stack-sm">{self._record_line(record_id)}'
            f'<form method="post" action="/gw/v1/tickets/receipt" class="actions">{fields}{buttons}</form>'
            "</div></section>"
        )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _cell(value: Any) -> str:
    return "—" if value is None else escape(as_text(value))
