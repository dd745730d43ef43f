"""The benchmark of a row as commands for a shell: the run, at its load and at half and twice that, and the import.

Only clients whose files ``plan catalog import`` reads: vLLM's, which speaks to every server with an OpenAI interface,
and SGLang's for its own.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from planner.studies.catalog_gaps.rows import Row
from planner.studies.catalog_gaps.worlds import load_of, no_import, series_of

INTO = "mine"
ROUNDS, AT_LEAST = 10, 10
WIDTH = 96


def benchmark(row: Row) -> str:
    """The runs: $URL is where the server answers, $MODEL the checkpoint that it serves. '' where none can be read."""
    if no_import(row):
        return ""
    tokens = row.workload.tokens
    assert tokens is not None
    lengths = ["--random-input-len", f"{tokens.input:.0f}", "--random-output-len", f"{tokens.output:.0f}"]
    closed = ["--max-concurrency", '"$n"', "--num-prompts", f"$(({ROUNDS} * n + {AT_LEAST}))"]
    if row.point.engine == "sglang":
        words = ["python", "-m", "sglang.bench_serving", "--backend", "sglang", "--base-url", '"$URL"', "--model"]
        words += ['"$MODEL"', "--dataset-name", "random", *lengths, "--random-range-ratio", "1", *closed]
        words += ["--output-file", f'"{_files(row)}-c$n.jsonl"']
    else:
        words = ["vllm", "bench", "serve", "--backend", "openai", "--base-url", '"$URL"', "--model", '"$MODEL"']
        words += ["--dataset-name", "random", *lengths, "--ignore-eos", *closed]
        words += ["--save-result", "--result-filename", f'"{_files(row)}-c$n.json"']
    loads = " ".join(str(load) for load in loads_of(row))
    return "\n".join([f"for n in {loads}; do", *_lines(words, "  "), "done"])


def importing(row: Row) -> str:
    """The import of what the runs wrote; '' where it cannot be read."""
    if no_import(row):
        return ""
    point = row.point
    end = "jsonl" if point.engine == "sglang" else "json"
    said = {
        "into": INTO,
        "system": point.system,
        "model": point.model,
        "precision": point.precision,
        "mode": point.mode,
        "spec-decode": point.spec_decode,
        "engine": point.engine,
        "gpus-per-replica": point.gpus_per_replica,
        "largest-worker-gpus": point.largest_worker_gpus,
        "input-tokens": f"{point.input_tokens_nominal:g}",
        "output-tokens": f"{point.output_tokens_nominal:g}",
        "series": series_of(point),
    }
    words = ["plan", "catalog", "import", f"{_files(row)}-c*.{end}"]
    for option, value in said.items():
        words += [f"--{option}", shlex.quote(str(value))]
    return "\n".join(_lines(words))


def loads_of(row: Row) -> list[int]:
    """Requests in flight: those of the row, half of them and twice."""
    load = load_of(row.point)
    return sorted({max(1, load // 2), load, 2 * load})


def _files(row: Row) -> str:
    """How the names of its files begin."""
    point = row.point
    tokens = row.workload.tokens
    assert tokens is not None
    parts = (point.model, point.system, point.engine, point.precision, point.mode, f"x{point.gpus_per_replica}")
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join((*parts, f"{tokens.input:.0f}", f"{tokens.output:.0f}")))


def _lines(words: Sequence[str], indent: str = "") -> list[str]:
    """Words on lines that a shell reads as one; an option stays beside its value."""
    pairs: list[str] = []
    for word in words:
        if pairs and not word.startswith("--") and pairs[-1].startswith("--"):
            pairs[-1] += f" {word}"
        else:
            pairs.append(word)
    lines = [indent]
    for pair in pairs:
        if lines[-1].strip() and len(lines[-1]) + len(pair) + 3 > WIDTH:
            lines.append(f"{indent}  ")
        lines[-1] += pair if not lines[-1].strip() else f" {pair}"
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]
