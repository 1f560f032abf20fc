"""Writes published entries for others to read: JSON, XML in the manner of GB/T 21063, DCAT-AP 3.0, CSV."""

from __future__ import annotations

from jutong.center.catalog.out.as_dcat import About, Syntax, to_dcat, to_graph
from jutong.center.catalog.out.as_json import entry_document, to_json
from jutong.center.catalog.out.as_sheet import HEADERS, to_csv, to_sheet_rows
from jutong.center.catalog.out.as_workbook import to_workbook
from jutong.center.catalog.out.as_xml import to_xml
from jutong.center.catalog.out.doors import MEDIA_TYPES, Document, Form, document
from jutong.center.catalog.out.records import Audience, ItemRecord, Record, record, records
from jutong.center.catalog.out.selection import (
    MOST_SEARCHED,
    everything,
    everything_open,
    keeper,
    one,
    one_open,
    searched,
)

__all__ = [
    "HEADERS",
    "MEDIA_TYPES",
    "MOST_SEARCHED",
    "About",
    "Audience",
    "Document",
    "Form",
    "ItemRecord",
    "Record",
    "Syntax",
    "document",
    "entry_document",
    "everything",
    "everything_open",
    "keeper",
    "one",
    "one_open",
    "record",
    "records",
    "searched",
    "to_csv",
    "to_dcat",
    "to_graph",
    "to_json",
    "to_sheet_rows",
    "to_workbook",
    "to_xml",
]
