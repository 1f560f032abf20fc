"""A file as where rows go, in the wizard: the folders that may be written, its name, and a heading for each column."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from pydantic import ValidationError

from jutong.center.catalog.models import Entry
from jutong.center.fleet.models import Source
from jutong.center.jobs.delivery import DIALECT, STREAMS
from jutong.center.jobs.ordering import default_target, landing_sources
from jutong.center.jobs.work import Work
from jutong.contracts.filenames import parse
from jutong.contracts.landing import Landing
from jutong.contracts.subjects import is_subject
from jutong.web.jobs.mapping import invalid

Folders = dict[str, tuple[Source, str]]


def folders(entry: Entry, source: Source, work: Work) -> Folders:
    """Return the folders an entry's rows may be delivered to, by the key the form sends.

    The one chosen before stays, whatever the node says of it by now.
    """
    rows = [one for one in landing_sources(entry, source) if one.dialect in {DIALECT, STREAMS}]
    found = {f"{one.name}|{folder}": (one, str(folder)) for one in rows for folder in one.writes}
    for one in rows:
        if work.into is not None and work.into.source == one.name:
            found.setdefault(f"{one.name}|{work.into.schema_name}", (one, work.into.schema_name))
    return found


def read(typed: QueryDict, there: Folders) -> Landing | None:
    """Return the file rows are to be delivered as, None where no folder is chosen.

    Raises:
        InvalidInputError: naming the control that does not fit.
    """
    key, name = typed.get("folder", ""), typed.get("file", "").strip()
    if not key:
        return None
    if key not in there:
        raise invalid("folder", _("请选列出来的文件夹"))
    if typed.get("into", ""):
        raise invalid("folder", _("数据库表和文件夹只能选一个"))
    source, folder = there[key]
    try:
        if source.dialect == STREAMS and not is_subject(name):
            raise invalid("file", _("主题由点隔开的几段组成，如people.changed，不含空格和通配符"))
        if source.dialect != STREAMS:
            parse(name)
    except ValueError as error:
        raise invalid("file", _("文件名要以.csv、.jsonl、.xlsx、.parquet结尾，前两种可再加.zip或.gz")) from error
    landing = typed.getlist("landing")
    headings = [typed.get(f"heading_{at}", "").strip() or column for at, column in enumerate(landing)]
    if len(set(headings)) < len(headings):
        raise invalid("file", _("两列不能用同一个标题"))
    try:
        return Landing(
            source=source.name, schema_name=folder, table=name, columns=tuple(zip(landing, headings, strict=True))
        )
    except ValidationError as error:
        raise invalid("file", _("列标题最多128个字")) from error


def shown(work: Work, there: Folders, code: str, landing: list[str]) -> dict[str, Any]:
    """Return what the page shows of the file, with the heading of each column that lands."""
    key = f"{work.into.source}|{work.into.schema_name}" if work.into else ""
    chosen = work.into if work.into and key in there else None
    headings = dict(chosen.columns) if chosen else {}
    return {
        "folders": [(one, one.replace("|", " ").removesuffix(" .")) for one in there],
        "folder": key if chosen else "",
        "file": chosen.table if chosen else f"{default_target(code)}-{{day}}.csv",
        "headings": bool(chosen),
        "streams": any(one.dialect == STREAMS for one, _ in there.values()),
        "file_rows": [(name, headings.get(name, name)) for name in landing],
    }
