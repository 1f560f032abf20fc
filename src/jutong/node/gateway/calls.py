"""Reads a call from a request body: exactly the known fields, of exactly their types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from jutong.contracts.orders import Operator
from jutong.kernel.i18n import gettext_noop
from jutong.node.errors import CallMalformedError

LONGEST_PURPOSE = 500
LONGEST_TEXT = 64
LONGEST_VALUE = 512
LONGEST_CURSOR = 4096
MOST_ITEMS = 200
MOST_KEYS = 1_000
"""Keys one batch may carry, whatever its grant says."""
MOST_FILTERS = 20
MOST_FILTER_VALUES = 100
MOST_ROWS = 10_000
"""Rows one page may hold, whatever its grant says."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")

Kind = Literal["query", "verify", "batch", "page", "changes", "file", "address"]
Format = Literal["csv", "xlsx", "parquet"]
KINDS: tuple[Kind, ...] = ("query", "verify", "batch", "page", "changes", "file", "address")
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "parquet")
OPERATORS: tuple[Operator, ...] = ("eq", "in", "prefix", "ge", "le")

_PLACED = frozenset({"grant", "purpose", "official"})
_COMMON = _PLACED | {"case", "basis"}
_REQUIRED: dict[Kind, frozenset[str]] = {
    "query": _PLACED | {"key"},
    "verify": _PLACED | {"key"},
    "batch": _PLACED | {"keys"},
    "page": _PLACED,
    "changes": _PLACED,
    "file": _PLACED | {"format"},
    "address": _PLACED,
}
_ALLOWED: dict[Kind, frozenset[str]] = {
    "query": _COMMON | {"key", "fields"},
    "verify": _COMMON | {"key", "claims"},
    "batch": _COMMON | {"keys", "fields"},
    "page": _COMMON | {"fields", "filters", "cursor", "limit"},
    "changes": _COMMON | {"fields", "filters", "cursor", "limit"},
    "file": _COMMON | {"fields", "filters", "format"},
    "address": _COMMON,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A typed restriction a caller adds to what the grant shows; it can only narrow."""

    item: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bulk:
    """What a call asks that concerns more than one row. ``limit`` of 0 means as many as the grant allows."""

    keys: tuple[Mapping[str, str], ...] = ()
    filters: tuple[Filter, ...] = ()
    cursor: str = ""
    limit: int = 0
    format: Format = "csv"


NOTHING = Bulk()


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
    basis: str = ""
    bulk: Bulk = NOTHING


def _wrong(problem: str, **fields: object) -> CallMalformedError:
    return CallMalformedError(problem=problem, **fields)


def _clean(text: str) -> bool:
    return text.isprintable() or _CONTROL.search(text) is None


def _text(body: dict[str, Any], name: str, longest: int) -> str:
    value = body.get(name, "")
    if type(value) is not str or len(value) > longest or not _clean(value):
        raise _wrong(gettext_noop("{name}须是不超过{limit}个字的文字"), name=name, limit=longest)
    return value


def _mapping(value: Any, name: str) -> dict[str, str]:
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


def _keys(body: dict[str, Any]) -> tuple[Mapping[str, str], ...]:
    value = body.get("keys")
    if type(value) is not list or not value or len(value) > MOST_KEYS:
        raise _wrong(gettext_noop("keys须是1至{limit}个查询条件的列表"), limit=MOST_KEYS)
    return tuple([_mapping(one, f"keys[{at}]") for at, one in enumerate(value)])


def _filter(value: Any, name: str) -> Filter:
    if type(value) is not dict or value.keys() != {"item", "operator", "values"}:
        raise _wrong(gettext_noop("{name}须恰好有item、operator、values"), name=name)
    item, operator, values = value["item"], value["operator"], value["values"]
    if type(item) is not str or len(item) > LONGEST_VALUE:
        raise _wrong(gettext_noop("{name}的item须是信息项"), name=name)
    if operator not in OPERATORS:
        raise _wrong(gettext_noop("{name}的operator须是{allowed}之一"), name=name, allowed="、".join(OPERATORS))
    most = MOST_FILTER_VALUES if operator in {"in", "prefix"} else 1
    fits = type(values) is list and 0 < len(values) <= most
    if not fits or not all(type(one) is str and len(one) <= LONGEST_VALUE and _clean(one) for one in values):
        raise _wrong(gettext_noop("{name}的values须是1至{limit}个文字的列表"), name=name, limit=most)
    if operator == "prefix" and not all(values):
        raise _wrong(gettext_noop("{name}的前缀不能是空的"), name=name)
    return Filter(item, operator, tuple(values))


def _filters(body: dict[str, Any]) -> tuple[Filter, ...]:
    value = body.get("filters")
    if value is None:
        return ()
    if type(value) is not list or len(value) > MOST_FILTERS:
        raise _wrong(gettext_noop("filters须是不超过{limit}个条件的列表"), limit=MOST_FILTERS)
    return tuple([_filter(one, f"filters[{at}]") for at, one in enumerate(value)])


def _limit(body: dict[str, Any]) -> int:
    value = body.get("limit", 0)
    if "limit" in body and (type(value) is not int or not 1 <= value <= MOST_ROWS):
        raise _wrong(gettext_noop("limit须是1至{limit}的整数"), limit=MOST_ROWS)
    return int(value)


def _bulk(kind: Kind, body: dict[str, Any]) -> Bulk:
    if kind == "batch":
        return Bulk(keys=_keys(body))
    if kind == "file":
        chosen = body["format"]
        if chosen not in FORMATS:
            raise _wrong(gettext_noop("format须是{allowed}之一"), allowed="、".join(FORMATS))
        return Bulk(filters=_filters(body), format=chosen)
    return Bulk(filters=_filters(body), cursor=_text(body, "cursor", LONGEST_CURSOR), limit=_limit(body))


def read(kind: Kind, body: bytes) -> Call:
    """Return the call in a request body.

    Raises:
        CallMalformedError: if it is no JSON, or has an unknown, missing or ill-typed field.
    """
    return from_mapping(kind, _parsed(body))


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _wrong(gettext_noop("不是JSON")) from error


def from_mapping(kind: Kind, body: Any) -> Call:
    """Return the call in parsed JSON; see ``read``."""
    if type(body) is not dict:
        raise _wrong(gettext_noop("须是一个JSON对象"))
    if unknown := body.keys() - _ALLOWED[kind]:
        raise _wrong(gettext_noop("不认识的字段{name}"), name=min(unknown)[:LONGEST_TEXT])
    if missing := _REQUIRED[kind] - body.keys():
        raise _wrong(gettext_noop("缺少字段{name}"), name=min(missing))
    official = _text(body, "official", LONGEST_TEXT)
    if not official.strip():
        raise _wrong(gettext_noop("official须写明经办人"))
    pointed = kind in {"query", "verify"}
    return Call(
        kind=kind,
        grant=_text(body, "grant", LONGEST_TEXT),
        purpose=_text(body, "purpose", LONGEST_PURPOSE),
        case=_text(body, "case", LONGEST_TEXT),
        official=official,
        key=_mapping(body.get("key"), "key") if pointed else {},
        fields=None if kind in {"verify", "address"} else _fields(body),
        claims=_mapping(body.get("claims"), "claims") if kind == "verify" else {},
        basis=_text(body, "basis", LONGEST_PURPOSE) if "basis" in body else "",
        bulk=NOTHING if pointed or kind == "address" else _bulk(kind, body),
    )


def read_explained(content: bytes) -> Call:
    """Return the call somebody wants explained: the body of the call itself and its ``kind``.

    Raises:
        CallMalformedError: if there is no such kind, or the rest is no call of it.
    """
    body = _parsed(content)
    if type(body) is not dict or body.get("kind") not in KINDS:
        raise _wrong(gettext_noop("kind须是{allowed}之一"), allowed="、".join(KINDS))
    return from_mapping(body["kind"], {name: value for name, value in body.items() if name != "kind"})
