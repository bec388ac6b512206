"""The command `run`, and its core, which the demo shares."""

import difflib
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from papers_assets.cli.output import (
    EXIT_FRESH,
    EXIT_NOT_ALL_FRESH,
    EXIT_NOTHING_DONE,
    HOME_HINT,
    fail,
    info,
    load_keywords,
    load_settings,
    log_format,
    report_error,
    shorten_path,
)
from papers_assets.cli.progress import show_progress
from papers_assets.cli.run_summary import print_counts
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.settings import Settings
from papers_assets.storage.last_valid_keywords import store_last_valid
from papers_assets.text import to_printable

if TYPE_CHECKING:
    from papers_assets.defs.headless import RunReport

_MAX_NAMED = 50
"""Maximum number of failures that are printed one by one."""


@click.command()
@click.argument("keyword", nargs=-1)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Look back: fetch the papers submitted since that day, too, month by month. A run that "
    "was interrupted goes on where it ended.",
)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="With --since: the last day.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Log queries, filtered papers and each step, too."
)
def run(
    keyword: tuple[str, ...], since: datetime | None, until: datetime | None, *, verbose: bool
) -> None:
    """Fetch the newest papers and write the README.

    Without KEYWORD, all of keywords.toml. Exit status: 0 everything is fresh, 1 the README is
    published but some keyword in it could not be refreshed, 2 nothing could be done. With
    PAPERS_LOG_FORMAT=json, everything is logged to standard error, one JSON object a line.
    """
    known: set[str] = set()
    with log_format(known, verbose=verbose):
        settings = load_settings()
        keywords_config = load_keywords(settings)
        known.update(keywords_config.names)
        if settings.alerts.problem:
            report_error(f"alerts are off: {settings.alerts.problem}", logging.WARNING)
        for name in keyword:
            if name not in keywords_config.names:
                near = difflib.get_close_matches(name, keywords_config.names, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                fail(
                    f"{name!r} is not in {keywords_config.path}, which has: "
                    f"{', '.join(keywords_config.names)}.{hint}"
                )
        _check_dates(since, until)
        config = {
            name: str(day.date())
            for name, day in (("look_back_to", since), ("look_back_until", until))
            if day is not None
        }
        sys.exit(execute(settings, keywords_config, keyword, config=config, verbose=verbose))


def _check_dates(since: datetime | None, until: datetime | None) -> None:
    if until and not since:
        raise click.UsageError("--until needs --since, the first day to fetch.")
    if since and since > (until or since):
        raise click.UsageError(f"--since {since.date()} is after --until {until:%Y-%m-%d}.")
    if since and since.date() > datetime.now(UTC).date():
        raise click.UsageError(f"--since {since.date()} lies in the future.")


def execute(  # noqa: PLR0913 - three are keyword-only
    settings: Settings,
    keywords_config: KeywordsConfig,
    names: Sequence[str],
    environment: Mapping[str, str] = os.environ,
    *,
    config: Mapping[str, object] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    verbose: bool = False,
) -> int:
    """Run the graph, print the results, and return the exit status."""
    # Importing Dagster takes a second, so other commands avoid it.
    from dagster import DagsterError

    from papers_assets.checks import GITHUB_LIMIT
    from papers_assets.definitions import build_definitions
    from papers_assets.defs.headless import open_instance, run_daily, run_housekeeping
    from papers_assets.pipeline.refresh_keyword import NO_PAPER_WARNING
    from papers_assets.storage.editions import EditionStore
    from papers_assets.storage.locks import open_locks
    from papers_assets.storage.raw_papers import RawPapersStore, StoreError

    definitions = build_definitions(settings, keywords_config, now=now)
    locks = open_locks(settings.locks, settings.home, settings.host_folder)
    store = RawPapersStore(settings.home, locks, settings.host_folder)
    is_text = settings.log_format == "text"
    with ExitStack() as stack:
        try:
            instance = stack.enter_context(open_instance(settings.home, environment))
        except (OSError, StoreError, DagsterError) as error:
            fail(f"no run history: {error}. {HOME_HINT}")
        with show_progress(verbose=verbose) if is_text else nullcontext():
            store_last_valid(keywords_config, settings.home)
            report = run_daily(
                definitions,
                instance,
                keywords_config,
                names,
                locks_folder=store.locks_folder,
                config=config,
                now=now,
            )
            run_housekeeping(instance, keywords_config, store)
    _report_failures(report)
    if report.problem:
        report_error(f"the README was not written: {report.problem}")
        return EXIT_NOTHING_DONE
    # After an incomplete harvest, the README is published although no keyword is fresh.
    if not report.refreshed and not (
        keywords_config.harvest_since and "readme" in report.published
    ):
        report_error(
            "nothing was fetched; the stored papers are unchanged, and the README says of when "
            "they are. Try again later; `make demo` shows the whole product without arXiv."
        )
        return EXIT_NOTHING_DONE
    if is_text:
        print_counts(
            {name: report.counts[name] for name in keywords_config.names if name in report.counts}
        )
    edition_store = EditionStore(settings.home)
    written = [store.documents.readme_path]
    written += [edition_store.site_folder / "index.html"] if "site" in report.published else []
    written += (
        [edition_store.digest_path(edition_store.list_days()[-1])]
        if "digest" in report.published
        else []
    )
    info("\nWrote " + "\n      ".join(map(shorten_path, written)))
    info(f"Recorded as run {', '.join(report.run_ids)}")
    if (size := store.documents.readme_path.stat().st_size) > GITHUB_LIMIT:
        report_error(
            f"GitHub shows only the first {GITHUB_LIMIT} of the README's {size} bytes: not "
            "even a heading for each keyword fits. Spread them over several files "
            "(PAPERS_KEYWORDS and PAPERS_HOME).",
            logging.WARNING,
        )
    for name in report.without_papers:
        report_error(f"{name}: {NO_PAPER_WARNING}", logging.WARNING)
    for name, found in report.failed_checks.items():
        report_error(f"check {name}: {to_printable(found, max_length=1000)}")
    is_well = not (report.failed or report.unpublished or report.failed_checks)
    return EXIT_FRESH if is_well else EXIT_NOT_ALL_FRESH


def _report_failures(report: "RunReport") -> None:
    from papers_assets.defs.run_results import BACKFILL_PREFIX

    for name, reason in list(report.failed.items())[:_MAX_NAMED]:
        what = "did not end" if name.startswith(BACKFILL_PREFIX) else "could not be refreshed"
        report_error(to_printable(f"{name} {what}: {reason}", max_length=1000))
    if (more := len(report.failed) - _MAX_NAMED) > 0:
        report_error(f"{more} more could not be refreshed; the UI lists them")
    for name, reason in report.unpublished.items():
        report_error(f"{name} failed: {to_printable(reason, max_length=1000)}")
