"""Looking again at tables of MariaDB or MySQL that jobs filled; see ``looking``."""

from __future__ import annotations

import json
from collections.abc import Sequence

from typing_extensions import override

from jutong.library.digest import ContentDigest
from jutong.node.exchange.targets.looking import Look, UnlikeError, in_writes, known
from jutong.node.exchange.targets.myledger import SCHEMA
from jutong.node.exchange.targets.myload import ReadBack
from jutong.node.exchange.targets.mysession import Session, quoted
from jutong.node.exchange.targets.mysql import takers_of
from jutong.node.exchange.targets.mytypes import match
from jutong.node.exchange.targets.whole import Left
from jutong.node.sources import SourceConfig


class MyLook(Look):
    """See ``looking.Look``."""

    def __init__(self, source: SourceConfig) -> None:
        self._source = source
        self._session = Session(source, f"{SCHEMA}.job")

    @override
    def close(self) -> None:
        self._session.close()

    @override
    def left(self) -> Sequence[Left]:
        with self._session.named_problems():
            where = f"TABLE_SCHEMA = '{SCHEMA}' AND TABLE_NAME = 'job'"
            if not self._session.rows(f"SELECT 1 FROM information_schema.TABLES WHERE {where}"):  # noqa: S608
                return []
            rows = self._session.rows(
                f"SELECT relation, job_id, proof FROM {SCHEMA}.job j WHERE state = 'committed' AND NOT EXISTS"  # noqa: S608
                f" (SELECT 1 FROM {SCHEMA}.job n WHERE n.relation = j.relation AND n.state = 'committed'"
                " AND n.committed_at > j.committed_at)"
            )
        found = [(in_writes(self._source, relation), job_id, proof) for relation, job_id, proof in rows]
        return known(Left.of(job_id, place, json.loads(proof)) for place, job_id, proof in found if place)

    @override
    def rows(self, left: Left) -> int:
        with self._session.named_problems():
            return int(self._session.one(f"SELECT COUNT(*) FROM {quoted(left.schema_name, left.table)}")[0])  # noqa: S608

    @override
    def digest(self, left: Left) -> tuple[int, str]:
        with self._session.named_problems():
            takers = takers_of(self._session, (left.schema_name, left.table))
            ways, problems = match(left.schema, left.columns, takers, self._source.zone)
            if problems:
                raise UnlikeError
            total = ContentDigest(left.schema)
            back = ReadBack(self._session, quoted(left.schema_name, left.table), ways, left.schema)
            for batch in back.every():
                total.update(batch)
        return total.rows, total.text()
