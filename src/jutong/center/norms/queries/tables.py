from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from jutong.center.norms.enums import Certainty, MappingKind
from jutong.center.norms.errors import CodeUnknownError
from jutong.center.norms.models import CodeMapping, CodeTable, CodeTableEdition, CodeValue
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import NotFoundError
from jutong.standards.codes import REASONS, Change, arrive


@dataclass(frozen=True, slots=True)
class Step:
    """One change on a code's way from one day to another."""

    on: date
    code: str
    name: str
    target: str
    target_name: str
    kind: MappingKind
    certainty: Certainty
    reason: str
    """Chinese source wording."""


@dataclass(frozen=True, slots=True)
class MappedCode:
    """Where a code has come to; an empty code says that nothing follows."""

    code: str
    name: str
    kind: MappingKind
    certainty: Certainty
    steps: tuple[Step, ...]


def code_tables(actor: Actor, *, q: str = "") -> QuerySet[CodeTable]:
    """Return the code tables with how many editions each has, in the order of their keys."""
    require(actor, Permission.NORMS_NORM_VIEW)
    found = CodeTable.objects.annotate(edition_count=Count("editions")).select_related("organisation")
    text = q.replace("\x00", "").strip()[:64]
    if text:
        found = found.filter(Q(name__icontains=text) | Q(key__icontains=text) | Q(standard__icontains=text))
    return found.order_by("key")


def table_keys() -> frozenset[str]:
    """Return the keys of every code table, for rules that look whether one is there."""
    return frozenset(CodeTable.objects.values_list("key", flat=True))


def code_table(actor: Actor, key: str) -> CodeTable:
    """Return one code table.

    Raises:
        NotFoundError: if there is none.
    """
    found = code_tables(actor).filter(key=key).first()
    if found is None:
        raise NotFoundError(what=key)
    return found


def editions(actor: Actor, table: CodeTable) -> list[CodeTableEdition]:
    """Return the editions of a table, the newest first."""
    require(actor, Permission.NORMS_NORM_VIEW)
    return list(table.editions.order_by("-effective_from"))


def edition_on(found: list[CodeTableEdition], on: date | None) -> CodeTableEdition | None:
    """Return the edition in force on a day out of those of :func:`editions`; the newest without a day."""
    return next((row for row in found if on is None or row.effective_from <= on), None)


def values(actor: Actor, table: CodeTable, *, on: date, q: str = "") -> QuerySet[CodeValue]:
    """Return the codes of a table in force on a day, by code or part of the name."""
    require(actor, Permission.NORMS_NORM_VIEW)
    found = CodeValue.objects.filter(_in_force(on), table=table)
    text = q.replace("\x00", "").strip()[:64]
    if text:
        found = found.filter(Q(code__startswith=text) | Q(name__icontains=text))
    return found.order_by("code")


def map_code(actor: Actor, table: CodeTable, code: str, *, start: date, end: date) -> tuple[MappedCode, ...]:
    """Return what a code of one day has become on a later one, with every step between.

    Raises:
        CodeUnknownError: if the table did not have the code on the first day.
    """
    require(actor, Permission.NORMS_NORM_VIEW)
    if not CodeValue.objects.filter(_in_force(start), table=table, code=code).exists():
        raise CodeUnknownError(table=table.name, date=start, code=code)
    rows = _changes(table, code, start, end)
    arrivals = arrive(code, start, end, rows)
    wanted = {code, *(step.target for arrival in arrivals for step in arrival.steps)}
    wanted |= {step.code for arrival in arrivals for step in arrival.steps}
    names = _Names(table, wanted)
    return tuple(
        MappedCode(
            arrival.code,
            names.on(arrival.code, end),
            MappingKind(arrival.kind),
            Certainty(arrival.certainty),
            tuple(_step(row, names) for row in arrival.steps),
        )
        for arrival in arrivals
    )


def _changes(table: CodeTable, code: str, start: date, end: date) -> list[Change]:
    """Return what became of a code, of what followed it, and so on, a query for each generation."""
    found: list[Change] = []
    known: set[str] = set()
    wanted = {code}
    while wanted:
        known |= wanted
        rows = CodeMapping.objects.filter(table=table, code__in=wanted, on__gt=start, on__lte=end)
        new = [
            Change(*row)  # type: ignore[arg-type]  # the columns' choices are the literals
            for row in rows.values_list("on", "code", "target", "kind", "certainty", "reason")
        ]
        found.extend(new)
        wanted = {row.target for row in new if row.target} - known
    return found


def code_names(table: CodeTable, codes: Iterable[str]) -> dict[str, str]:
    """Return the last name each code had, whether in force or not."""
    spans = CodeValue.objects.filter(table=table, code__in=set(codes)).order_by("valid_from")
    return dict(spans.values_list("code", "name"))


def unsettled(actor: Actor, table: CodeTable) -> QuerySet[CodeMapping]:
    """Return the mappings nobody is sure of, the newest editions first."""
    require(actor, Permission.NORMS_NORM_VIEW)
    return CodeMapping.objects.filter(table=table, certainty=Certainty.POSSIBLE).order_by("-on", "code", "target")


class _Names:
    def __init__(self, table: CodeTable, codes: set[str]) -> None:
        self._spans = list(
            CodeValue.objects.filter(table=table, code__in=codes).order_by("valid_from").values_list(
                "code", "name", "valid_from"
            )
        )  # fmt: skip

    def on(self, code: str, day: date) -> str:
        """Return the name that began last up to a day."""
        return next((name for known, name, began in reversed(self._spans) if known == code and began <= day), "")

    def before(self, code: str, day: date) -> str:
        """Return the name a code had right before a day."""
        return next((name for known, name, began in reversed(self._spans) if known == code and began < day), "")


def _step(row: Change, names: _Names) -> Step:
    return Step(
        row.on,
        row.code,
        names.before(row.code, row.on),
        row.target,
        names.on(row.target, row.on),
        MappingKind(row.kind),
        Certainty(row.certainty),
        REASONS.get(row.reason, row.reason),
    )


def _in_force(on: date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gt=on))
