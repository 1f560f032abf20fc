"""What may happen to a change of a table's structure, and to an erasure, and what they are afterwards."""

from __future__ import annotations

from typing import Literal

from jutong.center.care.errors import StepUnfitError
from jutong.center.care.models import ErasureState, EvolutionState

EVOLUTIONS: dict[tuple[str, str], str] = {
    (EvolutionState.PROPOSED, "agree"): EvolutionState.PROPOSED,
    (EvolutionState.PROPOSED, "publish"): EvolutionState.PUBLISHED,
    (EvolutionState.PROPOSED, "withdraw"): EvolutionState.WITHDRAWN,
}
ERASURES: dict[tuple[str, str], str] = {
    (ErasureState.COUNTING, "counted"): ErasureState.COUNTED,
    (ErasureState.COUNTING, "failed"): ErasureState.FAILED,
    (ErasureState.COUNTING, "withdraw"): ErasureState.WITHDRAWN,
    (ErasureState.COUNTED, "agree"): ErasureState.ERASING,
    (ErasureState.COUNTED, "withdraw"): ErasureState.WITHDRAWN,
    (ErasureState.ERASING, "erased"): ErasureState.ERASED,
    (ErasureState.ERASING, "failed"): ErasureState.FAILED,
    (ErasureState.FAILED, "agree"): ErasureState.ERASING,
    (ErasureState.FAILED, "withdraw"): ErasureState.WITHDRAWN,
    (ErasureState.ERASED, "prove"): ErasureState.ERASED,
    (ErasureState.ERASED, "proven"): ErasureState.ERASED,
}


def after(table: dict[tuple[str, str], str], state: str, event: str, kind: Literal["evolution", "erasure"]) -> str:
    """Return the state after an event.

    Raises:
        StepUnfitError: when it may not happen now.
    """
    found = table.get((state, event))
    if found is None:
        labels = EvolutionState if kind == "evolution" else ErasureState
        raise StepUnfitError(state=labels(state).label)
    return found
