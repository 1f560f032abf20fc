"""The one interface of everything that carries messages out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from jutong.center.notify.message import Message

SECONDS = 15.0
"""How long a server may let us wait between two signs of life."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent: the message, to whom, and the key under which a receiver knows a repeated one."""

    key: UUID
    message: Message
    to: str
    now: datetime


class Carrier(Protocol):
    """Sends one message through one channel."""

    def check(self) -> None:
        """Refuse a setting that can never work, such as a host that is not allowed.

        Raises:
            HostNotAllowedError: if its server is not on the list.
            InvalidInputError: if a setting is missing or malformed.
        """

    def send(self, parcel: Parcel) -> str:
        """Send, and return the server's answer in a few words.

        Raises:
            SendFailedError: if the server did not take it, with its answer in words.
            HostNotAllowedError: if its server is no longer on the list.
        """
