"""Measure the product, and say on what machine: `python -m bench`, or a part: `... job rows`."""

import argparse
import importlib
import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bench.document import replaced
from bench.machine import this_machine
from bench.results import Result, Stamp, markdown, packed, section, summary, unpacked
from papers_assets.settings import PROJECT_ROOT

DOCUMENT = PROJECT_ROOT / "docs" / "benchmarks.md"
ALL = "all"
"""The place in it of what all parts have in common."""


class Part(NamedTuple):
    """A module of its own, with a function `run`."""

    minutes: float
    """That it takes, about, on 2 cores."""
    what: str
    is_extra: bool = False
    """Whether it is measured only when it is asked for."""


PARTS = {
    "job": Part(3, "the whole job next to a bare loop"),
    "keywords": Part(7, "the same for up to 3,000 keywords, and with other run histories"),
    "polite": Part(0.5, "the job at arXiv's pace"),
    "rows": Part(3, "selection from stored papers"),
    "harvest": Part(1, "a day by OAI-PMH, and thousands of keywords matched in it"),
    "many": Part(5, "the whole job for thousands of keywords, by OAI-PMH"),
    "most": Part(20, "the same for 10,000 keywords", is_extra=True),
    "site": Part(0.5, "the site, feeds, citations and data"),
    "launch": Part(1, "from launch to success, on SQLite and PostgreSQL"),
    "ui": Part(4, "the pages of the UI"),
    "scrape": Part(0.3, "a scrape of the metrics"),
    "gate": Part(0.1, "the rate limiter, by files and by PostgreSQL"),
}


def main(arguments: list[str] | None = None) -> None:
    """Measure the parts that are asked for, and print them; write them if that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    # Not `choices`, which argparse holds against having none.
    parser.add_argument("parts", nargs="*", metavar="part", help=f"one of: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work at all?")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md, too")
    options = parser.parse_args(arguments)
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if options.write and options.quick:
        parser.error("--quick measures nothing that is worth writing: leave out one of the two")
    names = options.parts or [name for name, part in PARTS.items() if not part.is_extra]
    if not options.quick:
        _note(f"about {sum(PARTS[name].minutes for name in names):.0f} min in all")
    found = {n: _measure(n, is_quick=options.quick, is_kept=options.write) for n in names}
    measured = {name: of_part for name, of_part in found.items() if of_part is not None}
    sys.stdout.write(f"## All parts\n\n{summary(measured)}")
    if failed := [name for name in names if name not in measured]:
        sys.exit(f"failed: {', '.join(failed)}")


def _measure(name: str, *, is_quick: bool, is_kept: bool) -> tuple[Result, Stamp] | None:
    part = PARTS[name]
    _note(f"{name}: {part.what}" + ("" if is_quick else f" (about {part.minutes:g} min)"))
    began = time.perf_counter()
    try:
        result: Result = importlib.import_module(f"bench.{name}").run(is_quick=is_quick)
    except Exception as error:  # noqa: BLE001 - the other parts are worth having
        _note(f"{name}: failed: {type(error).__name__}: {error}")
        return None
    command = f"python -m bench {name}{' --quick' * is_quick}"
    times = Stamp(f"{datetime.now(UTC):%Y-%m-%d}", command, str(this_machine()))
    sys.stdout.write(f"## {name}: {part.what}\n\n{markdown(result, times)}\n")
    sys.stdout.flush()
    if is_kept:
        keep(DOCUMENT, name, result, times)
    _note(f"{name}: took {(time.perf_counter() - began) / 60:.1f} min")
    return result, times


def keep(document: Path, name: str, result: Result, times: Stamp) -> None:
    """Write a part into the document, the summary of all parts, and their picture beside it."""
    from bench.plot import draw  # noqa: PLC0415 - children would count its memory as theirs

    text = replaced(document.read_text("utf-8"), name, section(result, times))
    document.write_text(text, "utf-8")
    data = document.with_suffix(".json")  # the picture is of all parts, measured together or not
    of_parts = json.loads(data.read_text("utf-8")) if data.exists() else {}
    of_parts[name] = {"stamp": times._asdict(), **packed(result)}
    data.write_text(json.dumps(of_parts, indent=1, sort_keys=True) + "\n", "utf-8")
    known = {
        part: (unpacked(of_parts[part]), Stamp(**of_parts[part]["stamp"]))
        for part in PARTS
        if part in of_parts
    }
    document.write_text(replaced(document.read_text("utf-8"), ALL, summary(known)), "utf-8")
    lines = [series for of_part, _ in known.values() for series in of_part.series if series.panel]
    draw(lines, document.with_suffix(".svg"))


def _note(line: str) -> None:
    sys.stderr.write(f"[bench] {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
