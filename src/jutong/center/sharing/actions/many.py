"""One decision for many applications, each judged by itself: only what shows nothing (仅核验), and only agreeing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import get_language

from jutong.center.catalog.enums import FieldMode
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions.answering import consent_reply, prepare_reply
from jutong.center.sharing.actions.applying import consent_request
from jutong.center.sharing.enums import ApplicationState, Event
from jutong.center.sharing.errors import NotVerifyOnlyError
from jutong.center.sharing.models import Application, ApplicationItem
from jutong.center.sharing.queries.reading import application
from jutong.center.sharing.standing_in import as_head
from jutong.kernel.errors import JutongError

MOST = 50
"""Applications of one batch."""
STEPS: dict[str, tuple[Event, Callable[..., Application]]] = {
    "consent": (Event.CONSENT, consent_request),
    "prepare": (Event.PREPARE_REPLY, prepare_reply),
    "reply": (Event.AGREE, consent_reply),
}
"""What can be decided for many, the step of the table it is, and the action that takes it."""

_WAITING: dict[str, tuple[str, str, Permission]] = {
    "consent": (ApplicationState.AWAITING_CONSENT, "requester", Permission.SHARING_APPLICATION_CONSENT),
    "prepare": (ApplicationState.SUBMITTED, "provider", Permission.SHARING_REPLY_PREPARE),
    "reply": (ApplicationState.REPLY_PREPARED, "provider", Permission.SHARING_REPLY_CONSENT),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one application of a batch; ``problem`` is empty where it was done."""

    number: str
    title: str
    problem: str = ""


def verify_only(asked_for: Application) -> bool:
    """Tell whether an application asks for nothing but verification."""
    asked = list(asked_for.items.all())
    return bool(asked) and all(row.asked == FieldMode.VERIFY for row in asked)


def eligible(by: Actor, now: datetime) -> dict[str, list[Application]]:
    """Return what somebody may decide in a batch now, by step: the oldest ``MOST`` of each that are verification."""
    found: dict[str, list[Application]] = {}
    for step, rows in _waiting(by, now).items():
        ready = rows.select_related("requester", "provider", "version").prefetch_related("items__item")
        found[step] = list(ready.order_by("created_at", "id")[:MOST])
    return found


def eligible_count(by: Actor, now: datetime) -> int:
    """Return how many applications somebody may decide in a batch now, counting at most ``MOST`` of each step."""
    return sum(rows[:MOST].count() for rows in _waiting(by, now).values())


def _waiting(by: Actor, now: datetime) -> dict[str, QuerySet[Application]]:
    head, delegation = as_head(by, Permission.SHARING_APPLICATION_CONSENT, now)
    who = head if delegation is not None else by
    own = by.organisation_id or org.NOBODY
    others = {"consent": {"created_by_id": by.user_id}, "reply": {"reply__prepared_by_id": by.user_id}}
    asked = ApplicationItem.objects.filter(application=OuterRef("pk"))
    return {
        step: Application.objects.filter(
            Exists(asked), ~Exists(asked.exclude(asked=FieldMode.VERIFY)), state=state, **{f"{side}_id": own}
        )
        .exclude(reply__agreed=False)
        .exclude(**others.get(step, {"pk": None}))
        for step, (state, side, needs) in _WAITING.items()
        if org.has(who, needs)
    }


def decide_many(*, step: str, numbers: Sequence[str], by: Actor, now: datetime) -> list[Outcome]:
    """Agree to many applications; one that is refused says why and holds up none of the others.

    Args:
        step: a key of ``STEPS``.
        numbers: of at most ``MOST`` applications.
        by: who may take the step.
        now: when.

    Raises:
        KeyError: for a step that is none.
    """
    _event, act = STEPS[step]
    return [_one(act, number, by, now) for number in list(dict.fromkeys(numbers))[:MOST]]


def _one(act: Callable[..., Application], number: str, by: Actor, now: datetime) -> Outcome:
    title = ""
    try:
        with transaction.atomic():
            found = application(by, number)
            title = found.title
            if not verify_only(found):
                raise NotVerifyOnlyError(number=number)
            if getattr(found, "reply", None) is not None and act is consent_reply and not found.reply.agreed:
                raise NotVerifyOnlyError(number=number)
            act(application=found, agreed=True, by=by, now=now)
    except JutongError as refused:
        return Outcome(number, title, refused.explain(get_language() or "zh-hans"))
    return Outcome(number, title)
