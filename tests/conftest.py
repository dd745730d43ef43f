"""What all tests share: Hypothesis profiles, what makes a test slow, and plans solved once a session.

``HYPOTHESIS_PROFILE=thorough pytest tests/test_invariants*.py`` draws many examples and shrinks what fails; ``ci``
draws the same few every time; ``quick``, the default, one that is trivial and one that is not.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

import planner
from tests.limits import AMPLE_S

# The process that hands out tests to workers loads this file, and runs none.
if TYPE_CHECKING:
    from planner.plan import Plan

# Marks that say why a test is slow. The README's test line leaves these tests out, .ci/run runs them.
WHY_SLOW = {"solve", "process", "files", "docs", "office", "browser"}

# One example solves a scenario, so Hypothesis' idea of slow does not apply.
UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

# Nothing is read from the cache folder of whoever runs the tests, nor written to it: one run of the tests, all its
# workers and the processes that it starts have a folder of their own, empty at first.
if "PYTEST_XDIST_WORKER" not in os.environ:
    KEPT = TemporaryDirectory(prefix="plan-cache-")
    os.environ["PLAN_CACHE"] = KEPT.name

for name, count in (("quick", 1), ("ci", 6)):
    settings.register_profile(
        name,
        max_examples=count,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        suppress_health_check=UNHURRIED,
    )
settings.register_profile("thorough", max_examples=400, deadline=None, suppress_health_check=UNHURRIED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """With ``-n`` the tests of a file run in one process: a plan that several of them look at is solved once."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "loadfile"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay to the end: to look through them for garbage again and again takes a tenth of a run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what says why it is."""
    for item in items:
        if any(item.get_closest_marker(why) for why in WHY_SLOW):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def tiny() -> Plan:
    """The plan of ``scenarios/tiny.yaml``."""
    return planner.solve(planner.load("scenarios/tiny.yaml"), time_limit_s=AMPLE_S)


@pytest.fixture(scope="session")
def ten_mw() -> Plan:
    """The plan of ``scenarios/10mw.yaml``."""
    return planner.solve(planner.load("scenarios/10mw.yaml"), time_limit_s=AMPLE_S)
