"""Giving the node the account of one more database: is the door allowed, does it open, what may be seen, kept."""
