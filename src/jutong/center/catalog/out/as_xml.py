"""The catalog as XML in the manner of GB/T 21063: its core elements by their Chinese names.

The schema is ``standards/data/xsd/catalog-gbt21063.xsd``; what 条例 13 and 1272号 add stands in elements of their own
after the core.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from jutong.center.catalog import enums
from jutong.center.catalog.out.records import ItemRecord, Record
from jutong.center.catalog.out.words import clean, label

NAMESPACE = "urn:jutong:catalog:gbt21063:1"


def to_xml(
    found: Iterable[Record], *, base: str, maintainer: str, now: datetime, page: str = "/catalog"
) -> Iterator[bytes]:
    """Yield an XML document.

    Args:
        found: the entries.
        base: address of the platform, without a slash at the end, for 在线资源链接地址.
        maintainer: who keeps the metadata (元数据维护方).
        now: when it is written.
        page: path of the catalog the entries stand below.
    """
    stamp = now.isoformat(timespec="seconds")
    yield (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<政务信息资源目录 xmlns="{NAMESPACE}" 生成时间="{stamp}">\n'
    ).encode()
    for record in found:
        yield _entry(record, base + page, maintainer).encode()
    yield "</政务信息资源目录>\n".encode()


def _entry(record: Record, catalog: str, maintainer: str) -> str:
    parts = [
        *_core(record, catalog, maintainer),
        *_sharing(record),
        *_opening(record),
        "    <信息项列表>\n" + "".join(map(_item, record.items)) + "    </信息项列表>\n",
        *(f"    <关联资源代码>{_text(code)}</关联资源代码>\n" for code in record.related_codes),
        *(f"    <其他资源代码>{_text(code)}</其他资源代码>\n" for code in record.further_codes),
        *_extensions(record),
    ]
    return "  <信息资源>\n" + "".join(parts) + "  </信息资源>\n"


def _core(record: Record, catalog: str, maintainer: str) -> Iterator[str]:
    """The elements of GB/T 21063.3 in its order."""
    yield _element("名称", record.name)
    yield _element("发布日期", record.published_on.isoformat())
    yield _element("摘要", record.summary)
    yield f"    <提供方 代码={quoteattr(record.organisation_code)}>{_text(record.organisation_name)}</提供方>\n"
    for item in dict.fromkeys(item.name for item in record.items):
        yield _element("关键字说明", item)
    yield _element("使用限制", _restriction(record))
    yield _element("在线资源链接地址", f"{catalog}/{record.code}")
    yield f"    <分类 领域={quoteattr(clean(record.domain))}>{_text(record.classification)}</分类>\n"
    yield _element("标识符", record.code)
    yield _element("服务信息", label(enums.ShareWay, record.share_way))
    yield _element("元数据标识符", f"{record.code}/{record.version}")
    yield _element("元数据维护方", maintainer)
    yield _element("元数据更新日期", record.published_on.isoformat())
    yield _element("元数据版本", str(record.version))


def _restriction(record: Record) -> str:
    if record.share_attribute == enums.ShareAttribute.CONDITIONAL:
        told = (record.share_scope, record.share_purpose, record.use_conditions)
        return "；".join(part for part in told if part)
    if record.share_attribute == enums.ShareAttribute.NONE:
        basis = f"{record.basis_title}{record.basis_article}"
        return "；".join(part for part in (record.refusal_reason, basis) if part)
    return record.open_condition if not record.share_attribute else ""


def _sharing(record: Record) -> Iterator[str]:
    kind = f" 类型={quoteattr(clean(record.format_type))}" if record.format_type else ""
    yield f"    <格式{kind}>{_text(label(enums.DataFormat, record.data_format))}</格式>\n"
    yield _element("更新周期", label(enums.UpdateCycle, record.update_cycle))
    if record.share_attribute:
        yield _element("共享类型", label(enums.ShareAttribute, record.share_attribute))
    if record.share_channel:
        yield _element("共享方式分类", label(enums.ShareChannel, record.share_channel))
    if record.basis_kind:
        yield _element("不予共享依据类型", label(enums.BasisKind, record.basis_kind))
    if record.grade:
        yield _element("数据分级", label(enums.Grade, record.grade))


def _opening(record: Record) -> Iterator[str]:
    yield _element("是否向社会开放", "是" if record.is_open else "否")
    if record.open_condition:
        yield _element("开放条件", record.open_condition)


def _item(item: ItemRecord) -> str:
    attributes = {
        "名称": item.name,
        "英文名称": item.english_name,
        "数据类型": item.data_type,
        "数据长度": str(item.length or ""),
        "数据元": item.element,
        "代码表": item.code_table,
        "来源资源代码": item.source_code,
        "共享类型": label(enums.ShareAttribute, item.share_attribute),
        "数据分级": label(enums.Grade, item.grade),
        "是否主键": "是" if item.is_key else "",
        "是否个人信息": "是" if item.is_personal else "",
        "是否敏感个人信息": "是" if item.is_sensitive else "",
        "是否开放": "是" if item.is_open else "否",
        "说明": item.note,
    }
    told = "".join(f" {name}={quoteattr(clean(value))}" for name, value in attributes.items() if value)
    return f"      <信息项{told}/>\n"


def _extensions(record: Record) -> Iterator[str]:
    for name, value in sorted((record.extensions or {}).items()):
        yield f"    <扩展信息 名称={quoteattr(clean(name))}>{_text(str(value))}</扩展信息>\n"


def _element(name: str, text: str) -> str:
    return f"    <{name}>{_text(text)}</{name}>\n"


def _text(text: str) -> str:
    return escape(clean(text))
