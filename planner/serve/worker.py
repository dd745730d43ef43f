"""What runs in a process that works for the server: ``python -m planner.serve.worker``, tasks in and answers out."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

from planner.errors import PlannerError, SolverFailure
from planner.serve.hand import read, write
from planner.streams import keep_stdout


def main() -> None:
    """Work on tasks until standard input ends."""
    keep_stdout()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks: queue.Queue[Any] = queue.Queue()
    threading.Thread(target=_listen, args=(tasks,), daemon=True).start()
    # Loaded while nobody asks yet.
    from planner.serve.tasks import TASKS

    out = sys.stdout.buffer
    while True:
        name, arguments = tasks.get()
        try:
            done = TASKS[name](*arguments, lambda said: write(out, ("said", said)))
        except Exception as error:
            write(out, ("failed", portable(error)))
        else:
            write(out, ("done", done))


def _listen(tasks: queue.Queue[Any]) -> None:
    """Hand on what comes; when nothing can come any more, everything of this process's group ends."""
    with suppress(EOFError, OSError):
        while True:
            tasks.put(read(sys.stdin.buffer))
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def portable(error: Exception) -> PlannerError:
    """The error as it can travel and be told: a defect, or one that cannot be unpickled, as a sentence about it."""
    if not isinstance(error, PlannerError):
        return SolverFailure(f"this failed, which is a defect of the planner ({type(error).__name__}: {error})")
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return SolverFailure(str(error))
    return error


if __name__ == "__main__":
    main()
