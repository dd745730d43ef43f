"""How long a search may take where it has to come to its end: no test may depend on how fast its machine is."""

from __future__ import annotations

AMPLE_S = 2000.0
