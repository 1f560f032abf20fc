"""One person is erased from the library: asked for by one, counted at the node, agreed to by another, proven after."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.care.errors import IdentityNumberError, SecondPersonError
from jutong.center.care.models import Erasure, ErasureState
from jutong.center.care.rules import ERASURES, after
from jutong.center.library import feeds, works
from jutong.center.library.definitions import definition_of, library_node
from jutong.center.library.models import FeedRow, FeedState, Library, LibraryTable, Work
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.contracts.library_care import CareOrder, Consent, EraseTask, ProveTask
from jutong.kernel.sealing import seal_for
from jutong.standards import identity

IDENTITY = "DE01002"
"""The data element 公民身份号码."""
OLD_CENTURY = "19"


@transaction.atomic
def ask(*, identity_number: str, ground: str, by: Actor, now: datetime) -> Erasure:
    """Ask for the erasure of one person. The number is closed for the node at once and kept nowhere else.

    Raises:
        IdentityNumberError: when it is none.
        NodeMissingError: when no node keeps a library.
    """
    org.require(by, Permission.LIBRARY_ERASURE_ASK)
    number = identity_number.strip().upper()
    if not identity.is_valid(number):
        raise IdentityNumberError
    first = Library.objects.select_related("node").order_by("code").first()
    node = first.node if first else library_node()
    box = seal_for(node.public_key, json.dumps({"values": _written(number)}).encode())
    erasure = Erasure.objects.create(
        node=node, box=box, ground=ground.strip()[:300], organisation_id=by.organisation_id, asked_by_id=by.user_id,
        asked_name=by.name[:64], asked_at=now,
    )  # fmt: skip
    _order(erasure, by, now, dry=True)
    _record("library:erasure:ask", erasure, by, now)
    return erasure


def _written(number: str) -> list[str]:
    """Return the ways a number is written: with a small x, and without century and check digit as before 1999."""
    found = {number, number.lower()}
    if number[6:8] == OLD_CENTURY:
        found.add(number[:6] + number[8:17])
    return sorted(found)


@transaction.atomic
def agree(*, erasure: Erasure, by: Actor, now: datetime) -> None:
    """Agree as the second person, having seen what the node counted; the node erases then.

    Raises:
        SecondPersonError: when the actor asked for it.
        StepUnfitError: when there is nothing to agree to.
    """
    org.require(by, Permission.LIBRARY_ERASURE_AGREE)
    locked = _locked(erasure)
    state = after(ERASURES, locked.state, "agree", "erasure")
    if by.user_id == locked.asked_by_id:
        raise SecondPersonError
    locked.state, locked.agreed_by_id, locked.agreed_name, locked.agreed_at = state, by.user_id, by.name[:64], now
    locked.agreed_code, locked.problem = by.organisation_code, ""
    locked.save()
    _order(locked, by, now, dry=False)
    _record("library:erasure:agree", locked, by, now)


@transaction.atomic
def prove(*, erasure: Erasure, by: Actor, now: datetime) -> Work:
    """Have the node look again for a person who was erased.

    Raises:
        StepUnfitError: when nobody was erased yet.
    """
    org.require(by, Permission.LIBRARY_ERASURE_ASK)
    locked = _locked(erasure)
    after(ERASURES, locked.state, "prove", "erasure")
    body = CareOrder(task=ProveTask(erasure_id=str(locked.id)))
    locked.work = works.order_work(kind="care", body=body, node=locked.node, by=by, now=now)
    locked.save(update_fields=["work"])
    return locked.work


@transaction.atomic
def withdraw(*, erasure: Erasure, by: Actor, now: datetime) -> None:
    """Take the demand back before anything is erased.

    Raises:
        StepUnfitError: when it is too late.
    """
    org.require(by, Permission.LIBRARY_ERASURE_ASK)
    locked = _locked(erasure)
    locked.state = after(ERASURES, locked.state, "withdraw", "erasure")
    locked.save(update_fields=["state"])
    _record("library:erasure:withdraw", locked, by, now)


def _order(erasure: Erasure, by: Actor, now: datetime, *, dry: bool) -> None:
    body = CareOrder(
        task=EraseTask(
            erasure_id=str(erasure.id), box=erasure.box, ground=erasure.ground, own=own_fields(),
            feeds=tuple(map(feeds.feed_of, _feeds())), consents=() if dry else _consents(erasure), dry=dry,
        )
    )  # fmt: skip
    erasure.work = works.order_work(kind="care", body=body, node=erasure.node, by=by, now=now)
    erasure.save(update_fields=["work"])


def _feeds() -> list[FeedRow]:
    rows = FeedRow.objects.exclude(state=FeedState.PROPOSED)
    return list(rows.select_related("organisation", "entry", "table__library"))


def own_fields() -> tuple[str, ...]:
    """Return the fields by which a row is about a person: the identity number where a table has one, or is keyed by."""
    found: set[str] = set()
    for table in LibraryTable.objects.all():
        definition = definition_of(table)
        numbers = [field.name for field in definition.fields if field.element == IDENTITY]
        found |= set(numbers) if len(numbers) == 1 else set(numbers) & set(definition.keys)
    return tuple(sorted(found))


def _consents(erasure: Erasure) -> tuple[Consent, ...]:
    code = erasure.organisation.code if erasure.organisation else ""
    asked = int(erasure.asked_at.timestamp() * 1000)
    agreed = int(erasure.agreed_at.timestamp() * 1000) if erasure.agreed_at else 0
    return (
        Consent(role="owner", organisation_code=code, name=_who(erasure.asked_name, erasure.asked_by_id), at_ms=asked),
        Consent(role="second", organisation_code=erasure.agreed_code,
                name=_who(erasure.agreed_name, erasure.agreed_by_id), at_ms=agreed),
    )  # fmt: skip


def _who(name: str, user_id: Any) -> str:
    """Return a name that no two people share."""
    return f"{name} ({user_id})"


def heard(work: Work, result: dict[str, Any], by: Actor, now: datetime) -> None:
    """Take what came of a work on an erasure, in the receipt's transaction."""
    erasure = Erasure.objects.select_for_update(of=("self",)).filter(work=work).first()
    if erasure is None:
        return
    kind = result.get("kind")
    if kind == "prove":
        erasure.state = after(ERASURES, erasure.state, "proven", "erasure")
    elif kind == "erase" and erasure.state == ErasureState.COUNTING:
        erasure.state, erasure.counted = after(ERASURES, erasure.state, "counted", "erasure"), result["tables"]
    elif kind == "erase" and erasure.state == ErasureState.ERASING:
        erasure.state, erasure.erased = after(ERASURES, erasure.state, "erased", "erasure"), result["tables"]
        erasure.erased_at, erasure.digest, erasure.backups = now, result["digest"], result["backups"]
        erasure.box = ""  # nobody needs to open it any more
    else:
        return
    if erasure.state == ErasureState.ERASED:
        erasure.remaining, erasure.searched = result["remaining"], result["searched_files"]
        erasure.elsewhere, erasure.proven_at = result["elsewhere"], now
    erasure.save()
    _record("library:erasure:report", erasure, by, now, remaining=erasure.remaining or 0)


def ended(work: Work, by: Actor, now: datetime) -> None:
    """Say of an erasure whose work failed or was cancelled that it did not come to its end."""
    if work.kind != "care" or work.state == "done":
        return
    erasure = Erasure.objects.select_for_update(of=("self",)).filter(work=work).first()
    if erasure is None or (erasure.state, "failed") not in ERASURES:
        return
    erasure.state = after(ERASURES, erasure.state, "failed", "erasure")
    erasure.problem = work.problem
    erasure.save(update_fields=["state", "problem"])
    _record("library:erasure:report", erasure, by, now, remaining=0)


def _locked(erasure: Erasure) -> Erasure:
    return Erasure.objects.select_for_update(of=("self",)).select_related("node", "organisation").get(id=erasure.id)


def _record(event: str, erasure: Erasure, by: Actor, now: datetime, **details: int) -> None:
    audit.record(
        event=event, by=by, now=now, subject_kind="erasure", subject_id=erasure.id, subject_label=str(erasure.id),
        state=str(erasure.state), node=erasure.node.name, **details,
    )  # fmt: skip
