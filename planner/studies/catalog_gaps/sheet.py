"""``plan catalog gaps`` on a terminal and as a script for a shell."""

from __future__ import annotations

from planner.render.figures import count, digits
from planner.render.sheet import Sheet, left, right
from planner.studies.catalog_gaps.study import Gaps, words

# Benchmarks are printed of so many rows; the script and the JSON have all.
MOST_PRINTED = 3
WIDTH = 100


def gaps_sheets(found: Gaps) -> list[Sheet]:
    """The rows, what moves most first, and how to measure the first of them."""
    if found.rows.empty:
        return [Sheet(found.sentences[0], notes=found.sentences[1:])]
    rows = found.rows.to_dict(orient="records")
    heads = (
        right("row"), left("workload"), left("system"), right("GPUs"), right("low"), right("counted"), right("high"),
        right("cost at low"), right("cost at high"),
    )  # fmt: skip
    lines = tuple(
        (
            str(place),
            str(row["workload"]),
            str(row["system"]),
            count(row["gpus"]) if row["gpus"] else "-",
            *(digits(row[f"{end}_output_tok_s_per_gpu"]) for end in ("low", "counted", "high")),
            words(row["at_low_usd"]),
            words(row["at_high_usd"]),
        )
        for place, row in enumerate(rows, start=1)
    )
    first, *rest = found.sentences
    about = tuple(note for place, row in enumerate(rows, start=1) for note in _about(place, row))
    unit = (
        "Low, counted, high: output tok/s of a GPU before headroom, at the ends of the row's interval and as planned. "
        "GPUs: the most that run it at a time; - where it is not in use."
    )
    return [
        Sheet(f"What to measure next for {found.scenario}:", heads, lines, (first, unit, *rest)),
        Sheet("The rows:", notes=about),
        *(_measuring(place, row) for place, row in enumerate(rows[:MOST_PRINTED], start=1)),
    ]


def _about(place: int, row: dict[str, object]) -> list[str]:
    made = f", {row['derived']}" if row["derived"] else ""
    notes = [f"{place}: {row['row']}", f"   {row['evidence']}{made}; {row['interval']}"]
    if row["beats"]:
        notes.append(f"   more than twice what was measured as fast or slower: {row['beats']}")
    if row["no_import"]:
        notes.append(f"   no benchmark: {row['no_import']}")
    return notes


def _measuring(place: int, row: dict[str, object]) -> Sheet:
    if row["no_import"]:
        return Sheet(f"To measure row {place}: {row['no_import']}.")
    lines = (*str(row["benchmark"]).splitlines(), *str(row["import"]).splitlines())
    return Sheet(f"To measure row {place}, with URL and MODEL as the server has them:", notes=lines)


def width_of(sheets: list[Sheet]) -> int:
    """Wide enough that no command is broken in two."""
    return max(WIDTH, *(len(note) for sheet in sheets[2:] for note in sheet.notes), 0)


def script(found: Gaps) -> str:
    """All benchmarks and imports, the row that moves most first."""
    lines = [
        "#!/bin/sh",
        f"# What to measure next for {found.scenario}, the row that moves its cost most first.",
        "# URL is where a server of the row's system and configuration answers, MODEL the checkpoint that it serves.",
        ': "${URL:?}" "${MODEL:?}"',
    ]
    for place, row in enumerate(found.rows.to_dict(orient="records"), start=1):
        lines += ["", f"# {place}: {row['row']} of {row['model']}"]
        why = row["no_import"]
        lines += [f"# not to be imported: {why}"] if why else [str(row["benchmark"]), str(row["import"])]
    return "\n".join(lines) + "\n"
