"""Catalog folders as one Catalog: read, laid over each other, checked against each other."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from planner.catalog import cache
from planner.catalog.models import (
    Accuracy,
    Catalog,
    Energy,
    Gain,
    LoadShape,
    ModelSize,
    Offer,
    PricePath,
    Row,
    ServingPoint,
    Source,
    System,
    TokenApi,
)
from planner.catalog.precedence import in_force
from planner.catalog.rows import csv_rows, yaml_rows
from planner.catalog.shapes import SHARE_TOLERANCE, level_fault
from planner.document import KeyPath, Node, bytes_of, parse, text_of
from planner.errors import CatalogError, Fault, InputError
from planner.paths import is_folder, names_in, real
from planner.validation import faults_of, nearest

BUILTIN = "builtin"
CSV_FILES: dict[str, type[Row]] = {
    "offers.csv": Offer,
    "token_apis.csv": TokenApi,
    "energy.csv": Energy,
    "accuracy.csv": Accuracy,
    "gains.csv": Gain,
}
# Each YAML file's list of rows, and what else it may hold.
YAML_FILES: dict[str, tuple[str, type[Row], tuple[str, ...]]] = {
    "systems.yaml": ("systems", System, ()),
    "load_shapes.yaml": ("shapes", LoadShape, ("blocks",)),
    "price_paths.yaml": ("paths", PricePath, ()),
    "models.yaml": ("models", ModelSize, ()),
}
SOURCES = "sources.yaml"


@dataclass
class _Content:
    """What one catalog, or several laid over each other, holds."""

    rows: dict[type[Row], dict[tuple[str, ...], Row]] = field(default_factory=dict)
    blocks: dict[str, float] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    # Kinds of which something could not be read: that a name is not among the rest says nothing.
    incomplete: set[type] = field(default_factory=set)

    def lay_over(self, later: _Content) -> None:
        """Take in a later catalog, whose rows replace those with the same key."""
        for model, rows in later.rows.items():
            self.rows.setdefault(model, {}).update(rows)
        self.blocks = later.blocks or self.blocks
        self.sources.update(later.sources)
        self.incomplete |= later.incomplete

    def of(self, model: type[Row]) -> dict[tuple[str, ...], Any]:
        """The rows of a kind by key."""
        return self.rows.get(model, {})


@dataclass
class _Folder:
    """What stands in a catalog's folder: the names of its files, what they hold, and what is wrong with either."""

    shown: str
    names: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def load_catalog(names: Sequence[str], base: Path | None = None) -> Catalog:
    """The catalogs ``names``, later ones over earlier ones: `builtin`, or folders relative to ``base``.

    Raises CatalogError with every fault of every file.
    """
    folders = [_opened(*_folder(name, base)) for name in names]
    if any(folder.faults for folder in folders):
        return _checked(folders)
    key = cache.key_of((folder.shown, folder.files) for folder in folders)
    catalog = cache.find(key)
    if catalog is None:
        catalog = _checked(folders)
        cache.keep(key, catalog)
    return catalog


def _checked(folders: Sequence[_Folder]) -> Catalog:
    """What the files of catalogs say, later ones over earlier ones. Raises CatalogError with every fault."""
    content, faults = _Content(), list[Fault]()
    for folder in folders:
        content.lay_over(_read(folder, faults))
    faults.extend(_check_names(content))
    faults.extend(_check_references(content))
    faults.extend(_check_shapes(content))
    if faults:
        raise CatalogError(faults)
    serving, superseded = in_force(content.of(ServingPoint))
    return Catalog(
        systems=_by_name(content.of(System)),
        offers=content.of(Offer),
        token_apis=content.of(TokenApi),
        serving=serving,
        load_shapes=_by_name(content.of(LoadShape)),
        blocks=content.blocks,
        energy=_by_name(content.of(Energy)),
        price_paths=_by_name(content.of(PricePath)),
        sources=content.sources,
        digest=_digest(content),
        superseded=superseded,
        accuracy=content.of(Accuracy),
        models=_by_name(content.of(ModelSize)),
        gains=content.of(Gain),
    )


def builtin_folder() -> Path:
    """The shipped catalogs: inside the installed package, or beside it in a working copy."""
    package = real(Path(__file__)).parents[1]
    shipped = package / "_catalogs"
    return shipped if is_folder(shipped) else package.parent / "catalogs"


def is_catalog(name: str, base: Path | None = None) -> bool:
    """Whether ``name`` is `builtin` or a folder, relative to ``base``."""
    return is_folder(_folder(name, base)[0])


def _folder(name: str, base: Path | None) -> tuple[Path, str]:
    """A catalog's folder, and how its files are named in faults."""
    if name == BUILTIN:
        return builtin_folder(), BUILTIN
    folder = Path(os.path.normpath((base or Path()) / name))
    return folder, str(folder)


def _opened(folder: Path, shown: str) -> _Folder:
    """The files of a folder, read once: what is kept of them is told apart by the same bytes that it was made of."""
    opened = _Folder(shown)
    for name in _files(folder, shown, opened.faults):
        opened.names.append(name)
        try:
            opened.files[name] = bytes_of(folder / name, f"{shown}/{name}")
        except InputError as error:
            opened.faults.extend(error.faults)
    return opened


def _read(folder: _Folder, faults: list[Fault]) -> _Content:
    content = _Content()
    faults.extend(folder.faults)
    if not folder.names:
        content.incomplete |= {Source, System, LoadShape}
    for name in folder.names:
        before = len(faults)
        if name in folder.files:
            _read_file(content, folder.files[name], f"{folder.shown}/{name}", name, faults)
        if len(faults) > before or name not in folder.files:
            content.incomplete.add(Source if name == SOURCES else _model(name))
    return content


def _model(name: str) -> type[Row]:
    """The kind of row that a file holds."""
    return YAML_FILES[name][1] if name in YAML_FILES else CSV_FILES.get(name, ServingPoint)


def _read_file(content: _Content, given: bytes, file: str, name: str, faults: list[Fault]) -> None:
    """Add what one file holds. What is wrong is added to ``faults``."""
    try:
        text = text_of(given, file)
    except InputError as error:
        faults.extend(error.faults)
        return
    if name == SOURCES:
        content.sources = _sources(_sections(text, file, ("sources",), faults), faults)
    elif name in YAML_FILES:
        section, model, others = YAML_FILES[name]
        nodes = _sections(text, file, (section, *others), faults)
        if section in nodes:
            _add(content, model, yaml_rows(nodes[section], model, faults), faults)
        if "blocks" in nodes:
            content.blocks = _blocks(nodes["blocks"], faults)
    else:
        _add(content, _model(name), csv_rows(text, file, _model(name), faults), faults)


def _files(folder: Path, shown: str, faults: list[Fault]) -> list[str]:
    """The catalog files of a folder, by name. A table under an unknown name is a fault: it would be ignored."""
    if not is_folder(folder):
        faults.append(Fault(shown, 0, "", "no such catalog folder; write builtin or the path of a folder"))
        return []
    known = [*CSV_FILES, *YAML_FILES, SOURCES]
    tables = [name for name in names_in(folder) if name.endswith((".csv", ".yaml", ".yml"))]
    faults.extend(
        Fault(f"{shown}/{name}", 0, "", f"no catalog file has this name{nearest(name, known)}")
        for name in sorted(set(tables) - set(known))
    )
    serving = [f"serving/{name}" for name in names_in(folder / "serving") if name.endswith(".csv")]
    found = [name for name in known if name in tables] + serving
    if not found:
        faults.append(Fault(shown, 0, "", f"this folder holds no catalog file, such as {known[0]}"))
    return found


def _sections(text: str, file: str, known: tuple[str, ...], faults: list[Fault]) -> dict[str, Node]:
    """The named parts of a YAML file; any other is a fault."""
    root, wrong = parse(text, file)
    faults.extend(wrong)
    if root is None and not wrong:
        faults.append(Fault(file, 0, "", f"this file is empty; it has to hold {known[0]}"))
    if root is None:
        return {}
    if not isinstance(root.value, dict):
        faults.append(Fault(file, root.line, "", f"expected a mapping that begins with {known[0]}:"))
        return {}
    for key, node in root.value.items():
        if key not in known:
            faults.append(Fault(file, node.line, str(key), f"unknown field{nearest(key, known)}"))
    return {key: node for key, node in root.value.items() if key in known}


def _add(content: _Content, model: type[Row], rows: Iterable[Row], faults: list[Fault]) -> None:
    """Add rows of one catalog, in which a key may occur once."""
    own = content.rows.setdefault(model, {})
    for row in rows:
        key: tuple[str, ...] = row.key  # type: ignore[attr-defined]
        first = own.setdefault(key, row)
        if first is not row:
            where = f"line {first.line}" if first.file == row.file else f"{first.file}:{first.line}"
            name = "/".join(part for part in key if part)
            faults.append(Fault(row.file, row.line, "", f"{name} is already on {where}; one of them has to go"))


def _blocks(node: Node, faults: list[Fault]) -> dict[str, float]:
    """The catalog's partition of the hours, whose shares add up to 1."""
    shares = node.plain()
    if not isinstance(shares, dict) or not all(
        isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1 for share in shares.values()
    ):
        faults.append(Fault(node.file, node.line, "blocks", "expected a share of the hours, 0 to 1, by block"))
        return {}
    if abs(sum(shares.values()) - 1) > SHARE_TOLERANCE:
        message = f"the shares add up to {sum(shares.values()):.10g}, not 1"
        faults.append(Fault(node.file, node.line, "blocks", message))
    return {str(block): float(share) for block, share in shares.items()}


def _sources(nodes: Mapping[str, Node], faults: list[Fault]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    section = nodes.get("sources")
    if section is None:
        return found
    if not isinstance(section.value, dict):
        faults.append(Fault(section.file, section.line, "sources", "expected a mapping of ids to sources"))
        return found
    for name, node in section.value.items():
        given = node.plain()
        try:
            found[str(name)] = Source.model_validate(given)
        except ValidationError as error:
            faults.extend(faults_of(error, Source, given, partial(_source_fault, node, str(name))))
    return found


def _source_fault(node: Node, name: str, path: KeyPath, message: str) -> Fault:
    return Fault(node.file, node.nearest(path).line, ".".join(["sources", name, *map(str, path)]), message)


def _check_names(content: _Content) -> Iterator[Fault]:
    """No two rows are called the same: a `/` in a name of one may say what two names of another do."""
    for model in (Offer, TokenApi, ServingPoint):
        named: dict[str, Any] = {}
        for row in content.of(model).values():
            # Points of different models are never told apart by name alone.
            name = f"{row.model} {row.name}" if model is ServingPoint else row.name
            first = named.setdefault(name, row)
            if first is not row:
                message = f"{row.name} is also what {first.file}:{first.line} is called; rename one of them"
                yield Fault(row.file, row.line, "", message)


def _check_references(content: _Content) -> Iterator[Fault]:
    """Every row's sources exist, and so does the system it is about."""
    systems = [key[0] for key in content.of(System)]
    for rows in content.rows.values():
        for row in rows.values():
            for source in row.source:
                if source not in content.sources and Source not in content.incomplete:
                    message = f"unknown source '{source}'{nearest(source, content.sources)}"
                    yield Fault(row.file, row.line, "source", message)
            if System in content.incomplete or not isinstance(row, Offer | ServingPoint):
                continue
            if row.system not in systems:
                yield Fault(
                    row.file, row.line, "system", f"unknown system '{row.system}'{nearest(row.system, systems)}"
                )


def _check_shapes(content: _Content) -> Iterator[Fault]:
    """Every load shape has a level for each block of the catalog, and its mean is 1."""
    if LoadShape in content.incomplete:
        return
    for shape in content.of(LoadShape).values():
        message = level_fault(shape.level, content.blocks)
        if message:
            yield Fault(shape.file, shape.line, f"{shape.name}.level", message)


def _by_name(rows: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    return {key[0]: row for key, row in rows.items()}


def _digest(content: _Content) -> str:
    """Sixteen hexadecimal digits of all that the rows say, whatever their order and files."""
    lines = [f"{model.__name__} {_canonical(row)}" for model, rows in content.rows.items() for row in rows.values()]
    lines += [f"Source {name} {_canonical(source)}" for name, source in content.sources.items()]
    lines.append(f"blocks {json.dumps(content.blocks, sort_keys=True)}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def _canonical(row: BaseModel) -> str:
    text = row.model_dump_json()
    # Only a mapping inside a row, which few have, can come in another order than the model's; sorting all is slow.
    return text if text.count("{") == 1 else json.dumps(json.loads(text), sort_keys=True)
