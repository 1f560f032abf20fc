"""Lineage across systems: from receipts, bindings, grants and cases only; nothing of it is kept."""
