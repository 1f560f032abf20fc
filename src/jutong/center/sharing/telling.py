"""Notices as they are made, for whoever carries them further in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

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
        with transaction.atomic():
            made = super().create(**fields)
            _tell([made])
        return made

    def bulk_create(self, objs: Iterable[Notice], *args: Any, **kwargs: Any) -> list[Notice]:
        """Make many notices."""
        with transaction.atomic():
            made = super().bulk_create(objs, *args, **kwargs)
            if made:
                _tell(made)
        return made
