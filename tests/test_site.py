"""The documentation as a site: it builds without a warning, holds every page, and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.browser import chromium, requests_of

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "docs" / "site" / "build.py"
CONFIG = ROOT / "docs" / "site" / "zensical.toml"
PAGES = sorted(page.name for page in (ROOT / "docs").glob("*.md"))
OWN = ("readme.md", "changelog.md", "code-of-conduct.md", "contributing.md", "security.md")
LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data", "embed": "src"}
LINKS_THAT_LOAD = {"stylesheet", "icon", "preload", "modulepreload", "preconnect", "dns-prefetch", "manifest"}


@dataclass(frozen=True)
class Site:
    """The folder with the pages, and what the build said."""

    folder: Path
    said: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, str(BUILD), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**os.environ, "NO_COLOR": "1"},
        timeout=300,
    )
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout)
    assert done.returncode == 0, said
    return Site(folder / "site", said)


@dataclass
class Page(HTMLParser):
    """What a page loads, where it links to, and its text outside code."""

    loads: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    _inside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag in ("code", "pre", "script", "style"):
            self._inside.append(tag)
        if tag in LOADING and LOADING[tag] in of:
            self.loads.append(of[LOADING[tag]])
        if tag == "link" and LINKS_THAT_LOAD & set(of.get("rel", "").split()):
            self.loads.append(of["href"])
        if tag == "a" and "href" in of:
            self.links.append(of["href"])
        self.loads += re.findall(r"url\(([^)]+)\)", of.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.prose.append(data)
        elif self._inside[-1] == "style":
            self.loads += re.findall(r"url\(([^)]+)\)", data)


def parsed(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def pages(site: Site) -> Iterator[tuple[Path, Page]]:
    for path in sorted(site.folder.glob("*.html")):
        yield path, parsed(path)


def elsewhere(address: str) -> bool:
    return re.match(r"""["']?(https?:)?//""", address.strip()) is not None


def test_it_builds_without_a_warning(site: Site) -> None:
    assert re.findall(r"^(?:WARNING|ERROR|CRITICAL)\b.*", site.said, flags=re.M | re.I) == []
    assert "No issues found" in site.said
    assert "Build finished" in site.said


def test_every_page_is_in_the_navigation(site: Site) -> None:
    home = parsed(site.folder / "index.html")
    assert {page.replace(".md", ".html") for page in PAGES} - {"index.html"} <= set(home.links)
    listed = re.findall(r'^ +"([\w-]+\.md)",$', CONFIG.read_text(encoding="utf-8"), flags=re.M)
    assert sorted(listed) == sorted([*PAGES, *OWN])


def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    found = {(path.name, load) for path, page in pages(site) for load in page.loads}
    assert {load for _, load in found if load.endswith(".css")}, "the parser sees stylesheets"
    assert {load for _, load in found if load.endswith(".js")}, "the parser sees scripts"
    assert [one for one in sorted(found) if elsewhere(one[1])] == []
    for style in site.folder.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        addresses = re.findall(r"url\(([^)]+)\)", text) + re.findall(r"@import\s+([^;]+);", text)
        assert [address for address in addresses if elsewhere(address)] == [], style.name


def test_what_pages_load_and_link_to_is_there(site: Site) -> None:
    lost = []
    for path, page in pages(site):
        if path.name == "404.html":  # its addresses start at the site's root
            continue
        for address in (*page.loads, *page.links):
            target = re.split(r"[?#]", address)[0]
            if target and not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                lost.append((path.name, address))
    assert lost == []


def test_links_out_of_docs_lead_to_copies_of_the_files(site: Site) -> None:
    copy = site.folder / "repository" / "scenarios" / "tiny.yaml"
    assert copy.read_bytes() == (ROOT / "scenarios" / "tiny.yaml").read_bytes()
    assert "repository/scenarios/tiny.yaml" in parsed(site.folder / "tiny-by-hand.html").links
    assert "readme.html" in parsed(site.folder / "index.html").links


def test_fences_become_code(site: Site) -> None:
    for path, page in pages(site):
        assert "```" not in "".join(page.prose), path.name
        assert "```" not in path.read_text(encoding="utf-8"), path.name
    text = (site.folder / "howto-two-sites.html").read_text(encoding="utf-8")
    assert 'class="language-yaml highlight"' in text
    assert 'class="language-console highlight"' in text


def test_the_configuration_stays_out_of_the_site(site: Site) -> None:
    assert not (site.folder / "site").exists()
    assert list(site.folder.rglob("*.py")) == [site.folder / "repository" / "planner" / "units.py"]


@pytest.mark.browser
def test_the_search_answers_from_a_folder(site: Site, tmp_path: Path) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.support.ui import WebDriverWait

    found = "return [...document.querySelectorAll('*')].map(e => e.shadowRoot?.textContent ?? '').join('')"
    with chromium(tmp_path) as driver:
        driver.get((site.folder / "index.html").as_uri())
        driver.find_element("css selector", ".md-search__button").click()
        ActionChains(driver).pause(1).send_keys("levelised").perform()
        # Every letter is a search; the answer to the whole word comes last.
        whole = re.compile(r"\d+ results.*levelised cost of the reported periods", flags=re.S)
        WebDriverWait(driver, 30).until(lambda page: whole.search(page.execute_script(found)))
        assert requests_of(driver) == []
