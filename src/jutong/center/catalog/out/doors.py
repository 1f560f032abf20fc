"""What doors need to answer with a written catalog: formats by name, media types, file names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext

from jutong.center.catalog.out.as_dcat import MEDIA_TYPES as DCAT_TYPES
from jutong.center.catalog.out.as_dcat import About, Syntax, to_dcat
from jutong.center.catalog.out.as_json import to_json
from jutong.center.catalog.out.as_sheet import to_csv
from jutong.center.catalog.out.as_workbook import to_workbook
from jutong.center.catalog.out.as_xml import to_xml
from jutong.center.catalog.out.records import Record
from jutong.kernel.clock import civil_date


class Form(StrEnum):
    """What the catalog may be written as; the value is the file's ending."""

    JSON = "json"
    XML = "xml"
    TURTLE = "ttl"
    JSON_LD = "jsonld"
    RDF_XML = "rdf"
    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Form.JSON: "application/json",
    Form.XML: "application/xml",
    Form.CSV: "text/csv",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    **{Form(syntax.value): kind for syntax, kind in DCAT_TYPES.items()},
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document to answer with; ``content`` is made while it is sent."""

    content: Iterator[bytes]
    media_type: str
    file_name: str


def document(
    found: Iterable[Record], form: Form, *, base: str, publisher: str, now: datetime, page: str = "/catalog"
) -> Document:
    """Return entries written in a form.

    Args:
        found: the entries.
        form: the form.
        base: address of the platform without a slash at the end.
        publisher: who keeps this catalog, for formats that say so.
        now: when it is written.
        page: path of the catalog the entries stand below.
    """
    name, media_type = f"catalog-{civil_date(now):%Y%m%d}.{form}", MEDIA_TYPES[form]
    if form is Form.JSON:
        return Document(to_json(found, now=now), media_type, name)
    if form is Form.XML:
        return Document(to_xml(found, base=base, maintainer=publisher, now=now, page=page), media_type, name)
    if form is Form.CSV:
        return Document(to_csv(found), f"{media_type}; charset=utf-8", name)
    if form is Form.XLSX:
        return Document(to_workbook(found), media_type, name)
    about = About(
        base=base,
        title=gettext("政务数据目录"),
        description=gettext("各部门已发布的政务数据目录（政务数据共享条例第十二条至第十七条）"),
        publisher=publisher,
        page=page,
    )
    return Document(to_dcat(found, about, Syntax(form.value)), media_type, name)
