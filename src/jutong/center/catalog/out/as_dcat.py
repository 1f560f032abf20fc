"""The catalog as DCAT-AP 3.0: a catalog, its datasets, their distributions and publishers.

Entries are written one after another, so that a catalog of any size needs little memory. Nothing is a blank node, and
what several entries share is said once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from rdflib import DCAT, DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from jutong.center.catalog.enums import ShareAttribute
from jutong.center.catalog.out.records import Record
from jutong.center.catalog.out.triples import Triple, write_json_ld, write_rdf_xml, write_turtle
from jutong.center.catalog.out.words import clean

_AUTHORITY = Namespace("http://publications.europa.eu/resource/authority/")
PREFIXES = {"dcat": DCAT, "dct": DCTERMS, "foaf": FOAF, "rdf": RDF, "rdfs": RDFS, "skos": SKOS, "xsd": XSD}
_FREQUENCY = {
    "realtime": "UPDATE_CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "yearly": "ANNUAL",
    "irregular": "IRREG",
}
_FILE_TYPE = {
    "xml": "XML", "txt": "TXT", "doc": "DOC", "docx": "DOCX", "html": "HTML", "pdf": "PDF", "ppt": "PPT",
    "xls": "XLS", "xlsx": "XLSX", "dbf": "DBF", "jpg": "JPEG", "gif": "GIF", "bmp": "BMP", "tif": "TIFF",
    "png": "PNG", "shp": "SHP",
}  # fmt: skip
_CHINESE = "zh"
_NO_CONDITION = frozenset({"", "无", "无条件", "无条件开放"})
_VERSION = URIRef(f"{DCAT}version")
"""New in DCAT 3, not yet in the namespace the library ships."""


class Syntax(StrEnum):
    """How a graph is written down."""

    TURTLE = "ttl"
    JSON_LD = "jsonld"
    RDF_XML = "rdf"


MEDIA_TYPES = {
    Syntax.TURTLE: "text/turtle",
    Syntax.JSON_LD: "application/ld+json",
    Syntax.RDF_XML: "application/rdf+xml",
}


WRITERS = {Syntax.TURTLE: write_turtle, Syntax.JSON_LD: write_json_ld, Syntax.RDF_XML: write_rdf_xml}


@dataclass(frozen=True, slots=True)
class About:
    """What is said of the catalog itself. ``base`` is the platform's address without a slash at the end."""

    base: str
    title: str
    description: str
    publisher: str
    page: str = "/catalog"
    """Path of the catalog; entries stand below it."""

    @property
    def catalog(self) -> URIRef:
        """The catalog's IRI."""
        return URIRef(self.base + self.page)


def to_dcat(found: Iterable[Record], about: About, syntax: Syntax) -> Iterator[bytes]:
    """Yield the document in one of the syntaxes, in pieces while the entries are read."""
    return WRITERS[syntax](_Teller(about).tell(found), PREFIXES)


def to_graph(found: Iterable[Record], about: About) -> Graph:
    """Return entries and their catalog as one graph, for what fits in memory."""
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    for triple in _Teller(about).tell(found):
        graph.add(triple)
    return graph


class _Teller:
    """Says entries as triples; what several of them share is said once."""

    def __init__(self, about: About) -> None:
        self.about = about
        self._told: set[URIRef] = set()

    def tell(self, found: Iterable[Record]) -> Iterator[Triple]:
        yield from self._catalog()
        for record in found:
            yield from self._dataset(record)

    def _catalog(self) -> Iterator[Triple]:
        about, catalog, publisher = self.about, self.about.catalog, URIRef(f"{self.about.base}/")
        language = _AUTHORITY["language/ZHO"]
        yield from _said(
            catalog,
            (RDF.type, DCAT.Catalog),
            (RDF.type, FOAF.Document),
            (DCTERMS.title, _words(about.title)),
            (DCTERMS.description, _words(about.description)),
            (DCTERMS.publisher, publisher),
            (DCTERMS.language, language),
            (FOAF.homepage, catalog),
        )
        yield from self._once(publisher, (RDF.type, FOAF.Agent), (FOAF.name, _words(about.publisher)))
        yield from self._once(language, (RDF.type, DCTERMS.LinguisticSystem))

    def _dataset(self, record: Record) -> Iterator[Triple]:
        catalog = self.about.catalog
        dataset = URIRef(f"{catalog}/{quote(record.code)}")
        publisher = URIRef(f"{catalog}?organisation={quote(record.organisation_code)}")
        rights = _AUTHORITY[f"access-right/{_access(record)}"]
        yield catalog, DCAT.dataset, dataset
        yield from self._once(publisher, (RDF.type, FOAF.Agent), (FOAF.name, _words(record.organisation_name)))
        yield from self._once(rights, (RDF.type, DCTERMS.RightsStatement))
        yield from _said(
            dataset,
            (RDF.type, DCAT.Dataset),
            (DCTERMS.identifier, Literal(record.code)),
            (DCTERMS.title, _words(record.name)),
            (DCTERMS.description, _words(record.summary or record.name)),
            (DCTERMS.publisher, publisher),
            (DCTERMS.issued, _instant(record.first_published_at)),
            (DCTERMS.modified, _instant(record.published_at)),
            (_VERSION, Literal(str(record.version))),
            (DCTERMS.accessRights, rights),
            *((DCAT.keyword, _words(name)) for name in dict.fromkeys(row.name for row in record.items)),
            *((DCTERMS.relation, URIRef(f"{catalog}/{quote(code)}")) for code in record.related_codes),
            *((DCTERMS.identifier, Literal(code)) for code in record.further_codes),
        )
        yield from self._cycle_and_theme(record, dataset)
        if record.is_bound:
            yield from self._distribution(record, dataset)

    def _cycle_and_theme(self, record: Record, dataset: URIRef) -> Iterator[Triple]:
        if record.update_cycle in _FREQUENCY:
            frequency = _AUTHORITY[f"frequency/{_FREQUENCY[record.update_cycle]}"]
            yield dataset, DCTERMS.accrualPeriodicity, frequency
            yield from self._once(frequency, (RDF.type, DCTERMS.Frequency))
        if record.domain:
            theme = URIRef(f"{self.about.catalog}?domain={quote(clean(record.domain))}")
            yield dataset, DCAT.theme, theme
            yield from self._once(theme, (RDF.type, SKOS.Concept), (SKOS.prefLabel, _words(record.domain)))

    def _distribution(self, record: Record, dataset: URIRef) -> Iterator[Triple]:
        """Data that is really there is reached through the entry's page, where access is asked for."""
        distribution = URIRef(f"{dataset}#distribution")
        yield from _said(dataset, (DCAT.distribution, distribution), (RDF.type, RDFS.Resource))
        yield from _said(distribution, (RDF.type, DCAT.Distribution), (DCAT.accessURL, dataset))
        file_type = _FILE_TYPE.get(record.format_type.lower())
        if file_type:
            format_ = _AUTHORITY[f"file-type/{file_type}"]
            yield distribution, DCTERMS["format"], format_
            yield from self._once(format_, (RDF.type, DCTERMS.MediaTypeOrExtent))

    def _once(self, subject: URIRef, *said: tuple[URIRef, Node]) -> Iterator[Triple]:
        if subject not in self._told:
            self._told.add(subject)
            yield from _said(subject, *said)


def _said(subject: URIRef, *said: tuple[URIRef, Node]) -> Iterator[Triple]:
    return ((subject, predicate, value) for predicate, value in said)


def _words(text: str) -> Literal:
    return Literal(clean(text), lang=_CHINESE)


def _instant(at: datetime) -> Literal:
    return Literal(at.isoformat(), datatype=XSD.dateTime, normalize=False)


def _access(record: Record) -> str:
    if record.is_open:
        return "PUBLIC" if record.open_condition.strip() in _NO_CONDITION else "RESTRICTED"
    return "NON_PUBLIC" if record.share_attribute == ShareAttribute.NONE else "RESTRICTED"
