"""The server's addresses: the page, its parts as they are found, what is saved."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from planner.errors import PlannerError
from planner.frozen import dataclass
from planner.scenario import Scenario
from planner.serve import pages, templates
from planner.serve.asked import Asked, Refused, read, scenario_with
from planner.serve.desk import Desk, TooMany
from planner.serve.form import Form
from planner.serve.guard import Guard
from planner.serve.overlay import save

# What the page asks beside the form's fields begins so, which no path of a scenario does.
OWN = "~"
NO_PLAN = "There is no plan of this yet; it is saved once it is proven."


@dataclass(frozen=True)
class Served:
    """What is served: the scenario as its file has it and with the command's own ``--set``, its form, where runs go.

    ``shown`` is the file as it was named, ``store`` that of runs, empty for the user's own.
    """

    written: Scenario
    base: Scenario
    form: Form
    shown: str
    overrides: tuple[str, ...] = ()
    store: str = ""


class Server:
    """The handlers of one person's server."""

    def __init__(self, served: Served, desk: Desk, token: str) -> None:
        self.served, self.desk, self.token = served, desk, token

    def routes(self) -> list[Route]:
        """Every address behind the token."""
        return [
            Route("/", self.page),
            Route("/style.css", self.style),
            Route("/serve.js", self.script),
            Route("/plotly.js", self.plotly),
            Route("/events", self.events),
            Route("/answer", self.answer),
            Route("/bound", self.bound),
            Route("/curves", self.curves),
            Route("/report.html", self.report),
            Route("/cancel", self.cancel, methods=["POST"]),
            Route("/overlay", self.overlay, methods=["POST"]),
            Route("/run", self.run, methods=["POST"]),
        ]

    def _asked(self, request: Request) -> Asked:
        items = [(name, text) for name, text in request.query_params.multi_items() if not name.startswith(OWN)]
        return read(self.served.form, self.served.base, items)

    async def page(self, request: Request) -> Response:
        """The whole page, with what is known of its question already."""
        try:
            asked, refused = self._asked(request), {}
            scenario_with(self.served.base, asked)
        except Refused as fault:
            asked, refused = Asked(), fault.sentences
        return HTMLResponse(pages.whole(self.served, self.desk, asked, refused, f"/{self.token}"))

    async def style(self, request: Request) -> Response:
        """The style sheet."""
        return Response(templates.style(), media_type="text/css")

    async def script(self, request: Request) -> Response:
        """The page's own script."""
        return Response(templates.script(), media_type="text/javascript")

    async def plotly(self, request: Request) -> Response:
        """Plotly's."""
        kept = {"Cache-Control": "private, max-age=86400"}
        return Response(templates.plotly(), media_type="text/javascript", headers=kept)

    async def events(self, request: Request) -> Response:
        """What is found of a question, as it is found."""
        try:
            asked = self._asked(request)
            messages = await run_in_threadpool(self.desk.watch, asked, again=f"{OWN}again" in request.query_params)
        except Refused as fault:
            return _stream(_once({"kind": "refused", "fields": fault.sentences}))
        except TooMany:
            words = "This question is open in too many tabs; close some."
            return _stream(_once({"kind": "failed", "words": words, "again": False}))
        return _stream(self._told(asked, messages))

    async def _told(self, asked: Asked, messages: Iterator[dict[str, Any]]) -> AsyncIterator[bytes]:
        try:
            while True:
                message = await anyio.to_thread.run_sync(next, messages, None)
                if message is None:
                    return
                yield _event(await run_in_threadpool(pages.told, self.served, self.desk, asked, message))
        finally:
            # Whoever listened may be gone: the watch ends with it.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(messages.close)  # type: ignore[attr-defined]

    async def answer(self, request: Request) -> Response:
        """The answer of a solved question: HTML and figures."""
        try:
            shown = self.desk.shown(self._asked(request))
        except Refused as fault:
            return _refused(fault)
        if shown is None:
            return PlainTextResponse(NO_PLAN, 409)
        return JSONResponse({"html": shown.html, "figures": shown.figures})

    async def bound(self, request: Request) -> Response:
        """The bound alone: a point of the frontier that a slider draws."""
        try:
            asked = self._asked(request)
            scenario = scenario_with(self.served.base, asked)
            found = await run_in_threadpool(self.desk.bound, asked, scenario)
        except Refused as fault:
            return _refused(fault)
        except PlannerError as error:
            return PlainTextResponse(str(error), 422)
        return JSONResponse(pages.point(self.desk, asked, found))

    async def curves(self, request: Request) -> Response:
        """Cost against speed of some systems and precisions."""
        try:
            question = self.desk.question(self._asked(request))
        except Refused as fault:
            return _refused(fault)
        if question is None or not question.solved.planned:
            return PlainTextResponse(NO_PLAN, 409)
        systems, precisions = (tuple(request.query_params.getlist(f"{OWN}{name}")) for name in ("system", "precision"))
        return JSONResponse(await run_in_threadpool(self.desk.quickly, "curves", question, systems, precisions))

    async def report(self, request: Request) -> Response:
        """The proven plan as one page to keep."""
        try:
            question = self.desk.question(self._asked(request))
            if question is None or not question.solved.planned:
                return PlainTextResponse(NO_PLAN, 409)
            page = await run_in_threadpool(self.desk.quickly, "report", question.scenario, question.solved)
        except Refused as fault:
            return _refused(fault)
        except PlannerError as error:
            return PlainTextResponse(str(error), 422)
        name = f"{Path(self.served.shown).stem}-plan.html"
        kept = {"Content-Disposition": f"attachment; filename*=UTF-8''{pages.quoted(name)}"}
        return HTMLResponse(page, headers=kept)

    async def cancel(self, request: Request) -> Response:
        """End what is being worked on."""
        await run_in_threadpool(self.desk.cancel)
        return Response(status_code=204)

    async def overlay(self, request: Request) -> Response:
        """Keep the question as a file beside the scenario, under a name of the server's own."""
        try:
            asked = self._asked(request)
            wanted = scenario_with(self.served.base, asked)
            path = await run_in_threadpool(save, self.served.written, wanted, Path(self.served.shown))
        except Refused as fault:
            return _refused(fault)
        except PlannerError as error:
            return PlainTextResponse(str(error), 422)
        return JSONResponse(pages.saved_file(self.served.shown, path))

    async def run(self, request: Request) -> Response:
        """Keep the solved question in the store of runs."""
        try:
            asked = self._asked(request)
            question = self.desk.question(asked)
            if question is None:
                return PlainTextResponse(NO_PLAN, 409)
            overrides = (*self.served.overrides, *asked.overrides)
            number = await run_in_threadpool(
                self.desk.quickly, "run", question.scenario, overrides, question.solved, self.served.store
            )
        except Refused as fault:
            return _refused(fault)
        except PlannerError as error:
            return PlainTextResponse(str(error), 422)
        return JSONResponse(pages.saved_run(number))


def app_of(served: Served, token: str, port: int) -> Starlette:
    """The application for one person at one port of this machine; its processes end with it."""
    desk = Desk(served.base)
    server = Server(served, desk, token)

    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        desk.begin()
        try:
            yield
        finally:
            await run_in_threadpool(desk.close)

    app = Starlette(
        routes=server.routes(), middleware=[Middleware(Guard, token=token, port=port)], lifespan=living,
        exception_handlers={404: _nothing, 405: _nothing, 500: _broken},
    )  # fmt: skip
    # Every address is there under one name alone: a redirect would have to name the token.
    app.router.redirect_slashes = False
    app.state.desk = desk
    return app


async def _nothing(request: Request, error: Exception) -> Response:
    return PlainTextResponse("There is nothing at this address; open the one that plan serve printed.\n", 404)


async def _broken(request: Request, error: Exception) -> Response:
    return PlainTextResponse("This failed, which is a defect of the planner; nothing was saved.\n", 500)


def _refused(fault: Refused) -> Response:
    return JSONResponse({"fields": fault.sentences}, 422)


def _stream(events: AsyncIterator[bytes]) -> Response:
    return StreamingResponse(events, media_type="text/event-stream")


async def _once(message: dict[str, Any]) -> AsyncIterator[bytes]:
    yield _event(message)


def _event(message: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(message, allow_nan=False)}\n\n".encode()
