"""Landed rows as the library's definition wants them, by SQL that both engines understand alike.

A standardised table has ``_key``, ``_changed``, ``_problems`` and the fields its feed fills, in the order of the
definition. A value that cannot be brought into its field is null there and named in ``_problems`` as ``field:code``,
several with a blank between; the landed table keeps what the department wrote.
"""
