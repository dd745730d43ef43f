"""``python -m planner.pages`` writes the pages that are not what the code says; with ``--check`` it only names them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from planner.pages.written import ROOT, outdated


def main() -> int:
    """Write or name them, and return the exit code: 1 where ``--check`` finds any."""
    parser = ArgumentParser("python -m planner.pages", description="Write the pages that are written from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing, name what is not current, end with 1")
    check = parser.parse_args().check
    if not (ROOT / "docs").is_dir():
        parser.error(f"{ROOT} has no docs: the pages are those of a checkout of the repository")
    names = []
    for name, text in outdated():
        names.append(name)
        if not check:
            (ROOT / name).write_text(text, encoding="utf-8")
        print(f"{name} {'is not what the code says' if check else 'written'}")
    return 1 if check and names else 0


if __name__ == "__main__":
    sys.exit(main())
