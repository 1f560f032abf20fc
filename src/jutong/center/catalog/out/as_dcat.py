"""The catalog as DCAT-AP 3.0: a catalog, its datasets, their distributions and publishers.

Entries are written in portions, so that a catalog of any size needs little memory; the portions of a Turtle or
RDF/XML document and the nodes of a JSON-LD graph add up to one graph. Nothing is a blank node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from urllib.parse import quote

import orjson
from rdflib import DCAT, DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from jutong.center.catalog.enums import ShareAttribute
from jutong.center.catalog.out.records import Record

PORTION = 200
"""Entries that are in memory as a graph at once."""
_AUTHORITY = Namespace("http://publications.europa.eu/resource/authority/")
_PREFIXES = {"dcat": DCAT, "dct": DCTERMS, "foaf": FOAF, "rdf": RDF, "rdfs": RDFS, "skos": SKOS, "xsd": XSD}
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
    """Yield the document in one of the syntaxes."""
    writers = {Syntax.TURTLE: _turtle, Syntax.JSON_LD: _json_ld, Syntax.RDF_XML: _rdf_xml}
    return writers[syntax](_portions(found, about))


def to_graph(found: Iterable[Record], about: About) -> Graph:
    """Return entries and their catalog as one graph, for what fits in memory."""
    graph = _empty()
    for portion in _portions(found, about):
        graph += portion
    return graph


def _portions(found: Iterable[Record], about: About) -> Iterator[Graph]:
    """Yield the catalog with its first entries, then the others."""
    graph = _empty()
    _catalog(graph, about)
    rows = iter(found)
    while chunk := list(islice(rows, PORTION)):
        for record in chunk:
            _dataset(graph, record, about)
        yield graph
        graph = _empty()
    if len(graph):
        yield graph


def _empty() -> Graph:
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in _PREFIXES.items():
        graph.bind(prefix, namespace)
    return graph


def _catalog(graph: Graph, about: About) -> None:
    publisher = URIRef(f"{about.base}/")
    language = _authority(graph, "language/ZHO", DCTERMS.LinguisticSystem)
    _say(
        graph,
        about.catalog,
        (RDF.type, DCAT.Catalog),
        (DCTERMS.title, Literal(about.title, lang=_CHINESE)),
        (DCTERMS.description, Literal(about.description, lang=_CHINESE)),
        (DCTERMS.publisher, publisher),
        (DCTERMS.language, language),
        (FOAF.homepage, about.catalog),
    )
    _say(graph, about.catalog, (RDF.type, FOAF.Document))
    _say(graph, publisher, (RDF.type, FOAF.Agent), (FOAF.name, Literal(about.publisher, lang=_CHINESE)))


def _dataset(graph: Graph, record: Record, about: About) -> None:
    dataset = URIRef(f"{about.catalog}/{quote(record.code)}")
    publisher = URIRef(f"{about.catalog}?organisation={quote(record.organisation_code)}")
    _say(graph, about.catalog, (DCAT.dataset, dataset))
    _say(graph, publisher, (RDF.type, FOAF.Agent), (FOAF.name, Literal(record.organisation_name, lang=_CHINESE)))
    _say(
        graph,
        dataset,
        (RDF.type, DCAT.Dataset),
        (DCTERMS.identifier, Literal(record.code)),
        (DCTERMS.title, Literal(record.name, lang=_CHINESE)),
        (DCTERMS.description, Literal(record.summary or record.name, lang=_CHINESE)),
        (DCTERMS.publisher, publisher),
        (DCTERMS.issued, Literal(record.first_published_at.isoformat(), datatype=XSD.dateTime)),
        (DCTERMS.modified, Literal(record.published_at.isoformat(), datatype=XSD.dateTime)),
        (_VERSION, Literal(str(record.version))),
        (DCTERMS.accessRights, _authority(graph, f"access-right/{_access(record)}", DCTERMS.RightsStatement)),
        *((DCAT.keyword, Literal(name, lang=_CHINESE)) for name in dict.fromkeys(row.name for row in record.items)),
        *((DCTERMS.relation, URIRef(f"{about.catalog}/{quote(code)}")) for code in record.related_codes),
        *((DCTERMS.identifier, Literal(code)) for code in record.further_codes),
    )
    if record.update_cycle in _FREQUENCY:
        frequency = _authority(graph, f"frequency/{_FREQUENCY[record.update_cycle]}", DCTERMS.Frequency)
        _say(graph, dataset, (DCTERMS.accrualPeriodicity, frequency))
    if record.domain:
        theme = URIRef(f"{about.catalog}?domain={quote(record.domain)}")
        _say(graph, theme, (RDF.type, SKOS.Concept), (SKOS.prefLabel, Literal(record.domain, lang=_CHINESE)))
        _say(graph, dataset, (DCAT.theme, theme))
    if record.is_bound:
        _distribution(graph, record, dataset)


def _distribution(graph: Graph, record: Record, dataset: URIRef) -> None:
    """Data that is really there is reached through the entry's page, where access is asked for."""
    distribution = URIRef(f"{dataset}#distribution")
    _say(graph, dataset, (DCAT.distribution, distribution))
    _say(graph, distribution, (RDF.type, DCAT.Distribution), (DCAT.accessURL, dataset))
    _say(graph, dataset, (RDF.type, RDFS.Resource))
    file_type = _FILE_TYPE.get(record.format_type.lower())
    if file_type:
        format_ = _authority(graph, f"file-type/{file_type}", DCTERMS.MediaTypeOrExtent)
        _say(graph, distribution, (DCTERMS["format"], format_))


def _access(record: Record) -> str:
    if record.is_open:
        return "PUBLIC" if record.open_condition.strip() in _NO_CONDITION else "RESTRICTED"
    return "NON_PUBLIC" if record.share_attribute == ShareAttribute.NONE else "RESTRICTED"


def _authority(graph: Graph, path: str, kind: URIRef) -> URIRef:
    """Return a concept of the Publications Office, saying of what kind it is, as the shapes ask."""
    found = _AUTHORITY[path]
    _say(graph, found, (RDF.type, kind))
    return found


def _say(graph: Graph, subject: URIRef, *said: tuple[Node, Node]) -> None:
    for predicate, value in said:
        graph.add((subject, predicate, value))


def _turtle(portions: Iterable[Graph]) -> Iterator[bytes]:
    return (graph.serialize(format="turtle", encoding="utf-8") for graph in portions)


def _json_ld(portions: Iterable[Graph]) -> Iterator[bytes]:
    context = {prefix: str(namespace) for prefix, namespace in _PREFIXES.items()}
    yield b'{"@context":' + orjson.dumps(context) + b',"@graph":[\n'
    between = b""
    for graph in portions:
        document = orjson.loads(graph.serialize(format="json-ld", context=context))
        for node in document.get("@graph", [document]):
            node.pop("@context", None)
            yield between + orjson.dumps(node)
            between = b",\n"
    yield b"\n]}\n"


def _rdf_xml(portions: Iterable[Graph]) -> Iterator[bytes]:
    namespaces = " ".join(f'xmlns:{prefix}="{namespace}"' for prefix, namespace in _PREFIXES.items())
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF {namespaces}>\n'.encode()
    for graph in portions:
        written = graph.serialize(format="xml", encoding="utf-8")
        begun = written.index(b">", written.index(b"<rdf:RDF")) + 1
        yield written[begun : written.rindex(b"</rdf:RDF>")]
    yield b"</rdf:RDF>\n"
