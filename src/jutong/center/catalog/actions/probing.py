"""Takes in what nodes find behind entries. Only a node's check changes the health of a binding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.catalog.enums import BindingHealth
from jutong.center.catalog.errors import NotBoundError, NotWatchedError
from jutong.center.catalog.health import UNKNOWN_ROWS, Look, explain, judge, usual_after
from jutong.center.catalog.models import Binding, Entry
from jutong.center.fleet.models import Node, Source
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.center.sharing.models import Notice
from jutong.contracts.receipts import BindingCheck
from jutong.kernel.errors import NotFoundError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.binding import watch_rules

NOTICES = {
    BindingHealth.OK: gettext_noop("“{entry}”的挂接恢复正常了。"),
    BindingHealth.DEGRADED: gettext_noop("“{entry}”的挂接有问题：{problem}"),
    BindingHealth.DOWN: gettext_noop("“{entry}”的挂接连不上了：{problem}"),
}
"""What the steward is told when a binding's health changes."""
FOLDER_PROTOCOL = "file"
"""Files on the node's machine carry the time they were written; nothing else but a table's column does."""
_LONGEST_TOLD = 400
_WRITTEN = ("health", "problems", "rows", "newest_at", "checked_at", "usual_rows")


@transaction.atomic
def apply_checks(*, node: Node, checks: Sequence[BindingCheck], by: Actor, now: datetime) -> str:
    """Write what a node found on the bindings of its own sources. Returns what was passed over, if anything.

    A check of a binding that has ended, or older than the last one, changes nothing.
    """
    newest = {check.binding_id: check for check in sorted(checks, key=lambda one: one.checked_ms)}
    own = set(Source.objects.filter(node=node).values_list("name", flat=True))
    found = (
        Binding.objects.select_for_update(of=("self",))
        .select_related("entry__published", "entry__organisation")
        .filter(id__in=list(filter(_is_id, newest)), source__in=own)
        .order_by("id")
    )
    known = {str(row.id): row for row in found}
    for binding_id, binding in known.items():
        if binding.ended_at is None:
            _apply(binding, newest[binding_id], by, now)
    strange = len(newest) - len(known)
    return f"{strange} checks name bindings that are not this node's" if strange else ""


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _apply(binding: Binding, check: BindingCheck, by: Actor, now: datetime) -> None:
    checked_at = _moment(check.checked_ms)
    if checked_at is None or (binding.checked_at is not None and checked_at <= binding.checked_at):
        return
    look = _look(binding, check)
    before = BindingHealth(binding.health)
    health, binding.problems = judge(look, watch_rules(), now)
    binding.health, binding.checked_at, binding.newest_at = health, min(checked_at, now), look.newest
    binding.rows = None if look.rows == UNKNOWN_ROWS else look.rows
    binding.usual_rows = usual_after(look, watch_rules())
    binding.save(update_fields=_WRITTEN)
    if health != before:
        _tell(binding, before, by, now)


def _look(binding: Binding, check: BindingCheck) -> Look:
    return Look(
        alive=check.alive,
        reason=check.problem,
        missing=check.missing_columns,
        rows=max(check.rows, UNKNOWN_ROWS),
        newest=_moment(check.newest_ms),
        dated=_is_dated(binding, check),
        cycle=binding.entry.update_cycle,
        usual_rows=binding.usual_rows,
    )


def _is_dated(binding: Binding, check: BindingCheck) -> bool:
    if binding.is_table:
        return bool(binding.fresh_column) and binding.fresh_column not in check.missing_columns
    return str(binding.place.get("protocol")) == FOLDER_PROTOCOL


def _moment(ms: int) -> datetime | None:
    """Return an instant a node named, None for 0 and for what no calendar has."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC) if ms > 0 else None
    except (OverflowError, ValueError, OSError):
        return None


def _tell(binding: Binding, before: BindingHealth, by: Actor, now: datetime) -> None:
    entry, health = binding.entry, BindingHealth(binding.health)
    record(
        event="catalog:binding:health", by=by, now=now, subject_kind="entry", subject_id=entry.code,
        subject_label=entry.published_name, kind=binding.kind, source=binding.source, before=before.value,
        after=health.value, problems=[problem["code"] for problem in binding.problems],
    )  # fmt: skip
    if (before, health) == (BindingHealth.UNKNOWN, BindingHealth.OK):
        return
    problem = "；".join(explain(binding.problems))[:_LONGEST_TOLD]
    Notice.objects.create(
        organisation=entry.organisation, role=Role.STEWARD, text=NOTICES[health],
        fields={"entry": entry.published_name or entry.code, "problem": problem},
        link=f"/manage/entries/{entry.code}", at=now,
    )  # fmt: skip


@transaction.atomic
def accept_rows(*, entry: Entry, by: Actor, now: datetime) -> Binding:
    """Take the present number of rows as normal: what looked like a loss was meant.

    Raises:
        NotBoundError: if nothing is bound.
        NotWatchedError: if no check has told a number yet.
        NotFoundError: if the entry is another department's.
        ForbiddenError: if ``by`` does not bind.
    """
    require(by, Permission.CATALOG_ENTRY_BIND)
    if entry.organisation_id != by.organisation_id:
        raise NotFoundError(what=entry.code)
    binding = Binding.objects.select_for_update().filter(entry=entry, ended_at=None).first()
    if binding is None:
        raise NotBoundError(name=entry.published_name or entry.code)
    if binding.rows is None:
        raise NotWatchedError(name=entry.published_name or entry.code)
    binding.usual_rows = binding.rows
    binding.problems = [problem for problem in binding.problems if problem["code"] != "collapsed"]
    if not binding.problems and binding.health == BindingHealth.DEGRADED:
        binding.health = BindingHealth.OK
    binding.save(update_fields=["usual_rows", "problems", "health"])
    record(
        event="catalog:binding:accept", by=by, now=now, subject_kind="entry", subject_id=entry.code,
        subject_label=entry.published_name, rows=binding.rows,
    )  # fmt: skip
    return binding
