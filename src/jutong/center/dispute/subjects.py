"""What a dispute may be about. A process outside this app registers how its cases are found and judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jutong.center.dispute.enums import SubjectKind
from jutong.center.dispute.errors import DisputeSubjectError
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.ownership.texts import problem
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop


@dataclass(frozen=True, slots=True)
class Subject:
    """A case somebody may dispute, and with whom.

    Attributes:
        kind: what it is.
        number: what it is addressed by; it finds the case again.
        label: what people call it.
        link: its page.
        respondent: the other side.
        why_not: why it cannot be disputed now; empty when it can.
    """

    kind: SubjectKind
    number: str
    label: str
    link: str
    respondent: Organisation
    why_not: str = ""


Resolver = Callable[[Actor, str, datetime], Subject]
_RESOLVERS: dict[SubjectKind, Resolver] = {}


def register_subject(kind: SubjectKind, resolver: Resolver) -> None:
    """Let a kind of case be disputed; called when its app is ready.

    Args:
        kind: what it is.
        resolver: returns the case of a number for an actor, or raises ``NotFoundError`` where the actor may not know
            of it or has no stake in it.
    """
    _RESOLVERS[kind] = resolver


def known_kinds() -> tuple[SubjectKind, ...]:
    """Return the kinds that can be disputed here."""
    return tuple(kind for kind in SubjectKind if kind in _RESOLVERS)


def subject_of(actor: Actor, kind: str, number: str, now: datetime) -> Subject:
    """Return the case an actor would dispute.

    Raises:
        InvalidInputError: for a kind nobody registered.
        NotFoundError: for a case the actor has no stake in.
    """
    if kind not in known_kinds():
        message = gettext_noop("没有这种可以提出争议的事项")
        row = problem("kind", gettext_noop("争议事项"), "条例 28", message, found=kind[:20])
        raise InvalidInputError(problems=[row])
    return _RESOLVERS[SubjectKind(kind)](actor, number.strip()[:64], now)


def disputable(actor: Actor, kind: str, number: str, now: datetime) -> Subject:
    """Return the case an actor may dispute now.

    Raises:
        DisputeSubjectError: if it gives no ground now.
        InvalidInputError: see :func:`subject_of`, as the next.
        NotFoundError: for a case the actor has no stake in.
    """
    found = subject_of(actor, kind, number, now)
    if found.why_not:
        raise DisputeSubjectError(subject=found.label, why=found.why_not)
    return found
