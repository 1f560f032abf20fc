"""Finds which records of several registers are of one person or one enterprise.

:func:`jutong.library.linkage.run.link` works on standardised tables attached to an engine and leaves its answer as
tables kept in that engine; what it may look up again next time is handed back for the caller to store.

``link_clusters`` — a row for each record (after a run for changes: for each record whose cluster may be another than
before): ``feed``, ``key``, ``cluster`` (text, names the cluster within this answer only), ``how`` (``certain``: same
valid number; ``likely``: by weight; ``decided``: a person said so; ``alone``).

``link_review`` — pairs that wait for a person (after a run for changes: those of records in ``link_clusters``):
``left_feed``, ``left_key``, ``right_feed``, ``right_key`` (the left one is the smaller by feed and key), ``weight``
(double), ``cause`` (``unsure``, ``two-identities``, ``large``, ``contradiction``), ``waterfall`` (JSON, as
:func:`jutong.library.linkage.explain.explained` makes it).

``link_prepared`` — the columns compared, for each record (after a run for changes: each changed record that is still
there): ``feed``, ``key``, then the columns of :mod:`jutong.library.linkage.prepare`. Store it, merged by ``feed`` and
``key``, the gone removed.

``link_pairs`` — every pair whose weight reaches the review threshold (after a run for changes: those with a changed
record): ``left_feed``, ``left_key``, ``right_feed``, ``right_key``, ``weight``, ``levels`` (text, one digit for each
comparison). Store it; before merging, pairs with a record of ``link_touched`` on either side are removed.

``link_touched`` — only after a run for changes: ``feed``, ``key`` of the records whose pairs were looked for anew, the
changed and the gone among them.

A table of decisions, where there is one, has ``left_feed``, ``left_key``, ``right_feed``, ``right_key`` and
``verdict`` (``same``, ``different``; others are passed over), one row a pair, the newest.
"""
