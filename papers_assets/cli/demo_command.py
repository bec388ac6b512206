"""The demo: the whole program offline, with invented papers, in a separate folder."""

import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from papers_assets.arxiv import sample
from papers_assets.arxiv.sample import Corpus, SampleArxiv
from papers_assets.cli.output import load_settings
from papers_assets.cli.run_command import execute
from papers_assets.keywords.file import read_keywords_file
from papers_assets.settings import PROJECT_ROOT, NotificationSettings, Settings

DEMO_HOME = PROJECT_ROOT / "demo"
_KEYWORDS_FILE = "keywords.toml"
_PAPERS_FILE = "sample-papers.jsonl"


@click.command()
def demo() -> None:
    """Run everything offline, over invented papers, into demo/.

    The first time, yesterday is simulated before today, so that there is a history to look at.
    """
    sys.exit(run_demo(DEMO_HOME, load_settings(), datetime.now(UTC)))


def run_demo(home: Path, settings: Settings, now: datetime) -> int:
    """Run the graph in `home` for `now`, and, if `home` is new, for the previous day first.

    Returns:
        The exit status of the last run.
    """
    is_new = prepare_demo(home, now)
    with serve_sample(home) as server:
        settings = demo_settings(home, settings, server)
        keywords_config = read_keywords_file(settings.keywords_path)
        if is_new:
            yesterday, papers = now - timedelta(days=1), server.corpus
            server.corpus = papers.as_of(_previous_midnight(yesterday))
            click.echo(f"Yesterday, {yesterday.date()}:")
            execute(settings, keywords_config, (), {}, now=lambda: yesterday)
            server.corpus = papers
        click.echo(f"\nToday, {now.date()}:")
        status = execute(settings, keywords_config, (), {}, now=lambda: now)
    click.echo(
        "\nAll of these papers are invented. To see the runs in the Dagster UI: make demo-ui"
    )
    return status


def prepare_demo(home: Path, now: datetime) -> bool:
    """Write the demo's keywords and papers, the newest from yesterday, unless they exist.

    Returns:
        Whether they were written.
    """
    if (home / _PAPERS_FILE).exists():
        return False
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(sample.__file__).with_name(_KEYWORDS_FILE), home / _KEYWORDS_FILE)
    Corpus.sample().shifted_to_end_at(_previous_midnight(now)).write(home / _PAPERS_FILE)
    return True


def serve_sample(home: Path) -> SampleArxiv:
    """Return a server of the papers that `prepare_demo` wrote to `home`; its context closes it."""
    return SampleArxiv(Corpus.load(home / _PAPERS_FILE))


def demo_settings(home: Path, settings: Settings, server: SampleArxiv) -> Settings:
    """Return `settings` for a run in `home` with `server`, without notifications."""
    return replace(
        settings,
        home=home,
        keywords_path=home / _KEYWORDS_FILE,
        api_url=server.url,
        oai_url=server.oai_url,
        request_interval=0.0,
        channels=NotificationSettings(),
        log_format="text",
        locks="",
        host_folder=None,
    )


def _previous_midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
