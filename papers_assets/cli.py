"""The command line, `papers`: words for people around what the other modules do."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Never

import click

from papers_assets.arxiv import query
from papers_assets.arxiv.newest import page_size
from papers_assets.keywords import KeywordsFile
from papers_assets.keywords_file import KeywordsFileError, read_keywords_file
from papers_assets.logs import printable
from papers_assets.notifying.channels import Channels
from papers_assets.progress import showing_progress
from papers_assets.sample_arxiv import FAULTS, Corpus, CorpusError, SampleArxiv, Script, Step
from papers_assets.settings import PROJECT_ROOT, Settings, SettingsError, read_settings

FRESH, NOT_ALL_FRESH, NOTHING_DONE = 0, 1, 2
_HOME_REMEDY = "Set PAPERS_HOME (and DAGSTER_HOME, if you use it) to a folder that can be written."
DEMO_HOME = PROJECT_ROOT / "demo"
# What the demo must not use: another run history, and people who are told of what is not invented.
_OF_OTHERS = re.compile(
    "DAGSTER_HOME$|PAPERS_(?:DIGEST|GITHUB|ALERT)_|PAPERS_SMTP_URL$|PAPERS_UNSUBSCRIBE$"
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Keep a daily list of the newest arXiv papers for each of your keywords.

    keywords.toml says which keywords; README.md explains everything else.
    """


@main.command()
@click.argument("keyword", nargs=-1)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Look back: fetch the papers submitted since that day, too, month by month. A run that "
    "was interrupted goes on where it ended.",
)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="With --since: the last day.")
def run(keyword: tuple[str, ...], since: datetime | None, until: datetime | None) -> None:
    """Fetch the newest papers and write the README.

    Without KEYWORD, all of keywords.toml. Exit status: 0 everything is fresh, 1 the README is
    published but some keyword in it could not be refreshed, 2 nothing could be done.
    """
    settings = _settings()
    file = _keywords_file(settings)
    for name in keyword:
        if name not in file.names:
            _stop(f"{name!r} is not in {file.path}, which has: {', '.join(file.names)}.")
    config = {
        name: str(day.date())
        for name, day in (("look_back_to", since), ("look_back_until", until))
        if day is not None
    }
    sys.exit(_run(settings, file, keyword, config=config))


@main.command()
def demo() -> None:
    """Run everything offline, over invented papers, into demo/."""
    settings = _settings()
    file = _keywords_file(settings)
    with SampleArxiv(Corpus.sample()) as server:
        click.echo("The sample arXiv answers, with invented papers.")
        asked = replace(
            settings,
            home=DEMO_HOME,
            api_url=server.url,
            request_interval=0.0,
            channels=Channels(),  # nobody is to be told of invented papers
        )
        status = _run(asked, file, (), {})
    click.echo(
        "The papers are about the keywords that keywords.toml is shipped with; others have none."
    )
    click.echo("\nOpen this run, its lineage and its history in the Dagster UI: make demo-ui")
    sys.exit(status)


@main.command()
@click.option("--port", default=3000, show_default=True, help="Of the web page, on 127.0.0.1.")
@click.option("--demo", is_flag=True, help="Over the data of the demo, and the sample arXiv.")
def ui(port: int, *, demo: bool) -> None:
    """Open the Dagster UI, with the daily schedule and automation running."""
    settings = _settings()
    if not demo:
        # Dagster starts in the home folder, where a relative path would mean something else.
        places = {
            "PAPERS_HOME": str(settings.home),
            "PAPERS_KEYWORDS": str(settings.keywords_path),
        }
        sys.exit(_dagster_dev(settings.home, port, os.environ | places))
    with SampleArxiv(Corpus.sample()) as server:
        environment = _demo_environment(os.environ) | {
            "PAPERS_HOME": str(DEMO_HOME),
            "PAPERS_KEYWORDS": str(settings.keywords_path),
            "ARXIV_API_URL": server.url,
            "ARXIV_REQUEST_INTERVAL": "0",
        }
        sys.exit(_dagster_dev(DEMO_HOME, port, environment))


@main.command()
def keywords() -> None:
    """Check keywords.toml and show what is asked of arXiv for each keyword."""
    settings = _settings()
    file = _keywords_file(settings)
    click.echo(
        f"{file.path}: {len(file.keywords)} keywords, daily at {file.schedule!r} "
        f"({file.timezone.key})."
    )
    for keyword in file.keywords:
        parameters = query.newest_first(keyword, 0, page_size(keyword))
        click.echo(f"\n{keyword.name}  (at most {keyword.cap} papers)")
        click.echo(f"  search_query: {parameters['search_query']}")
        click.echo(f"  {query.url(settings.api_url, parameters)}")


@main.command()
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Default: the newest.")
def digest(day: datetime | None) -> None:
    """Show what changed on a day: new papers, revised and withdrawn ones.

    Exit status: 0 there it is, 2 there is no edition of that day.
    """
    from papers_assets.digest import digest_of
    from papers_assets.outputs import Outputs
    from papers_assets.rendering.mail import mail_text
    from papers_assets.store import StoreError

    settings = _settings()
    file = _keywords_file(settings)
    outputs = Outputs(settings.home)
    try:
        edition = outputs.read_edition(day.date()) if day else outputs.newest_edition()
    except StoreError as error:
        _stop(str(error))
    if edition is None:
        days = [known.isoformat() for known in outputs.days()]
        if day is None or not days:
            _stop("no edition yet: `papers run` makes the first.")
        _stop(
            f"no edition of {day.date()}: nothing changed on that day, or nothing ran. There are "
            f"{len(days)}, the first of {days[0]}, the last of {days[-1]}."
        )
    click.echo(mail_text(digest_of(edition, file.names, title=file.digest_name)), nl=False)


@main.command("sample-arxiv")
@click.option(
    "--corpus",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Papers to serve, JSON lines, .gz or plain. Default: the invented ones.",
)
@click.option("--port", default=8080, show_default=True)
@click.option(
    "--min-interval",
    default=3.0,
    show_default=True,
    help="Seconds between requests below which it answers 429.",
)
@click.option(
    "--fault",
    "faults",
    metavar="NAME[:WORDS][:TIMES]",
    multiple=True,
    help="What to answer instead: to queries with WORDS in them (else: to all), so many TIMES "
    f"(else: always). Can be given several times. NAME is one of: {', '.join(FAULTS)}.",
)
def sample_arxiv(
    corpus: Path | None, port: int, min_interval: float, faults: tuple[str, ...]
) -> None:
    """Serve the embedded stand-in for arXiv's API, until interrupted."""
    try:
        steps = [Step.read(fault) for fault in faults]
    except ValueError as error:
        _stop(f"--fault: {error}")
    try:
        papers = Corpus.load(corpus) if corpus else Corpus.sample()
        server = SampleArxiv(papers, port=port, min_interval=min_interval)
    except (CorpusError, OSError) as error:
        _stop(f"cannot serve {corpus or 'the invented papers'} at port {port}: {error}")
    click.echo(f"Serving {corpus or 'invented papers'}. Ask it with ARXIV_API_URL={server.url}")
    for step in steps:
        click.echo(f"Fault {step}")
    server.fault = Script(steps)
    # Who was started in the background of a script ignores Ctrl-C's signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    server.close()


def _demo_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what the demo must not use: people to tell, and another run history."""
    return {name: value for name, value in environment.items() if not _OF_OTHERS.match(name)}


def _settings() -> Settings:
    try:
        return read_settings(os.environ)
    except SettingsError as error:
        _stop(str(error))


def _keywords_file(settings: Settings) -> KeywordsFile:
    try:
        return read_keywords_file(settings.keywords_path)
    except KeywordsFileError as error:
        _stop(str(error))


def _stop(message: str) -> Never:
    click.echo(f"papers: {message}", err=True)
    sys.exit(NOTHING_DONE)


def _run(
    settings: Settings,
    file: KeywordsFile,
    names: Sequence[str],
    environment: Mapping[str, str] = os.environ,
    *,
    config: Mapping[str, object] | None = None,
) -> int:
    # Dagster takes a second to import, which the other commands need not wait for.
    from dagster import DagsterError

    from papers_assets.checks import GITHUB_LIMIT
    from papers_assets.definitions import build_definitions
    from papers_assets.outcomes import LOOKING_BACK
    from papers_assets.outputs import Outputs
    from papers_assets.runs import open_instance, run_daily, tidy_up
    from papers_assets.store import Store, StoreError

    definitions = build_definitions(settings, file)
    store = Store(settings.home)
    with ExitStack() as stack:
        try:
            instance = stack.enter_context(open_instance(settings.home, environment))
        except (OSError, StoreError, DagsterError) as error:
            _stop(f"no run history: {error}. {_HOME_REMEDY}")
        with showing_progress():
            report = run_daily(
                definitions,
                instance,
                file,
                names,
                locks_folder=store.locks_folder,
                config=config,
            )
            tidy_up(instance, file, store)
    for name, reason in report.failed.items():
        what = "did not end" if name.startswith(LOOKING_BACK) else "could not be refreshed"
        shown = printable(f"{name} {what}: {reason}", most=1000)
        click.echo(f"papers: {shown}", err=True)
    for name, reason in report.unpublished.items():
        click.echo(f"papers: {name} failed: {printable(reason, most=1000)}", err=True)
    if report.problem:
        click.echo(f"papers: the README was not written: {report.problem}", err=True)
        return NOTHING_DONE
    if not report.refreshed:
        click.echo(
            "papers: nothing was fetched, and the last good papers are untouched; the README says "
            "of when they are. Try again later; `make demo` shows the whole product without arXiv.",
            err=True,
        )
        return NOTHING_DONE
    outputs = Outputs(settings.home)
    written = [store.readme_path]
    written += [outputs.site_folder / "index.html"] if "site" in report.published else []
    written += [outputs.digest_path(outputs.days()[-1])] if "digest" in report.published else []
    click.echo("\nWrote " + "\n      ".join(map(_shown, written)))
    click.echo(f"Recorded as run {', '.join(report.run_ids)}")
    if (size := store.readme_path.stat().st_size) > GITHUB_LIMIT:
        click.echo(
            f"papers: GitHub shows only the first {GITHUB_LIMIT} of the README's {size} bytes: not "
            "even a heading for each keyword fits. Spread them over several files "
            "(PAPERS_KEYWORDS and PAPERS_HOME).",
            err=True,
        )
    for name, found in report.failed_checks.items():
        click.echo(f"papers: check {name}: {printable(found, most=1000)}", err=True)
    is_well = not (report.failed or report.unpublished or report.failed_checks)
    return FRESH if is_well else NOT_ALL_FRESH


def _dagster_dev(home: Path, port: int, environment: Mapping[str, str]) -> int:
    """Run `dagster dev` in `home`, whose dagster.yaml it reads, until interrupted."""
    from dagster import DagsterError

    from papers_assets.runs import open_instance
    from papers_assets.store import StoreError

    command = [
        str(Path(sys.executable).with_name("dagster")),
        *("dev", "--workspace", str(PROJECT_ROOT / "workspace.yaml")),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    try:
        with open_instance(home, environment):
            pass  # Dagster's processes would make the databases all at once
        with socket.create_server(("127.0.0.1", port)):
            pass  # it is free
    except (OSError, StoreError, DagsterError) as error:
        _stop(f"cannot start at port {port} for {home}: {error}. Try --port 3001. {_HOME_REMEDY}")
    click.echo(f"The Dagster UI will be at http://127.0.0.1:{port}; Ctrl-C ends it.")
    # Whoever was started in the background ignores Ctrl-C's signal, its children do too, and
    # Dagster's then ignore every polite signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # In a session of its own, so that Ctrl-C reaches it once: from here, as any other signal does.
    process = subprocess.Popen(  # noqa: S603 - our own interpreter's dagster
        command,
        cwd=home,
        env={**environment, "DAGSTER_HOME": environment.get("DAGSTER_HOME") or str(home)},
        start_new_session=True,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.send_signal(signal.SIGINT))
    return process.wait()


def _shown(path: Path) -> str:
    """Give `path` as it is shortest to read from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
