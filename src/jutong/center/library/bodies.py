"""How the orders of the chain's steps are made from definitions and feeds."""

from __future__ import annotations


def define_all() -> None:
    """Say of each kind of work that the chain orders how its order is made."""
