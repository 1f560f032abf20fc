"""The city's own edition of the compilation template: the province's fields, and 目 for each department."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jutong.center.catalog.template import load_template
from jutong.center.org.actor import platform_actor
from jutong.demo.catalog_entry import own_class
from jutong.demo.city import CITY_CODE, CITY_NAME, DEPARTMENTS

_ABOVE = 3
"""Characters of 类 and 项, below which a department's 目 stands."""


def document() -> dict[str, Any]:
    """Return the edition's document."""
    classes = []
    for row in DEPARTMENTS:
        code, _ = own_class(row.key)
        classes.append({"code": code, "label": row.short_name, "label_en": row.key, "parent": code[:_ABOVE]})
    return {
        "id": "jinhe-2025",
        "version": 1,
        "title": f"{CITY_NAME}政务数据目录编制模板",
        "title_en": "Template of catalog entries of Jinhe",
        "base": "province-2025",
        "division": CITY_CODE,
        "effective_from": "2025-08-01",
        "clause": "市政务数据共享主管部门编制（演示）",
        "classes": classes,
    }


def load(now: datetime) -> None:
    """Load the edition; loading it again changes nothing."""
    load_template(document=document(), by=platform_actor("demo"), now=now)
