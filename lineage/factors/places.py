"""Places: what people write for a country, a state or a cloud region, and what lies around it."""

import re
import unicodedata
from functools import cache
from typing import Final

from lineage.factors.tables import shipped_pairs

__all__ = ["WORLD", "place_chain", "place_code"]

WORLD: Final = "world"
_CLOUD: Final = re.compile(r"^(aws|gcp|azure|amazon|google|google cloud) ")
_ZONE: Final = re.compile(r"(?<=\d) ?[a-f]$")  # us-east-1a, europe-west4-b
_NOISE: Final = re.compile(r"[^a-z0-9]+")


def _key(text: str) -> str:
    """Return a spelling without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOISE.sub(" ", plain).strip()


@cache
def _spellings() -> dict[str, str]:
    """Return every spelling that is known -> code: FR, US-VA, world."""
    return {_key(spelling): code for spelling, code in shipped_pairs("places")}


def place_code(place: str) -> str | None:
    """Return the code of a place: ISO 3166 alpha-2, with a subdivision where there is one; None is unknown.

    A place is an ISO code of two or three letters, an English name, a subdivision such as US-VA or Virginia,
    or the region of a cloud such as us-east-1.

    >>> place_code("fra"), place_code("Germany"), place_code("us-east-1"), place_code("Atlantis")
    ('FR', 'DE', 'US-VA', None)
    """
    key = _key(place)
    known = _spellings()
    if key in known:
        return known[key]
    key = _CLOUD.sub("", key)
    return known.get(key) or known.get(_ZONE.sub("", key))


def place_chain(place: str) -> tuple[str, ...]:
    """Return a place and what lies around it, smallest first; empty where the place is unknown.

    >>> place_chain("us-east-1"), place_chain("world")
    (('US-VA', 'US', 'world'), ('world',))
    """
    code = place_code(place)
    if code is None:
        return ()
    if code == WORLD:
        return (WORLD,)
    country = code.partition("-")[0]
    return (country, WORLD) if code == country else (code, country, WORLD)
