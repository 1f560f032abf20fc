"""When two items are about the same thing: the key under which one source is designated.

An item that names its data element is about that element. Otherwise its name decides, in one spelling of its
synonyms; a name that means nothing by itself (名称, 面积) counts together with the name of its entry.
"""

from __future__ import annotations

from functools import lru_cache

from jutong.center.catalog.tokens import same_name_key
from jutong.standards.item_words import item_words

ELEMENT = "e:"
NAME = "n:"
ABOUT = "@"


@lru_cache(maxsize=1)
def _words() -> tuple[frozenset[str], frozenset[str], dict[str, str]]:
    """Return trivial and contextual names and synonyms in the one form names are compared in."""
    words = item_words()
    synonyms = {same_name_key(name): same_name_key(one) for name, one in words.synonyms.items()}
    trivial = frozenset(map(same_name_key, words.trivial))
    return trivial, frozenset(map(same_name_key, words.contextual)), synonyms


def one_name(name: str) -> str:
    """Return the form in which item names are compared: width, case, blanks, numbers at the end, synonyms."""
    plain = same_name_key(name)
    return _words()[2].get(plain, plain)


@lru_cache(maxsize=1)
def _shown() -> dict[str, str]:
    return {same_name_key(name): one for name, one in item_words().synonyms.items()}


def shown_name(name: str) -> str:
    """Return what an item is called on pages: the one name of its synonyms, else what its department wrote."""
    return _shown().get(same_name_key(name), name)


def is_trivial(name: str) -> bool:
    """Tell whether every table has such an item, so that nobody is its source."""
    plain = same_name_key(name)
    return not plain or plain in _words()[0]


def is_contextual(name: str) -> bool:
    """Tell whether the name means something only with what its entry is about."""
    return one_name(name) in _words()[1]


def is_of_a_matter(element: str) -> bool:
    """Tell whether a data element, by its code, says something of a matter and so needs its entry too."""
    return bool(element) and element.startswith(item_words().matters)


def element_key(code: str) -> str:
    """Return the key of a data element."""
    return f"{ELEMENT}{code}"


def subject_key(name: str, *, element: str = "", entry_name: str = "") -> str:
    """Return what an item is about, empty for one that has no source.

    Args:
        name: of the item.
        element: code of its data element, if it names one.
        entry_name: of its entry; without it a contextual name is about nothing in particular.
    """
    matter = is_of_a_matter(element)
    if element and not matter:
        return element_key(element)
    if is_trivial(name):
        return ""
    if not matter and not is_contextual(name):
        return f"{NAME}{one_name(name)}"
    return f"{NAME}{one_name(name)}{ABOUT}{same_name_key(entry_name)}" if entry_name else ""
