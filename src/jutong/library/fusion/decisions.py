"""What people decided about pairs of records, kept for every fusion to come."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import pyarrow as pa
from deltalake import CommitProperties, write_deltalake

from jutong.kernel.ids import uuid7
from jutong.library.engine.delta import EngineWrite
from jutong.library.fusion.errors import DecisionUnfitError
from jutong.library.fusion.manifest import Fused
from jutong.library.fusion.shapes import DECISIONS
from jutong.library.tables import METADATA_KEY

Verdict = Literal["same", "different", "unsure"]
LONGEST_GROUND = 2000


def decide(
    fused: Fused,
    left: tuple[str, str],
    right: tuple[str, str],
    *,
    verdict: Verdict,
    ground: str,
    by: str,
    now: datetime,
) -> str:
    """Keep what a person decided about two records; durable before return. Return the decision's id.

    The next fusion applies it. A later decision about the same pair takes its place; none is ever removed.

    Args:
        fused: the table the records are brought together in.
        left: feed and key of one.
        right: feed and key of the other.
        verdict: whether they are of one entity.
        ground: why, in the person's words.
        by: who.
        now: the present instant.

    Raises:
        DecisionUnfitError: there are no two records, no known verdict, or no ground.
        TableBusyError: something else writes the table of decisions.
    """
    if verdict not in get_args(Verdict):
        raise DecisionUnfitError(reason=f"没有结论“{verdict}”")
    if not ground.strip() or len(ground) > LONGEST_GROUND:
        raise DecisionUnfitError(reason=f"依据应有 1 到 {LONGEST_GROUND} 字")
    if left == right or not all((*left, *right)):
        raise DecisionUnfitError(reason="需要两条不同的记录")
    (left_feed, left_key), (right_feed, right_key) = sorted((left, right))
    decision_id = str(uuid7(int(now.timestamp() * 1000)))
    row = {
        "decision_id": decision_id, "left_feed": left_feed, "left_key": left_key, "right_feed": right_feed,
        "right_key": right_key, "verdict": verdict, "ground": ground.strip(), "by": by, "at": now,
    }  # fmt: skip
    path = fused.beside("decisions")
    with EngineWrite(path):
        write_deltalake(
            str(path), pa.Table.from_pylist([row], DECISIONS), mode="append",
            commit_properties=CommitProperties(custom_metadata={METADATA_KEY: {"decision_id": decision_id}}),
        )  # fmt: skip
    return decision_id
