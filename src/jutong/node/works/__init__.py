"""Works of the library as a node carries them out: which kinds there are. See ``jutong.library.works``."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jutong.contracts.copies import ServeOrder, ServeResult
from jutong.contracts.derive import DeriveOrder, DeriveResult
from jutong.contracts.engines import TryEngineOrder, TryEngineResult
from jutong.contracts.envelope import Document
from jutong.contracts.fused import ConflictOrder, ConflictResult
from jutong.contracts.fusion import FuseOrder, FuseResult
from jutong.contracts.library_care import CareOrder, CareResult
from jutong.contracts.quality import CheckOrder, CheckResult
from jutong.contracts.standardising import StandardiseOrder, StandardiseResult
from jutong.library.works import Place, Tell

__all__ = ["KINDS", "Kind", "Place", "Tell"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work: the documents of what is to do and what came of it, and the function that does it.

    ``run`` is ``module:function``, imported in the work's own process only, and called as ``function(order, place,
    tell)``. A ``light`` work is short and needs little memory, so it does not wait for the heavy one under way.
    """

    order: type[Document]
    result: type[Document]
    run: str
    light: bool = False

    def function(self) -> Callable[[Any, Place, Tell], Document]:
        """Import and return what carries the work out."""
        module, _, name = self.run.partition(":")
        found: Callable[[Any, Place, Tell], Document] = getattr(importlib.import_module(module), name)
        return found


KINDS: dict[str, Kind] = {
    "care": Kind(CareOrder, CareResult, "jutong.library.care.work:run"),
    "check": Kind(CheckOrder, CheckResult, "jutong.library.quality.check:run"),
    "conflicts": Kind(ConflictOrder, ConflictResult, "jutong.node.fused.conflicts:run", light=True),
    "derive": Kind(DeriveOrder, DeriveResult, "jutong.library.derive.work:run"),
    "fuse": Kind(FuseOrder, FuseResult, "jutong.library.fusion.work:run"),
    "serve": Kind(ServeOrder, ServeResult, "jutong.node.copies.work:run"),
    "standardise": Kind(StandardiseOrder, StandardiseResult, "jutong.library.standardise.work:run"),
    "try-engine": Kind(TryEngineOrder, TryEngineResult, "jutong.library.engine.trial:run", light=True),
}
"""Every kind of work, by its name in orders. Its owner adds a line; the order of lines is the alphabet."""
