"""Care of the library's tables: what is kept readable for how long, found out, put right, backed up and erased.

Everything here works on one Delta table at a time under that table's lock, ends in at most one commit that carries the
work's id, and may be killed between any two steps: what was not committed is not there for any reader.
"""
