"""How much of a value is seen when a grant says ``masked``.

The rules keep what a clerk needs to recognise the right person and drop what would identify a stranger:

* ``name``: the surname (one character, or two for the compound surnames) stays.
* ``identity``: the first six digits (the place of first registration) and the last character stay; birthday and
  sequence go. Six and one leave about 30,000 days x 100 persons open, three and four would leave the region and the
  sequence to be guessed from the birthday.
* ``phone``: first three and last two digits stay: four trailing digits are often all a call centre asks for.
* ``address``: up to the district or county stays, everything below it goes.
* ``all``: nothing stays, not even the length.
"""

from __future__ import annotations

import re
from collections.abc import Callable

HIDDEN = "***"
STAR = "*"
_COMPOUND = (
    "欧阳司马上官诸葛东方夏侯皇甫尉迟公孙慕容长孙宇文司徒司空令狐端木轩辕独孤南宫东郭"
    "百里呼延公冶钟离澹台濮阳淳于单于申屠太史赫连闻人万俟拓跋仲孙鲜于闾丘亓官巫马公西"
    "漆雕乐正宰父谷梁段干东门"
)
COMPOUND_SURNAMES = frozenset(_COMPOUND[at : at + 2] for at in range(0, len(_COMPOUND), 2))
_DISTRICT = re.compile(r"^(.{2,9}?(?:省|自治区|市))?(.{1,12}?(?:自治州|盟|地区|市))?(.{1,12}?(?:区|县|旗|市))")
_SHORT_IDENTITY = 15
_SHORT_PHONE = 7


def name(text: str) -> str:
    """Keep the surname: ``张*``, ``欧阳*``."""
    if len(text) < 2:  # noqa: PLR2004 - a single character is all surname
        return STAR
    kept = 2 if len(text) > 2 and text[:2] in COMPOUND_SURNAMES else 1  # noqa: PLR2004
    return text[:kept] + STAR * (len(text) - kept)


def identity(text: str) -> str:
    """Keep the six digits of the place and the last character of an identity number of 15 or 18."""
    if len(text) < _SHORT_IDENTITY:
        return HIDDEN
    return text[:6] + STAR * (len(text) - 7) + text[-1]


def phone(text: str) -> str:
    """Keep the first three and the last two digits."""
    if len(text) < _SHORT_PHONE:
        return HIDDEN
    return text[:3] + STAR * (len(text) - 5) + text[-2:]


def address(text: str) -> str:
    """Keep the address down to the district or county; without one that can be recognised, nothing."""
    match = _DISTRICT.match(text)
    return match[0] + HIDDEN if match and match.end() < len(text) else HIDDEN


def everything(text: str) -> str:
    """Keep nothing."""
    return HIDDEN


RULES: dict[str, Callable[[str], str]] = {
    "name": name,
    "identity": identity,
    "phone": phone,
    "address": address,
    "all": everything,
}


def rule(title: str) -> Callable[[str], str]:
    """Return the masking rule of this name; one this version does not know hides everything."""
    return RULES.get(title, everything)
