"""Which accelerators a phrase names, and how many of each."""

import re
from typing import Final, NamedTuple

__all__ = ["Mention", "mentions", "without"]


class Mention(NamedTuple):
    """An accelerator in a phrase: its name in one spelling, its family, how many, cores per chip."""

    name: str
    family: str
    devices: float | None
    cores: int


# A family, as it is written in lower case; the groups that follow it say the variant.
_NVIDIA: Final = (
    r"(?:a100|h100|h200|h800|a800|b200|b100|gh200|gb200|v100s(?=[- ]?pci)|v100|p100|k80|k40c?|k20x?|p40|"
    r"p4(?! ?(?:instances?|nodes?)\b)|m40|"
    r"m60|t4|l40s?|l4|a40|a30|a16|a10g|a10|a2(?!-(?:high|mega|ultra)gpu)|"
    r"a6000(?: ?\(?ada\b)?|a5000(?: ?\(?ada\b)?|a5500|a4500|a4000|a2000|"
    r"rtx ?-?pro ?\d{4}|rtx ?-?a?\d{4}(?: ?ti| ?super| ?\(?ada\b)?|"
    r"gtx ?-?\d{3,4}(?: ?ti| ?super)?|[12]080 ?ti|20[678]0|30[6-9]0(?: ?ti)?|40[6-9]0(?: ?ti)?|"
    r"titan ?(?:rtx|xp|x|v|black)|k-?6000|quadro ?rtx ?\d{4}|quadro ?p\d{4}|p4000)"
)
_MAKERS: Final = (
    r"nvidia|amd|google|cloud|tesla|geforce|quadro|instinct|radeon|huawei|amazon|aws|gcp-?|intel|habana|"
    r"dgx|hgx"
)
_PATTERN: Final = re.compile(
    rf"(?<![a-z0-9/])(?:(?:{_MAKERS})[- ]*)*"
    r"(?:(?<!_)(?P<tpu>(?:tpu[- ]?)?v[2-6][ep]?(?:[- ]?(?P<cores>\d{1,4}))?"
    r"(?= ?(?:tpu|$|,|\)|vm| pod| device| chips| cores))|(?:cloud)?tpus? ?-?v ?[1-6][ep]?(?:-(?P<slice>\d{1,4}))?)"
    rf"|(?P<amd>mi ?-?(?:250x?|300x?|325x|355x|210|100|60|50))"
    rf"|(?P<other>ascend ?910[bc]?|trainium ?[12]?|trn[12]|gaudi ?-?[123]?|cs-2)"
    rf"|(?P<nvidia>{_NVIDIA}))"
    rf"(?P<variant>(?:[- ]*(?:sxm ?\d?|smx\d|pcie?|nvl|hbm\d?e?|oam))?(?:[- ]*(?:sxm ?\d?|smx\d|pcie?))?)"
    rf"(?:[- ]*\(?(?P<memory>\d{{1,3}}) ?-?(?:gb|gib|g)\b\)?)?"
    r"(?P<after>[- ]*(?:sxms?|laptop)\b|[- ]*(?:gpus? )?[-(, ]*(?:pcie|nvl)\b)?(?P<plural>s?)(?![a-z0-9])"
)
_COUNT_WORDS: Final = {
    "a single": 1,
    "single": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "sixteen": 16,
    "an": 1,
    "a": 1,
}
_BEFORE: Final = re.compile(
    r"(?:(?<![\w./-])(?<!\d )(?:(?P<nodes>\d+) ?(?:nodes|machines|servers|instances|x)"
    r"(?: of| with| each with| containing| x)?,? )?"
    r"(?P<number>\d+)(?!\d)(?P<times> ?x)? ?|\b(?P<word>" + "|".join(_COUNT_WORDS) + r") )"
    r"(?:high-end |modern |cloud |google |gcp-?|nvidia |amd |tesla |x |of |,? ?\d{1,3} ?-?g(?:i?b)? |"
    r"\(?\d{1,3} ?gb\)? )*$"
)
_AFTER: Final = re.compile(
    r"^(?: (?:gpus?|chips?|cards?|devices?))? ?\(?x ?(\d+)(?! ?(?:g|days?|hours?|h\b|weeks?|hr|x))\b|"
    r"^s? \((\d+) (?:gpus|chips)\)"
)
# What stands before "A100-hours" or "A100 nodes" counts hours or nodes, and before "A100/DGX" devices of each.
_MACHINE: Final = r"(?:node|server|machine|computer|workstation|instance|system|host|pod|cluster|vm)"
_NOT_COUNTED: Final = re.compile(
    r"s?[- ]?(?:gpus?|tpus?|chips?|cores?|cards?|devices?)?[- ]?(?:hours?|hrs?|days?|weeks?|months?|years?)\b|/|"
    r"s?(?: gpus?)?(?: \([^)]*\))? (?:nodes|servers|machines|computers|instances|pods|systems|clusters)\b|"
    r"s? (?:dgx|hgx)\b"
)
_ONE_MACHINE: Final = re.compile(rf"s?[- ](?:gpus? )?{_MACHINE}\b")
# "CUDA 12 A100", "Llama 3 A100": the number belongs to what stands before it.
_OTHER_NUMBER: Final = re.compile(
    r"\b(?:cuda|cudnn|driver|version|release|pytorch|torch|python|tensorflow|ubuntu|batch|size|seed|epochs?|steps?|"
    r"rank|layers?|top|models?|llama|gpt|phi|qwen|gemma|mistral|falcon|t5|id|figure|table|section|appendix)[ :=#-]*$|"
    r"\d (?:out )?of (?:the |our |these )*$|\b(?:half|quarter|third|part|fraction|share)(?: of)? ?$"
)
# The machines of one name that always hold eight: not DGX Station, DGX-1 or HGX, which come in several sizes.
_EIGHT: Final = ("A100", "H100", "H200", "B200")
# A bare "3090" is a card only where the words around it say so: "trained for 2080 steps" names none.
_BARE: Final = re.compile(r"(?:20[678]0|30[6-9]0|40[6-9]0)")
_CARD_BEFORE: Final = re.compile(
    r"(?:\d ?x|\b(?:gpus?|cards?|a|single|one|an|my|on|with|using|two|three|four))[: ]+$"
)
_CARD_AFTER: Final = re.compile(
    r"(?:$|[,;:)(/+&]|\.(?!\d)| (?:for|on|in|with|at|over|and|using|took|takes|laptop)\b)"
)
_MEMORY_BEFORE: Final = re.compile(r"(\d{1,3}) ?-?(?:gb|gib|g)[- ](?:nvidia |tesla |ram )*$")
_CORES_PER_CHIP: Final = {"v2": 2, "v3": 2, "v4": 2, "v5p": 2, "v5e": 1, "v6e": 1}


def mentions(plain: str) -> list[Mention]:
    """Return the accelerators named in a phrase (lower case, "x" for times), in their order.

    >>> [(item.name, item.devices) for item in mentions("8 x nvidia a100-sxm4-80gb")]
    [('A100 SXM4 80GB', 8.0)]
    >>> mentions("1 tpu v3-8")[0]
    Mention(name='TPU v3', family='TPU v3', devices=4.0, cores=2)
    """
    return [_mention(match, plain) for match in _PATTERN.finditer(plain) if _sure(match, plain)]


def without(plain: str) -> str:
    """Return the phrase without the names of accelerators, so that their numbers count nothing."""
    return _PATTERN.sub(" ", plain)


def _sure(match: re.Match[str], plain: str) -> bool:
    """Whether what looks like an accelerator's name is one, by what stands around it."""
    before, after = plain[max(0, match.start() - 40) : match.start()], plain[match.end() :]
    if match["tpu"]:  # "DeBERTa v3", "Standard_NC6s_v3"
        near = plain[max(0, match.start() - 20) : match.end() + 8]
        cores = int(match["cores"] or 0)
        sliced = (
            cores >= 8 and cores & (cores - 1) == 0 and re.search(r"\b(?:on|using|cloud) (?:an? )?$", before)
        )
        return "tpu" in near or bool(sliced)
    name = match["nvidia"] or ""
    if name == "p4":  # the P4 of AWS are machines of A100; Tesla P4 it never had
        return re.search(r"\b(?:aws|amazon|ec2|sagemaker)\b", plain) is None
    if _BARE.fullmatch(name) and not re.search(r"nvidia|geforce|rtx", match[0]):
        if re.match(r" ?(?:gpu|(?:graphics )?card)", after):
            return True
        counted = match["plural"] and re.search(r"(?<![\w.])\d{1,2} $", before)
        return bool(counted or (_CARD_BEFORE.search(before) and _CARD_AFTER.match(after)))
    return True


def _mention(match: re.Match[str], plain: str) -> Mention:
    before, after = plain[max(0, match.start() - 100) : match.start()], plain[match.end() : match.end() + 100]
    if match["tpu"]:
        return _tensor(match, before, after)
    family = _family(match["nvidia"] or match["amd"] or match["other"])
    form = re.sub(r"[^a-z0-9]|gpus?", "", (match["variant"] or "") + (match["after"] or ""))
    form = form.replace("smx", "sxm").rstrip("s")
    if family == "H100" and re.match(r"[- ]*\(?hbm2e", form + after):
        form = "pcie"  # the other H100 have HBM3
    memory = match["memory"] or _memory_before(before)
    words = [family]
    if form and form != "laptop" and not form.startswith("hbm"):
        words.append({"pcie": "PCIe", "pci": "PCIe", "nvl": "NVL"}.get(form, form.upper()))
    if form == "laptop":
        words.append("Laptop")
    if memory:
        words.append(f"{int(memory)}GB")
    count = _count(before, after)
    if re.search(r"dgx|hgx", match[0]):  # machines; not surely so where single GPUs are spoken of as well
        eight = family in _EIGHT and "dgx" in match[0] and "gpu" not in before + after
        count = count * 8 if eight and count is not None else None
    return Mention(" ".join(words), family, count, 0)


def _family(text: str) -> str:
    """Return one spelling of a family.

    >>> _family("rtx3090"), _family("2080ti"), _family("titan rtx"), _family("mi250x")
    ('RTX 3090', 'RTX 2080 Ti', 'Titan RTX', 'MI250X')
    """
    flat = re.sub(r"[\s(-]+", "", text).removeprefix("quadro")
    consumer = re.fullmatch(r"(rtx|gtx)?(a?\d{3,4})(ti|super|ada)?", flat)
    if consumer is not None:
        number = consumer[2].upper()
        series = consumer[1] or (
            ""
            if number.startswith("A") or number.startswith("P")
            else "gtx"
            if number[:2] in ("10", "16")
            else "rtx"
        )
        if consumer[3] == "ada" and number[0] == "A":  # "RTX A6000 Ada" is the RTX 6000 Ada, no A6000
            number = number[1:]
        if number in ("A100", "A800", "A10", "A16", "A30", "A40"):
            return number
        if number in ("A2000", "A4000", "A4500", "A5000", "A5500", "A6000"):
            return f"RTX {number}"
        extra = {"ti": " Ti", "super": " Super", "ada": " Ada"}.get(consumer[3] or "", "")
        return f"{series.upper()} {number}{extra}".strip()
    if flat.startswith("titan"):
        return f"Titan {flat[5:].upper() if flat[5:] in ('rtx', 'x', 'v') else flat[5:].capitalize()}"
    for name in ("ascend", "trainium", "gaudi"):
        if flat.startswith(name):
            return f"{name.capitalize()} {flat[len(name) :].upper()}".strip()
    return flat.upper()


def _tensor(match: re.Match[str], before: str, after: str) -> Mention:
    version = re.search(r"v ?[1-6][ep]?", match["tpu"])
    assert version is not None  # the pattern has it
    name = version[0].replace(" ", "")
    cores = _CORES_PER_CHIP.get(name, 1)
    part = match["cores"] or match["slice"]
    count = _count(before, after)
    counts_cores = re.match(r"s? ?(?:tpu )?cores?\b", after) is not None
    with_cores = re.match(r"s? with (\d+) (?:tpu )?cores", after)
    if part is not None:
        chips = int(part) / cores
        pods = count if count is not None and 1 <= count <= 64 else None
        several = count is None and re.match(r" (?:tpus|vms|pods|instances)\b", after) is not None
        count = None if several else chips if pods is None else pods * chips
    elif with_cores is not None:
        count = int(with_cores[1]) / cores
    elif counts_cores:
        count = None if count is None else count / cores
    elif re.match(r"s? ?(?:pods?|instances?|vms?|nodes?)\b", after):
        count = None
    return Mention(f"TPU {name}", f"TPU {name}", count, cores)


def _memory_before(before: str) -> str | None:
    found = _MEMORY_BEFORE.search(before)
    return found[1] if found else None


def _count(before: str, after: str) -> float | None:
    if _NOT_COUNTED.match(after):
        return None
    found = _BEFORE.search(before)
    if found is not None:
        earlier = before[: found.start()]
        if re.search(r"\d ?x ?\($", earlier) or (_OTHER_NUMBER.search(earlier) and not found["times"]):
            return None
        if found["word"]:
            return float(_COUNT_WORDS[found["word"]]) if _counts_one(found["word"], after) else None
        if not found["times"] and _ONE_MACHINE.match(after):
            return None
        each = float(found["number"])
        return each * float(found["nodes"]) if found["nodes"] else each
    later = _AFTER.search(after)
    return float(later[1] or later[2]) if later is not None else None


def _counts_one(word: str, after: str) -> bool:
    """Whether "a" or "one" counts one device: not where a node, a machine or a cluster follows."""
    return re.match(rf"s? ?(?:gpus? )?(?:{_MACHINE}|days?|hours?)", after) is None
