"""The search index beside the registry: an embedded Tantivy folder that can be thrown away and made again.

One process writes it, following the catalog's change feed; every other only reads. What the feed says after the
index's cursor is answered from a small index in memory with the same rules, so that an entry is found the moment it
is published, and the registry's own search answers whenever the folder cannot.
"""
