"""The place and the provider that a phrase names."""

import re
from typing import Final

__all__ = ["place_in", "provider_in"]

_REGION: Final = re.compile(
    r"\b((?:us|eu|ap|ca|sa|me|af|il|cn|europe|asia|northamerica|southamerica|australia|africa)-(?:gov-)?"
    r"(?:north|south|east|west|central|northeast|northwest|southeast|southwest)(?:-?\d)(?:-?[a-f])?)\b"
)
_PLACE: Final = re.compile(
    r"\b(?:in|at|region|location|from)[: ]+(?:the )?([A-Z][\w.]*(?: (?:of|and) [A-Z]\w*| [A-Z]\w*){0,2})|"
    r"[(,]\s*([A-Z][\w.]*(?: [A-Z]\w*){0,2})\s*(?=[(),.;]|$)"
)
_PAIR: Final = re.compile(r"(?<!\w)([A-Z][\w.]*(?: [A-Z]\w*){0,2})(?=, ?([A-Z]\w*(?: [A-Z]\w*){0,2}))")
_SHORT: Final = ("USA", "UAE")  # names of three letters; other codes of countries are words as well
_PROVIDERS: Final = (
    ("aws", r"\baws\b|amazon|sagemaker|\bp[345]d?e?\b(?= instances?)|\bec2\b"),
    ("gcp", r"\bgcp\b|google cloud"),
    ("azure", r"\bazure\b"),
    ("jean zay", r"jean[- ]zay|\bidris\b"),
    ("coreweave", r"core ?weave"),
    ("lambda", r"lambda ?labs?\b|lambda cloud"),
    ("colab", r"\bcolab\b"),
    ("kaggle", r"\bkaggle\b"),
    ("runpod", r"run ?pod"),
    ("scaleway", r"scaleway"),
    ("ovh", r"\bovh"),
    ("paperspace", r"paperspace"),
    ("oracle", r"\boci\b|oracle cloud"),
    ("lumi", r"\blumi\b"),
    ("leonardo", r"\bleonardo\b"),
    ("vast.ai", r"vast\.?ai"),
)


def place_in(text: str) -> str | None:
    """Return the place that a phrase names, as written, where the tables of places know it.

    >>> place_in("4x A100 for 3 days in us-east-1"), place_in("Jean Zay cluster, France (~40 gCO2eq/kWh)")
    ('us-east-1', 'France')
    >>> place_in("trained in Mixed precision") is None
    True
    """
    region = _REGION.search(text.lower())
    if region is not None:
        return region[1]
    from lineage.factors.places import place_code

    bare = text.strip(" .")
    if len(bare) <= 40 and place_code(bare) is not None:
        return bare
    part = _part_of_country(text)
    if part is not None:
        return part
    for match in _PLACE.finditer(text):
        name = (match[1] or match[2]).rstrip(".")
        if _surely(name, text) and place_code(name) is not None:
            return name
    return None


def _surely(name: str, text: str) -> bool:
    """Whether a capitalised word in a sentence is a place: not "(Mac)" or "in ARM", codes of Macao and Armenia."""
    if name == "Georgia":  # the state or the country
        return "Tbilisi" in text
    return len(name) > 3 or name.upper() in _SHORT


def _part_of_country(text: str) -> str | None:
    """Return the state or province that a phrase names with its country, as in "Atlanta, Georgia, USA"."""
    from lineage.factors.places import place_code

    for match in _PAIR.finditer(text):
        part, country = re.sub(r"^(?:In|At|From) ", "", match[1]), match[2]
        both, whole = place_code(f"{part}, {country}"), place_code(country)
        if both is not None and "-" in both:
            return f"{part}, {country}"
        if whole is not None and (place_code(part) or "").startswith(f"{whole}-"):
            return part
    return None


def provider_in(text: str) -> str | None:
    """Return the operator that a phrase names, in lower case.

    >>> provider_in("AWS SageMaker, on 32 A100 40GB GPUs"), provider_in("8 V100")
    ('aws', None)
    """
    lower = text.lower()
    return next((name for name, pattern in _PROVIDERS if re.search(pattern, lower)), None)
