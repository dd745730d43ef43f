"""What pages are put together from: parts written from the code in a page that people write.

A comment ``<!-- equations: demand -->`` opens what the writer of that name makes of the words behind it, and
``<!-- end -->`` closes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Writer = Callable[..., str]
_PART = re.compile(r"(<!-- (\w+)(?:: ([\w ]+))? -->\n).*?(<!-- end -->)", flags=re.S)


def filled(text: str, writers: Mapping[str, Writer]) -> str:
    """``text`` with each of its parts written anew."""

    def part(found: re.Match[str]) -> str:
        return f"{found[1]}\n{writers[found[2]](*(found[3] or '').split())}\n{found[4]}"

    return _PART.sub(part, text)
