"""Notices as they are made, for whoever carries them further in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, models, transaction

from jutong.center.bulk import MANY, copy_rows

if TYPE_CHECKING:
    from jutong.center.sharing.models import Notice

Follower = Callable[[Sequence["Notice"]], None]
_FOLLOWERS: dict[str, Follower] = {}


def when_told(name: str, follower: Follower) -> None:
    """Let somebody follow notices; called when its app is ready. Registering again replaces it."""
    _FOLLOWERS[name] = follower


def _tell(notices: Sequence[Notice]) -> None:
    for follower in _FOLLOWERS.values():
        follower(notices)


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Makes notices, one or many, together with what follows from them."""

    def create(self, **fields: Any) -> Notice:
        """Make a notice."""
        with transaction.atomic(savepoint=False):
            made = super().create(**fields)
            _tell([made])
        return made

    def bulk_create(self, objs: Iterable[Notice], *args: Any, **kwargs: Any) -> list[Notice]:
        """Make many notices."""
        notices = list(objs)
        with transaction.atomic(savepoint=False):
            made = _copied(notices) if len(notices) >= MANY else super().bulk_create(notices, *args, **kwargs)
            if made:
                _tell(made)
        return made


_NAMES = ("id", "organisation", "role", "text", "fields", "link", "at")


def _copied(notices: list[Notice]) -> list[Notice]:
    rows = ((row.id, row.organisation_id, row.role, row.text, row.fields, row.link, row.at) for row in notices)
    copy_rows(type(notices[0]), _NAMES, rows)
    for notice in notices:
        state = notice._state  # noqa: SLF001 - Django's documented name for it
        state.adding, state.db = False, DEFAULT_DB_ALIAS
    return notices
