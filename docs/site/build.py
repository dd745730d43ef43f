"""The documentation as a site: ``python docs/site/build.py`` writes it to ``build/site``, to be opened from there.

The pages are laid out as the site wants them, in ``build/pages``: the repository's own pages among them, links that
leave docs/ led to copies of the files, and fences without the words that say how to test them. Zensical makes the site
of those.

Why Zensical: Material for MkDocs, which this site was made with, ends in May 2027, MkDocs itself has had no version
since 2024, and Zensical is what the authors of Material make instead. It builds without a network in two seconds,
checks links and anchors, and is eleven packages; MkDocs with Material is 29. Sphinx with Furo and MyST is older, but 33
packages and another dialect of Markdown; ProperDocs carries MkDocs on, without a theme whose search is as good.
Zensical is young, so its version is bounded, and the pages stay plain Markdown that any of them reads.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONFIG = DOCS / "site" / "zensical.toml"
WORKER = "iframe-worker.js"
BESIDE = (WORKER, "site.css")
# The pages at the repository's root, and what they are called in the site.
OWN = {f"{name}.md": f"{name}.md".lower() for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")}
OWN["CODE_OF_CONDUCT.md"] = "code-of-conduct.md"
FENCE = re.compile(r"^```.*?^```$", flags=re.M | re.S)
LINK = re.compile(r"(?<=\]\()[^)\s]+(?=\))")


def lay_out(folder: Path) -> Path:
    """Write the pages and the files they link to into ``folder``, and the configuration beside them; return that."""
    pages = folder / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(DOCS, pages, ignore=shutil.ignore_patterns("site", "*.md"))
    sources = {page.name: page.read_text(encoding="utf-8") for page in DOCS.glob("*.md")}
    sources |= {name: _as_in_docs((ROOT / path).read_text(encoding="utf-8")) for path, name in OWN.items()}
    for name, text in sources.items():
        (pages / name).write_text(for_the_site(text), encoding="utf-8")
    for path in {path for text in sources.values() for path in _outside(text)} - set(OWN):
        copy = pages / "repository" / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, copy)
    for name in BESIDE:
        shutil.copy(CONFIG.with_name(name), pages)
    return Path(shutil.copy(CONFIG, folder))


def for_the_site(markdown: str) -> str:
    """``markdown`` with links out of docs/ led to those files, and of a fence's info string the language alone."""
    text = _outside_fences(markdown, lambda prose: LINK.sub(lambda link: _in_the_site(link[0]), prose))
    return re.sub(r"^```(\w+) .+$", r"```\1", text, flags=re.M)


def _as_in_docs(markdown: str) -> str:
    """A page of the repository's root with the links that it would have in docs/."""

    def led(link: str) -> str:
        if link.startswith("#") or re.match(r"[a-z]+:", link):
            return link
        return link.removeprefix("docs/") if link.startswith("docs/") else f"../{link}"

    return _outside_fences(markdown, lambda prose: LINK.sub(lambda link: led(link[0]), prose))


def _outside(markdown: str) -> set[str]:
    """Paths from the repository's root that a page of docs/ links to outside docs/."""
    links = (link.partition("#")[0] for link in LINK.findall(FENCE.sub("", markdown)))
    return {link.removeprefix("../") for link in links if link.startswith("../")}


def _in_the_site(link: str) -> str:
    if not link.startswith("../"):
        return link
    path, hash_, anchor = link.removeprefix("../").partition("#")
    return OWN.get(path, posixpath.join("repository", path)) + hash_ + anchor


def _outside_fences(markdown: str, change: Callable[[str], str]) -> str:
    """``markdown`` with ``change`` made to what stands between its fences."""
    fences = FENCE.findall(markdown)
    prose = [change(part) for part in FENCE.split(markdown)]
    return prose[0] + "".join(fence + part for fence, part in zip(fences, prose[1:], strict=True))


def build(folder: Path) -> int:
    """Build the site in ``folder / "site"``, and return the exit code: 0 unless something is wrong with a page."""
    folder.mkdir(parents=True, exist_ok=True)
    site = folder / "site"
    shutil.rmtree(site, ignore_errors=True)
    config = lay_out(folder)
    code = subprocess.call([sys.executable, "-m", "zensical", "build", "--clean", "--strict", "-f", str(config)])
    for page in site.glob("*.html"):
        # Zensical has pages fetch what lets the search run from a folder; ours brings it along.
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub(r'src="[^"]*/iframe-worker/[^"]*"', f'src="{WORKER}"', text), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build"))
