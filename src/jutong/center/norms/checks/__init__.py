"""The functions behind the executable norms. Each takes a subject, the world and the rule's parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jutong.center.norms.checks import codes, grading, naming, quality, tables, typing
from jutong.center.norms.subject import Parameters, Subject, Verdict, World

Check = Callable[[Subject, World, Parameters], Verdict]
CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        f"{module.__name__.rpartition('.')[2]}.{check.__name__}": check
        for module in (naming, typing, codes, grading, quality, tables)
        for check in module.CHECKS
    }
)
"""By the name rules call them with."""
