"""The commands that show something: `keywords` and `digest`."""

from datetime import datetime

import click

from papers_assets.arxiv import search
from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.retry import Patience
from papers_assets.cli.output import (
    complain,
    keywords_or_stop,
    last_valid_keywords,
    settings_or_stop,
    stop,
)
from papers_assets.keywords import query
from papers_assets.keywords.model import KeywordsFile
from papers_assets.keywords.query import page_size
from papers_assets.keywords.summary import summary, warnings
from papers_assets.settings import Settings
from papers_assets.storage.rate_limit import gate_for
from papers_assets.text import counted


@click.command()
@click.option("--query", "with_query", is_flag=True, help="Show each query and its address.")
@click.option("--count", "with_count", is_flag=True, help="Ask arXiv how many results each has.")
def keywords(*, with_query: bool, with_count: bool) -> None:
    """Check keywords.toml and show what is listed for each keyword.

    Exit status: 0 the file is valid, whatever it warns about, 2 it is not, or arXiv did not answer.
    """
    settings = settings_or_stop()
    file = keywords_or_stop(settings)
    click.echo(
        f"{file.path}: {counted(len(file.keywords), 'keyword')}, schedule {file.schedule!r} "
        f"({file.timezone.key})."
    )
    for keyword in file.keywords:
        click.echo(summary(keyword))
        for warning in dict.fromkeys(warnings(keyword, settings.api_url)):
            click.echo(f"  warning: {warning}")
        if with_query:
            parameters = query.newest_first(keyword, 0, page_size(keyword))
            click.echo(f"  search_query: {parameters['search_query']}")
            click.echo(f"  {search.url(settings.api_url, parameters)}")
    if with_count:
        _count(settings, file)


def _count(settings: Settings, file: KeywordsFile) -> None:
    """Ask arXiv for one result of each keyword, which says how many there are."""
    patience = Patience(max_attempts=settings.max_attempts, backoff=settings.backoff)
    gate = gate_for(settings.api_url, settings.request_interval, settings.locks)
    client = ArxivClient(settings.api_url, gate, patience)
    try:
        for keyword in file.keywords:
            count = client.ask(query.newest_first(keyword, 0, 1)).total_results
            click.echo(f"{keyword.name}: {counted(count, 'result')} at arXiv")
            if not count:
                complain(f"{keyword.name}: no paper on arXiv matches; check the spelling.")
    except ArxivError as error:
        stop(str(error))
    finally:
        client.close()


@click.command()
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Default: the newest.")
def digest(day: datetime | None) -> None:
    """Show what changed on a day: new papers, revised, withdrawn and newly matching ones.

    Exit status: 0 it is shown, 2 nothing was published on that day.
    """
    from papers_assets.render.digest_mail import mail_text
    from papers_assets.storage.editions import Outputs
    from papers_assets.storage.raw_papers import StoreError
    from papers_assets.transform.digest import digest_of

    settings = settings_or_stop()
    file = last_valid_keywords(settings.keywords_path, settings.home)
    outputs = Outputs(settings.home)
    try:
        edition = outputs.read_edition(day.date()) if day else outputs.newest_edition()
    except StoreError as error:
        stop(str(error))
    if edition is None:
        days = [known.isoformat() for known in outputs.days()]
        if day is None or not days:
            stop("no edition yet: `papers run` makes the first.")
        stop(
            f"no edition of {day.date()}: nothing changed on that day, or nothing ran. Days with "
            f"one: {len(days)}, from {days[0]} to {days[-1]}."
        )
    click.echo(mail_text(digest_of(edition, file.names, title=file.digest_name)), nl=False)
