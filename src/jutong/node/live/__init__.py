"""How the gateway reads a department's live database: one point query at a time, read-only, bounded."""
