"""The commands that run until interrupted: `ui`, `metrics` and `sample-arxiv`."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from papers_assets.arxiv.sample import (
    ALL_FAULTS,
    Corpus,
    CorpusError,
    FaultScript,
    FaultStep,
    SampleArxiv,
)
from papers_assets.cli.demo_command import DEMO_HOME, demo_settings, prepare_demo, serve_sample
from papers_assets.cli.output import (
    HOME_HINT,
    fail,
    info,
    install_hint,
    load_last_valid_keywords,
    load_settings,
    log_format,
)
from papers_assets.settings import PROJECT_ROOT, Settings
from papers_assets.storage.last_valid_keywords import read_or_last_valid

if TYPE_CHECKING:
    from papers_assets.pipeline.status import StatusReader

# Not for the demo: another run history, and recipients who expect news of real papers only.
_NOT_FOR_THE_DEMO = re.compile(
    "DAGSTER_HOME$|PAPERS_LOCKS$|PAPERS_(?:DIGEST|GITHUB|ALERT)_|PAPERS_SMTP_URL$|PAPERS_UNSUBSCRIBE$"
)


@click.command()
@click.option("--port", default=3000, show_default=True, help="Of the web page, on 127.0.0.1.")
@click.option("--demo", is_flag=True, help="Over the data of the demo, and the sample arXiv.")
def ui(port: int, *, demo: bool) -> None:
    """Open the Dagster UI, with the daily schedule and automation running."""
    settings = load_settings()
    load_last_valid_keywords(settings.keywords_path, DEMO_HOME if demo else settings.home)
    if not demo:
        # Dagster starts in the home folder, where relative paths would have another meaning.
        places = {
            "PAPERS_HOME": str(settings.home),
            "PAPERS_KEYWORDS": str(settings.keywords_path),
        }
        sys.exit(_run_dagster_dev(settings.home, port, os.environ | places))
    prepare_demo(DEMO_HOME, datetime.now(UTC))
    with serve_sample(DEMO_HOME) as server:
        settings = demo_settings(DEMO_HOME, settings, server)
        environment = _without_production_settings(os.environ) | {
            "PAPERS_HOME": str(DEMO_HOME),
            "PAPERS_KEYWORDS": str(settings.keywords_path),
            "ARXIV_API_URL": settings.api_url,
            "ARXIV_OAI_URL": settings.oai_url,
            "ARXIV_REQUEST_INTERVAL": "0",
        }
        sys.exit(_run_dagster_dev(DEMO_HOME, port, environment))


@click.command()
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
    with log_format(()):
        try:
            from papers_assets.pipeline.metrics import render_metrics, serve_metrics
        except ImportError as error:
            fail(f"{error}. {install_hint('metrics')}")
        look = _build_status_reader(load_settings()).read_status
        if once:
            click.echo(render_metrics(look), nl=False)
            return
        try:
            wait = serve_metrics(look, host, port)
        except OSError as error:
            fail(f"cannot serve metrics at {host}:{port}: {error}. Try --port.")
        info(f"Metrics are at http://{host}:{port}/metrics; Ctrl-C ends it.")
        # A process started in the background of a script ignores the signal of Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            wait()


@click.command("sample-arxiv")
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
    help="Seconds between requests below which it answers 429. With ARXIV_REQUEST_INTERVAL=0: 0.",
)
@click.option(
    "--fault",
    "faults",
    metavar="NAME[:WORDS][:TIMES]",
    multiple=True,
    help="What to answer instead: to queries with WORDS in them (else: to all), so many TIMES "
    f"(else: always). Can be given several times. NAME is one of: {', '.join(ALL_FAULTS)}; "
    "or frozen@YYYYMMDDHHMM: an index that stands still since that minute (UTC).",
)
def sample_arxiv(
    corpus: Path | None, port: int, min_interval: float, faults: tuple[str, ...]
) -> None:
    """Serve the embedded stand-in for arXiv's API and OAI-PMH, until interrupted."""
    try:
        steps = [FaultStep.read(fault) for fault in faults]
    except ValueError as error:
        fail(f"--fault: {error}")
    try:
        papers = Corpus.load(corpus) if corpus else Corpus.sample()
        server = SampleArxiv(papers, port=port, min_interval=min_interval)
    except (CorpusError, OSError) as error:
        fail(f"cannot serve {corpus or 'the invented papers'} at port {port}: {error}")
    click.echo(f"Serving {corpus or 'invented papers'}. Ask it with ARXIV_API_URL={server.url}")
    click.echo(f"or, for what changed on a day, with ARXIV_OAI_URL={server.oai_url}")
    for step in steps:
        click.echo(f"Fault {step}")
    server.fault = FaultScript(steps)
    # A process started in the background of a script ignores the signal of Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    server.close()


def _build_status_reader(settings: Settings) -> "StatusReader":
    """Return a reader of the status of this home folder."""
    from papers_assets.pipeline.status import StatusReader
    from papers_assets.storage.editions import EditionStore
    from papers_assets.storage.harvest import HarvestStore
    from papers_assets.storage.raw_papers import RawPapersStore
    from papers_assets.storage.run_counters import CounterStore

    home = settings.home
    load_last_valid_keywords(settings.keywords_path, home)
    return StatusReader(
        lambda: read_or_last_valid(settings.keywords_path, home),
        RawPapersStore(home),
        EditionStore(home),
        CounterStore(home),
        lambda: datetime.now(UTC),
        HarvestStore(home),
    )


def _without_production_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without settings not for the demo: recipients, other run history."""
    return {name: value for name, value in environment.items() if not _NOT_FOR_THE_DEMO.match(name)}


def _run_dagster_dev(home: Path, port: int, environment: Mapping[str, str]) -> int:
    """Run `dagster dev` in `home`, with its dagster.yaml, until interrupted."""
    from dagster import DagsterError
    from dagster._daemon.asset_daemon import set_auto_materialize_paused

    from papers_assets.defs.asset_checks import POOL
    from papers_assets.defs.headless import history_folder, open_instance
    from papers_assets.storage.raw_papers import StoreError

    command = [
        # The replacement that Dagster recommends, `dg dev`, is not in the packages of this project.
        *(sys.executable, "-W", "ignore:Function `dev_command` is superseded"),
        *("-P", "-m", "dagster"),
        *("dev", "--workspace", str(PROJECT_ROOT / "workspace.yaml")),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    try:
        here = history_folder(home, environment)
        # Create the databases before Dagster's processes would do so concurrently.
        with open_instance(home, environment) as instance:
            # Otherwise job pages show "Auto-materialize off", even if the automation sensor runs.
            set_auto_materialize_paused(instance, paused=False)
            # Otherwise the UI shows the pool only after a run has waited for it.
            instance.event_log_storage.initialize_concurrency_limit_to_default(POOL)
        with socket.create_server(("127.0.0.1", port)):
            pass  # the port is free
    except (OSError, StoreError, DagsterError) as error:
        fail(f"cannot start at port {port} for {home}: {error}. Try --port 3001. {HOME_HINT}")
    click.echo(f"The Dagster UI will be at http://127.0.0.1:{port}; Ctrl-C ends it.")
    # A process started in the background ignores the signal of Ctrl-C, as do its children, and
    # Dagster's processes then ignore SIGINT and SIGTERM.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # In a session of its own, so that Ctrl-C reaches it only once: forwarded, like other signals.
    process = subprocess.Popen(  # noqa: S603 - our own interpreter's dagster
        command,
        cwd=here,
        env={**environment, "DAGSTER_HOME": environment.get("DAGSTER_HOME") or str(here)},
        start_new_session=True,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.send_signal(signal.SIGINT))
    return process.wait()
