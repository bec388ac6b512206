"""The commands that write keywords.toml: `init` and `add`."""

import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from papers_assets.cli.output import fail, load_keywords, load_settings, shorten_path
from papers_assets.keywords import edit, values
from papers_assets.keywords.file import KeywordsFileError, parse_keywords
from papers_assets.keywords.model import Keyword, KeywordsConfig, MatchField
from papers_assets.keywords.summary import list_warnings, summarize
from papers_assets.keywords.tables import normalize_name
from papers_assets.keywords.values import MAX_CAP, ValueMistake
from papers_assets.settings import Settings
from papers_assets.storage.files import StoreError, atomic_write

_T = TypeVar("_T")


def _checked_option(name: str, read: Callable[[str], _T]) -> Callable[[str], _T]:
    """Return `read` as the type of a click option, shown as `name` in --help."""

    def check(value: str) -> _T:
        try:
            return read(value)
        except ValueMistake as mistake:
            raise click.BadParameter(str(mistake)) from None

    check.__name__ = name
    return check


def _read_categories(value: str) -> tuple[str, ...]:
    return values.parse_categories([name.strip() for name in value.split(",") if name.strip()])


_read_phrase = partial(values.parse_text, "phrase")
_CATEGORIES = _checked_option("A,B", _read_categories)
_PHRASE = _checked_option("PHRASE", _read_phrase)
_PHRASE_OR_NOTHING = _checked_option("PHRASE", lambda value: value and _read_phrase(value))
_TIMEZONE = _checked_option("NAME", values.parse_timezone)


@click.command()
@click.argument("keyword", nargs=-1, type=_PHRASE)
@click.option("--categories", type=_CATEGORIES, help="Of arXiv, such as cs,stat.ML. Default: all.")
@click.option("--timezone", type=_TIMEZONE, help="Such as Europe/Berlin. Default: UTC.")
def init(
    keyword: tuple[str, ...], categories: tuple[str, ...] | None, timezone: ZoneInfo | None
) -> None:
    """Write a new keywords.toml with comments.

    Without KEYWORD, asks for keywords, categories and time zone. A file that exists is not
    overwritten. Exit status: 0 it is written, 2 it is not.
    """
    settings = load_settings()
    path = settings.keywords_path
    if path.exists():
        fail(
            f"{shorten_path(path)} exists already. `papers add` adds a keyword to it; to start "
            "again, "
            "rename it first."
        )
    if not keyword:
        keyword = _prompt_keywords()
        if categories is None:
            question = "Categories of arXiv, such as cs,stat.ML (empty: all)"
            categories = click.prompt(question, "", show_default=False, value_proc=_CATEGORIES)
        if timezone is None:
            timezone = click.prompt("Time zone", "UTC", value_proc=_TIMEZONE)
    zone = timezone.key if timezone else "UTC"
    text = edit.render_new_file(keyword, categories or (), zone)
    keywords_config = _write(path, text.encode())
    click.echo(f"Wrote {shorten_path(path)}:")
    _show(settings, keywords_config.keywords)


def _prompt_keywords() -> tuple[str, ...]:
    names = [click.prompt("First keyword, such as graph neural network", value_proc=_PHRASE)]
    question = "Another one (empty: no more)"
    while more := click.prompt(question, "", show_default=False, value_proc=_PHRASE_OR_NOTHING):
        names.append(more)
    return tuple(names)


@click.command()
@click.argument("keyword", type=_PHRASE)
@click.option("--any", "any_", type=_PHRASE, multiple=True, help="One of these is enough.")
@click.option("--all", "all_", type=_PHRASE, multiple=True, help="Each of these is needed.")
@click.option("--none", type=_PHRASE, multiple=True, help="None of these may be there.")
@click.option(
    "--in",
    "within",
    type=click.Choice([field.value for field in MatchField]),
    metavar="FIELD",
    help=f"Where phrases are searched for: {', '.join(MatchField)}.",
)
@click.option("--categories", type=_CATEGORIES, help="Of arXiv, such as cs,stat.ML.")
@click.option("--cap", type=click.IntRange(1, MAX_CAP), help="How many papers are shown.")
def add(keyword: str, any_: Sequence[str], all_: Sequence[str], **options: Any) -> None:
    """Add KEYWORD to the end of keywords.toml, whose text stays as it is.

    --any, --all and --none can be given several times. What is left out is as for the other
    keywords. Exit status: 0 it is added, 2 it is not, and the file is as before.
    """
    settings = load_settings()
    keywords_config = load_keywords(settings)
    path = settings.keywords_path.resolve()  # so that a symbolic link is kept
    for name in keywords_config.names:
        if normalize_name(name) == normalize_name(keyword):
            fail(f"{shorten_path(path)} has {name!r} already; edit its section there.")
    wanted = {"any": any_, "all": all_, "none": options.pop("none"), "in": options.pop("within")}
    section = edit.render_section(keyword, wanted | options)
    newline = "\r\n" if b"\r\n" in keywords_config.content else "\n"
    before = (
        keywords_config.content
        if keywords_config.content.endswith(b"\n")
        else keywords_config.content + newline.encode()
    )
    keywords_config = _write(path, before + f"\n{section}".replace("\n", newline).encode())
    click.echo(f"Added to {shorten_path(path)}:")
    _show(settings, keywords_config.keywords[-1:])


def _write(path: Path, content: bytes) -> KeywordsConfig:
    """Replace the file with `content` if that is valid."""
    try:
        keywords_config = parse_keywords(path, content)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        with atomic_write(path) as new:
            new.write(content)
        if mode is not None:
            path.chmod(mode)
    except (KeywordsFileError, StoreError, OSError) as error:
        fail(f"{error}\nNothing was written.")
    return keywords_config


def _show(settings: Settings, keywords: Sequence[Keyword]) -> None:
    for keyword in keywords:
        click.echo(summarize(keyword))
        for warning in dict.fromkeys(list_warnings(keyword, settings.api_url)):
            click.echo(f"  warning: {warning}")
    click.echo("`papers run` fetches what is new.")
