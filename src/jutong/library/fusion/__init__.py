"""Makes one row of each person or enterprise out of what several registers say, and keeps why.

The tables stand in ``fused/<LIBRARY>/``. All instants are UTC, to the microsecond.

``<table>``: the golden records. ``entity_id`` (text, stable), the fields of the definition, ``_sources`` (int32:
feeds that say something), ``_updated`` (instant, may be null: when the newest of its records was changed), ``_state``
(``active``, or a state of the rules such as ``deceased`` or ``deregistered``). **Its commit is the one that counts**:
under METADATA_KEY it carries ``manifest``, in which stand the versions of the tables beside it that belong to it
and of the standardised tables it was made of. Read them through :func:`jutong.library.fusion.manifest.current`; the
newest version of a table beside it may belong to a fusion that never ended.

``<table>_links``: which record belongs to which entity. ``entity_id``, ``feed``, ``key``, ``since`` (instant),
``until`` (instant, null while it holds), ``how`` (``certain``, ``likely``, ``decided``, ``alone``).

``<table>_provenance``: ``entity_id`` and, for each field by its name, where the value is from: ``<feed> <basis>``, or
``<feed> <basis> <key>`` where the feed has several records of the entity; null where the field has no value. When it
was changed there stands in the feed's row.

``<table>_conflicts``: a row for every record that says something else than the golden record. ``conflict_id``,
``entity_id``, ``field``, ``feed``, ``key``, ``value`` (as text), ``changed`` (instant), ``believed_feed``,
``believed_key``, ``believed`` (as text), ``believed_changed``, ``cause``, ``clue``, ``suggestion`` (codes of
``contracts/fusion.py``), ``since``, ``until`` (null while it is open), ``closed`` (``healed``, ``gone``, ``settled``;
empty while open). The same record and field keep their conflict and its id until it is closed.

``<table>_review``: pairs that wait for a person. ``review_id``, ``left_feed``, ``left_key``, ``right_feed``,
``right_key``, ``weight`` (double), ``cause`` (``unsure``, ``two-identities``, ``large``, ``contradiction``),
``waterfall`` (JSON, the linkage's explanation), ``since``.

``<table>_decisions``: what people decided, newest counts; only added to, by
:func:`jutong.library.fusion.decisions.decide`. ``decision_id``, ``left_feed``, ``left_key``, ``right_feed``,
``right_key``, ``verdict`` (``same``, ``different``, ``unsure``), ``ground``, ``by``, ``at``.

``<table>_history``: ``entity_id``, ``event`` (``merged``: into ``other_id``; ``split``: from ``other_id``; ``gone``:
no record is left; ``returned``; ``code-changed``; ``state``), ``other_id``, ``field``, ``was``, ``became``, ``at``,
``work_id``.
"""
