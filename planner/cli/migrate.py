"""``plan migrate``: what it writes where, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import TextWrapper

from planner.cli.options import MigrateOptions
from planner.document import parse
from planner.errors import InputError
from planner.paths import is_file, is_there, read_bytes, real
from planner.render.console import WIDTH
from planner.render.files import check_file
from planner.render.hints import hint
from planner.scenario.migrate import Change, Migrated, migrated, names_elsewhere
from planner.scenario.versions import NEWEST, OLDEST, WHY, in_words
from planner.schema.published import schema_name, schema_text
from planner.studies.command import Outcome

BOM = b"\xef\xbb\xbf"


def rewritten(options: MigrateOptions) -> Outcome:
    """Every file that is named, and what it extends, as it should be; nothing is written where one cannot be."""
    if "-" in options.files:
        raise InputError("plan migrate rewrites files, and standard input is none; name a file")
    if options.output is not None and len(options.files) > 1:
        raise InputError("--output takes one file; leave it out to rewrite each in its place")
    known: dict[Path, Migrated] = {}
    for name in options.files:
        found = migrated(Path(name), keep=options.keep, known=known)
        known |= {real(file.path): file for file in found.chain}
    if options.output is not None:
        return _elsewhere(found, options.output)
    files = [one for file in known.values() for one in _files(file)]
    for target, _ in files:
        check_file(Path(target), "migrate")
    return Outcome(files=files, text=_text(line for file in known.values() for line in _told(file)))


def _elsewhere(found: Migrated, output: str) -> Outcome:
    """One file written somewhere else than in its place."""
    others = [file.shown for file in found.chain[:-1] if file.text is not None]
    if others:
        raise InputError(
            f"--output writes one file, and {found.shown} extends {others[-1]}, which is of version {OLDEST} too; "
            f"without it {hint('migrate', found.shown)} rewrites both"
        )
    text = _text(_told(found, output))
    if found.text is None:
        return Outcome(text=text)
    if output == "-":
        return Outcome(files=[("-", found.text)], message=text.rstrip("\n"))
    check_file(Path(output), "--output")
    root, _ = parse(found.text, found.shown)
    named = names_elsewhere(root) if root is not None else []
    if named and real(Path(output).parent) != real(found.path.parent):
        raise InputError(
            f"--output {output}: {found.shown} names {', '.join(named)} from its own folder; write it into "
            f"{found.path.parent}"
        )
    return Outcome(files=[(output, _bytes(found))], text=text)


def _files(file: Migrated) -> Iterator[tuple[str, bytes]]:
    """A file that changes, and the schema that it names then, beside the one that it named."""
    if file.text is None:
        return
    if file.schema is not None:
        folder = file.path.parent / file.schema
        old, new = (folder / schema_name("scenario", version) for version in (OLDEST, NEWEST))
        if is_file(old) and not is_there(new):
            yield str(new), schema_text("scenario", NEWEST).encode()
    yield str(real(file.path)), _bytes(file)


def _bytes(file: Migrated) -> bytes:
    assert file.text is not None
    mark = BOM if read_bytes(file.path).startswith(BOM) else b""
    return mark + file.text.encode()


def _text(lines: Iterable[str]) -> str:
    """Lines no wider than a report."""
    wrapped = TextWrapper(WIDTH, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)
    return "".join(f"{wrapped.fill(line)}\n" for line in lines)


def _told(file: Migrated, output: str | None = None) -> Iterator[str]:
    if file.was == NEWEST:
        of = "" if file.base is None or file.states_version else f", as {file.base.shown} is, which it extends"
        done = "nothing is changed" if file.text is None else "only the line that names its schema is changed"
        yield f"{file.shown}: of version {NEWEST} already{of}; {done}"
        return
    place = f" as {output}" if output not in (None, "-") else ""
    meaning = "what it leaves unsaid means something else:" if file.changes else "every field means what it did"
    yield f"{file.shown}: of version {NEWEST} now{place}; {meaning}"
    yield from (f"  {_sentence(change)}" for change in file.changes)


def _sentence(change: Change) -> str:
    """``whole_replicas of chat, agents: false → true, because …``."""
    field = ".".join(change.path)
    if "*" in change.path:
        names = ", ".join(name.removeprefix(f"{change.path[0]}.") for name in change.names)
        field = f"{change.path[-1]} of {names}"
    why = f": {WHY[change.path]}" if change.path in WHY else ""
    return f"{field} {in_words(change.old)} → {in_words(change.new)}{why}"
