"""Text files from strangers, plain or gzipped: UTF-8 only, sizes bounded, every fault with its line."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lineage.errors import ImportFault

__all__ = ["batches_of_lines", "text_of"]

BATCH_BYTES: Final = 1 << 20
LINE_BYTES: Final = 32 << 20  # one record; the largest on the Hub are a few MB
TEXT_BYTES: Final = 256 << 20  # a file that is read whole
UNPACKED_BYTES: Final = 64 << 20  # this much is always allowed, and beyond it
RATIO: Final = 400  # plain : packed; records of the Hub reach about 10, a bomb 1000


class _Damaged(Exception):
    """Packed data that cannot be unpacked; who reads knows the line."""


def batches_of_lines(path: Path, address: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the first line, lines) for about a MiB at a time. Raises `ImportFault`."""
    number = 1
    rest = b""
    try:
        for block in _blocks(path):
            block = rest + block if rest else block
            cut = block.rfind(b"\n") + 1
            rest = block[cut:]
            if cut:
                lines = _decoded(block[: cut - 1], address, number).split("\n")
                yield number, lines
                number += len(lines)
            if len(rest) > LINE_BYTES:
                raise _Damaged(f"the line is longer than {LINE_BYTES >> 20} MiB; no record is")
    except _Damaged as problem:
        raise ImportFault(address, f"line {number}", str(problem)) from None
    if rest:
        yield number, [_decoded(rest, address, number)]


def text_of(path: Path, address: str, *, limit: int = TEXT_BYTES) -> str:
    """Return a whole file as text, unpacked. Raises `ImportFault`, also beyond `limit` bytes."""
    blocks: list[bytes] = []
    size = 0
    try:
        for block in _blocks(path):
            blocks.append(block)
            size += len(block)
            if size > limit:
                raise _Damaged(f"larger than {limit >> 20} MiB; split it, or give JSON lines")
    except _Damaged as problem:
        raise ImportFault(address, "", str(problem)) from None
    return _decoded(b"".join(blocks), address, 1)


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the plain bytes of a file."""
    packed = path.stat().st_size
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if not zipped:
            while block := raw.read(BATCH_BYTES):
                yield block
            return
        limit = max(UNPACKED_BYTES, packed * RATIO)
        total = 0
        with gzip.GzipFile(fileobj=raw) as file:
            while block := _unpacked(file):
                total += len(block)
                if total > limit:
                    raise _Damaged(
                        f"unpacks to more than {limit >> 20} MiB; unpack it by hand if it is right"
                    )
                yield block


def _unpacked(file: gzip.GzipFile) -> bytes:
    try:
        return file.read(BATCH_BYTES)
    except EOFError:
        raise _Damaged("the gzip data ends too early; fetch the file again") from None
    except (gzip.BadGzipFile, zlib.error):
        raise _Damaged("the gzip data is damaged; fetch the file again") from None


def _decoded(data: bytes, address: str, first_line: int) -> str:
    if first_line == 1 and data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = first_line + data.count(b"\n", 0, problem.start)
        reason = f"byte 0x{data[problem.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ImportFault(address, f"line {line}", reason) from None
