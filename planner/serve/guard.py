"""What a request has to be before anything looks at it: from this machine, with the token, no larger than needed."""

from __future__ import annotations

import hmac
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The longest link that the form makes is far below it; a body holds no more than a link.
MOST_QUERY_BYTES = 16_000
MOST_BODY_BYTES = 16_000
HOSTS = ("127.0.0.1", "localhost", "[::1]")
# Nothing from elsewhere is loaded, shown in a frame, or told where the reader came from. Plotly writes styles.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses what is not for this server with a plain sentence, and sets the headers of everything else."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self.app, self._token = app, token
        self._hosts = {f"{host}:{port}" for host in HOSTS} | (set(HOSTS) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            status, words = refused
            await Response(f"{words}\n", status, media_type="text/plain", headers=HEADERS)(scope, receive, send)
            return
        scope = dict(scope)
        scope["path"] = scope["path"].removeprefix(f"/{self._token}")
        await self.app(scope, _limited(receive), _with_headers(send))

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        headers = _headers(scope)
        if headers.get("host", "").lower() not in self._hosts:
            return 421, "This server answers for this machine alone; open the address that plan serve printed."
        origin = headers.get("origin", "")
        if origin and origin.removeprefix("http://") not in self._hosts:
            return 403, "This was asked by a page of another site."
        token = scope["path"].split("/")[1] if scope["path"].startswith("/") else ""
        if not hmac.compare_digest(token.encode(errors="replace"), self._token.encode()):
            return 403, (
                "The token in this address is not the one of this server. Each plan serve prints an address of its "
                "own; what stands behind the ? of an older link can be put behind it."
            )
        if len(scope.get("query_string", b"")) > MOST_QUERY_BYTES:
            return 414, f"This link is longer than {MOST_QUERY_BYTES:,} bytes; no question of this form is."
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES:
            return 413, f"This is larger than {MOST_BODY_BYTES:,} bytes; no question of this form is."
        return None


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _limited(receive: Receive) -> Receive:
    """``receive`` of a body that may not say how long it is: what is too long ends it."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BODY_BYTES:
            return {"type": "http.disconnect"}
        return message

    return limited


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message.get("headers", [])}
            more: list[Any] = [
                (name.lower().encode(), value.encode())
                for name, value in HEADERS.items()
                if name.lower().encode() not in own
            ]
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await send(message)

    return sent
