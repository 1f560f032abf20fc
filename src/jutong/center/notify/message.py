"""What leaves the platform: titles, numbers and links; never a name, a value or a sentence somebody wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, override

from jutong.center.notify.enums import NoticeGroup
from jutong.kernel.i18n import SOURCE_LANGUAGE, gettext_noop

_NUMBER = re.compile(r"[A-Z]{1,6}[0-9][A-Z0-9-]{3,30}|[0-9]{6}/[0-9]{1,8}(/[0-9]{1,8})?")
"""Numbers of cases and codes of entries; an identity number is neither."""
_PLACES: Mapping[str, str] = {
    "applications": gettext_noop("使用申请"),
    "grants": gettext_noop("数据授权"),
    "agreements": gettext_noop("共享协议"),
    "breaches": gettext_noop("违约记录"),
    "demands": gettext_noop("数据需求"),
    "corrections": gettext_noop("校核"),
    "disputes": gettext_noop("争议"),
    "returns": gettext_noop("数据回流"),
    "rectifications": gettext_noop("整改"),
    "disposals": gettext_noop("数据处置"),
    "service-changes": gettext_noop("服务变更"),
    "violations": gettext_noop("违规核实"),
    "ledger": gettext_noop("使用台账"),
    "catalog": gettext_noop("数据目录"),
    "manage": gettext_noop("目录登记"),
    "review": gettext_noop("目录审核"),
    "changes": gettext_noop("法律和职责变化"),
    "extensions": gettext_noop("更新延期"),
    "filings": gettext_noop("停止服务备案"),
    "ownership": gettext_noop("一数一源"),
    "norms": gettext_noop("规范"),
    "inbox": gettext_noop("待我办理"),
}
"""What a link is about, by its first part."""
_OTHER = gettext_noop("通知")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing told of. ``note`` is a date or a count of days, written by the platform."""

    title: str
    number: str
    link: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message whole. ``sections`` are headings with lines; links are paths of the platform."""

    title: str
    sections: list[tuple[str, list[Line]]] = field(default_factory=list)

    def as_body(self) -> dict[str, Any]:
        """Return the message as it is kept."""
        return asdict(self)

    def as_text(self) -> str:
        """Return the message as people read it outside."""
        rows = [self.title]
        for heading, lines in self.sections:
            rows += ["", heading] if heading else [""]
            for line in lines:
                rows.append(" ".join(filter(None, (line.title, line.number, line.note))))
                rows.append(absolute(line.link))
        return "\n".join(rows)


def from_body(body: Mapping[str, Any]) -> Message:
    """Return a kept message."""
    sections = [(heading, [Line(**line) for line in lines]) for heading, lines in body["sections"]]
    return Message(body["title"], sections)


def absolute(path: str) -> str:
    """Return the whole address of a page of the platform."""
    base: str = settings.JUTONG.center_base
    return f"{base}{path}"


def number_in(text: str) -> str:
    """Return the text if it is a number or code of the platform, else nothing."""
    return text if _NUMBER.fullmatch(text) else ""


def line_for(link: str) -> Line:
    """Return what may be said outside of a page: what kind of thing it is, its number and where it is."""
    path = link.split("?", 1)[0].split("#", 1)[0]
    path = path if path.startswith("/") and not path.startswith("//") else "/notices"
    parts = path.strip("/").split("/")
    number = next(filter(None, map(number_in, parts[1:])), "")
    with override(SOURCE_LANGUAGE):
        return Line(gettext(_PLACES.get(parts[0], _OTHER)), number, path)


def notice_message(group: NoticeGroup, link: str) -> Message:
    """Return the message that tells of one notice."""
    line = line_for(link)
    with override(SOURCE_LANGUAGE):
        words = {"group": NoticeGroup(group).label, "title": line.title, "number": line.number}
        title = gettext("【聚通】%(group)s：%(title)s %(number)s") % words
    return Message(title.strip(), [("", [line])])
