"""LibreOffice without a screen: what a workbook's formulas come to in another program than the one that wrote them."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

# Every sheet as a CSV file of its own: comma, quotes, UTF-8, all digits rather than what the cell shows.
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
RECALCULATE_ALWAYS = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
           xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
WRONG = "12345"

Sheets = dict[str, list[list[str]]]


@pytest.fixture(scope="session")
def recalculated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], Sheets]:
    """The cells of a workbook, by sheet, after LibreOffice computed every formula anew.

    Skips where there is no LibreOffice, and fails there on a machine that sets CI.
    """
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        reason = "LibreOffice is not installed (Debian: libreoffice-calc-nogui), so no formula was recomputed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    profile = tmp_path_factory.mktemp("office")
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(RECALCULATE_ALWAYS, encoding="utf-8")

    def open_with_office(workbook: bytes) -> Sheets:
        folder = tmp_path_factory.mktemp("book")
        (folder / "book.xlsx").write_bytes(poisoned(workbook))
        subprocess.run(
            [program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", EVERY_SHEET,
             "--outdir", str(folder), str(folder / "book.xlsx")],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        return {path.stem.removeprefix("book-"): _cells(path) for path in sorted(folder.glob("book-*.csv"))}

    return open_with_office


def poisoned(workbook: bytes) -> bytes:
    """The workbook with a wrong figure cached for every formula: whoever shows the right one has computed it."""
    return edited(workbook, lambda text: re.sub(r"(</f>)<v>[^<]*</v>", rf"\1<v>{WRONG}</v>", text))


def edited(workbook: bytes, change: Callable[[str], str], part: str = "xl/worksheets/") -> bytes:
    """The workbook with the XML of its sheets (or of another part) changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content.decode()).encode() if name.startswith(part) else content)
    return buffer.getvalue()


def _cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
