"""The names of hardware and of energy sources: what people write, and what the tables call it."""

import re
from functools import cache
from typing import Final

from lineage.factors.tables import shipped_pairs

__all__ = ["device_names", "energy_source"]

_MAKERS: Final = frozenset(
    [
        *(
            "nvidia",
            "amd",
            "intel",
            "google",
            "amazon",
            "aws",
            "huawei",
            "habana",
            "meta",
            "microsoft",
            "cloud",
        ),
        *(
            "tesla",
            "quadro",
            "geforce",
            "radeon",
            "instinct",
            "graphics",
            "tensor",
            "core",
            "corporation",
            "the",
        ),
        *("gpu", "gpus", "card", "chip", "chips", "device", "accelerator", "pod"),
    ]
)
_FORMS: Final = re.compile(r"(sxm\d*|pcie?|oam|hbm\d*e?|nvl|nvlink|x?\d+ ?g[bi]?b?|smi|\d+gb)")
_BOARD: Final = re.compile(r"pcie?|nvl")  # says another card than the memory does, so it is left out last
_PLURAL: Final = re.compile(r"(?<=[VAPH]\d00)s\b")  # V100s are several V100, a V100S is another card
_TOKEN: Final = re.compile(r"[a-z]+\d*[a-z]*\d*[a-z]*|\d+[a-z]*")


def _tokens(text: str) -> list[str]:
    text = _PLURAL.sub("", text)
    words = _TOKEN.findall(text.lower().replace("_", " "))
    if words[:1] == ["tpu"] and len(words) > 2 and words[-1].isdigit():
        words.pop()  # v3-8 is a slice of eight cores
    joined: list[str] = []
    for word in words:
        if word in _MAKERS:
            continue
        if joined and joined[-1].isdigit() and word in ("gb", "g", "gib"):
            joined[-1] += "gb"
        else:
            joined.append(re.sub(r"^(\d+)g(i?b)?$", r"\1gb", word))
    return joined


def _key(text: str) -> str:
    return "".join(_tokens(text))


@cache
def _aliases() -> dict[str, str]:
    return {_key(spelling): name for spelling, name in shipped_pairs("devices")}


def device_names(text: str) -> tuple[str, ...]:
    """Return the names under which a device may stand in the tables, the most exact one first.

    The maker is left out, then memory and form factor, one by one from the end. An H100 80GB without a form factor
    is the SXM card, as it is in Meta's and nearly all published trainings: the PCIe card of 80 GB, at half the
    power, is called so, and NVL has 94 GB.

    >>> device_names("NVIDIA A100-SXM4-80GB")[0], device_names("Tesla V100 32 GB")[0]
    ('A100 SXM 80GB', 'V100 SXM2 32GB')
    >>> device_names("H100-80GB")[0], device_names("H100 80GB (PCIe)")[0], device_names("H100")
    ('H100 SXM', 'H100 PCIe', ('H100',))
    """
    tokens = _tokens(text)
    names = []
    known = _aliases()
    while tokens:
        name = known.get("".join(tokens))
        if name is not None:
            names.append(name)
        droppable = [at for at in range(len(tokens) - 1, 0, -1) if _FORMS.fullmatch(tokens[at])]
        if not droppable:
            break
        drop = min(droppable, key=lambda at: _BOARD.fullmatch(tokens[at]) is not None)
        tokens = tokens[:drop] + tokens[drop + 1 :]
    return tuple(dict.fromkeys(names))


def energy_source(text: str) -> str:
    """Return what the tables call a source of electricity.

    >>> energy_source("Natural gas"), energy_source("hydroelectricity")
    ('gas', 'hydro')
    """
    known = dict(shipped_pairs("energy"))
    plain = " ".join(re.findall(r"[a-z]+", text.lower()))
    return known.get(plain, plain)
