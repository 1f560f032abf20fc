"""Who asks, for callers known by a key and for those known as an information system."""

from __future__ import annotations

from jutong.node.errors import SystemUnknownError
from jutong.node.gateway.recorder import Asker
from jutong.node.grants import Caller, GrantBook


def asker_of(caller: Caller) -> Asker:
    """Return a caller as the one who asks."""
    key = caller.key
    return Asker(key.system_id, key.system_name, key.key_id, caller.requester_code, caller.requester_name)


def asker_for(book: GrantBook, system_id: str, grant_number: str) -> Asker:
    """Return an information system, authenticated some other way than by its key, as the one who asks.

    A grant belongs to a system through the keys it names, so the system appears under the one the grant names for
    it, or, where the grant is not the system's, under any other of its keys: the decision then refuses it.

    Args:
        book: the node's grants.
        system_id: the system.
        grant_number: the grant it asks under; may be anything.

    Raises:
        SystemUnknownError: if no grant on this node names the system.
    """
    grant = book.by_number.get(grant_number)
    for key in grant.order.callers if grant is not None else ():
        if key.system_id == system_id:
            return asker_of(book.callers[key.key_id])
    for caller in book.callers.values():
        if caller.key.system_id == system_id:
            return asker_of(caller)
    raise SystemUnknownError(system=system_id)
