"""The commands that show something: `keywords` and `digest`."""

from datetime import datetime

import click

from papers_assets.arxiv import search
from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.retry import RetryPolicy
from papers_assets.cli.output import (
    fail,
    load_keywords,
    load_last_valid_keywords,
    load_settings,
    report_error,
)
from papers_assets.keywords import query
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.keywords.query import choose_page_size
from papers_assets.keywords.summary import list_warnings, summarize
from papers_assets.settings import Settings
from papers_assets.storage.rate_limit import build_rate_limiter
from papers_assets.text import count_noun


@click.command()
@click.option("--query", "with_query", is_flag=True, help="Show each query and its address.")
@click.option("--count", "with_count", is_flag=True, help="Ask arXiv how many results each has.")
def keywords(*, with_query: bool, with_count: bool) -> None:
    """Check keywords.toml and show what is listed for each keyword.

    Exit status: 0 the file is valid, whatever it warns about, 2 it is not, or arXiv did not answer.
    """
    settings = load_settings()
    keywords_config = load_keywords(settings)
    click.echo(
        f"{keywords_config.path}: {count_noun(len(keywords_config.keywords), 'keyword')}, "
        f"schedule {keywords_config.schedule!r} "
        f"({keywords_config.timezone.key})."
    )
    for keyword in keywords_config.keywords:
        click.echo(summarize(keyword))
        for warning in dict.fromkeys(list_warnings(keyword, settings.api_url)):
            click.echo(f"  warning: {warning}")
        if with_query:
            parameters = query.newest_first_parameters(keyword, 0, choose_page_size(keyword))
            click.echo(f"  search_query: {parameters['search_query']}")
            click.echo(f"  {search.build_url(settings.api_url, parameters)}")
    if with_count:
        _count_results(settings, keywords_config)


def _count_results(settings: Settings, keywords_config: KeywordsConfig) -> None:
    """Ask arXiv for one result of each keyword, which includes the total number of results."""
    retry_policy = RetryPolicy(max_attempts=settings.max_attempts, backoff=settings.backoff)
    rate_limiter = build_rate_limiter(settings.api_url, settings.request_interval, settings.locks)
    client = ArxivClient(settings.api_url, rate_limiter, retry_policy)
    try:
        for keyword in keywords_config.keywords:
            count = client.query(query.newest_first_parameters(keyword, 0, 1)).total_results
            click.echo(f"{keyword.name}: {count_noun(count, 'result')} at arXiv")
            if not count:
                report_error(f"{keyword.name}: no paper on arXiv matches; check the spelling.")
    except ArxivError as error:
        fail(str(error))
    finally:
        client.close()


@click.command()
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Default: the newest.")
def digest(day: datetime | None) -> None:
    """Show what changed on a day: new papers, revised, withdrawn and newly matching ones.

    Exit status: 0 it is shown, 2 nothing was published on that day.
    """
    from papers_assets.render.digest_mail import render_mail_text
    from papers_assets.storage.editions import EditionStore
    from papers_assets.storage.raw_papers import StoreError
    from papers_assets.transform.digest import build_digest

    settings = load_settings()
    keywords_config = load_last_valid_keywords(settings.keywords_path, settings.home)
    edition_store = EditionStore(settings.home)
    try:
        edition = edition_store.read_edition(day.date()) if day else edition_store.newest_edition()
    except StoreError as error:
        fail(str(error))
    if edition is None:
        days = [known.isoformat() for known in edition_store.list_days()]
        if day is None or not days:
            fail("no edition yet: `papers run` makes the first.")
        fail(
            f"no edition of {day.date()}: nothing changed on that day, or nothing ran. Days with "
            f"one: {len(days)}, from {days[0]} to {days[-1]}."
        )
    click.echo(
        render_mail_text(
            build_digest(edition, keywords_config.names, title=keywords_config.digest_name)
        ),
        nl=False,
    )
