"""The commands that write keywords.toml: `init` and `add`."""

import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from papers_assets.cli.output import keywords_or_stop, settings_or_stop, shown, stop
from papers_assets.keywords import edit, values
from papers_assets.keywords.file import KeywordsFileError, parse_keywords
from papers_assets.keywords.model import Field, Keyword, KeywordsFile
from papers_assets.keywords.summary import summary, warnings
from papers_assets.keywords.tables import comparable
from papers_assets.keywords.values import MAX_CAP, ValueMistake
from papers_assets.settings import Settings
from papers_assets.storage.files import StoreError, replacing

_T = TypeVar("_T")


def _checked(name: str, read: Callable[[str], _T]) -> Callable[[str], _T]:
    """Return `read` as the type of an option that --help calls `name`."""

    def check(value: str) -> _T:
        try:
            return read(value)
        except* ValueMistake as mistakes:
            text = " ".join(str(mistake) for mistake in mistakes.exceptions)
        raise click.BadParameter(text)

    check.__name__ = name
    return check


def _read_categories(value: str) -> tuple[str, ...]:
    return values.categories([name.strip() for name in value.split(",") if name.strip()])


def _read_phrase(value: str) -> str:
    values.check_phrase("phrase", value)
    return value


_CATEGORIES = _checked("A,B", _read_categories)
_PHRASE = _checked("PHRASE", _read_phrase)
_PHRASE_OR_NOTHING = _checked("PHRASE", lambda value: value and _read_phrase(value))
_TIMEZONE = _checked("NAME", values.timezone)


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
    settings = settings_or_stop()
    path = settings.keywords_path
    if path.exists():
        stop(
            f"{shown(path)} exists already. `papers add` adds a keyword to it; to start again, "
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
    text = edit.new_file(keyword, categories or (), zone)
    file = _write(path, text.encode())
    click.echo(f"Wrote {shown(path)}:")
    _show(settings, file.keywords)


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
    type=click.Choice([field.value for field in Field]),
    metavar="FIELD",
    help=f"Where phrases are searched for: {', '.join(Field)}.",
)
@click.option("--categories", type=_CATEGORIES, help="Of arXiv, such as cs,stat.ML.")
@click.option("--cap", type=click.IntRange(1, MAX_CAP), help="How many papers are shown.")
def add(keyword: str, any_: Sequence[str], all_: Sequence[str], **options: Any) -> None:
    """Add KEYWORD to the end of keywords.toml, whose text stays as it is.

    --any, --all and --none can be given several times. What is left out is as for the other
    keywords. Exit status: 0 it is added, 2 it is not, and the file is as before.
    """
    settings = settings_or_stop()
    file = keywords_or_stop(settings)
    path = settings.keywords_path.resolve()  # a link stays one
    for name in file.names:
        if comparable(name) == comparable(keyword):
            stop(f"{shown(path)} has {name!r} already; edit its section there.")
    wanted = {"any": any_, "all": all_, "none": options.pop("none"), "in": options.pop("within")}
    section = edit.section(keyword, wanted | options)
    newline = "\r\n" if b"\r\n" in file.content else "\n"
    before = file.content if file.content.endswith(b"\n") else file.content + newline.encode()
    file = _write(path, before + f"\n{section}".replace("\n", newline).encode())
    click.echo(f"Added to {shown(path)}:")
    _show(settings, file.keywords[-1:])


def _write(path: Path, content: bytes) -> KeywordsFile:
    """Replace the file by `content`, if that is valid."""
    try:
        file = parse_keywords(path, content)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        with replacing(path) as new:
            new.write(content)
        if mode is not None:
            path.chmod(mode)
    except (KeywordsFileError, StoreError, OSError) as error:
        stop(f"{error}\nNothing was written.")
    return file


def _show(settings: Settings, keywords: Sequence[Keyword]) -> None:
    for keyword in keywords:
        click.echo(summary(keyword))
        for warning in dict.fromkeys(warnings(keyword, settings.api_url)):
            click.echo(f"  warning: {warning}")
    click.echo("`papers run` fetches what is new.")
