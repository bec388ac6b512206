"""The command line, `papers`: words for people around what the other modules do."""

import logging
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Never

import click

from papers_assets.arxiv import query
from papers_assets.arxiv.newest import page_size
from papers_assets.keywords import KeywordsFile
from papers_assets.keywords_file import KeywordsFileError, read_keywords_file
from papers_assets.logs import printable
from papers_assets.notifying.channels import Channels
from papers_assets.progress import logging_json, showing_progress
from papers_assets.remote import is_remote
from papers_assets.sample_arxiv import ALL_FAULTS, Corpus, CorpusError, SampleArxiv, Script, Step
from papers_assets.settings import (
    PROJECT_ROOT,
    Settings,
    SettingsError,
    read_log_format,
    read_settings,
)

if TYPE_CHECKING:
    from papers_assets.standing import Looking

FRESH, NOT_ALL_FRESH, NOTHING_DONE = 0, 1, 2
_NAMED = 50
"""Failures that are said one by one."""
_AS_JSON = f"{__name__}.as_json"
"""Whether this command says everything as JSON; in click's own notes of it."""
_log = logging.getLogger(__name__)
_HOME_REMEDY = "Set PAPERS_HOME (and DAGSTER_HOME, if you use it) to a folder that can be written."
DEMO_HOME = PROJECT_ROOT / "demo"
# What the demo must not use: another run history, and people who are told of what is not invented.
_OF_OTHERS = re.compile(
    "DAGSTER_HOME$|PAPERS_LOCKS$|PAPERS_(?:DIGEST|GITHUB|ALERT)_|PAPERS_SMTP_URL$|PAPERS_UNSUBSCRIBE$"
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
    published but some keyword in it could not be refreshed, 2 nothing could be done. With
    PAPERS_LOG_FORMAT=json, everything is said on standard error, one JSON object a line.
    """
    known: set[str] = set()
    with _as_asked(known):
        settings = _settings()
        file = _keywords_file(settings)
        known.update(file.names)
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
            oai_url=server.oai_url,
            request_interval=0.0,
            channels=Channels(),  # nobody is to be told of invented papers
            log_format="text",
            locks="",
            host_folder=None,
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
            "ARXIV_OAI_URL": server.oai_url,
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


@main.command()
@click.option("--port", default=9464, show_default=True, help="Of /metrics.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at. Whoever reaches it can read your keywords.",
)
@click.option("--once", is_flag=True, help="Print them, and do not serve them.")
def metrics(port: int, host: str, *, once: bool) -> None:
    """Serve metrics for a Prometheus, until interrupted.

    Ages and failures of the keywords, requests to arXiv, the last run: all is read from PAPERS_HOME
    at each scrape, so this can run anywhere that reaches it.
    """
    with _as_asked(()):
        try:
            from papers_assets.metrics import metrics_text, serve_metrics
        except ImportError as error:
            _stop(f"{error}. {_extra('metrics')}")
        look = _looking(_settings()).look
        if once:
            click.echo(metrics_text(look), nl=False)
            return
        try:
            wait = serve_metrics(look, host, port)
        except OSError as error:
            _stop(f"cannot serve metrics at {host}:{port}: {error}. Try --port.")
        _tell(f"Metrics are at http://{host}:{port}/metrics; Ctrl-C ends it.")
        # Who was started in the background of a script ignores Ctrl-C's signal.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            wait()


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
    f"(else: always). Can be given several times. NAME is one of: {', '.join(ALL_FAULTS)}.",
)
def sample_arxiv(
    corpus: Path | None, port: int, min_interval: float, faults: tuple[str, ...]
) -> None:
    """Serve the embedded stand-in for arXiv's API and OAI-PMH, until interrupted."""
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
    click.echo(f"or, for what changed on a day, with ARXIV_OAI_URL={server.oai_url}")
    for step in steps:
        click.echo(f"Fault {step}")
    server.fault = Script(steps)
    # Who was started in the background of a script ignores Ctrl-C's signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    server.close()


def _looking(settings: Settings) -> "Looking":
    """Give who looks at how things stand in this home."""
    from papers_assets.counters import Counters
    from papers_assets.harvests import Harvests
    from papers_assets.outputs import Outputs
    from papers_assets.standing import Looking
    from papers_assets.store import Store

    home = settings.home
    _keywords_file(settings)  # a mistake that is there at the start is said at the start
    return Looking(
        lambda: read_keywords_file(settings.keywords_path),
        Store(home),
        Outputs(home),
        Counters(home),
        lambda: datetime.now(UTC),
        Harvests(home).read_gleaned,
    )


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
    _complain(message)
    sys.exit(NOTHING_DONE)


def _complain(message: str, level: int = logging.ERROR) -> None:
    """Say what is not well."""
    if _is_json():
        _log.log(level, "%s", message)
    else:
        click.echo(f"papers: {message}", err=True)


def _tell(message: str) -> None:
    """Say what was done."""
    if _is_json():
        _log.info("%s", " ".join(message.split()))
    else:
        click.echo(message)


def _is_json() -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_AS_JSON))


@contextmanager
def _as_asked(keywords: Collection[str]) -> Iterator[None]:
    """Say everything as PAPERS_LOG_FORMAT asks; as JSON, even what went wrong unexpectedly."""
    try:
        is_text = read_log_format(os.environ) == "text"
    except SettingsError as error:
        _stop(str(error))
    with ExitStack() as stack:
        if is_text:
            yield
            return
        try:
            stack.enter_context(logging_json(keywords, _run_id))
        except ImportError as error:
            _stop(f"PAPERS_LOG_FORMAT is json: {error}. {_extra('json-logs')}")
        click.get_current_context().meta[_AS_JSON] = True
        try:
            yield
        except KeyboardInterrupt:
            _complain("interrupted")
            sys.exit(1)
        except Exception:  # noqa: BLE001 - whatever it is, a traceback is no JSON
            _log.exception("unexpectedly")
            sys.exit(1)


def _extra(name: str) -> str:
    return f"Install what it needs: pip install 'papers-assets[{name}]'."


def _run_id() -> str:
    """Give the id of the run that is under way in this process; empty: none is."""
    if "dagster" not in sys.modules:  # it takes a second to import
        return ""
    from dagster import DagsterInvariantViolationError, OpExecutionContext

    try:
        return OpExecutionContext.get().run_id
    except DagsterInvariantViolationError:
        return ""


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
    from papers_assets.locks import locks_for
    from papers_assets.outcomes import LOOKING_BACK
    from papers_assets.outputs import Outputs
    from papers_assets.runs import open_instance, run_daily, tidy_up
    from papers_assets.store import Store, StoreError

    definitions = build_definitions(settings, file)
    locks = locks_for(settings.locks, settings.home, settings.host_folder)
    store = Store(settings.home, locks, settings.host_folder)
    with ExitStack() as stack:
        try:
            instance = stack.enter_context(open_instance(settings.home, environment))
        except (OSError, StoreError, DagsterError) as error:
            _stop(f"no run history: {error}. {_HOME_REMEDY}")
        with nullcontext() if settings.log_format == "json" else showing_progress():
            report = run_daily(
                definitions,
                instance,
                file,
                names,
                locks_folder=store.locks_folder,
                config=config,
            )
            tidy_up(instance, file, store)
    for name, reason in list(report.failed.items())[:_NAMED]:
        what = "did not end" if name.startswith(LOOKING_BACK) else "could not be refreshed"
        _complain(printable(f"{name} {what}: {reason}", most=1000))
    if (more := len(report.failed) - _NAMED) > 0:
        _complain(f"{more} more could not be refreshed; the UI lists them")
    for name, reason in report.unpublished.items():
        _complain(f"{name} failed: {printable(reason, most=1000)}")
    if report.problem:
        _complain(f"the README was not written: {report.problem}")
        return NOTHING_DONE
    # Of a harvest that is not whole, what came is published, though no keyword is fresh.
    if not report.refreshed and not (file.harvest_since and "readme" in report.published):
        _complain(
            "nothing was fetched, and the last good papers are untouched; the README says of when "
            "they are. Try again later; `make demo` shows the whole product without arXiv."
        )
        return NOTHING_DONE
    outputs = Outputs(settings.home)
    written = [store.readme_path]
    written += [outputs.site_folder / "index.html"] if "site" in report.published else []
    written += [outputs.digest_path(outputs.days()[-1])] if "digest" in report.published else []
    _tell("\nWrote " + "\n      ".join(map(_shown, written)))
    _tell(f"Recorded as run {', '.join(report.run_ids)}")
    if (size := store.readme_path.stat().st_size) > GITHUB_LIMIT:
        _complain(
            f"GitHub shows only the first {GITHUB_LIMIT} of the README's {size} bytes: not "
            "even a heading for each keyword fits. Spread them over several files "
            "(PAPERS_KEYWORDS and PAPERS_HOME).",
            logging.WARNING,
        )
    for name, found in report.failed_checks.items():
        _complain(f"check {name}: {printable(found, most=1000)}")
    is_well = not (report.failed or report.unpublished or report.failed_checks)
    return FRESH if is_well else NOT_ALL_FRESH


def _dagster_dev(home: Path, port: int, environment: Mapping[str, str]) -> int:
    """Run `dagster dev` in `home`, whose dagster.yaml it reads, until interrupted."""
    from dagster import DagsterError

    from papers_assets.runs import history_folder, open_instance
    from papers_assets.store import StoreError

    command = [
        str(Path(sys.executable).with_name("dagster")),
        *("dev", "--workspace", str(PROJECT_ROOT / "workspace.yaml")),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    try:
        here = history_folder(home, environment)
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
        cwd=here,
        env={**environment, "DAGSTER_HOME": environment.get("DAGSTER_HOME") or str(here)},
        start_new_session=True,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.send_signal(signal.SIGINT))
    return process.wait()


def _shown(path: Path) -> str:
    """Give `path` as it is shortest to read from here."""
    here = Path.cwd()
    if is_remote(path):
        return str(path)
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
