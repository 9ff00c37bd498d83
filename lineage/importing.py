"""What an importer is, how it is found, how a file finds its importer, and `read`.

An importer is two functions in a module of its own::

    def sniff(path: Path, head: bytes) -> bool       # a cheap look: is this file mine?
    def read(path: Path, source: Source) -> Claims   # what the file says, each row with its place

Packages announce theirs under the entry point group `lineage.importers`; the entry point is a table of
strings (name -> "module:read", "module:sniff", suffixes, title, extra), so that listing formats imports no
importer.
"""

import hashlib
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lineage.claims import Claims, ClaimsBuilder, Source
from lineage.errors import ImportFault, InputError, LineageError, MissingExtra, UnknownFormat, did_you_mean

if TYPE_CHECKING:
    from lineage.graph import Graph

__all__ = ["GROUP", "HEAD_BYTES", "Importer", "Progress", "head_of", "importers", "read", "read_claims"]

GROUP: Final = "lineage.importers"
HEAD_BYTES: Final = 8192
GZIP_MAGIC: Final = b"\x1f\x8b"

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """A format that can be read. `read` and `sniff` are "module:function", loaded when first used.

    `suffixes` are the endings of file names worth a look (lower case; none: all); `extra` is the optional
    dependency group its module needs; a `generic` format (any table with fitting columns) steps back where a
    specific one recognises the file; `origin` is the entry point that announced it.
    """

    name: str
    read: str
    sniff: str
    suffixes: tuple[str, ...] = ()
    title: str = ""
    extra: str | None = None
    generic: bool = False
    origin: str = ""

    def fits(self, path: Path) -> bool:
        """Say whether the file name has one of the suffixes.

        >>> Importer(name="x", read="m:read", sniff="m:sniff", suffixes=(".json",)).fits(Path("a.JSON"))
        True
        """
        return not self.suffixes or path.name.lower().endswith(self.suffixes)

    def recognises(self, path: Path, head: bytes) -> bool:
        """Ask the importer whether the file is its own. Raises `UnknownFormat` or `MissingExtra`."""
        return bool(self._function(self.sniff)(path, head))

    def claims(self, path: Path, source: Source) -> Claims:
        """Read a file. Raises `ImportFault` if it breaks its format or cannot be opened."""
        reader = self._function(self.read)
        try:
            claims: Claims = reader(path, source)
        except LineageError:
            raise  # StoreError and MissingExtra are OSError and ImportError too
        except OSError as problem:
            raise ImportFault(source.address, "", _reason(problem)) from problem
        return claims

    def _function(self, address: str) -> Callable[..., Any]:
        module, _, name = address.partition(":")
        try:
            function: Callable[..., Any] = getattr(import_module(module), name)
        except ImportError as problem:
            if self.extra:
                raise MissingExtra(f"reading {self.title or self.name}", self.extra) from problem
            raise UnknownFormat(self._broken(address, problem)) from problem
        except Exception as problem:  # a stranger's module may raise anything at import
            raise UnknownFormat(self._broken(address, problem)) from problem
        return function

    def _broken(self, address: str, problem: Exception) -> str:
        return (
            f"importer {self.name!r} of entry point {self.origin or '?'} cannot load {address}: {problem}; "
            "repair or uninstall the package that brings it"
        )


# -- discovery ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Registry:
    """Importers by name, and what is wrong with entry points that could not be used."""

    found: dict[str, Importer] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def named(self, name: str) -> Importer:
        """Return an importer by the name people type after --as."""
        if name in self.found:
            return self.found[name]
        hint = did_you_mean(name, list(self.found))
        raise UnknownFormat(f"no format {name!r}{hint}; known formats: {self.names}{self.notes}")

    @cached_property
    def names(self) -> str:
        return ", ".join(sorted(self.found)) or "none"

    @property
    def notes(self) -> str:
        return "".join(f"\n{note}" for note in self.broken)


def importers() -> dict[str, Importer]:
    """Return every importer that can be used, by name, sorted; nothing but tables of strings is imported."""
    return dict(sorted(_discover().found.items()))


def _discover() -> _Registry:
    registry = _Registry()
    points = set(entry_points(group=GROUP))
    for point in sorted(points, key=lambda point: (point.name != "builtin", point.name, point.value)):
        _register(registry, point)
    return registry


def _register(registry: _Registry, point: EntryPoint) -> None:
    """Take over one entry point; a broken one becomes a note that is printed where it may be the reason."""
    try:
        table = point.load()
        specs = {name: _importer(name, spec, point) for name, spec in table.items()}
    except Exception as problem:  # a stranger's module may raise anything at import
        reason = f"{type(problem).__name__}: {problem}"
        registry.broken.append(f"entry point {point.name} = {point.value} is broken and left out: {reason}")
        return
    for name, importer in specs.items():
        if name in registry.found:
            first = registry.found[name].origin
            registry.broken.append(f"entry point {point.name} names {name!r} again; that of {first} is used")
        else:
            registry.found[name] = importer


def _importer(name: str, spec: Mapping[str, Any], point: EntryPoint) -> Importer:
    known = ("read", "sniff", "suffixes", "title", "extra", "generic")
    for key in spec:
        if key not in known:
            raise ValueError(f"{name!r} has an unknown key {key!r}{did_you_mean(key, known)}")
    for key in ("read", "sniff"):
        if ":" not in str(spec.get(key, "")):
            raise ValueError(f"{name!r} needs {key!r} as 'module:function'")
    suffixes = tuple(str(item).lower() for item in spec.get("suffixes", ()))
    return Importer(
        name=name,
        read=str(spec["read"]),
        sniff=str(spec["sniff"]),
        suffixes=suffixes,
        title=str(spec.get("title", "")),
        extra=spec.get("extra"),
        generic=bool(spec.get("generic", False)),
        origin=point.name,
    )


# -- sniffing ----------------------------------------------------------------------------------------------


def head_of(path: Path) -> bytes:
    """Return the first 8 KiB of a file, unpacked if it is gzipped. Raises `ImportFault`."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if not head.startswith(GZIP_MAGIC):
                return head
            head += file.read(HEAD_BYTES)
    except OSError as problem:
        raise ImportFault(_text(path), "", _reason(problem)) from problem
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
    except zlib.error:
        raise ImportFault(_text(path), "", "the gzip data is damaged; fetch the file again") from None


def _recognised(path: Path, registry: _Registry) -> list[Importer]:
    """Return the importers that claim a file; one that cannot be asked counts only if no other claims it."""
    head = head_of(path)
    hits: list[Importer] = []
    unasked: LineageError | None = None
    for importer in registry.found.values():
        if not importer.fits(path):
            continue
        try:
            if importer.recognises(path, head):
                hits.append(importer)
        except (MissingExtra, UnknownFormat) as problem:
            unasked = problem
    if unasked is not None and not hits:
        raise unasked
    return [item for item in hits if not item.generic] or hits


def _only(path: Path, hits: list[Importer], registry: _Registry) -> Importer:
    if len(hits) == 1:
        return hits[0]
    if hits:
        both = " and ".join(sorted(item.name for item in hits))
        raise UnknownFormat(f"{_text(path)}: {both} both recognise this file; say which with --as")
    raise UnknownFormat(
        f"{_text(path)}: no importer recognises this file; say what it is with --as "
        f"(known formats: {registry.names}){registry.notes}"
    )


# -- reading -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Root:
    """What the user asked to load: a file, or a folder with its files and what was passed over in it."""

    path: Path
    files: tuple[Path, ...]
    is_folder: bool = False
    links: tuple[Path, ...] = ()

    def source(self, path: Path, format: str = "") -> Source:
        """Return the source row of a file; the digest is of its bytes as they lie on disk."""
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as problem:
            raise ImportFault(_text(path), "", _reason(problem)) from problem
        return Source(address=_text(path), root=_text(self.path), format=format, sha256=digest)


@dataclass
class _Reading:
    """One call of `read_claims`: its options, and the files it has seen."""

    registry: _Registry
    chosen: Importer | None
    keep_going: bool
    seen: set[Path] = field(default_factory=set)

    def part(self, root: _Root, path: Path) -> tuple[Claims, bool]:
        """Return what a file says, and whether it was read; what was not read says why as a finding."""
        if path in self.seen:
            return _passed_over(root, path, "given twice; read once", "repeated-record"), True
        self.seen.add(path)
        try:
            importer = self._importer(root, path)
            if importer is None:
                return _passed_over(root, path, "no importer recognises it; left out"), False
            return importer.claims(path, root.source(path, importer.name)), True
        except (ImportFault, UnknownFormat) as problem:
            if not (self.keep_going and root.is_folder):
                raise
            return _passed_over(root, path, str(problem)), False

    def _importer(self, root: _Root, path: Path) -> Importer | None:
        if self.chosen is not None:
            if not root.is_folder:
                return self.chosen
            mine = self.chosen.fits(path) and self.chosen.recognises(path, head_of(path))
            return self.chosen if mine else None
        hits = _recognised(path, self.registry)
        if not hits and root.is_folder:
            return None
        return _only(path, hits, self.registry)


def read_claims(
    *sources: str | Path,
    format: str | None = None,
    keep_going: bool = False,
    progress: Progress | None = None,
) -> Claims:
    """Read files and folders into claims, one part per file, in the order given (folders sorted by path).

    Every file is offered to each importer whose suffixes fit; `format` names the importer instead (in a
    folder it still looks before it reads). Within a folder, hidden files are passed over; files that nobody
    recognises, or that a link would take from outside the folder, become the finding `skipped-file`. With
    `keep_going` a file in a folder that cannot be read does too. `progress` is called with (files done, files
    in all, file name).

    Raises `InputError` (no such path), `UnknownFormat` (nobody, or more than one, recognises a file; nothing
    to read in a folder), `ImportFault` (a file breaks its format), `MissingExtra`.
    """
    registry = _discover()
    chosen = registry.named(format) if format is not None else None
    reading = _Reading(registry, chosen, keep_going)
    roots = [_root(item) for item in sources]
    total = sum(len(root.files) for root in roots)
    done = 0
    parts: list[Claims] = []
    for root in roots:
        read_any = False
        for path in root.files:
            part, was_read = reading.part(root, path)
            parts.append(part)
            read_any = read_any or was_read
            done += 1
            if progress is not None:
                progress(done, total, path.name)
        parts += [_passed_over(root, path, "a link out of the folder; left out") for path in root.links]
        if root.is_folder and not read_any:
            raise UnknownFormat(
                f"{_text(root.path)}: no file in this folder is in a known format, or none could be read "
                f"(known formats: {registry.names}){registry.notes}"
            )
    return Claims.concat(parts) if parts else Claims.empty()


def read(*sources: str | Path, format: str | None = None, keep_going: bool = False) -> "Graph":
    """Read files and folders into one resolved graph. Options and errors as in `read_claims`."""
    from lineage.graph import resolve

    graph, _ = resolve(read_claims(*sources, format=format, keep_going=keep_going))
    return graph


def _passed_over(root: _Root, path: Path, reason: str, code: str = "skipped-file") -> Claims:
    """Return claims that say nothing but why; their source row lets a second load replace the finding."""
    address = _text(path)
    build = ClaimsBuilder(Source(address=address, root=_text(root.path)))
    build.finding(code, address, reason)
    return build.done()


def _root(item: str | Path) -> _Root:
    """Look at what was given. Raises `InputError` if there is nothing to read."""
    try:
        path = Path(item).resolve(strict=True)
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise InputError(f"{_text(item)}: no such file or folder; check the spelling") from None
    except (OSError, ValueError) as problem:
        raise InputError(f"{_text(item)}: {_reason(problem)}; give a file or folder you may read") from None
    if stat.S_ISDIR(mode):
        return _folder(path)
    if not stat.S_ISREG(mode):
        raise InputError(f"{_text(item)}: not a file or a folder; give a file or folder you may read")
    return _Root(path, (path,))


def _folder(root: Path) -> _Root:
    files: list[Path] = []
    links: list[Path] = []
    for path in sorted(_walk(root)):
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            links.append(path)
        elif path.is_file():
            files.append(path)
    return _Root(root, tuple(files), True, tuple(links))


def _walk(root: Path) -> Iterator[Path]:
    """Yield the files of a folder and the links in it; enter no linked folder, pass over hidden names."""

    def refuse(problem: OSError) -> None:
        raise ImportFault(_text(problem.filename or root), "", _reason(problem))

    for folder, names, files in os.walk(root, onerror=refuse):
        names[:] = [name for name in names if not name.startswith(".")]
        yield from (Path(folder, name) for name in names if Path(folder, name).is_symlink())
        yield from (Path(folder, name) for name in files if not name.startswith("."))


def _reason(problem: Exception) -> str:
    """Say what the system refused, without numbers that mean nothing to a reader."""
    if isinstance(problem, OSError) and problem.strerror:
        return f"cannot be read: {problem.strerror.lower()}"
    return f"cannot be read: {problem}"


def _text(path: str | Path) -> str:
    """Return a path as text that every table can hold, whatever bytes the file name is made of."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
