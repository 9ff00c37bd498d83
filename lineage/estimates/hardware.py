"""Hardware prose, as in model cards: "32 V100 32Gb GPUs, 1216 GPU hours" -> what ran, how many, for how long, where.

Precision before recall: where two different accelerators, counts or times are named, or where a number may mean
something else, the answer leaves the field out; prose that names no accelerator that can be told stays text.
"""

import re
from dataclasses import dataclass
from typing import Final

from lineage.estimates.devices import mentions, without
from lineage.estimates.whereabouts import place_in, provider_in

__all__ = ["HardwareRun", "read_hardware"]


@dataclass(frozen=True, slots=True)
class HardwareRun:
    """What a phrase says about a run; None is not said, or not understood.

    `accelerator` is the accelerator as it is written, in one spelling; `device_count` counts chips (a TPU v3-8 is
    eight cores on four chips); `wall_hours` is the time that passed, `device_hours` the time summed over devices.
    """

    accelerator: str
    device_count: float | None = None
    wall_hours: float | None = None
    device_hours: float | None = None
    place: str | None = None
    provider: str | None = None
    text: str = ""


def read_hardware(text: str) -> HardwareRun | None:
    """Read a phrase about hardware; None where no single accelerator can be told from it.

    >>> run = read_hardware("32 V100 32Gb GPUs, 1216 GPU hours")
    >>> run.accelerator, run.device_count, run.wall_hours, run.device_hours
    ('V100 32GB', 32.0, 38.0, 1216.0)
    >>> run = read_hardware("4x A100 for 3 days in us-east-1")
    >>> run.accelerator, run.device_count, run.device_hours, run.place
    ('A100', 4.0, 288.0, 'us-east-1')
    >>> read_hardware("trained on a large cluster") is None
    True
    """
    plain = _plain(text) if len(text) <= LONGEST else ""
    found = mentions(plain)
    if not found or len({item.family for item in found}) != 1:
        return None
    named = max(found, key=lambda item: len(item.name))
    counts = {item.devices for item in found if item.devices is not None}
    count = counts.pop() if len(counts) == 1 else None
    if count is None and not counts:
        count = _count_of_devices(without(plain))
    if _PER_MACHINE.search(plain):
        count = None
    total, wall = _device_hours(plain), _wall_hours(plain)
    if named.cores and total is not None and re.search(r"core", plain):
        total = total / named.cores  # core-hours of chips with several cores
    if total is None and count is not None and wall is not None:
        total = count * wall
    elif total is not None and count and wall is None:
        wall = total / count
    return HardwareRun(named.name, count, wall, total, place_in(text), provider_in(text), text)


LONGEST: Final = 2000  # a whole card is no phrase: what belongs together in it cannot be told

_DASHES: Final = str.maketrans(
    {"×": "x", "–": "-", "—": "-", "−": "-", "∼": "~", "‑": "-", "\u00a0": " ", "*": "x"}
)


def _plain(text: str) -> str:
    """Return the phrase in lower case, with one kind of dash and of multiplication, and thousands joined."""
    plain = text.replace("**", " ").lower().translate(_DASHES)
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", plain)
    plain = re.sub(r"(?<![\w.])(\d{1,4})x(?=[a-z])", r"\1 x ", plain)
    return re.sub(r"\s+", " ", plain).strip()


_NUMBER: Final = r"(\d+(?:\.\d+)?)"
_DEVICE: Final = r"(?:gpu|tpu|device|accelerator|chip|core|processor|card)s?"
_GENERIC: Final = re.compile(
    rf"(?<![\w.$]){_NUMBER} ?x? ?(?:nvidia )?(?:gpus|tpus|chips|devices)"
    r"(?![\w-]| ?(?:-|per\b|x ?h|hours?|days?|years?))"
)


# "two servers with 4 x V100": how many there are in all is not safely told.
_PER_MACHINE: Final = re.compile(
    r"(?:(?<!1 )(?<!a )(?<!one )\b(?:nodes|machines|servers|computers|workstations|instances) (?:with|of|each)|"
    r"each (?:node|machine|server))"
)


def _count_of_devices(plain: str) -> float | None:
    """Return the devices that are counted apart from the name, as in "trained on 8 GPUs (A100)"."""
    numbers = {float(item[1]) for item in _GENERIC.finditer(plain)}
    return numbers.pop() if len(numbers) == 1 and "per node" not in plain and "nodes" not in plain else None


_HOURS_IN: Final = {
    "hour": 1.0,
    "hr": 1.0,
    "h": 1.0,
    "day": 24.0,
    "d": 24.0,
    "week": 168.0,
    "month": 730.0,
    "year": 8760.0,
    "minute": 1 / 60,
    "min": 1 / 60,
}
_SCALE: Final = {"": 1.0, "k": 1e3, "m": 1e6, "million": 1e6, "thousand": 1e3}
_UNIT: Final = r"(hour|hr|h|day|d|week|month|year|minute|min)s?"
_OF_DEVICES: Final = (
    # 1216 gpu hours, 2.1 million h100-hours, 320256 a100 gpu-hours, 14.82k tpuv3 core-days
    re.compile(
        rf"(?<![\w.$€-]){_NUMBER} ?(k|m|million|thousand)? ?(?:of )?"
        r"(?:(?!(?:for|on|with|and|in|at|over|x|per|eur|euros?|usd|to)\b|x\d)[a-z][\w.]*[- ]?(?:\d+ ?gb?[- ])?){0,3}?"
        rf"(?:{_DEVICE}|[ahv]\d{{2,3}}0?s?|p100|h200|tpu-?v\d[ep]?|t4|k\d0)[- ]?x?[- ]?(hour|hr|day|year)s?\b"
    ),
    re.compile(
        rf"(?:gpu|tpu|device)[- ]hours?\)?(?: used)?(?: is| was)?[:=]? ?(?:about |~)?{_NUMBER} ?"
        r"(k|m|million|thousand)?()(?![\w.])"
    ),
)


def _device_hours(plain: str) -> float | None:
    found = set()
    for pattern in _OF_DEVICES:
        for match in pattern.finditer(plain):
            unit = match[3] or "hour"
            found.add(float(match[1]) * _SCALE[match[2] or ""] * _HOURS_IN[unit])
    return found.pop() if len(found) == 1 else None


_WORDS: Final = {
    "one": 1,
    "a": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "ten": 10,
}
_WALL: Final = re.compile(
    rf"(?<![\w.$€/-])(?:{_NUMBER}|({'|'.join(_WORDS)})(?= ))[- ]?{_UNIT}\b"
    r"(?! ?(?:x|\d|old|ago|of compute|per)\b)(?!-?\d)"
)
_VAGUE: Final = re.compile(
    r"\bper (?:epoch|step|hour|day|image)|/ ?hour|/ ?hr|each stage|\d ?-+ ?\d+ ?(?:hour|day|week|month|h\b|d\b)|"
    r"less than|fewer than|under|<|>|between|\bto\b \d|within|at most|maximum|up to|"
    r"more than|over \d+ (?:day|week)s? of"
)


def _wall_hours(plain: str) -> float | None:
    """Return the time that the phrase states, where it states one and only one."""
    if _VAGUE.search(plain):
        return None
    for pattern in _OF_DEVICES:
        plain = pattern.sub(" ", plain)
    found = set()
    for match in _WALL.finditer(plain):
        amount = float(match[1]) if match[1] else float(_WORDS[match[2]])
        found.add(amount * _HOURS_IN[match[3]])
    return found.pop() if len(found) == 1 else None
