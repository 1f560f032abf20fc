from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from jutong.center.remedy.actions import _common as common
from jutong.center.remedy.enums import CopyKind

LONGEST_PLACE = 200
MOST_COPIES = 100


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy somebody keeps."""

    kind: str
    place: str


@dataclass(frozen=True, slots=True)
class Handling:
    """What was done with a copy. ``done_on`` is a civil date; ``basis`` is the law that lets a copy be kept."""

    method: str
    done_on: date | None
    witness: str = ""
    basis: str = ""


def checked(copies: Sequence[Copy], clause: str) -> list[Copy]:
    """Return the copies each once, without blanks around their places.

    Raises:
        InvalidInputError: for an unknown kind, an empty place or more than 100.
    """
    if len(copies) > MOST_COPIES:
        raise common.invalid("place", len(copies), str(MOST_COPIES), _("登记的副本太多"), clause)
    for one in copies:
        if one.kind not in CopyKind.values:
            raise common.invalid("kind", one.kind, "、".join(map(str, CopyKind.labels)), _("请选择副本的形式"), clause)
        common.require_text("place", one.place, limit=LONGEST_PLACE, message=_("请写明副本在哪里"), clause=clause)
    return list(dict.fromkeys(Copy(one.kind, one.place.strip()) for one in copies))
