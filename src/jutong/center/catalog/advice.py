"""Help for a person who searches: titles while typing, and ways out where nothing was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jutong.center.catalog import registry_search
from jutong.center.catalog.index.reader import reader
from jutong.center.catalog.index.schema import EVERYBODY
from jutong.center.catalog.index.streams import is_latin, syllables_of
from jutong.center.catalog.index.wanted import Word, words_of
from jutong.center.catalog.models import Entry, SavedSearch
from jutong.center.catalog.search import ask
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, require

MOST_SUGGESTED = 8
MOST_DEPARTMENTS = 3
MOST_WAYS = 6
_LEAST_SHORTENED = 2
_SOUNDS_TRIED = 5


@dataclass(frozen=True, slots=True)
class WayOut:
    """A search that finds something: ``kind`` is ``facet`` or ``word`` for what to leave out, ``instead`` for a word.

    ``label`` is the facet's name, the word to leave out, or the words to use instead.
    """

    kind: str
    label: str
    q: str
    facets: Mapping[str, frozenset[str]]
    count: int


def suggest(actor: Actor, q: str) -> tuple[str, ...]:
    """Return titles that hold what was typed so far, then departments so named; nothing for nothing.

    Raises:
        ForbiddenError: if the post does not read the catalog.
    """
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    words = words_of(q)
    if not words:
        return ()
    ids = _titled(words)
    names = dict(Entry.objects.filter(id__in=ids, published__isnull=False).values_list("id", "published_name"))
    titles = {str(key): name for key, name in names.items()}
    departments = Organisation.objects.filter(closed_at=None, name__contains=" ".join(q.split()))
    found = [titles[one] for one in ids if one in titles]
    found.extend(departments.order_by("code").values_list("name", flat=True)[:MOST_DEPARTMENTS])
    return tuple(dict.fromkeys(found))


def _titled(words: tuple[Word, ...]) -> tuple[str, ...]:
    found = reader().titles(EVERYBODY, words, MOST_SUGGESTED)
    return registry_search.titled(words, MOST_SUGGESTED) if found is None else found


def ways_out(actor: Actor, q: str, facets: Mapping[str, Iterable[str]]) -> tuple[WayOut, ...]:
    """Return searches near one that found nothing which do find something: a choice less, a word less, another word.

    Raises:
        ForbiddenError: if the post does not read the catalog.
    """
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    chosen = {name: frozenset(values) for name, values in facets.items() if values}
    words = [word.text for word in words_of(q)]
    tried: list[tuple[str, str, str, Mapping[str, frozenset[str]]]] = [
        ("facet", name, q, {other: values for other, values in chosen.items() if other != name}) for name in chosen
    ]
    if len(words) > 1:
        for at, word in enumerate(words):
            tried.append(("word", word, " ".join(words[:at] + words[at + 1 :]), chosen))
    for at, word in enumerate(words):
        for other in (*_same_sound(word), *_shorter(word)):
            text = " ".join([*words[:at], other, *words[at + 1 :]])
            tried.append(("instead", text, text, chosen))
    return tuple(_that_find(tried))


def _that_find(tried: Iterable[tuple[str, str, str, Mapping[str, frozenset[str]]]]) -> Iterable[WayOut]:
    found = 0
    for kind, label, text, chosen in tried:
        count = ask(words_of(text), chosen, public=False, offset=0, limit=1).total
        if count:
            yield WayOut(kind, label, text, chosen, count)
            found += 1
        if found == MOST_WAYS:
            return


def _same_sound(word: str) -> list[str]:
    """Return words of titles that sound like a word of Chinese and are written otherwise."""
    if is_latin(word) or len(word) < _LEAST_SHORTENED:
        return []
    sound = syllables_of(word)
    letters = "".join(sound)
    ids = reader().titles(EVERYBODY, (Word(letters),), _SOUNDS_TRIED) if is_latin(letters) else None
    names = Entry.objects.filter(id__in=ids or ()).order_by("code").values_list("search_name", flat=True)
    heard = {part for name in names for part in _parts(name, len(word)) if syllables_of(part) == sound}
    return sorted(heard - {word})


def _parts(name: str, length: int) -> list[str]:
    return [run[at : at + length] for run in name.split() for at in range(len(run) - length + 1)]


def _shorter(word: str) -> list[str]:
    """Return the beginnings of a long word of Chinese, and its end: the usual way to have written too much."""
    if is_latin(word) or len(word) <= _LEAST_SHORTENED:
        return []
    beginnings = [word[:length] for length in range(len(word) - 1, _LEAST_SHORTENED - 1, -1)]
    return [beginnings[0], *beginnings[1:], word[-_LEAST_SHORTENED:]]


def saved_searches(actor: Actor) -> list[SavedSearch]:
    """Return the searches the actor's department keeps, the newest first.

    Raises:
        ForbiddenError: if the post does not search.
    """
    require(actor, Permission.CATALOG_SEARCH_SAVE)
    return list(SavedSearch.objects.filter(organisation_id=actor.organisation_id or NOBODY))
