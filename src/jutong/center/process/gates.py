"""What one process may do only where another allows it, asked without either importing the other.

Whoever keeps a gate does so from the ``ready`` of its app. Nobody passes where no keeper lets them.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any


class Gate(StrEnum):
    """What can be asked for. What is told with the question stands beside each."""

    SERVICE_CHANGE = "service-change"
    """An ``Entry`` in use whose interface would change: ``items`` (names), ``by``, ``now`` (条例 27(3))."""
    SERVICE_STOP = "service-stop"
    """An accepted ``Filing`` of an end, by which a service in use would stop: ``by``, ``now`` (条例 27(3))."""


Keeper = Callable[..., bool]
_KEEPERS: dict[Gate, dict[str, Keeper]] = {gate: {} for gate in Gate}


def keep(gate: Gate, name: str, keeper: Keeper) -> None:
    """Have ``keeper(subject, **told)`` say who passes; the same name again replaces it."""
    _KEEPERS[gate][name] = keeper


def passes(gate: Gate, subject: Any, **told: Any) -> bool:
    """Tell whether any keeper lets a subject through; a keeper may write down that it did."""
    return any(keeper(subject, **told) for _name, keeper in sorted(_KEEPERS[gate].items()))
