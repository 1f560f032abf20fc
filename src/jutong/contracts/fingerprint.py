"""For whom the rows of a move stand in an order of their own, by which a leaked copy is told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.rules import Column

_NO_NUL = r"^[^\x00]*$"


class Fingerprint(Document):
    """The recipient of an ``agreement``, as evidence of a leak names it.

    ``column`` is the landing column whose values give the order; without one the node takes the one that tells the
    most rows apart. No value is changed and nothing is added.
    """

    agreement: Annotated[str, Field(min_length=1, max_length=64, pattern=_NO_NUL)]
    recipient_code: Annotated[str, Field(max_length=18, pattern=_NO_NUL)] = ""
    recipient_name: Annotated[str, Field(max_length=200, pattern=_NO_NUL)] = ""
    entry_code: Annotated[str, Field(max_length=64, pattern=_NO_NUL)] = ""
    entry_name: Annotated[str, Field(max_length=200, pattern=_NO_NUL)] = ""
    column: Column | None = None
