"""Makes ``data/catalog.json.gz`` from the crawl of real open-data portals; run by hand when the selection changes.

``python -m jutong.demo.build_catalog CRAWL.parquet`` writes the same bytes for the same crawl. Only rows of the
Apache-2.0 collection CNPDS are read; see ``data/README.md`` for what is changed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from jutong.demo import catalog_terms as terms
from jutong.demo.catalog_bound import BOUND_ENTRIES
from jutong.demo.catalog_entry import CatalogEntry, CatalogItem, grade_of, own_class, theme_class
from jutong.demo.catalog_withheld import WITHHELD_ENTRIES
from jutong.demo.city import DEPARTMENTS, SYSTEMS, department
from jutong.demo.words import words
from jutong.standards import divisions

OUT = Path(__file__).parent / "data" / "catalog.json.gz"
WITHOUT_LICENCE = frozenset({"anhui_luan", "anhui_huainan", "jiangxi_jiangxi"})
"""Portals that came from a repository without a licence: never read."""
PER_DEPARTMENT = 34
MOST_ITEMS = 24
_SHORTEST, _LONGEST = 5, 26
_ENDINGS = re.compile(
    r"(信息|名单|名录|情况|数据|统计|登记|许可|备案|结果|清单|记录|证|资质|机构|单位|企业|项目|设施|网点|点位|分布|台帐|"
    r"名册|人员|设备|标准|价格|指标|审批|处罚|检查|监测|补贴|学校|医院|工程|场所|核准|认定|评级|等级|荣誉|数)$"
)
_PUNCTUATION = re.compile(r"[\s()（）《》<>“”\"'、，,。.:：;；_—\-·/]+")
_CORE = re.compile(
    r"(基本|基础|详细|相关)?(信息|名单|名录|情况|数据|名册|清单|统计|明细|记录|结果|综合|管理|企业|许可证?|证)+$"
)
_ALIKE = 2
_SPLIT = re.compile(r"[、,，;；]|以及|和(?=[^、,，;；]{2,12}等?$)")


def main(arguments: list[str]) -> int:
    """Write the shipped file from the crawl named on the command line."""
    entries = select(pq.read_table(arguments[0]).to_pylist())
    body = json.dumps([entry.as_dict() for entry in entries], ensure_ascii=False, separators=(",", ":"))
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_bytes(gzip.compress(body.encode(), mtime=0))
    sys.stdout.write(f"{len(entries)} entries, {OUT.stat().st_size} bytes\n")
    return 0


def select(rows: Iterable[Mapping[str, str | None]]) -> list[CatalogEntry]:
    """Return the chosen entries, the richest of each department first, in the departments' order."""
    places = _Places()
    taken = {_plain(entry.name) for entry in (*BOUND_ENTRIES, *WITHHELD_ENTRIES)}
    taken |= {_plain(system.name) for system in SYSTEMS}
    found: dict[str, list[tuple[int, CatalogEntry]]] = defaultdict(list)
    for row in rows:
        entry = None if row["portal"] in WITHOUT_LICENCE else _entry(row, places)
        if entry is not None:
            found[entry.department].append((_worth(row, entry), entry))
    chosen: list[CatalogEntry] = []
    for office in DEPARTMENTS:
        chosen.extend(_best(found[office.key], taken))
    return chosen


def _best(candidates: list[tuple[int, CatalogEntry]], taken: set[str]) -> Iterator[CatalogEntry]:
    count = 0
    alike: Counter[str] = Counter()
    for _, entry in sorted(candidates, key=lambda pair: (-pair[0], pair[1].name, pair[1].key)):
        plain = _plain(entry.name)
        core = _CORE.sub("", plain) or plain
        marks = (f"begins {plain[:4]}", f"ends {plain[-6:]}")
        if {plain, core} & taken or count == PER_DEPARTMENT or any(alike[mark] >= _ALIKE for mark in marks):
            continue
        taken |= {plain, core}
        alike.update(marks)
        count += 1
        yield entry


def _worth(row: Mapping[str, str | None], entry: CatalogEntry) -> int:
    """Entries that list their items come first, then those of a city's own department."""
    at_home = 6 if re.match(r".{0,4}市", row["department"] or "") else 0
    other = _match(terms.TITLE_WORDS, entry.name)
    elsewhere = 40 if other not in {None, entry.department} else 0
    own = 0 if entry.items[0].note else 4 * min(len(entry.items), 8)
    return own + at_home + (2 if entry.update_cycle != "irregular" else 0) - elsewhere


def _entry(row: Mapping[str, str | None], places: _Places) -> CatalogEntry | None:
    title = _title(row["title"] or "", places)
    key = _department(row["department"] or "", title)
    if key is None or not title:
        return None
    listed = _items(row["description"] or "", places)
    items = listed or _supplied(title)
    code, library = _classify(key, title)
    closed = (row["is_open"] or "") in {"有条件开放", "依申请开放", "开放条件", "申请后开放"}
    unconditional = not closed and not terms.WELFARE.search(title)
    grade = grade_of(items)
    conditional = not unconditional or grade in {"general-3", "general-4"}
    form = _format(row["data_formats"] or "")
    digest = hashlib.sha256(f"{row['portal']}/{row['department']}/{row['title']}".encode()).hexdigest()[:12]
    return CatalogEntry(
        key=f"real-{digest}",
        name=title,
        department=key,
        summary=_summary(title, key, items, listed=bool(listed)),
        classification=code,
        domain=library,
        data_format=form,
        update_cycle=terms.CYCLES.get(row["update_frequency"] or "", "irregular"),
        share_attribute="conditional" if conditional else "unconditional",
        share_way={"database": "batch", "service": "service"}.get(form, "file"),
        grade=grade_of(items, "general-2") if conditional else grade,
        share_scope="因履行法定职责需要使用该数据的市、县两级政府部门" if conditional else "",
        share_purpose=f"核对与“{title}”有关的办理事项和监督检查" if conditional else "",
        use_conditions="使用部门应说明办理事项和对应法定职责，按最小必要选取数据项" if conditional else "",
        is_open=unconditional and grade == "general-1",
        origin=f"改编自{row['city_name']}公共数据开放目录（CNPDS 收集，Apache-2.0）",
        items=items,
    )


class _Places:
    """Names of real places, to take from the front of a title and to refuse inside it."""

    def __init__(self) -> None:
        full = {row.name for row in divisions.national() if len(row.name) > 1 and row.name != "市辖区"}
        # a self-governing county goes by its first two characters: 融水苗族自治县 is 融水县 to its own people
        full |= {name[:2] + ending for name in full if "自治" in name and len(name) > 5 for ending in ("", "县")}  # noqa: PLR2004
        stems = {re.sub(r"(省|市|区|县|自治区|自治县|自治州|地区|盟|旗)$", "", name) for name in full}
        self._names = sorted(full | {stem for stem in stems if len(stem) > 1}, key=len, reverse=True)
        self._any = re.compile("|".join(map(re.escape, self._names)))

    def strip(self, text: str) -> str:
        """Return the text without the real places it begins with."""
        while match := self._any.match(text):
            text = re.sub(r"^(市(?![场政长民])|区(?!块)|县|镇|街道)", "", text[match.end() :])
        return text

    def inside(self, text: str) -> bool:
        """Tell whether the text names a real place."""
        return self._any.search(text) is not None


def _title(raw: str, places: _Places) -> str:
    text = re.sub(r"^.*[_＿]", "", raw.strip())
    text = places.strip(text)
    text = re.sub(r"^(全市|本市|我市|市级|市本级|各区|区级|县级|市(?![场政长民])|区(?!块)|县)(?=.{4})", "", text)
    text = re.sub(r"^.{0,8}(局|委员会|委(?!托|员)|办公室|办事处|支队|管委会)(的|关于)?(?=.{4})", "", text)
    text = text.strip("的-—_ ·")
    wrong = (
        not _SHORTEST <= len(text) <= _LONGEST
        or re.search(
            r"[0-9０-９a-zA-Z一二三四五六七八九十]年|[0-9A-Za-z_\-]|[（(《“\"]|、.*、|某|镇|村|街道|乡(?!村)", text
        )
        or terms.NOT_A_DATASET.search(text)
        or terms.BAD_START.match(text)
        or places.inside(text)
        or not _ENDINGS.search(text)
    )
    return "" if wrong else text


def _department(name: str, title: str) -> str | None:
    named, general = terms.DEPARTMENT_WORDS[:-2], terms.DEPARTMENT_WORDS[-2:]
    key = _match(named, name) or _match(terms.TITLE_WORDS, title) or _match(general, name)
    rule = terms.AT_HOME.get(key or "")
    return None if rule and not rule.search(title) else key


def _match(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((key for pattern, key in table if re.search(pattern, text)), None)


def _items(description: str, places: _Places) -> tuple[CatalogItem, ...]:
    match = terms.LEAD.search(description)
    if match is None:
        return ()
    listed = re.split(r"[。\n\r]|等", description[match.end() :], maxsplit=1)[0]
    items: dict[str, CatalogItem] = {}
    for part in _SPLIT.split(listed):
        name = re.sub(r"^(序号|其中|以及|及)?", "", re.sub(r"[\s\"“”：:]+|（[^）]*$", "", part)).strip("（()）_")
        unusable = (
            not 2 <= len(name) <= 16  # noqa: PLR2004 - words, not sentences
            or name in terms.STOP_ITEMS
            or re.search(r"[A-Za-z0-9（）()_]|数据来源|情况$|信息$|内容$|前置|包括|包含|主要", name)
            or places.inside(name)
        )
        if not unusable and len(items) < MOST_ITEMS:
            items.setdefault(name, _item(name))
    return tuple(items.values()) if len(items) >= 3 else ()  # noqa: PLR2004 - fewer is a sentence misread


def _item(name: str) -> CatalogItem:
    kind, length = "C", 100
    if terms.DATE.search(name):
        kind, length = "D", 0
    elif terms.NUMBER.search(name):
        kind, length = "N", 16
    level, mask = _sensitivity(name)
    return CatalogItem(
        name=name,
        data_type=kind,
        length=length or None,
        is_personal=level > 1,
        is_sensitive=level == 4,  # noqa: PLR2004 - 敏感个人信息
        grade=f"general-{level}",
        widest_mode="verify" if level == 4 else "plain",  # noqa: PLR2004
        mask=mask,
    )


def _sensitivity(name: str) -> tuple[int, str]:
    """Return grade and masking rule of an item by its name."""
    for pattern, level, mask in (
        (terms.SENSITIVE, 4, "all"),
        (terms.IDENTITY, 3, "identity"),
        (terms.PHONE, 2, "phone"),
        (terms.ADDRESS, 2, "address"),
        (terms.NAME, 2, "name"),
        (terms.PERSONAL, 2, "all"),
    ):
        if pattern.search(name):
            return level, mask
    return 1, "all"


def _supplied(title: str) -> tuple[CatalogItem, ...]:
    names = words(_match(terms.ITEM_SETS, title) or "")
    return tuple(replace(_item(name), note=terms.SUPPLIED) for name in names)


def _summary(title: str, key: str, items: tuple[CatalogItem, ...], *, listed: bool) -> str:
    office = department(key).short_name
    shown = "、".join(item.name for item in items[:6])
    more = "等" if len(items) > 6 else ""  # noqa: PLR2004 - as many as are shown
    check = "" if listed else "数据项按同类目录补列，待登记部门核对。"
    return f"{office}在履行职责中形成的“{title}”，覆盖全市，含{shown}{more}{len(items)}个数据项。{check}"


def _classify(key: str, title: str) -> tuple[str, str]:
    if key == "market":
        for pattern, theme in terms.MARKET_THEMES:
            if re.search(pattern, title):
                return theme_class(theme, key)
    return theme_class(terms.THEMES[key], key) if key in terms.THEMES else own_class(key)


def _format(raw: str) -> str:
    kinds = set(re.findall(r"[a-z]+", raw.lower()))
    if kinds & {"xls", "xlsx", "csv", "excel", "et", "json", "xml", "rdf"}:
        return "sheet"
    if kinds & {"table", "db"}:
        return "database"
    if kinds & {"api"}:
        return "service"
    if kinds & {"jpg", "png", "shp"}:
        return "image"
    return "file" if kinds else "sheet"


def _plain(name: str) -> str:
    """Return a name as VC-06 compares it: without blanks, punctuation and a number at its end."""
    return re.sub(r"\d+$", "", _PUNCTUATION.sub("", name)).lower()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
