"""The whole of it, in the order in which the parts need one another."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.demand.models import Demand
from jutong.center.fleet.models import Node
from jutong.center.fleet.service import LOCAL_NODE
from jutong.demo.chain import (
    agreements,
    complaints,
    corrections,
    demands,
    disposals,
    disputes,
    ledgers,
    library,
    offices,
    province,
    remedies,
    returns,
    transfers,
    violations,
)
from jutong.demo.stage import Stage
from jutong.kernel.settings import Settings


@transaction.atomic
def load(settings: Settings, now: datetime) -> None:
    """Let the city live through what follows its catalog, once; all of it or nothing.

    Raises:
        JutongError: whatever an action refuses.
    """
    if Demand.objects.exists():
        return
    stage = Stage(settings, Node.objects.get(name=LOCAL_NODE), now)
    province.load(now)
    demands.load(stage)
    running = agreements.load(stage)
    disposals.load(stage)
    ledgers.load(stage, running)
    corrections.load(stage, running)
    disputes.load(stage)
    remedies.load(stage)
    returns.load(stage)
    complaints.load(stage)
    offices.load(stage)
    violations.load(stage)
    transfers.load(stage)
    library.load(stage)
