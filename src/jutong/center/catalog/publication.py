"""What an entry carries of its published version, so that search and lists read one row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.tokens import normalise, tokens
from jutong.center.org.models import Organisation
from jutong.center.sharing.models import Notice
from jutong.kernel.i18n import gettext_noop

PUBLISHED_FIELDS = (
    "published",
    "published_name",
    "share_attribute",
    "domain",
    "update_cycle",
    "grade",
    "data_format",
    "is_open",
    "search_name",
    "search_text",
    "search_tokens",
    "updated_at",
)
ANNOUNCED = gettext_noop("{organisation}发布目录“{name}”，信息资源代码{code}。")
RENEWED = gettext_noop("{organisation}更新目录“{name}”，信息资源代码{code}，第{number}版。")
IMPORTED = gettext_noop("{organisation}发布目录{count}条。")
REMOVED = gettext_noop("{organisation}下线目录“{name}”，信息资源代码{code}：{reason}")
"""The notices by which 主管部门 announces to all departments (条例 16)."""


def show(entry: Entry, version: EntryVersion, item_names: Iterable[str], now: datetime) -> None:
    """Put what search and lists need of a version into its entry; nothing is saved."""
    entry.published = version
    entry.published_name = version.name
    entry.share_attribute = version.share_attribute
    entry.domain = version.domain
    entry.update_cycle = version.update_cycle
    entry.grade = version.grade
    entry.data_format = version.data_format
    entry.is_open = version.is_open
    entry.search_name = normalise(version.name)
    parts = (version.name, version.summary, *item_names, entry.organisation.name, entry.organisation.short_name)
    entry.search_text = " ".join(filter(None, map(normalise, (*parts, entry.code))))
    entry.search_tokens = tokens(entry.search_text)
    entry.updated_at = now


HIDDEN_FIELDS = (*PUBLISHED_FIELDS, "removed_at", "is_bound")


def hide(entry: Entry, now: datetime) -> None:
    """Take out of an entry what search and lists read; its name stays for whoever holds its code. Nothing is saved."""
    entry.published = None
    entry.removed_at = entry.updated_at = now
    entry.search_name = entry.search_text = ""
    entry.search_tokens = []
    entry.is_open = False


def announce(text: str, link: str, now: datetime, **fields: object) -> int:
    """Tell every department in one row each, each reader in the own language. Returns how many."""
    filled = {name: str(value) for name, value in fields.items()}
    rows = [
        Notice(organisation_id=organisation_id, text=text, fields=filled, link=link, at=now)
        for organisation_id in Organisation.objects.filter(closed_at=None).values_list("id", flat=True)
    ]
    Notice.objects.bulk_create(rows, batch_size=1000)
    return len(rows)
