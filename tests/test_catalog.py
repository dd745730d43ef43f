"""The shipped catalogs: every row with source, date and evidence; and how catalogs are laid over each other."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from planner.catalog import Catalog, load_catalog
from planner.catalog import load as loader
from planner.catalog.models import Row
from planner.errors import CatalogError

FOLDER = loader.builtin_folder()
TABLES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.csv"))
LISTS = {
    "systems.yaml": "systems",
    "load_shapes.yaml": "shapes",
    "price_paths.yaml": "paths",
    "models.yaml": "models",
}
PROVENANCE = ("source", "as_of", "evidence")


@pytest.fixture(scope="module")
def builtin() -> Catalog:
    return load_catalog(["builtin"])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "copy"))


def rows(catalog: Catalog) -> list[Row]:
    kinds = [getattr(catalog, field.name) for field in dataclasses.fields(catalog)]
    return [row for kind in kinds if isinstance(kind, dict) for row in kind.values() if isinstance(row, Row)]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_csv(path: Path, table: list[dict[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    path.write_text(text.getvalue(), encoding="utf-8")


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


def write_yaml(path: Path, value: Any) -> None:
    YAML(typ="safe", pure=True).dump(value, path)


def test_every_file_is_read(builtin: Catalog) -> None:
    assert TABLES
    in_files = sum(len(read_csv(FOLDER / name)) for name in TABLES)
    in_files += sum(len(read_yaml(FOLDER / name)[section]) for name, section in LISTS.items())
    assert len(rows(builtin)) == in_files
    assert set(builtin.sources) == set(read_yaml(FOLDER / "sources.yaml")["sources"])
    assert builtin.blocks == read_yaml(FOLDER / "load_shapes.yaml")["blocks"]


def test_every_row_has_source_date_and_evidence(builtin: Catalog) -> None:
    for row in rows(builtin):
        assert row.source, row
        assert set(row.source) <= set(builtin.sources), row
        assert row.as_of.year >= 2020, row
        assert row.evidence in ("measured", "independent", "vendor", "predicted", "estimate"), row


def test_every_row_knows_its_line(builtin: Catalog) -> None:
    for offer in builtin.offers.values():
        line = (FOLDER / "offers.csv").read_text().split("\n")[offer.line - 1]
        assert offer.file == "builtin/offers.csv"
        assert line.startswith(f"{offer.provider},{offer.region},{offer.system},{offer.kind}")
    for system in builtin.systems.values():
        assert system.system in (FOLDER / "systems.yaml").read_text().split("\n")[system.line - 1]


@pytest.mark.files
@pytest.mark.parametrize("field", PROVENANCE)
@pytest.mark.parametrize("name", TABLES)
def test_a_row_of_a_table_without_provenance_is_refused(copy: Path, name: str, field: str) -> None:
    table = read_csv(copy / name)
    table[0][field] = ""
    write_csv(copy / name, table)
    with pytest.raises(CatalogError) as refused:
        load_catalog([str(copy)])
    (fault,) = refused.value.faults
    assert (fault.file, fault.line, fault.field) == (f"{copy}/{name}", 2, field)
    assert fault.message.startswith("this field is missing (")


@pytest.mark.files
@pytest.mark.parametrize("field", PROVENANCE)
@pytest.mark.parametrize("name", LISTS)
def test_a_row_of_a_list_without_provenance_is_refused(copy: Path, name: str, field: str) -> None:
    value = read_yaml(copy / name)
    del value[LISTS[name]][0][field]
    write_yaml(copy / name, value)
    with pytest.raises(CatalogError) as refused:
        load_catalog([str(copy)])
    (fault,) = refused.value.faults
    assert (fault.file, fault.field) == (f"{copy}/{name}", field)
    assert fault.message.startswith("this field is missing (")


@pytest.mark.parametrize(
    "field", ["title", *(pytest.param(name, marks=pytest.mark.slow) for name in ("publisher", "address", "read"))]
)
def test_a_source_without_its_particulars_is_refused(copy: Path, field: str) -> None:
    value = read_yaml(copy / "sources.yaml")
    name = next(iter(value["sources"]))
    del value["sources"][name][field]
    write_yaml(copy / "sources.yaml", value)
    with pytest.raises(CatalogError) as refused:
        load_catalog([str(copy)])
    (fault,) = refused.value.faults
    assert (fault.file, fault.field) == (f"{copy}/sources.yaml", f"sources.{name}.{field}")


@pytest.mark.files
def test_the_digest_knows_neither_folder_nor_order(builtin: Catalog, copy: Path) -> None:
    for name in TABLES:
        write_csv(copy / name, read_csv(copy / name)[::-1])
    for name, section in LISTS.items():
        value = read_yaml(copy / name)
        write_yaml(copy / name, value | {section: value[section][::-1]})
    assert load_catalog([str(copy)]).digest == builtin.digest


def test_the_digest_knows_every_figure(builtin: Catalog, copy: Path) -> None:
    table = read_csv(copy / "offers.csv")
    table[0]["usd_per_gpu_hour"] = str(float(table[0]["usd_per_gpu_hour"]) + 0.01)
    write_csv(copy / "offers.csv", table)
    assert load_catalog([str(copy)]).digest != builtin.digest


def test_a_later_catalog_replaces_rows_with_the_same_key(builtin: Catalog, tmp_path: Path) -> None:
    offer = next(offer for offer in builtin.offers.values() if offer.kind == "on_demand")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "offers.csv").write_text(
        "provider,region,system,kind,usd_per_gpu_hour,lot_gpus,source,as_of,evidence\n"
        f"{offer.provider},{offer.region},{offer.system},on_demand,1.5,8,quote,2026-12,measured\n"
    )
    (tmp_path / "mine" / "sources.yaml").write_text(
        "sources:\n  quote: {title: A quote, publisher: Sales, address: by mail, read: 2026-12-01}\n"
    )
    both = load_catalog(["builtin", "mine"], tmp_path)
    assert both.offers[offer.key].usd_per_gpu_hour == 1.5
    assert both.offers[offer.key].file == f"{tmp_path}/mine/offers.csv"
    assert both.offers.keys() == builtin.offers.keys()
    assert both.serving == builtin.serving
    assert both.digest != builtin.digest
    assert load_catalog(["mine", "builtin"], tmp_path).offers[offer.key] == offer


def test_an_installed_package_brings_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "planner"
    monkeypatch.setattr(loader, "__file__", str(package / "catalog" / "load.py"))
    assert loader.builtin_folder() == tmp_path / "catalogs"
    (package / "_catalogs").mkdir(parents=True)
    assert loader.builtin_folder() == package / "_catalogs"


def test_a_catalog_is_plain_text_with_any_line_ends(builtin: Catalog, copy: Path) -> None:
    for name in TABLES:
        text = (copy / name).read_text(encoding="utf-8")
        (copy / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_catalog([str(copy)]).digest == builtin.digest


def test_measured_load_shapes_rank_their_hours_about_a_mean_of_one(builtin: Catalog) -> None:
    measured = [shape for shape in builtin.load_shapes.values() if shape.evidence == "independent"]
    assert [shape.name for shape in measured] == list(builtin.load_shapes)[: len(measured)]
    assert len(measured) == 5
    assert {"office", "steady", "flat"} < set(builtin.load_shapes)
    for shape in measured:
        assert sum(share * shape.level[block] for block, share in builtin.blocks.items()) == pytest.approx(1, abs=1e-12)
        levels = list(shape.level.values())
        assert levels == sorted(levels, reverse=True)
        # The busiest ten minutes, of which the note tells, are above the mean of the busiest twentieth of the time.
        told = re.search(r"busiest window (\d\.\d\d) times the mean", shape.note)
        assert told is not None
        assert shape.level["surge"] < float(told[1])
