"""The sorts of records that tie places."""
