"""The commands that show something: `keywords` and `digest`."""

from datetime import datetime

import click

from papers_assets.arxiv import query
from papers_assets.arxiv.newest import page_size
from papers_assets.cli.words import keywords_or_stop, settings_or_stop, stop


@click.command()
def keywords() -> None:
    """Check keywords.toml and show what is asked of arXiv for each keyword."""
    settings = settings_or_stop()
    file = keywords_or_stop(settings)
    click.echo(
        f"{file.path}: {len(file.keywords)} keywords, daily at {file.schedule!r} "
        f"({file.timezone.key})."
    )
    for keyword in file.keywords:
        parameters = query.newest_first(keyword, 0, page_size(keyword))
        click.echo(f"\n{keyword.name}  (at most {keyword.cap} papers)")
        click.echo(f"  search_query: {parameters['search_query']}")
        click.echo(f"  {query.url(settings.api_url, parameters)}")


@click.command()
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Default: the newest.")
def digest(day: datetime | None) -> None:
    """Show what changed on a day: new papers, revised, withdrawn and newly matching ones.

    Exit status: 0 there it is, 2 there is no edition of that day.
    """
    from papers_assets.digest import digest_of
    from papers_assets.rendering.mail import mail_text
    from papers_assets.storage.outputs import Outputs
    from papers_assets.storage.store import StoreError

    settings = settings_or_stop()
    file = keywords_or_stop(settings)
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
            f"no edition of {day.date()}: nothing changed on that day, or nothing ran. There are "
            f"{len(days)}, the first of {days[0]}, the last of {days[-1]}."
        )
    click.echo(mail_text(digest_of(edition, file.names, title=file.digest_name)), nl=False)
