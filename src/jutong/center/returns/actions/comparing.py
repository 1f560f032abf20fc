"""Whether what came back is complete: two numbers, side by side, each cycle (条例 24)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.queries import NOBODY
from jutong.center.ownership.texts import problem
from jutong.center.returns.actions import _common as common
from jutong.center.returns.actions.asking import CLAUSE, give_up
from jutong.center.returns.enums import ReturnEvent
from jutong.center.returns.errors import NotCountedError
from jutong.center.returns.models import Cycle, ReturnFlow
from jutong.center.sharing.models import Grant
from jutong.center.usage.models import Access
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

MOST_ROWS = 10**12


@transaction.atomic
def count_return(*, flow: ReturnFlow, counted: int, by: Actor, now: datetime) -> Cycle:
    """Say as the upper department how many rows lie in the asker's area now; said again it replaces what was open.

    Raises:
        InvalidInputError: for less than none.
        WrongSideError: for anybody but the upper department.
    """
    locked, _row = common.begin(flow, ReturnEvent.COUNT, by)
    _number("counted", gettext_noop("应回流条数"), counted)
    Cycle.objects.filter(flow=locked, compared_at=None).delete()
    made = Cycle.objects.create(flow=locked, counted=counted, counted_by_id=by.user_id, counted_at=now)
    common.record("count", locked, by, now, counted=counted)
    text = gettext_noop("数据回流{number}“{title}”应回流{count}条，请核对。")
    common.tell(locked.requester, None, text, locked, now, count=str(counted))
    return made


def _number(place: str, name: str, value: int) -> None:
    if not 0 <= value <= MOST_ROWS:
        message = gettext_noop("请填不小于0的条数")
        raise InvalidInputError(problems=[problem(place, name, CLAUSE, message, found=str(value)[:20])])


@transaction.atomic
def compare_return(*, flow: ReturnFlow, held: int, by: Actor, now: datetime) -> Cycle:
    """Say as the lower department how many rows it holds; fewer than counted is a gap the upper one has to fill.

    How many rows were fetched since the last comparison is counted from the access records and kept beside it.

    Raises:
        NotCountedError: if the upper department did not count first.
        InvalidInputError: for less than none.
        WrongSideError: for anybody but the lower department.
    """
    _number("held", gettext_noop("已收到条数"), held)
    open_ = Cycle.objects.filter(flow=flow, compared_at=None).first()
    is_short = open_ is not None and held < open_.counted
    locked, row = common.begin(flow, ReturnEvent.FIND_SHORT if is_short else ReturnEvent.FIND_COMPLETE, by)
    cycle = Cycle.objects.select_for_update().filter(flow=locked, compared_at=None).first()
    if cycle is None:
        raise NotCountedError(provider=locked.provider.short_name)
    cycle.held, cycle.fetched = held, _fetched(locked, now)
    cycle.compared_by_id, cycle.compared_at = by.user_id, now
    cycle.save()
    locked.state = row.next
    locked.save(update_fields=["state"])
    common.record("compare", locked, by, now, counted=cycle.counted, held=held, fetched=cycle.fetched)
    if is_short:
        text = gettext_noop("数据回流{number}“{title}”少{count}条，请补齐。")
        common.tell(locked.provider, Role.STEWARD, text, locked, now, count=str(cycle.gap))
    return cycle


def _fetched(flow: ReturnFlow, now: datetime) -> int:
    """Return how many rows calls fetched since the comparison before."""
    before = Cycle.objects.filter(flow=flow, compared_at__isnull=False).order_by("-compared_at").first()
    since = before.compared_at if before is not None and before.compared_at is not None else flow.asked_at
    grants = Grant.objects.filter(application_id=flow.application_id or NOBODY).values_list("id", flat=True)
    found = Access.objects.filter(grant_id__in=list(grants), at__gt=since, at__lte=now, outcome="ok")
    return int(found.aggregate(total=Sum("rows"))["total"] or 0)


@transaction.atomic
def end_return(*, flow: ReturnFlow, by: Actor, now: datetime) -> ReturnFlow:
    """End a return that is no longer needed; its grant is given up.

    Raises:
        WrongSideError: for anybody but the lower department.
        StepNotAllowedError: while no data comes.
    """
    locked, row = common.begin(flow, ReturnEvent.END, by)
    locked.state, locked.ended_at = row.next, now
    locked.save(update_fields=["state", "ended_at"])
    give_up(locked, by, now)
    common.record("end", locked, by, now)
    text = gettext_noop("数据回流{number}“{title}”已结束。")
    common.tell(locked.provider, Role.STEWARD, text, locked, now)
    return locked
