"""What the server refuses before anything looks at it: no process runs."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.testclient import TestClient

from planner.cli.commands import serve as command
from planner.errors import InputError
from planner.serve.app import app_of
from planner.serve.server import listening, served_of
from tests.what_if import hall_in

TOKEN, PORT = "let-me-in", 8123
HOME = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    served = served_of(str(hall_in(tmp_path_factory.mktemp("served"))))
    # Without its lifespan the application begins no process.
    return TestClient(app_of(served, TOKEN, PORT), base_url=HOME, follow_redirects=False)


@pytest.mark.parametrize("path", ["/", "/wrong/", "//", f"/{TOKEN}x/", f"/{TOKEN[:-1]}/", "/%00/", "/ünlaut/"])
def test_without_the_token_nothing_is_shown(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 403
    assert "token" in answer.text
    assert "hall" not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", "", "127.0.0.1.evil.example"]
)
def test_a_name_of_another_host_is_refused(client: TestClient, host: str) -> None:
    assert client.get(f"/{TOKEN}/", headers={"Host": host}).status_code == 421


def test_a_page_of_another_site_cannot_ask(client: TestClient) -> None:
    for origin in ("https://evil.example", "null", f"https://127.0.0.1:{PORT}"):
        assert client.post(f"/{TOKEN}/overlay", headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "/static/../hall.yaml", "/hall.yaml", "/serve.py", "/style.css/"],
)
def test_there_are_no_files_behind_any_path(client: TestClient, path: str) -> None:
    answer = client.get(f"/{TOKEN}{path}")
    assert answer.status_code in (403, 404)
    assert "root:" not in answer.text


def test_what_is_too_large_is_refused(client: TestClient) -> None:
    large = b"x" * 10_000_000
    assert client.post(f"/{TOKEN}/run", content=large).status_code == 413
    assert client.get(f"/{TOKEN}/?{'a=1&' * 5_000}").status_code == 414

    def parts() -> Iterator[bytes]:
        yield from (large[:100_000] for _ in range(100))

    # Of unknown length; it is not read, and there is no plan to keep.
    assert client.post(f"/{TOKEN}/run", content=parts()).status_code == 409
    assert client.post(f"/{TOKEN}/run", headers={"Content-Length": "-1"}).status_code == 413


def test_only_what_changes_something_is_posted(client: TestClient) -> None:
    for path in ("/overlay", "/run", "/cancel"):
        assert client.get(f"/{TOKEN}{path}").status_code == 404
    assert client.post(f"/{TOKEN}/").status_code == 404


def test_the_page_asks_for_nothing_from_elsewhere(client: TestClient) -> None:
    answer = client.get(f"/{TOKEN}/", params={"sites.hall.power_mw": "12"})
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "http" not in answer.text.replace("http-equiv", "")
    assert 'value="12"' in answer.text
    assert "plan " in answer.text
    for name in ("style.css", "serve.js", "plotly.js"):
        assert client.get(f"/{TOKEN}/{name}").status_code == 200


def test_a_link_that_asks_what_cannot_be_says_so_in_the_page(client: TestClient) -> None:
    page = client.get(f"/{TOKEN}/", params={"sites.hall.power_mw": "<b>"}).text
    assert "write a number, such as 12 or 0.5" in page
    assert "<b>" not in page
    page = client.get(f"/{TOKEN}/", params={"catalogs": "../.."}).text
    assert "something that this form does not have" in page
    events = client.get(f"/{TOKEN}/events", params={"sites.hall.power_mw": "-1"}).text
    assert '"kind": "refused", "fields": {"sites.hall.power_mw": "-1 is negative"}' in events


def test_nothing_is_kept_that_is_not_proven(client: TestClient) -> None:
    assert client.post(f"/{TOKEN}/run").status_code == 409
    assert client.get(f"/{TOKEN}/report.html").status_code == 409
    assert client.get(f"/{TOKEN}/answer").status_code == 409


def test_names_are_words_on_the_page(tmp_path: Path) -> None:
    path = hall_in(tmp_path)
    path.write_text(path.read_text().replace("name: hall\ndesc", "name: '<script>alert(1)</script>'\ndesc"))
    page = TestClient(app_of(served_of(str(path)), TOKEN, PORT), base_url=HOME).get(f"/{TOKEN}/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;: what if" in page


def test_without_the_extra_the_command_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("planner.serve")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(InputError, match=r"uvicorn is not installed; pip install 'token-factory-planner\[serve\]'"):
        command.run(command.Options(str(hall_in(tmp_path))), lambda words: None)


def test_what_is_no_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name the scenario's file"):
        served_of("-")
    with pytest.raises(InputError, match=r"hell\.yaml: .*no such file.*nearest: hall\.yaml"):
        served_of(str(hall_in(tmp_path).with_name("hell.yaml")))


def test_who_opens_the_address_before_the_server_is_up_waits_for_it() -> None:
    with listening(0) as taken, socket.create_connection(taken.getsockname(), timeout=10):
        pass


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with listening(0) as taken, pytest.raises(InputError, match="0 takes any that is free"):
        listening(taken.getsockname()[1])
