"""How long a search may take where it has to come to its end: no test may depend on how fast its machine is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

AMPLE_S = 2000.0

# What takes minutes beside a sample that does not is left to whoever asks for all of it.
IN_FULL = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
THOROUGH = pytest.mark.skipif(not IN_FULL, reason="in the thorough profile")


def give_time(scenario: Path) -> None:
    """Let a scenario's searches take as long as they do on any machine: no output that a page shows tells the limit."""
    text = scenario.read_text(encoding="utf-8")
    limit = f"time_limit_s: {AMPLE_S:g}"
    if re.search(r"^solve:", text, re.M):
        text = re.sub(r", time_limit_s: \d+", "", text)
        text = re.sub(r"^solve: \{", f"solve: {{{limit}, ", text, flags=re.M)
    elif not re.search(r"^extends:", text, re.M):
        text += f"solve: {{{limit}}}\n"
    scenario.write_text(text, encoding="utf-8")
