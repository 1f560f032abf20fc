"""Makes tables that grow out of others: households, enterprise profiles, credit summaries, basics for enrolment.

A derived table stands in ``fused/<LIBRARY>/<table>`` with ``entity_id`` where its first source is an entity's table and
has one, then the fields of its definition. It is made anew each time and brought in by key, so that a version says
what changed.
"""
