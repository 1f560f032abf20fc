"""How much of a value is seen when a grant says ``masked``.

The rules keep what a clerk needs to recognise the right person and drop what would identify a stranger:

* ``name``: the surname (one character, or two for the compound surnames) stays.
* ``identity``: the first six digits (the place of first registration) and the last character stay; birthday and
  sequence go. Six and one leave about 30,000 days x 100 persons open, three and four would leave the region and the
  sequence to be guessed from the birthday.
* ``phone``: first three and last two digits stay: four trailing digits are often all a call centre asks for.
* ``address``: up to the district or county stays, everything below it goes.
* ``all``: nothing stays, not even the length.

Generalisations keep a coarser truth: ``year`` and ``month`` of a date, the county (or the city, of a county's own
code) as ``division``, and the ``band`` of numbers that share the leading digit. ``pseudonym`` is no rule of a value
alone: its token depends on the agreement, see ``Pseudonyms``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jutong.node.gateway.leaves import hmac_sha256
from jutong.node.gateway.verification import normalised

HIDDEN = "***"
STAR = "*"
_COMPOUND = (
    "欧阳司马上官诸葛东方夏侯皇甫尉迟公孙慕容长孙宇文司徒司空令狐端木轩辕独孤南宫东郭"
    "百里呼延公冶钟离澹台濮阳淳于单于申屠太史赫连闻人万俟拓跋仲孙鲜于闾丘亓官巫马公西"
    "漆雕乐正宰父谷梁段干东门"
)
COMPOUND_SURNAMES = frozenset(_COMPOUND[at : at + 2] for at in range(0, len(_COMPOUND), 2))
DISTRICT = r"(?:.{2,9}?(?:省|自治区|市))?(?:.{1,12}?(?:自治州|盟|地区|市))?(?:.{1,12}?(?:区|县|旗|市))"
_DISTRICT = re.compile("^" + DISTRICT)
_SHORT_IDENTITY = 15
_SHORT_PHONE = 7
_DATE = re.compile(r"((?:1[89]|20)\d\d)(?:-|/|\.|年)?(0[1-9]|1[0-2]|[1-9](?!\d))")
_YEAR = re.compile(r"((?:1[89]|20)\d\d)年?")
_COUNTY, _CITY = 6, 4
_LARGEST = Decimal(10) ** 30
_TOKEN_BYTES = 15


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


def year(text: str) -> str:
    """Keep the year of a date: ``1986``."""
    match = _DATE.match(text) or _YEAR.fullmatch(text)
    return match[1] if match else HIDDEN


def month(text: str) -> str:
    """Keep year and month of a date: ``1986-07``."""
    match = _DATE.match(text)
    return f"{match[1]}-{match[2]:0>2}" if match else HIDDEN


def division(text: str) -> str:
    """Keep the county of an identity number, a longer code or an address, and the city of a county's own code."""
    head = text[:_COUNTY]
    if not (head.isascii() and head.isdigit() and len(head) == _COUNTY):
        return address(text)
    return head[:_CITY] + "00" if len(text) == _COUNTY else head


def band(text: str) -> str:
    """Keep the leading digit of a number: ``37`` is ``30-39``, ``4520`` is ``4000-4999``."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return HIDDEN
    if not number.is_finite() or abs(number) >= _LARGEST:
        return HIDDEN
    whole = int(abs(number))
    width = max(10 ** (len(str(whole)) - 1), 10)
    first = whole // width * width
    sign = "-" if number < 0 else ""
    return f"{sign}{first}-{sign}{first + width - 1}"


class Pseudonyms:
    """Makes tokens that are the same for one value within one agreement and different in any other.

    Args:
        secret: the node's own secret; without it nobody can try values until a token fits.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def rule(self, agreement: str) -> Callable[[str], str]:
        """Return the rule of one agreement; its key is derived when the first value comes."""
        key = b""

        def token(text: str) -> str:
            nonlocal key
            key = key or self.key(agreement)
            mac = hmac_sha256(key, normalised(text).encode())
            return "P" + base64.b32encode(mac[:_TOKEN_BYTES]).decode().rstrip("=")

        return token

    def key(self, agreement: str) -> bytes:
        """Return the key of one agreement, which its tokens are made with."""
        info = b"jutong-pseudonym-1\n" + agreement.encode()
        return HKDF(algorithm=SHA256(), length=sha256().digest_size, salt=None, info=info).derive(self._secret)


RULES: dict[str, Callable[[str], str]] = {
    "name": name,
    "identity": identity,
    "phone": phone,
    "address": address,
    "all": everything,
    "year": year,
    "month": month,
    "division": division,
    "band": band,
}
PSEUDONYM = "pseudonym"


def rule(title: str) -> Callable[[str], str]:
    """Return the masking rule of this name; one this version does not know hides everything."""
    return RULES.get(title, everything)
