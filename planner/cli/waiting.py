"""Work that may take a while: a sign of life on a terminal, and Ctrl-C that is heard while an engine runs."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

# Shorter work needs no sign of life.
PATIENCE_S = 2.0
INTERRUPTED = 130


class _Work(Generic[Answer]):
    """A call in a thread of its own, its answer or error kept."""

    def __init__(self, call: Callable[[], Answer]) -> None:
        self.done = threading.Event()
        self.answer: list[Answer] = []
        self.error: BaseException | None = None
        threading.Thread(target=self._run, args=(call,), daemon=True).start()

    def _run(self, call: Callable[[], Answer]) -> None:
        try:
            self.answer.append(call())
        except BaseException as error:  # handed to the thread that waits
            self.error = error
        finally:
            self.done.set()


def wait_for(work: Callable[[Callable[[str], None]], Answer], first: str) -> Answer:
    """What ``work`` returns; ``work`` gets a function to say what it is doing, which begins as ``first``.

    An engine does not return to Python before it is finished, so the work runs beside and Ctrl-C ends the process.
    """
    stage = [first]
    running = _Work(lambda: work(lambda words: stage.__setitem__(0, words)))
    with ExitStack() as signs:
        try:
            if not running.done.wait(PATIENCE_S):
                show = _status(signs)
                while not running.done.wait(0.2):
                    show(stage[0])
        except KeyboardInterrupt:
            signs.close()
            sys.stderr.flush()
            os._exit(INTERRUPTED)
    if running.error is not None:
        raise running.error
    return running.answer[0]


def _status(signs: ExitStack) -> Callable[[str], None]:
    """What shows a stage: a spinner on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        return lambda words: None
    from rich.console import Console
    from rich.text import Text

    status = signs.enter_context(Console(file=sys.__stderr__).status(""))
    return lambda words: status.update(Text(words))
