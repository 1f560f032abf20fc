"""Quality of the library's tables: typed rules compiled into few statements, profiles, and the rows behind a count.

:mod:`compile` makes conditions of rules, :mod:`counting` counts with them, :mod:`profile` looks what is in the fields,
:mod:`check` is the work, :mod:`failing` finds the rows a count stands for. Nothing here writes to a table.
"""
