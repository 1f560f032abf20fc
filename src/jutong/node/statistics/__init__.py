"""Answers questions for statistics at the node, by ticket, one at a time, on record before they are seen."""
