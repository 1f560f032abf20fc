from __future__ import annotations

import re

from jutong.center.norms.subject import Hit, Parameters, Subject, Verdict, World, recognised, verdict
from jutong.kernel.i18n import gettext_noop

_COPY = re.compile(r"(副本|copy|\d{4}年?度?|[-_（(]\d+[)）]?|\D\d{1,2})$", re.IGNORECASE)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_ENGLISH = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ACRONYM = re.compile(r"(AQI|PM2\.5|PM10|GDP|CPI|PPI|COD|VIN|ID|IP|URL)", re.IGNORECASE)


def no_system_name(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """An entry is named after its data (1272号)."""
    name = subject.name.strip()
    hits = [
        Hit("", name, gettext_noop("目录名称像是系统或平台的名称"), gettext_noop("请按数据内容命名，如“……信息”"))
        for end in parameters["endings"]
        if name.endswith(end)
    ]
    return verdict(1, hits[:1])


def no_copy_number(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """A number or a year at the end tells copies apart, not data."""
    name = subject.name.strip()
    hit = Hit("", name, gettext_noop("目录名称以编号、年份或“副本”结尾"), gettext_noop("历年数据请放在同一条目录里"))
    return verdict(1, [hit] if _COPY.search(name) else [])


def telling_summary(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """A summary that repeats the name tells nobody anything."""
    summary = subject.summary.strip()
    tells = len(summary) >= parameters["least"] and summary != subject.name.strip()
    hit = Hit("", summary, gettext_noop("摘要太短或与名称相同"), gettext_noop("请说明内容、范围和主要数据项"))
    return verdict(1, [] if tells else [hit])


def chinese_items(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """People read items, so they have Chinese names; a few acronyms are names themselves."""
    hits = [
        Hit(part.name, part.name, gettext_noop("信息项名称不是中文"), gettext_noop("请写中文名称，列名写在“列名”里"))
        for part in subject.parts
        if not _CHINESE.search(part.name) and not _ACRONYM.fullmatch(part.name.strip())
    ]
    return verdict(len(subject.parts), hits)


def standard_names(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """An item that is beyond doubt an element carries the element's name."""
    hits, checked = [], 0
    for part in subject.parts:
        found = recognised(part, world, parameters["sure"])
        if found is None:
            continue
        checked += 1
        if found.confidence < 1:
            message = gettext_noop("用了数据元的同义词")
            way_out = gettext_noop("请改用数据元的标准名称，原来的叫法可写在说明里")
            hits.append(Hit(part.name, found.name, message, way_out))
    return verdict(checked, hits)


def english_names(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """English names, where given, can be used as identifiers."""
    named = [part for part in subject.parts if part.english_name]
    hits = [
        Hit(
            part.name, part.english_name, gettext_noop("英文名称的写法不对"), gettext_noop("请用小写字母、数字和下划线")
        )
        for part in named
        if not _ENGLISH.fullmatch(part.english_name)
    ]
    return verdict(len(named), hits)


CHECKS = (no_system_name, no_copy_number, telling_summary, chinese_items, standard_names, english_names)
