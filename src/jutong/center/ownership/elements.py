"""Which data element a name stands for, by the library of norms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Max

from jutong.center.norms.models import DataElement
from jutong.center.norms.queries import matcher
from jutong.center.ownership.meaning import is_contextual, is_of_a_matter, is_trivial, one_name, subject_key
from jutong.standards.elements import Matcher
from jutong.standards.item_words import item_words

SURE = 0.95
"""From here on, by its name or a synonym, an item that names no element is taken for an instance of one."""
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Likeness:
    """A data element a field seems to ask for. ``confidence`` is 0 to 100."""

    code: str
    name: str
    confidence: int


def likely_element(name: str, meaning: str, library: Matcher) -> Likeness | None:
    """Return the element a field's name and meaning most likely stand for, or None."""
    found = library.match(name, comment=meaning)
    return Likeness(found[0].code, found[0].name, round(found[0].confidence * _PERCENT)) if found else None


def elements_of(names: Iterable[str], library: Matcher | None = None) -> dict[str, str]:
    """Return the codes of the elements that item names stand for beyond doubt, by name; others are left out.

    A name that needs its entry to mean something stands for none: the 姓名 of a breeder is not that of a student.
    """
    words = library or matcher()
    found: dict[str, str] = {}
    for name in set(names):
        if is_trivial(name) or is_contextual(name):
            continue
        best = next(iter(words.match(one_name(name))), None)
        if best is not None and best.confidence >= SURE:
            found[name] = best.code
    return found


def basis() -> str:
    """Return by which words and elements items are told apart now; another text asks for reading everything anew."""
    stamp = DataElement.objects.aggregate(count=Count("published"), newest=Max("updated_at"))
    newest = stamp["newest"].isoformat(timespec="seconds") if stamp["newest"] else "shipped"
    return f"{item_words().version}/{stamp['count']}/{newest}"


def keys_of(name: str, *, element: str = "", entry_name: str = "", library: Matcher | None = None) -> tuple[str, ...]:
    """Return the keys under which an item's source may be designated, the surest first.

    Whoever asks for many names hands in ``matcher()`` as ``library``, which asks the registry each time it is made.
    """
    code = element or elements_of([name], library).get(name, "")
    first = subject_key(name, element=code, entry_name=entry_name)
    named = "" if is_of_a_matter(code) else subject_key(name, entry_name=entry_name)
    return tuple(dict.fromkeys(key for key in (first, named) if key))
