"""Moves a table of a department's database in bulk into a Delta table of the library, and proves it."""
