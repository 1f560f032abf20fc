"""How the text of one cell becomes the value of one field, and what is said when it does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from jutong.center.catalog.models import EntryVersion, Item
from jutong.center.intake import normalise, notices
from jutong.center.intake.normalise import How
from jutong.center.intake.notices import Notice
from jutong.standards import credit_code, resource_code

UNCONDITIONAL = "无条件开放"
"""What stands as the condition where there is none, since the guide asks for one of everything open."""
_DOUBTFUL = (How.FASTER, How.SLOWER, How.GUESS)
_CUT = frozenset({"summary", "domain", "origin", "note", "item.note"})
"""Texts whose beginning still says something; others are refused when too long."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a cell gave: values by field name, the remark about it, and whether its text has to be kept besides."""

    values: Mapping[str, Any]
    notice: Notice | None = None
    kept: bool = False
    how: str = ""
    """How a coded value was come by; empty for plain text."""


def take(field: str, text: str) -> Taken:
    """Return what a cell that is not blank says for a field.

    Item fields are named ``item.<field>`` and given back without the prefix; template extensions are
    ``extensions.<id>`` and given back as they are named.
    """
    reader = _READERS.get(field)
    if reader is not None:
        return reader(field, text)
    if field in _CODED:
        return _coded(field, text)
    return _text(field, text)


def _name(field: str) -> str:
    return field.removeprefix("item.")


def _longest(field: str) -> int:
    model: type[models.Model] = Item if field.startswith("item.") else EntryVersion
    names = {column.name: column for column in model._meta.get_fields()}  # noqa: SLF001 - Django's public _meta
    return getattr(names.get(_name(field)), "max_length", None) or 256


def _text(field: str, text: str) -> Taken:
    told = normalise.tidy(text)
    longest = _longest(field)
    if len(told) <= longest:
        return Taken({_name(field): told})
    if field in _CUT:
        return Taken({_name(field): told[:longest]}, notices.CUT, kept=True)
    return Taken({_name(field): told[:longest]}, notices.TOO_LONG, kept=True)


_CODED: Mapping[str, Callable[[str], normalise.Value | None]] = {
    "update_cycle": normalise.update_cycle,
    "share_attribute": normalise.share_attribute,
    "share_way": normalise.share_way,
    "share_channel": normalise.share_channel,
    "grade": normalise.grade,
    "item.data_type": normalise.data_type,
    "item.grade": normalise.grade,
    "item.share_attribute": normalise.share_attribute,
    "item.widest_mode": normalise.field_mode,
}


def _coded(field: str, text: str) -> Taken:
    found = _CODED[field](text)
    if found is None:
        return Taken({}, notices.UNKNOWN, kept=True)
    doubtful = found.how in _DOUBTFUL
    return Taken({_name(field): found.code}, notices.NEAREST if doubtful else None, kept=doubtful, how=found.how)


def _basis(_: str, text: str) -> Taken:
    found = normalise.basis_kind(text)
    return Taken({"basis_kind": found.code}, how=found.how) if found else Taken({}, notices.UNLAWFUL_BASIS, kept=True)


def _format(_: str, text: str) -> Taken:
    found = normalise.data_format(text)
    if found is None:
        return Taken({}, notices.UNKNOWN, kept=True)
    values = {"data_format": found.category} | ({"format_type": found.type} if found.type else {})
    return Taken(values, kept=bool(found.others) or not found.type, how=found.how)


def _open(_: str, text: str) -> Taken:
    found = normalise.opening(text)
    if found is None:
        answer = normalise.flag(text)
        return Taken({"is_open": answer}) if answer is not None else Taken({}, notices.UNKNOWN, kept=True)
    notice = notices.NEAREST if found.how in _DOUBTFUL else None
    values: dict[str, Any] = {"is_open": found.code != "closed", "opening": found.code}
    if found.code != "closed":
        values["open_condition"] = normalise.tidy(text) if found.code == "conditional" else UNCONDITIONAL
    return Taken(values, notice, kept=notice is not None, how=found.how)


def _open_condition(field: str, text: str) -> Taken:
    """Portals write whether data is open where the condition should stand."""
    if normalise.opening(text) is not None and normalise.flag(text) is None:
        return _open(field, text)
    return _text(field, text)


def _secrecy(_: str, text: str) -> Taken:
    found = normalise.secrecy(text)
    if found is None:
        return Taken({}, notices.UNKNOWN, kept=True)
    return Taken({"not_secret": True}) if found.code == "open" else Taken({}, notices.SECRET, kept=True)


def _flag(field: str, text: str) -> Taken:
    answer = normalise.flag(text)
    return Taken({_name(field): answer}) if answer is not None else Taken({}, notices.UNKNOWN, kept=True)


def _length(field: str, text: str) -> Taken:
    """A length may be written with decimals, ``18,2``; the whole is what counts."""
    found = normalise.volume(re.split("[,，]", text, maxsplit=1)[0])
    return Taken({"length": found.value}) if found and found.value else Taken({}, notices.UNKNOWN, kept=True)


def _codes(field: str, text: str) -> Taken:
    return Taken({field: tuple(dict.fromkeys(normalise.parts(text)))})


def _provider_code(_: str, text: str) -> Taken:
    code = normalise.tidy(text).upper()
    if credit_code.check(code):
        return Taken({"provider_code": code}, notices.BAD_CODE, kept=True)
    return Taken({"provider_code": code})


def _code(_: str, text: str) -> Taken:
    code = normalise.tidy(text).upper()
    if resource_code.check(code):
        return Taken({}, notices.BAD_RESOURCE_CODE, kept=True)
    return Taken({"code": code})


def _classification(_: str, text: str) -> Taken:
    code = normalise.tidy(text).upper()
    if resource_code.check(f"{code}/1"):
        return Taken({}, notices.BAD_CLASS, kept=True)
    return Taken({"classification": code})


_READERS: Mapping[str, Callable[[str, str], Taken]] = {
    "basis_kind": _basis,
    "data_format": _format,
    "is_open": _open,
    "open_condition": _open_condition,
    "secrecy": _secrecy,
    "not_secret": _flag,
    "item.is_key": _flag,
    "item.is_personal": _flag,
    "item.is_sensitive": _flag,
    "item.is_open": _flag,
    "item.length": _length,
    "related_codes": _codes,
    "extra_classes": _codes,
    "provider_code": _provider_code,
    "code": _code,
    "classification": _classification,
}
