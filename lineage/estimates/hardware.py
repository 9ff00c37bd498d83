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
    if count is None and not counts and not _SEVERAL_DGX.search(plain):
        count = _count_of_devices(without(plain))
    if _PER_MACHINE.search(plain) or (count is not None and not 0 < count <= MOST_DEVICES):
        count = None
    total, wall = _device_hours(plain), _wall_hours(plain)
    if named.cores and total is not None and re.search(r"core", plain):
        total = total / named.cores  # core-hours of chips with several cores
    if total is None and count is not None and wall is not None:
        total = count * wall
    elif total is not None and count and wall is None and total / count <= LONGEST_RUN:
        wall = total / count
    return HardwareRun(named.name, count, wall, total, place_in(text), provider_in(text), text)


LONGEST_RUN: Final = 2 * 8760.0  # h; nobody has trained for longer, so a longer time is a number misread
MOST_DEVICES: Final = 1e6
LONGEST: Final = 2000  # a whole card is no phrase: what belongs together in it cannot be told

_DASHES: Final = str.maketrans(
    {"×": "x", "–": "-", "—": "-", "−": "-", "∼": "~", "‑": "-", "\u00a0": " ", "*": "x", "½": ".5"}
)
_TIME: Final = r"(?:hours?|hrs?|h|days?|weeks?|months?|years?)\b"
_FOR_TIME: Final = rf"(?!\w)(?= ?(?:[a-z][\w-]* ){{0,3}}?(?:[a-z][\w-]*-)?{_TIME})"
# "10 000 GPU hours": a blank joins digits only where device-hours follow, "8 100 W GPUs" are two numbers.
_GROUPED: Final = re.compile(
    r"(?<![\w.,:/-])\d{1,3}(?: \d{3})+(?= (?:nvidia |tesla |total )*"
    r"(?:gpu|tpu|device|accelerator|core|[ahv]\d{2,3}0?s?|p100|t4)(?: ?\d+ ?gb)?[- ](?:gpu[- ])?(?:hour|day))"
)


def _plain(text: str) -> str:
    """Return the phrase in lower case, with one kind of dash, of multiplication, of decimals and of thousands."""
    plain = re.sub(r"(?<=\d)[- ]?D\b", "-dimensional", text.replace("**", " "))  # 3D is never three days
    plain = re.sub(r"(?<=\d)['’\u202f\u2009](?=\d{3}(?!\d))", "", plain).lower().translate(_DASHES)
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", plain)
    plain = re.sub(rf"(?<![\w.])(?:(\d+(?:\.\d+)?) ?x ?)?10\^(\d\d?){_FOR_TIME}", _power_of_ten, plain)
    plain = re.sub(rf"(?<![\w.])(\d+(?:\.\d+)?)e\+?(\d\d?){_FOR_TIME}", _power_of_ten, plain)
    plain = _GROUPED.sub(lambda match: match[0].replace(" ", ""), re.sub(r"\s+", " ", plain))
    plain = re.sub(rf"(?<![\w.,:])(\d+),(\d\d?)(?=[- ]?{_TIME})", r"\1.\2", plain)
    plain = re.sub(r"(?<![\w.,:])(\d{1,3}) days?,? (?=\d\d?:[0-5]\d:[0-5]\d(?![\d:]))", r"\1 days ", plain)
    plain = re.sub(
        r"(?<= days )(\d\d?):(\d\d):(\d\d)(?![\d:]| ?h)", lambda clock: _clock(clock) + " h", plain
    )
    plain = re.sub(r"(?<![\w.,:])(\d{1,4}):([0-5]\d)(?::([0-5]\d))?(?= ?(?:hours?|hrs?|h)\b)", _clock, plain)
    plain = re.sub(r"(?<=\d)([dh])(?=\d+ ?(?:h|m|min|hours?)\b)", r"\1 ", plain)  # 2d7h
    plain = re.sub(r"\bhalf (?:of )?an? (?=hour|day|week|month|year)", "0.5 ", plain)
    plain = re.sub(r"(?<![\w.])(\d{1,4})x(?=[a-z])", r"\1 x ", plain)
    return re.sub(r"\s+", " ", plain).strip()


def _power_of_ten(match: re.Match[str]) -> str:
    """Return the number that "1.5e5" or "10^5" stands for."""
    return f"{float(match[1] or 1) * 10.0 ** int(match[2]):.0f}"


def _clock(match: re.Match[str]) -> str:
    """Return the hours of "10:23:45"."""
    return f"{int(match[1]) + int(match[2]) / 60 + int(match[3] or 0) / 3600:.4f}"


_NUMBER: Final = r"(\d+(?:\.\d+)?)"
_DEVICE: Final = r"(?:gpu|tpu|device|accelerator|chip|core|processor|card)s?"
_GENERIC: Final = re.compile(
    rf"(?<![\w.$])(?<!\d[ ,:]){_NUMBER} ?x? ?(?:nvidia )?(?:gpus|tpus|chips|devices)"
    r"(?![\w-]| ?(?:-|per\b|x ?h|hours?|days?|years?))"
)


# "two servers with 4 x V100": how many there are in all is not safely told.
_MACHINES: Final = r"(?:nodes|machines|servers|computers|workstations|instances|hosts|systems)"
_PER_MACHINE: Final = re.compile(
    rf"(?:(?<!1 )(?<!a )(?<!one )\b{_MACHINES} ?(?:,? ?(?:with|of|each)|\()|"
    r"(?:\b(?:each|per|every) |/ ?)(?:node|machine|server|instance|host|computer|workstation)\b|"
    rf"\b{_MACHINES}\b[^.;]*\beach\b|\beach (?:with|having|containing|equipped)\b|"
    r"(?<![\w.-])(?!1 )(?:\d+|two|three|four|five|six|eight|ten|twelve|sixteen|several|multiple) ?(?:x )?"
    r"(?:(?:nvidia |amazon |aws |ec2 )*(?:dgx|hgx)(?:-\d| station)?s?(?! x)(?!-?\d|[- ][abhv]\d{3})|"
    r"(?:amazon |aws |ec2 |azure )*(?:(?:ml\.)?[pg]\d\w*\.\w*large|standard_n\w+)))"
)


_SEVERAL_DGX: Final = re.compile(
    r"(?<![\w.-])(?!1 )(?:\d+|two|three|four|six|eight|several|multiple) ?(?:x )?(?:nvidia )?[dh]gx(?! x)"
)


def _count_of_devices(plain: str) -> float | None:
    """Return the devices that are counted apart from the name, as in "trained on 8 GPUs (A100)"."""
    numbers = {float(item[1]) for item in _GENERIC.finditer(plain)}
    return numbers.pop() if len(numbers) == 1 and "per node" not in plain and "nodes" not in plain else None


_HOURS_IN: Final = {
    "year": 8760.0,
    "month": 730.0,
    "week": 168.0,
    "day": 24.0,
    "d": 24.0,
    "hour": 1.0,
    "hr": 1.0,
    "h": 1.0,
    "minute": 1 / 60,
    "min": 1 / 60,
    "m": 1 / 60,
    "second": 1 / 3600,
    "sec": 1 / 3600,
    "s": 1 / 3600,
}
_NEVER_FIRST: Final = ("m", "second", "sec", "s")  # "10 m", "30 s" alone are no time of a training
_SCALE: Final = {"": 1.0, "k": 1e3, "m": 1e6, "million": 1e6, "thousand": 1e3}
_OF_DEVICES: Final = (
    # 1216 gpu hours, 2.1 million h100-hours, 320256 a100 gpu-hours, 14.82k tpuv3 core-days; not "per model"
    re.compile(
        rf"(?<![\w.$€-])(?<!\d[,:']){_NUMBER}(?!e\+?\d| ?\^| ?-?gi?b?\b) ?(k|m|million|thousand)? ?(?:of )?"
        r"(?:(?!(?:for|on|with|and|in|at|over|x|per|eur|euros?|usd|to)\b|x\d)"
        r"[a-z][\w.]*(?![\w.])[- ]?(?:\d+ ?gb?[- ])?){0,3}?"
        rf"(?:{_DEVICE}|[ahv]\d{{2,3}}0?s?|p100|h200|tpu-?v\d[ep]?|t4|k\d0)[- ]?x?[- ]?(hour|hr|day|year)s?\b"
        r"(?! ?(?:/|(?:per|each|every|for (?:each|every)|a day|daily)\b))"
    ),
    re.compile(
        rf"(?:gpu|tpu|device)[- ]hours?\)?(?: used)?(?: is| was)? ?[:=]? ?(?:about |~)?{_NUMBER} ?"
        r"(k|m|million|thousand)?()(?![\w.])"
        r"(?= ?(?:$|[,;)(|\]]|\.(?!\d)|(?:hours?|hrs?|h|on|for|in|with|using|total|and|of)\b))"
    ),
)
_LABEL: Final = re.compile(r"(?:gpu|tpu|device)[- ]hours?\)?(?: used)?(?: is| was)? ?[:=] ?(?:about |~)?\d")
_EACH_TOKEN: Final = re.compile(r"\b(?:each|every|per) (?:trillion|billion|million)\b")


def _device_hours(plain: str) -> float | None:
    """Return the device-hours that the phrase states, where it states one amount and only one."""
    found = set()
    if _EACH_TOKEN.search(plain):
        return None
    for pattern in _OF_DEVICES:
        for match in pattern.finditer(plain):
            before = plain[: match.start(1)]
            if _cut_off(before) or (not match[2] and re.fullmatch(r"\d+\.\d{3}", match[1])):
                return None  # "1.216 GPU hours": the point may part thousands
            unit = match[3] or "hour"
            found.add(float(match[1]) * _SCALE[match[2] or ""] * _HOURS_IN[unit])
    return found.pop() or None if len(found) == 1 else None


def _cut_off(before: str) -> bool:
    """Whether a number stands right behind another one, as in "10 000", "5 ± 1" or "8 x 24", and so is a part only."""
    return re.search(r"(?<![\w.])\d+ (?:x ?)?$|(?<![\w.])\d+x $|\d[,:']$|[±^+] ?$", before) is not None


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
_AMOUNT: Final = re.compile(
    rf"(?<![\w.$€/-])(?:{_NUMBER}|({'|'.join(_WORDS)})(?=[ -]))(?: and (?:a|one) (half))?[- ]?"
    r"(?:(hour|hr|day|week|month|year|minute|min|second|sec)s?|"
    r"(h|m|s|d(?=$|[,.;)]| (?:on|with|x|\d+ ?(?:h|m|min|hours?))\b)))\b(?: and a (half))?"
)
_OF_TRAINING: Final = (
    r"(?:the |its |our |pure |total |actual |continuous |wall[- ]clock )*(?:pre-?|fine-?|re-?)?"
    r"(?:training|tuning|optimi[sz]ation|running|wall)\b(?! (?:data|audio|speech|set|examples|video|material))"
)
_DATA: Final = (
    r"(?:audio|speech|recordings?|videos?|music|footage|podcasts?|conversations?|libri|switchboard|ted-?lium|"
    r"gigaspeech|common ?voice|voxpopuli|data\b|data ?sets?\b|corpus|corpora|subset|split)"
)
# Another time than that of the training: of audio, of each epoch, between two savings; it spoils no other time.
_OTHER_TIME: Final = re.compile(
    rf"[- ]?(?:old|ago|per|each|for (?:each|every))\b| of (?!{_OF_TRAINING})|"
    rf"[- ](?:(?!(?:on|for|with|using|in|at|to|and|over|from)\b)[a-z-]+ ){{0,2}}{_DATA}"
)
_OTHER_TIME_BEFORE: Final = re.compile(
    rf"(?:\b(?:every|each|per|on)|{_DATA}\w*(?: of| with| containing| is|:)?)"
    r"(?: about| approximately| around| over| roughly)? ?[(~]*$"
)
_A: Final = re.compile(
    r"(?:^|(?:\b(?:for|in|about|takes?|took|only|around|roughly|approximately|almost|nearly)|~) ?)$"
)
_GOES_ON: Final = re.compile(
    r" ?x\b| ?[+±]| an? (?:day|week|month)\b| (?:daily\b|(?:each|every) (?:day|night|week))|"
    r" ?\d\b|-?\d| \d+(?:$|[,.;)]| (?:on|in|with|for|using)\b)"
)
_FEW: Final = r"(?:\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten)"
_VAGUE: Final = re.compile(
    r"\bper (?:epoch|step|hour|day|image)|/ ?hour|/ ?hr|each stage|\d ?-+ ?\d+ ?(?:hour|day|week|month|h\b|d\b)|"
    r"less than|fewer than|under|<|>|±|\+/?-|between|\bto\b \d|within|at most|maximum|up to|"
    r"more than|over \d+ (?:day|week)s? of|"
    r"\d ?(?:h|d|min|(?:hour|hr|day|week|minute|month)s?) ?/ ?[a-z]|"
    rf"(?<![\w.]){_FEW} (?:or|to|and) {_FEW}[- ]?(?:hour|hr|day|week|month|h\b|d\b)|"
    r"\b(?:one|an|each|every|single|1|per) epoch (?:takes?|took|needs?|lasts?|requires?)|epochs? takes?\b|"
    r"(?:for|train|complete|run|finish) (?:one|1|an|each|every|a single) epoch\b|"
    rf"epochs?\b.*(?:{_TIME}|minutes?) each\b|\beach (?:epoch|run|fold|seed|stage|phase|iteration|step|round)\b"
)


def _wall_hours(plain: str) -> float | None:
    """Return the time that the phrase states, where it states one and only one."""
    if _VAGUE.search(plain):
        return None
    for pattern in _OF_DEVICES:
        plain = pattern.sub(" ", plain)
    if _LABEL.search(plain):  # "GPU hours: 10 days" is not understood, and its time is no time of the wall
        return None
    found = set()
    for begin, end, hours in _times(plain):
        before, after = plain[:begin], plain[end:]
        if _OTHER_TIME.match(after) or _OTHER_TIME_BEFORE.search(before):
            continue
        if plain.startswith("a ", begin) and not _A.search(before):
            continue  # "twice a day"
        if _cut_off(before) or _GOES_ON.match(after):
            return None  # a product, or a number whose meaning is open
        found.add(hours)
    return found.pop() if len(found) == 1 and 0 < max(found) <= LONGEST_RUN else None


def _times(plain: str) -> list[tuple[int, int, float]]:
    """Return the times in a phrase, where each begins and ends: "2 days 7 hours" is one time of 55 hours."""
    found: list[tuple[int, int, float]] = []
    last = 0.0
    for match in _AMOUNT.finditer(plain):
        unit = match[4] or match[5]
        one = _HOURS_IN[unit]
        amount = float(match[1]) if match[1] else float(_WORDS[match[2]])
        hours = (amount + 0.5 * bool(match[3] or match[6])) * one
        between = plain[found[-1][1] : match.start()] if found else None
        if between is not None and one < last and re.fullmatch(r",? ?(?:and )?", between):
            found[-1] = (found[-1][0], match.end(), found[-1][2] + hours)
        elif unit not in _NEVER_FIRST:
            found.append((match.start(), match.end(), hours))
        else:
            continue
        last = one
    return found
