"""What bodies and parameters are made of: exact types, bounded lengths, nothing unknown."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class In(BaseModel):
    """A request body: a field it does not have is refused, and so is text where a number belongs."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Asked(BaseModel):
    """Query parameters; they are text on the wire, so numbers are read from text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """An answer, made by the functions beside it from what the domain returned."""

    model_config = ConfigDict(frozen=True)


def _day(value: Any) -> Any:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("YYYY-MM-DD")
    return date.fromisoformat(value)


def _uuid(value: Any) -> Any:
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise ValueError("UUID")
    return UUID(value)


def _instant(value: Any) -> Any:
    if not isinstance(value, str) or len(value) < len("2026-01-01T00:00Z"):
        raise ValueError("RFC 3339")
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("RFC 3339 with a time zone")
    return found


Day = Annotated[date, BeforeValidator(_day)]
"""A civil date, ``YYYY-MM-DD`` and nothing else."""
Ident = Annotated[UUID, BeforeValidator(_uuid)]
"""An id in the form with dashes."""
Instant = Annotated[datetime, BeforeValidator(_instant)]
"""An instant with its time zone."""
Short = Annotated[str, Field(max_length=64)]
Line = Annotated[str, Field(max_length=128)]
Note = Annotated[str, Field(max_length=500)]
Text = Annotated[str, Field(max_length=1000)]
LongText = Annotated[str, Field(max_length=2000)]
Cursor = Annotated[str, Field(max_length=400, description="上一页给出的next，原样带回 · the `next` of the page before")]
Limit = Annotated[int, Field(ge=1, le=100, description="每页条数 · rows of a page")]
OrganisationCode = Annotated[str, Field(max_length=18, pattern=r"^[0-9A-Z]{0,18}$")]
"""Unified social credit code (GB 32100), or empty."""
