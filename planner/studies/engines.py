"""Where cases are worked on: processes of this machine, a Dask cluster, a Ray cluster; one case at a time in a slot.

joblib's own pools end all that runs when one process dies, and do not say whose fault it was. Here a slot is one
process (its loky), or one task of a cluster, so that a killed worker costs the one case that it had.
"""

from __future__ import annotations

import logging
import os
import pickle
import queue
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from importlib import import_module
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from planner._version import __version__
from planner.errors import InputError, SolverFailure
from planner.solvers.threads import share_cores
from planner.streams import keep_stdout

LOCAL = "local"
DASK = "dask://"
RAY = "ray"
EXAMPLE = f"write {LOCAL}, {DASK}HOST:PORT or {RAY}"
# Of processes here: each holds the catalog, the solvers and pandas.
MOST_WORKERS = 8
# Of cases that wait for a cluster, which then can grow by them.
MOST_WAITING = 256
PATIENCE_S = 10
WARNINGS = "PYTHONWARNINGS"

Work = Callable[[Any, Any], Any]


class Killed(SolverFailure):
    """Whoever worked on a case was killed, and whoever tried it again."""

    def __init__(self, tries: str) -> None:
        super().__init__(f"{tries} worked on it was killed; is there enough memory for it?")


class Engine(ABC):
    """Runs ``work(common, item)`` of one item after another in each of ``slots``; ``common`` travels once."""

    slots: int

    @abstractmethod
    def run(self, item: Any) -> Any:
        """What ``work`` makes of an item, called from a thread of the slot's own. Raises Killed, and what it raises."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what was taken; what still runs is given up."""


def check_executor(name: str) -> None:
    """Raises InputError for what is no executor, or one that is not installed."""
    if name == LOCAL:
        return
    if name == RAY:
        _module("ray", RAY)
        return
    host, colon, port = name.removeprefix(DASK).rpartition(":")
    if not name.startswith(DASK) or not colon or not host or not port.isdecimal():
        raise InputError(f"--executor {name}: {EXAMPLE}")
    _module("distributed", "dask")


def engine(name: str, work: Work, common: Any, workers: int) -> Engine:
    """The engine of a name for ``work``; ``workers`` is how many slots one of this machine has."""
    check_executor(name)
    if name == RAY:
        return _Ray(work, common)
    return _Dask(name, work, common) if name.startswith(DASK) else _Local(work, common, workers)


def _module(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        message = f"--executor {extra}: {name} is not installed; pip install 'token-factory-planner[{extra}]'"
        raise InputError(message) from None


class _Local(Engine):
    """A fresh process for each slot: an engine's threads do not survive a fork."""

    def __init__(self, work: Work, common: Any, workers: int) -> None:
        self.slots = min(workers, MOST_WORKERS)
        _begin_tracker()
        self._given = work, common
        # The other end of what every process listens to: it closes when this process ends, however it ends.
        self._ours, self._theirs = Pipe()
        self._free: queue.LifoQueue[Any] = queue.LifoQueue()
        self._made: list[Any] = []
        self._closed = False
        for _ in range(self.slots):
            self._free.put(None)

    def run(self, item: Any) -> Any:
        process = self._free.get()
        try:
            for _ in range(2):
                process = process or self._process()
                try:
                    return process.submit(_worked, item).result()
                except BrokenProcessPool:
                    process = None
                    if self._closed:
                        break
            raise Killed("each of two processes that")
        finally:
            self._free.put(process)

    def _process(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor

        made = ProcessPoolExecutor(1, initializer=_begin, initargs=(*self._given, self._theirs))
        self._made.append(made)
        return made

    def close(self) -> None:
        self._closed = True
        for process in self._made:
            process.shutdown(wait=False, kill_workers=True)
        self._ours.close()


def _begin_tracker() -> None:
    """Begin the process that clears up after this one, in silence: Ctrl-C gives it something to clear."""
    from joblib.externals.loky.backend import resource_tracker

    before = os.environ.get(WARNINGS)
    os.environ[WARNINGS] = ",".join(filter(None, (before, "ignore:resource_tracker")))
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ[WARNINGS]
        else:
            os.environ[WARNINGS] = before


# What a process of this machine works with, set once when it begins.
_GIVEN: list[Any] = []


def _begin(work: Work, common: Any, parent: Connection) -> None:
    """A process keeps standard output clean and ends with whoever asked, however that ends."""
    keep_stdout()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    share_cores()
    _GIVEN[:] = [work, common]
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    with suppress(EOFError, OSError):
        parent.recv()
    os._exit(1)


def _worked(item: Any) -> Any:
    work, common = _GIVEN
    return work(common, item)


class _Dask(Engine):
    """A cluster that is there: its scheduler gives the case of a worker that dies to another one."""

    def __init__(self, address: str, work: Work, common: Any) -> None:
        distributed = _module("distributed", "dask")
        self._killed = import_module("distributed.scheduler").KilledWorker
        # It reports every worker that goes; whether that cost a case is told here.
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._client = distributed.Client(
                f"tcp://{address.removeprefix(DASK)}", timeout=PATIENCE_S, set_as_default=False
            )
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(f"--executor {address}: no Dask scheduler answers there") from error
        self.slots = MOST_WAITING
        # As a task, not as scattered data: those are gone with the last worker that had them.
        self._work, self._common = work, self._client.submit(_opened, pickle.dumps(common), pure=False)

    def run(self, item: Any) -> Any:
        try:
            return self._client.submit(_remote, __version__, self._work, self._common, item, pure=False).result()
        except self._killed:
            raise Killed("every worker that") from None
        except (CancelledError, OSError) as error:
            message = (
                "the Dask cluster let go of a case; is this planner installed where its scheduler and workers run?"
            )
            raise SolverFailure(f"{message} ({error})") from error

    def close(self) -> None:
        with suppress(OSError, TimeoutError):
            self._client.close(timeout=PATIENCE_S)


class _Ray(Engine):
    """A Ray cluster: that of RAY_ADDRESS, else one that begins and ends here."""

    def __init__(self, work: Work, common: Any) -> None:
        ray = self._ray = _module("ray", RAY)
        self._begun = not ray.is_initialized()
        if self._begun:
            ray.init(log_to_driver=False, logging_level="error", include_dashboard=False)
        self._killed = ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError
        self.slots = MOST_WAITING
        self._call = ray.remote(num_cpus=1, max_retries=1)(_remote)
        self._given = __version__, work, ray.put(_Same(common))

    def run(self, item: Any) -> Any:
        try:
            return self._ray.get(self._call.remote(*self._given, item))
        except self._killed:
            raise Killed("each of two workers that") from None

    def close(self) -> None:
        if self._begun:
            self._ray.shutdown()


class _Same:
    """One object that travels as a whole: a cluster's scheduler looks into tuples and lists."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _opened(content: bytes) -> _Same:
    return _Same(pickle.loads(content))


def _remote(version: str, work: Work, common: _Same, item: Any) -> Any:
    """``work`` on another machine, where another version of the planner would find other plans."""
    if version != __version__:
        raise SolverFailure(f"a worker has version {__version__} of the planner, this is {version}; they must agree")
    share_cores()
    return work(common.value, item)
