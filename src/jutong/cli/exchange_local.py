"""Transfers of this instance run by its operator. Import only when Django is ready."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from pydantic import ValidationError

from jutong.api.v1.jobs import job_out
from jutong.center.jobs import extras, transfers
from jutong.center.jobs.extras import WRITTEN
from jutong.center.jobs.models import Job
from jutong.center.jobs.transfer import Transfer
from jutong.center.org.actor import Actor
from jutong.cli.exchange_run import only
from jutong.contracts.modes import Period
from jutong.kernel.errors import InvalidInputError


class LocalCenter:
    """See ``exchange_run.Center``.

    Args:
        by: the operator.
        clock: the present instant.
    """

    def __init__(self, by: Actor, clock: Callable[[], datetime]) -> None:
        self._by = by
        self._clock = clock

    def order(self, transfer: str, asked: Mapping[str, Any]) -> str:
        """Order a run, a dry run or a back-fill; return the job's id."""
        named = Q(name=transfer)
        with contextlib.suppress(ValueError):  # it is a name
            named |= Q(id=UUID(transfer))
        found = [str(one) for one in Transfer.objects.filter(named).values_list("id", flat=True)]
        row = Transfer.objects.get(id=only(found, transfer))
        how: dict[str, Any] = {"transfer": row, "by": self._by, "now": self._clock()}
        if "rows" in asked:
            return str(extras.try_transfer(rows=asked["rows"], **how).id)
        if asked:
            return str(extras.backfill(period=_period(asked), **how).id)
        return str(transfers.run_transfer(**how).id)

    def job(self, job_id: str) -> Mapping[str, Any]:
        """Return a job as the API shows it."""
        rows = Job.objects.select_related("entry__organisation", "ordered_by", "transfer", "beside")
        return job_out(rows.get(id=UUID(job_id))).model_dump(mode="json")


def _period(asked: Mapping[str, Any]) -> Period:
    try:
        return Period(first=asked["first"], until=asked["until"])
    except ValidationError as error:
        found = {"field": "--from, --to", "found": f"{asked['first']} – {asked['until']}"[:80]}
        raise InvalidInputError(problems=[{**found, "message": str(WRITTEN), "clause": ""}]) from error
