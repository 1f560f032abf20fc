"""Lists that grow are read in pages, each from where the last one ended; nothing counts or skips rows."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)
LARGEST = 200
"""Rows of the largest page."""


class CursorError(JutongError):
    """A cursor that this list did not hand out."""

    code = "center.page.cursor-invalid"
    http_status = 400
    message = gettext_noop("翻页标记不对，它只能是上一页给出的原样文本。")
    next_step = gettext_noop("请回到第一页重新翻。")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list and the opaque cursor of what follows, empty on the last page."""

    rows: list[Row]
    next: str = ""


def encode(values: Sequence[object]) -> str:
    """Return the opaque cursor of a row's sort values."""
    plain = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode(cursor: str, count: int) -> list[str]:
    """Return the sort values of a cursor.

    Raises:
        CursorError: if it is none of this list.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise CursorError from error
    if not isinstance(values, list) or len(values) != count or not all(isinstance(value, str) for value in values):
        raise CursorError
    return values


def newest_first(
    rows: QuerySet[ModelRow], time: str, *, key: str = "id", after: str = "", limit: int = 20
) -> Page[ModelRow]:
    """Return a page of rows, the newest first by a time and a unique key, following ``after``.

    Raises:
        CursorError: if ``after`` is not a cursor of such a list.
    """
    if after:
        stamp, last = _position(after, rows.model._meta.get_field(key))  # noqa: SLF001 - Django's public _meta
        rows = rows.filter(Q(**{f"{time}__lt": stamp}) | Q(**{time: stamp, f"{key}__lt": last}))
    size = max(1, min(limit, LARGEST))
    found: list[Any] = list(rows.order_by(f"-{time}", f"-{key}")[: size + 1])
    more = found[size:]
    page = found[:size]
    return Page(page, encode((getattr(page[-1], time), getattr(page[-1], key))) if more else "")


def _position(after: str, key: Any) -> tuple[datetime, Any]:
    """Return the instant and the key of a cursor, which somebody may have written by hand."""
    text, last = decode(after, 2)
    try:
        stamp, value = datetime.fromisoformat(text), key.to_python(last)
    except (ValueError, ValidationError) as error:
        raise CursorError from error
    if stamp.tzinfo is None or "\x00" in last:
        raise CursorError
    return stamp, value
