"""One question of one person: decided, computed, remembered, on record, and only then shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import orjson

from jutong.contracts.statistics import StatisticsTicketOrder
from jutong.evidence import record as evidence_record
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.library.statistics.suppress import Answer
from jutong.library.tables import arrow_schema, open_table, table_path
from jutong.node.freshness import Freshness
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.recorder import OK, Appends, Reports
from jutong.node.gateway.visits import Visit
from jutong.node.gateway.work import WorkPage
from jutong.node.statistics.memory import Memory
from jutong.node.statistics.showing import Showing

PATH = "/gw/v1/statistics"
MEMORY_MB = 1024
SCRATCH = ("node", "statistics-scratch")


@dataclass
class StatisticsDesk:
    """What a visit with a question does.

    Attributes:
        home: the instance's data folder.
        memory: what was answered before.
        freshness: whether the center confirmed this node's orders.
        sequencer: appends to the log.
        reports: told that a leaf is no call.
        clock: seconds since 1970 UTC.
    """

    home: Path
    memory: Memory
    freshness: Freshness
    sequencer: Appends
    reports: Reports
    clock: Callable[[], float]
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def opened(self, visit: Visit[StatisticsTicketOrder]) -> None:
        """Compute the answer; a refusal is on record as well.

        Raises:
            JutongError: why there is none.
        """
        self.freshness.check()
        async with self._one:  # two at once could be held against each other
            try:
                answer = await asyncio.to_thread(self._computed, visit.order)
            except JutongError as error:
                await self._record(visit.order, error.code, None)
                raise
            index = await self._record(visit.order, OK, answer)
        visit.kept |= {"answer": answer, "index": index}

    async def act(self, visit: Visit[StatisticsTicketOrder], form: dict[str, str], page: WorkPage) -> bytes:
        """Show the answer."""
        order = visit.order
        asked = page.say(
            gettext_noop("{organisation}{official}，用途：{purpose}"), organisation=order.organisation_name,
            official=order.official, purpose=order.purpose,
        )  # fmt: skip
        return Showing(page, order.query, order.suppression, visit.kept["answer"]).page(visit.kept["index"], asked)

    def _computed(self, order: StatisticsTicketOrder) -> Answer:
        # A node that nobody asks does without the engine.
        from jutong.library.engine import EngineSetting, open_engine  # noqa: PLC0415 - see above
        from jutong.library.statistics import compute, suppress  # noqa: PLC0415 - see above
        from jutong.library.works import engine_setting  # noqa: PLC0415 - see above

        query, rules, now_ms = order.query, order.suppression, int(self.clock() * 1000)
        days = rules.remember_days
        formers = self.memory.formers(order.organisation_code, query, days=days, now_ms=now_ms)
        path = table_path(self.home / "library", query.zone, query.library, query.table)
        scratch = self.home.joinpath(*SCRATCH)
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        setting = engine_setting()
        bounded = EngineSetting(setting.address, min(setting.memory_mb, MEMORY_MB), threads=1)
        schema = arrow_schema(open_table(path))
        with open_engine(bounded, scratch) as engine:
            engine.attach(compute.TABLE, path)
            counted = compute.compute(engine, query, schema, formers, rules.most_cells)
        answer = suppress.answered(query, counted, rules)
        self.memory.remember(order.organisation_code, query, days=days, now_ms=now_ms)
        return answer

    async def _record(self, order: StatisticsTicketOrder, outcome: str, answer: Answer | None) -> int:
        now = self.clock()
        told = orjson.dumps([[cell.keys, cell.hidden, [str(one) for one in cell.values]] for cell in answer.cells]
                            if answer is not None else [])  # fmt: skip
        record = {
            "record_id": new_id(int(now * 1000)),
            "kind": "statistics",
            "agreement_id": f"{order.query.library}.{order.query.table}",
            "actor_dept": order.organisation_code,
            "provider_dept": order.query.library,
            "official": order.official,
            "post": order.post,
            "purpose": order.purpose,
            "query": order.query.model_dump(mode="json"),
            "suppression": order.suppression.version,
            "outcome": outcome,
            "cells": len(answer.cells) if answer is not None else 0,
            "hidden": answer.small + answer.beside if answer is not None else 0,
            "answer_digest": "sha256:" + sha256(told).hexdigest(),
            "rows": 0,
        }
        leaf, attachment = evidence_record.build(record, datetime.fromtimestamp(now, UTC))
        index = await self.sequencer.append(leaf, attachment)
        self.reports.note(index, record)
        return index
