"""What a node says when it asks for its orders, and what it is answered."""

from __future__ import annotations

from jutong.contracts.envelope import Document, Envelope


class Poll(Document):
    """Kind ``poll``: the node has applied every order up to the sequence ``after``."""

    after: int


class PollAnswer(Document):
    """The orders that follow, in sequence, and a sealed ``heartbeat``.

    A feed has no gap and starts at 1, so the first order stands at ``after + 1``. The cover of each order carries
    its own proof.
    """

    orders: tuple[Envelope, ...]
    heartbeat: Envelope
