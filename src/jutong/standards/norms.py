"""The executable norms and the documents they come from, as data: which rules there are, what binds whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from jutong.kernel.i18n import gettext_noop
from jutong.standards.shipped import read_json

Applies = Literal["entry", "table"]
Severity = Literal["error", "warning"]
KINDS = {
    "law": gettext_noop("法律"),
    "regulation": gettext_noop("行政法规"),
    "policy": gettext_noop("政策文件"),
    "national-standard": gettext_noop("国家标准"),
    "local-standard": gettext_noop("地方标准"),
    "platform": gettext_noop("平台规范"),
}
STATES = {
    "in-force": gettext_noop("现行"),
    "superseded-in-part": gettext_noop("部分被取代"),
    "reference": gettext_noop("参考"),
}
AREAS = {
    "catalog": gettext_noop("目录编制"),
    "sharing": gettext_noop("共享申请与使用"),
    "clocks": gettext_noop("法定时限"),
    "ownership": gettext_noop("数源与重复采集"),
    "exchange": gettext_noop("交换"),
    "platform": gettext_noop("平台建设"),
    "elements": gettext_noop("数据元"),
    "naming": gettext_noop("命名"),
    "typing": gettext_noop("类型"),
    "codes": gettext_noop("代码"),
    "grading": gettext_noop("分类分级"),
    "quality": gettext_noop("质量"),
    "table": gettext_noop("库表"),
}
"""What a document binds on this platform."""


@dataclass(frozen=True, slots=True)
class NormDocument:
    """规范: a law, a standard or the platform's own rules, with its status and what it binds."""

    id: str
    number: str
    title: str
    title_en: str
    kind: str
    status: str
    effective_from: date
    verified: bool
    """Whether the platform's reading of it was checked against an official text."""
    binds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Norm:
    """One executable rule. ``check`` names its function, ``parameters`` are what it is called with."""

    id: str
    family: str
    check: str
    applies: Applies
    title: str
    title_en: str
    document: str
    clause: str
    version: int
    effective_from: date
    severity: Severity
    weight: int
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that look at one side of an entry or a table."""

    code: str
    label: str
    label_en: str


@lru_cache(maxsize=1)
def documents() -> Mapping[str, NormDocument]:
    """Return the documents by id."""
    return MappingProxyType({row["id"]: _document(row) for row in read_json("norm_documents.json")})


@lru_cache(maxsize=1)
def norms() -> Mapping[str, Norm]:
    """Return every rule by id, in the order they are run and shown."""
    return MappingProxyType({row["id"]: _norm(row) for row in _file()["rules"]})


@lru_cache(maxsize=1)
def families() -> Mapping[str, Family]:
    """Return the families of rules by code."""
    return MappingProxyType({row["code"]: Family(**row) for row in _file()["families"]})


def version() -> str:
    """Return the edition of the rules; it stands on every run."""
    found: str = _file()["version"]
    return found


def in_force(applies: Applies, on: date) -> tuple[Norm, ...]:
    """Return the rules that a run on a day asks."""
    return tuple(rule for rule in norms().values() if rule.applies == applies and rule.effective_from <= on)


@lru_cache(maxsize=1)
def _file() -> Mapping[str, Any]:
    found: dict[str, Any] = read_json("norms.json")
    return found


def _norm(row: dict[str, Any]) -> Norm:
    return Norm(**{**row, "effective_from": date.fromisoformat(row["effective_from"])})


def _document(row: dict[str, Any]) -> NormDocument:
    effective_from = date.fromisoformat(row["effective_from"])
    return NormDocument(**{**row, "effective_from": effective_from, "binds": tuple(row["binds"])})
