"""Databases without a lane of their own, read through ODBC or Oracle's driver: one capability object each.

Drivers convert badly and in silence (docs/adr/0018), so every value whose form is not plain is made a text by the
database itself, and only that text is read as a number, a date or an instant.
"""
