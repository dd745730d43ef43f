"""A process that works for the server and can be ended at once: an engine never looks up before it is done.

It is a process group of its own, so that what it has begun ends with it; and it ends when its standard input does,
however the server ends. ``planner.serve.worker`` is what runs in it.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

from planner.errors import SolverFailure

Heard = Callable[[Any], None]
_LENGTH = struct.Struct(">Q")


class Gone(SolverFailure):
    """The process ended before it was done: ``asked`` where somebody ended it, else something killed it."""

    def __init__(self, asked: bool, code: int | None) -> None:
        self.asked = asked
        how = f"signal {-code}" if code is not None and code < 0 else f"code {code}"
        super().__init__(
            "ended as you asked"
            if asked
            else f"the engine's process was ended from outside ({how}); is there enough memory for it?"
        )


class Hand:
    """One such process at a time, begun when it is needed first; ``call`` is for one thread at a time."""

    def __init__(self) -> None:
        self._calling, self._changing = threading.Lock(), threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended: subprocess.Popen[bytes] | None = None
        self._closed = False

    def begin(self) -> None:
        """Begin the process, so that it is there when it is needed."""
        with self._changing:
            self._begun()

    def call(self, task: str, *arguments: Any, heard: Heard = lambda said: None) -> Any:
        """What the task returns; ``heard`` gets what it says meanwhile. Raises what it raises, and Gone."""
        with self._calling:
            with self._changing:
                process = self._begun()
            message = self._exchanged(process, (task, arguments))
            while message[0] == "said":
                heard(message[1])
                message = self._exchanged(process)
        kind, value = message
        if kind == "failed":
            raise value
        return value

    def _exchanged(self, process: subprocess.Popen[bytes], message: Any = None) -> Any:
        """What the process says next, after a ``message`` where there is one. Raises Gone where it has ended."""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if message is not None:
                write(process.stdin, message)
            return read(process.stdout)
        except (EOFError, OSError, ValueError):
            code = _buried(process)
            with self._changing:
                if self._process is process:
                    self._process = None
                asked = self._ended is process or self._closed
            raise Gone(asked, code) from None

    def end(self) -> None:
        """End the process and all that it has begun, at once; the next call begins another."""
        with self._changing:
            process, self._process = self._process, None
            self._ended = process
        if process is not None:
            _kill(process)
            _buried(process)

    def close(self) -> None:
        """End the process for good."""
        self._closed = True
        self.end()

    @property
    def pid(self) -> int | None:
        """Of the process, where there is one."""
        process = self._process
        return None if process is None else process.pid

    def _begun(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise Gone(True, None)
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "planner.serve.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._process


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _buried(process: subprocess.Popen[bytes]) -> int | None:
    """The exit code of a process that has ended, its pipes closed; what it has begun ends too."""
    _kill(process)
    code = process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    return code


def write(pipe: BinaryIO | Any, message: Any) -> None:
    """Send a message."""
    content = pickle.dumps(message)
    pipe.write(_LENGTH.pack(len(content)) + content)
    pipe.flush()


def read(pipe: BinaryIO | Any) -> Any:
    """The next message. Raises EOFError where there is none any more."""
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    return pickle.loads(_exactly(pipe, length))


def _exactly(pipe: BinaryIO | Any, size: int) -> bytes:
    content: bytes = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content
