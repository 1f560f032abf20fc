"""Sign-ins and sign-outs, written to the trail. Signing in itself belongs to the doors."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.org.actor import Actor
from jutong.center.org.models import User


def _self(user: User) -> Actor:
    """Return the person without a post: which one is worked in is chosen after sign-in."""
    return Actor(user.username, user.name, "", "", "", user_id=user.id)


@transaction.atomic
def record_sign_in(*, user: User, now: datetime) -> None:
    """Write down that a session began."""
    record(
        event="org:session:start", by=_self(user), now=now,
        subject_kind="user", subject_id=user.username, subject_label=user.name,
    )  # fmt: skip


@transaction.atomic
def record_sign_out(*, user: User, now: datetime) -> None:
    """Write down that a session was ended by its person."""
    record(
        event="org:session:end", by=_self(user), now=now,
        subject_kind="user", subject_id=user.username, subject_label=user.name,
    )  # fmt: skip


@transaction.atomic
def record_refused_sign_in(*, username: str, now: datetime) -> None:
    """Write down a wrong password. A name nobody has is left out: people type passwords into the wrong box."""
    user = User.objects.filter(username=username).first()
    if user is None:
        return
    record(
        event="org:session:refuse", by=_self(user), now=now,
        subject_kind="user", subject_id=user.username, subject_label=user.name,
    )  # fmt: skip
