"""Git repositories for tests of what is read from a revision."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def git(*words: str) -> None:
    """Run git in the working folder, as nobody in particular."""
    settings = ["-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *settings, *words], check=True, capture_output=True)


def begin_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository of its own in ``folder``, which becomes the working folder; skips the test where there is no git."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed here")
    monkeypatch.chdir(folder)
    for name in ("GIT_DIR", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    git("init", "-q")
