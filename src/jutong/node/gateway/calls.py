"""Reads a call from a request body: exactly the known fields, of exactly their types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from jutong.kernel.i18n import gettext_noop
from jutong.node.errors import CallMalformedError

LONGEST_PURPOSE = 500
LONGEST_TEXT = 64
LONGEST_VALUE = 512
MOST_ITEMS = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_PLACED = frozenset({"grant", "purpose", "official"})
_REQUIRED = _PLACED | {"key"}
_ALLOWED = {
    "query": _REQUIRED | {"case", "fields"},
    "verify": _REQUIRED | {"case", "claims"},
    "address": _PLACED | {"case"},
}

Kind = Literal["query", "verify", "address"]


@dataclass(frozen=True, slots=True)
class Call:
    """What one caller asks, well-formed but not yet decided on. ``fields`` of None means all that are granted."""

    kind: Kind
    grant: str
    purpose: str
    case: str
    official: str
    key: Mapping[str, str]
    fields: tuple[str, ...] | None
    claims: Mapping[str, str]


def _wrong(problem: str, **fields: object) -> CallMalformedError:
    return CallMalformedError(problem=problem, **fields)


def _clean(text: str) -> bool:
    return text.isprintable() or _CONTROL.search(text) is None


def _text(body: dict[str, Any], name: str, longest: int) -> str:
    value = body.get(name, "")
    if type(value) is not str or len(value) > longest or not _clean(value):
        raise _wrong(gettext_noop("{name}须是不超过{limit}个字的文字"), name=name, limit=longest)
    return value


def _mapping(body: dict[str, Any], name: str) -> dict[str, str]:
    value = body.get(name)
    if type(value) is not dict or not value or len(value) > MOST_ITEMS:
        raise _wrong(gettext_noop("{name}须是信息项到文字的对应"), name=name)
    for item, text in value.items():
        if type(text) is not str or len(text) > LONGEST_VALUE or len(item) > LONGEST_VALUE or not _clean(text):
            raise _wrong(gettext_noop("{name}的值须是不超过{limit}个字的文字"), name=name, limit=LONGEST_VALUE)
    return value


def _fields(body: dict[str, Any]) -> tuple[str, ...] | None:
    value = body.get("fields")
    if value is None:
        return None
    if type(value) is not list or not value or len(value) > MOST_ITEMS or not all(type(one) is str for one in value):
        raise _wrong(gettext_noop("fields须是信息项的列表"))
    if len(set(value)) != len(value):
        raise _wrong(gettext_noop("fields里有重复的信息项"))
    return tuple(value)


def read(kind: Kind, body: bytes) -> Call:
    """Return the call in a request body.

    Raises:
        CallMalformedError: if it is no JSON, or has an unknown, missing or ill-typed field.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _wrong(gettext_noop("不是JSON")) from error
    return from_mapping(kind, parsed)


def from_mapping(kind: Kind, body: Any) -> Call:
    """Return the call in parsed JSON; see ``read``."""
    if type(body) is not dict:
        raise _wrong(gettext_noop("须是一个JSON对象"))
    if unknown := body.keys() - _ALLOWED[kind]:
        raise _wrong(gettext_noop("不认识的字段{name}"), name=min(unknown)[:LONGEST_TEXT])
    if missing := (_PLACED if kind == "address" else _REQUIRED) - body.keys():
        raise _wrong(gettext_noop("缺少字段{name}"), name=min(missing))
    official = _text(body, "official", LONGEST_TEXT)
    if not official.strip():
        raise _wrong(gettext_noop("official须写明经办人"))
    return Call(
        kind=kind,
        grant=_text(body, "grant", LONGEST_TEXT),
        purpose=_text(body, "purpose", LONGEST_PURPOSE),
        case=_text(body, "case", LONGEST_TEXT),
        official=official,
        key={} if kind == "address" else _mapping(body, "key"),
        fields=_fields(body) if kind == "query" else None,
        claims=_mapping(body, "claims") if kind == "verify" else {},
    )
