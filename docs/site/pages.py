"""What the site reads differently from the repository: links that leave docs/, and fences that say how to test them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
README = "readme.md"
FENCE = re.compile(r"^```.*?^```$", flags=re.M | re.S)
LINK = re.compile(r"(?<=\]\()[^)\s]+(?=\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take the README in as a page, and the files of the repository that pages link to as files beside them."""
    files.append(File.generated(config, README, content=_readme()))
    linked = {path for page in files.documentation_pages() for path in _outside(page.content_string)}
    for path in sorted(linked - {"README.md"}):
        files.append(File.generated(config, f"repository/{path}", abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links out of docs/ to those files; leave of a fence's info string the language alone."""
    text = _outside_fences(markdown, lambda prose: LINK.sub(lambda link: _in_the_site(link[0]), prose))
    return re.sub(r"^```(\w+) .+$", r"```\1", text, flags=re.M)


def _readme() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return _outside_fences(text, lambda prose: LINK.sub(lambda link: link[0].removeprefix("docs/"), prose))


def _outside(markdown: str) -> set[str]:
    """Paths from the repository's root that a page of docs/ links to outside docs/."""
    links = (link.partition("#")[0] for link in LINK.findall(FENCE.sub("", markdown)))
    return {link.removeprefix("../") for link in links if link.startswith("../")}


def _in_the_site(link: str) -> str:
    if not link.startswith("../"):
        return link
    path, hash_, anchor = link.removeprefix("../").partition("#")
    return (README if path == "README.md" else posixpath.join("repository", path)) + hash_ + anchor


def _outside_fences(markdown: str, change: Callable[[str], str]) -> str:
    """``markdown`` with ``change`` made to what stands between its fences."""
    fences = FENCE.findall(markdown)
    prose = [change(part) for part in FENCE.split(markdown)]
    return prose[0] + "".join(fence + part for fence, part in zip(fences, prose[1:], strict=True))
