"""``plan serve``: the scenario read, a port taken, the address printed, and served until somebody ends it."""

from __future__ import annotations

import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn

from planner.errors import InputError
from planner.paths import is_file
from planner.scenario import load_scenario
from planner.serve.app import Served, app_of
from planner.serve.catalogs import catalog_of
from planner.serve.form import form_of

LOOPBACK = "127.0.0.1"
# The streams of open pages are given no longer than this when the server ends.
GOODBYE_S = 1


def serve(
    source: str,
    overrides: tuple[str, ...],
    port: int,
    open_it: bool,
    store: Path | None,
    progress: Callable[[str], None],
) -> None:
    """Serve ``source`` until the process ends. Raises InputError where that cannot be."""
    served = served_of(source, overrides, store)
    taken = listening(port)
    port = taken.getsockname()[1]
    token = secrets.token_urlsafe(24)
    address = f"http://{LOOPBACK}:{port}/{token}/"
    sys.stdout.write(f"{served.base.name}: {address}\n")
    sys.stdout.flush()
    progress("serving; Ctrl-C ends it")
    if open_it:
        webbrowser.open(address)
    config = uvicorn.Config(
        app_of(served, token, port),
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GOODBYE_S,
        h11_max_incomplete_event_size=64_000,
        limit_concurrency=64,
        lifespan="on",
    )
    uvicorn.Server(config).run(sockets=[taken])


def served_of(source: str, overrides: tuple[str, ...] = (), store: Path | None = None) -> Served:
    """What is served of a scenario's file. Raises InputError where there is none, or something is wrong in it."""
    path = Path(source)
    if source == "-":
        raise InputError("plan serve keeps files beside the scenario; name the scenario's file")
    written = load_scenario(path)
    if not is_file(path):
        raise InputError(f"{source}: plan serve keeps files beside the scenario; name a file that stays there")
    base = load_scenario(path, overrides) if overrides else written
    form = form_of(base, catalog_of(base))
    return Served(written, base, form, source, overrides, "" if store is None else str(store))


def listening(port: int) -> socket.socket:
    """A socket at a port of this machine. Raises InputError where that is taken."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((LOOPBACK, port))
        # The address is told before the server is up: who comes by then waits for it, and is not sent away.
        found.listen()
    except OSError as error:
        found.close()
        raise InputError(f"--port {port}: {error.strerror or error}; 0 takes any that is free") from None
    return found
