"""Writes triples as they come: Turtle, JSON-LD and RDF/XML, a subject at a time, without a graph in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson
from rdflib import RDF, Literal, URIRef
from rdflib.term import Node

Triple = tuple[URIRef, URIRef, Node]
Prefixes = Mapping[str, object]
_XMLNS = "xmlns"
_PIECE = 65_536
"""Bytes that are sent together."""


def write_turtle(triples: Iterable[Triple], prefixes: Prefixes) -> Iterator[bytes]:
    """Yield a Turtle document."""
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in prefixes.items())
    return _in_pieces(head, (_turtle_node(subject, said, prefixes) for subject, said in _by_subject(triples)), "")


def write_json_ld(triples: Iterable[Triple], prefixes: Prefixes) -> Iterator[bytes]:
    """Yield a JSON-LD document, a node a line."""
    context = orjson.dumps({prefix: str(namespace) for prefix, namespace in prefixes.items()}).decode()
    return _in_pieces(f'{{"@context":{context},"@graph":[\n', _json_nodes(triples, prefixes), "\n]}\n")


def write_rdf_xml(triples: Iterable[Triple], prefixes: Prefixes) -> Iterator[bytes]:
    """Yield an RDF/XML document."""
    namespaces = " ".join(f'{_XMLNS}:{prefix}="{namespace}"' for prefix, namespace in prefixes.items())
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF {namespaces}>\n'
    nodes = (_xml_node(subject, said, prefixes) for subject, said in _by_subject(triples))
    return _in_pieces(head, nodes, "</rdf:RDF>\n")


def _by_subject(triples: Iterable[Triple]) -> Iterator[tuple[URIRef, list[Triple]]]:
    return ((subject, list(said)) for subject, said in groupby(triples, key=lambda triple: triple[0]))


def _in_pieces(head: str, parts: Iterable[str], foot: str) -> Iterator[bytes]:
    kept, size = [head], len(head)
    for part in parts:
        kept.append(part)
        size += len(part)
        if size > _PIECE:
            yield "".join(kept).encode()
            kept, size = [], 0
    yield "".join((*kept, foot)).encode()


@lru_cache(maxsize=256)
def _name(predicate: URIRef, prefixes: tuple[tuple[str, str], ...]) -> str:
    prefix, namespace = next(row for row in prefixes if predicate.startswith(row[1]))
    return f"{prefix}:{predicate.removeprefix(namespace)}"


def _names(prefixes: Prefixes) -> tuple[tuple[str, str], ...]:
    return tuple((prefix, str(namespace)) for prefix, namespace in prefixes.items())


def _turtle_node(subject: URIRef, said: list[Triple], prefixes: Prefixes) -> str:
    names = _names(prefixes)
    parts = (f"{_name(predicate, names)} {value.n3()}" for _, predicate, value in said)
    return f"{subject.n3()}\n    " + " ;\n    ".join(parts) + " .\n"


def _json_nodes(triples: Iterable[Triple], prefixes: Prefixes) -> Iterator[str]:
    names, between = _names(prefixes), ""
    for subject, said in _by_subject(triples):
        node: dict[str, Any] = {"@id": str(subject)}
        for _, predicate, value in said:
            if predicate == RDF.type:
                node.setdefault("@type", []).append(str(value))
            else:
                node.setdefault(_name(predicate, names), []).append(_json_value(value))
        yield between + orjson.dumps(node).decode()
        between = ",\n"


def _json_value(value: Node) -> dict[str, str]:
    if not isinstance(value, Literal):
        return {"@id": str(value)}
    if value.language:
        return {"@value": str(value), "@language": value.language}
    return {"@value": str(value)} | ({"@type": str(value.datatype)} if value.datatype else {})


def _xml_node(subject: URIRef, said: list[Triple], prefixes: Prefixes) -> str:
    names = _names(prefixes)
    parts = "".join(_xml_value(_name(predicate, names), value) for _, predicate, value in said)
    return f"<rdf:Description rdf:about={quoteattr(str(subject))}>\n{parts}</rdf:Description>\n"


def _xml_value(name: str, value: Node) -> str:
    if not isinstance(value, Literal):
        return f"  <{name} rdf:resource={quoteattr(str(value))}/>\n"
    told = f' xml:lang="{value.language}"' if value.language else ""
    told += f" rdf:datatype={quoteattr(str(value.datatype))}" if value.datatype else ""
    return f"  <{name}{told}>{escape(str(value))}</{name}>\n"
