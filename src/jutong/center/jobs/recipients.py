"""For whom a column may be encrypted: departments that hold a grant for the entry, and what it shows them in full."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.center.catalog.models import Entry
from jutong.center.jobs.errors import MarkUnfitError, SealUnequalError, SealUnfitError
from jutong.center.jobs.work import Work
from jutong.center.sharing.compile import agreement_of
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.models import Grant
from jutong.contracts.fingerprint import Fingerprint
from jutong.contracts.rules import SEALED
from jutong.contracts.steps import origins
from jutong.standards.grading import allowed_mode

_HELD = (GrantState.ORDERED, GrantState.ACTIVE, GrantState.SUSPENDED)
"""A suspended grant gives no key; its agreement still stands."""


@dataclass(frozen=True)
class Recipient:
    """Who holds a grant for an entry, under which agreement, and the columns it shows in full."""

    agreement: str
    code: str
    name: str
    columns: frozenset[str]


def recipients(entry: Entry) -> list[Recipient]:
    """Return everybody the rows of an entry may be encrypted for."""
    rows = Grant.objects.filter(entry=entry, state__in=_HELD).select_related("requester", "application")
    return [
        Recipient(
            agreement_of(grant),
            grant.requester.code,
            grant.requester.name,
            frozenset(row.column for row in grant.items.all() if allowed_mode(row.item.grade, row.mode) == "plain"),
        )
        for grant in rows.prefetch_related("items__item")
    ]


def check_seals(entry: Entry, work: Work, columns: tuple[str, ...]) -> None:
    """Check that what a work encrypts can be opened by somebody who may see it, and be found again.

    Args:
        entry: whose table is moved.
        work: what is done.
        columns: of the source.

    Raises:
        SealUnfitError: if an agreement gives nobody the column in full.
        SealUnequalError: if rows are to be told apart by something that is encrypted anew each time.
    """
    sealed = [mask for mask in work.masks if mask.mask in SEALED]
    if not sealed:
        return
    shown: dict[str, frozenset[str]] = {}
    for one in recipients(entry):
        shown[one.agreement] = shown.get(one.agreement, frozenset()) | one.columns
    made_of = origins(columns, work.steps)
    for mask in sealed:
        if not set(made_of[mask.column]) <= shown.get(mask.agreement, frozenset()):
            raise SealUnfitError(column=mask.column, agreement=mask.agreement)
    if unequal := unequal_seals(work):
        raise SealUnequalError(columns="、".join(unequal))


def unequal_seals(work: Work) -> list[str]:
    """Return the columns that are encrypted anew each time although rows are compared by them."""
    compared = set(getattr(work.mode, "keys", ()))
    every = getattr(work.mode, "kind", "") == "difference"
    return [mask.column for mask in work.masks if mask.mask == "sealed" and (every or mask.column in compared)]


def marked(entry: Entry, work: Work) -> Fingerprint | None:
    """Return the fingerprint a work is ordered with: for whom, in words that need no registry.

    Raises:
        MarkUnfitError: if nobody holds a grant under the agreement, or rows come in the order of a log.
    """
    mark = work.fingerprint
    if mark is None:
        return None
    found = next((one for one in recipients(entry) if one.agreement == mark.agreement), None)
    if found is None or getattr(work.mode, "kind", "") == "changes":
        raise MarkUnfitError(agreement=mark.agreement)
    told = {
        "recipient_code": found.code, "recipient_name": found.name[:200], "entry_code": entry.code,
        "entry_name": entry.published_name[:200],
    }  # fmt: skip
    return mark.model_copy(update=told)
