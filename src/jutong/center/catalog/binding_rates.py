"""挂接率: of what a department publishes and shares, how much can really be had."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet

from jutong.center.catalog.enums import BindingHealth, ShareAttribute
from jutong.center.catalog.models import Binding, Entry
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, require

UNHEALTHY = (BindingHealth.DEGRADED, BindingHealth.DOWN)
SHOWN = ("unhealthy", "overdue", "unbound", "bound")
"""Which entries the list below the rates can show."""
_DIVISION_WIDE = frozenset({Role.AUTHORITY, Role.LEADER})


@dataclass(frozen=True, slots=True)
class BindingRate:
    """One department's figures. ``shared`` leaves out 不予共享: nothing has to stand behind it.

    ``overdue`` are unbound for longer than VC-12 allows.
    """

    organisation: Organisation
    shared: int
    bound: int
    degraded: int
    down: int
    unchecked: int
    overdue: int

    @property
    def unbound(self) -> int:
        """Shared entries with nothing behind them."""
        return self.shared - self.bound

    @property
    def unhealthy(self) -> int:
        """Bindings with a problem."""
        return self.degraded + self.down

    @property
    def percent(self) -> float | None:
        """挂接率: bound over shared, in percent with one decimal; None where nothing is shared."""
        return round(100 * self.bound / self.shared, 1) if self.shared else None


def binding_rates(actor: Actor) -> list[BindingRate]:
    """Return the departments' figures, the lowest rate first: the division's for authority and leaders, else the own.

    Raises:
        ForbiddenError: if the post does not read the catalog.
    """
    shared = _shared(actor)
    counted = shared.values("organisation_id").annotate(
        shared=Count("id"),
        bound=Count("id", filter=Q(is_bound=True)),
        overdue=Count("unbound_flag", filter=Q(is_bound=False)),
    )
    rows = {row["organisation_id"]: row for row in counted.order_by()}
    health = _health(shared)
    names = Organisation.objects.filter(id__in=rows).order_by("code")
    found = [
        BindingRate(
            organisation,
            shared=rows[organisation.id]["shared"],
            bound=rows[organisation.id]["bound"],
            degraded=health[organisation.id, BindingHealth.DEGRADED],
            down=health[organisation.id, BindingHealth.DOWN],
            unchecked=health[organisation.id, BindingHealth.UNKNOWN],
            overdue=rows[organisation.id]["overdue"],
        )
        for organisation in names
    ]
    return sorted(found, key=lambda row: (row.percent or 0.0, -row.unhealthy))


def whole(rates: list[BindingRate]) -> dict[str, int | float | None]:
    """Return the sums over departments and the rate over all of them."""
    shared, bound = sum(row.shared for row in rates), sum(row.bound for row in rates)
    return {
        "shared": shared,
        "bound": bound,
        "unhealthy": sum(row.unhealthy for row in rates),
        "overdue": sum(row.overdue for row in rates),
        "percent": round(100 * bound / shared, 1) if shared else None,
    }


def listed(actor: Actor, *, show: str, organisation_code: str = "") -> QuerySet[Entry]:
    """Return the entries behind a figure, each with its open binding (``queries.open_binding``).

    Args:
        actor: who asks; the scope is that of :func:`binding_rates`.
        show: one of ``SHOWN``.
        organisation_code: one department of the scope; empty for all.

    Raises:
        ForbiddenError: if the post does not read the catalog.
    """
    rows = _shared(actor)
    if organisation_code:
        rows = rows.filter(organisation__code=organisation_code)
    chosen = {
        "unhealthy": Q(bindings__ended_at=None, bindings__health__in=UNHEALTHY),
        "overdue": Q(is_bound=False, unbound_flag__isnull=False),
        "unbound": Q(is_bound=False),
    }.get(show, Q(is_bound=True))
    bindings = Binding.objects.filter(ended_at=None)
    return (
        rows.filter(chosen)
        .select_related("organisation", "published", "unbound_flag")
        .prefetch_related(Prefetch("bindings", bindings))
        .order_by("organisation__code", "code")
    )


def _shared(actor: Actor) -> QuerySet[Entry]:
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    rows = Entry.objects.filter(published__isnull=False, removed_at=None).exclude(share_attribute=ShareAttribute.NONE)
    if actor.role in _DIVISION_WIDE:
        return rows.filter(organisation__division_code=actor.division_code)
    return rows.filter(organisation_id=actor.organisation_id or NOBODY)


def _health(shared: QuerySet[Entry]) -> Counter[tuple[UUID, str]]:
    rows = (
        Binding.objects.filter(ended_at=None, entry__in=shared)
        .values_list("entry__organisation_id", "health")
        .annotate(count=Count("id"))
        .order_by()
    )
    return Counter({(organisation, health): count for organisation, health, count in rows})
