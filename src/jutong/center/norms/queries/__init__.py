"""Reading norms: elements and matches, code tables and mappings, rules and conformance runs."""

from __future__ import annotations

from jutong.center.norms.queries.elements import element, elements, match_element, matcher, proposals, versions
from jutong.center.norms.queries.runs import RatedOrganisation, newest_run, run, runs, seen_organisation, standing
from jutong.center.norms.queries.tables import (
    MappedCode,
    code_names,
    code_table,
    code_tables,
    edition_on,
    editions,
    map_code,
    table_keys,
    unsettled,
    values,
)
from jutong.standards.elements import ElementMatch, Matcher

__all__ = [
    "ElementMatch",
    "MappedCode",
    "Matcher",
    "RatedOrganisation",
    "code_names",
    "code_table",
    "code_tables",
    "edition_on",
    "editions",
    "element",
    "elements",
    "map_code",
    "match_element",
    "matcher",
    "newest_run",
    "proposals",
    "run",
    "runs",
    "seen_organisation",
    "standing",
    "table_keys",
    "unsettled",
    "values",
    "versions",
]
