"""Every write on sources, plans and inventories."""

from jutong.center.ownership.actions.designation import designate, propose_source, revoke_source, state_position

__all__ = ["designate", "propose_source", "revoke_source", "state_position"]
