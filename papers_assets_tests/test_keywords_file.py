from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from papers_assets.keywords import Field, KeywordsFile, Source
from papers_assets.keywords_file import KeywordsFileError, read_keywords_file
from papers_assets.settings import PROJECT_ROOT

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str | bytes) -> Path:
        path = tmp_path / "keywords.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def read(path: Path) -> KeywordsFile:
    return read_keywords_file(path)


def test_the_shipped_file_has_the_three_keywords_of_the_seed() -> None:
    file = read(PROJECT_ROOT / "keywords.toml")
    assert file.names == ["reinforcement learning", "compiler", "performance"]
    assert {keyword.categories for keyword in file.keywords} == {("cs", "stat")}
    assert (file.timezone, file.schedule) == (ZoneInfo("UTC"), "0 6 * * *")


def test_a_bare_keyword_has_every_default(write: Write) -> None:
    file = read(write("[keywords.compiler]"))
    keyword = file["compiler"]
    assert (keyword.any, keyword.all, keyword.none) == (("compiler",), (), ())
    assert (keyword.within, keyword.categories, keyword.cap) == (None, (), 100)
    assert (file.timezone.key, file.schedule) == ("UTC", "0 6 * * *")
    assert (file.keep_runs, file.keep_papers) == (90, 1095)
    assert not file.front_page


def test_a_keyword_of_its_own_overrides_the_files_defaults(write: Write) -> None:
    file = read(
        write("""
            cap = 20
            categories = ["cs"]
            timezone = "Europe/Berlin"
            schedule = "30 7 * * 1-5"
            keep_runs = 30
            keep_papers = 400
            site = "https://example.org/papers/"
            digest_when_nothing_changed = true
            front_page = true
            [keywords.plain]
            [keywords.compiler]
            any = ["compiler", "LLVM"]
            all = ["optimization"]
            none = ["decompiler"]
            recipients = "TEAM"
            in = "title"
            categories = ["cs.PL", "cs.AR"]
            cap = 50
        """)
    )
    plain, compiler = file.keywords
    assert (plain.cap, plain.categories) == (20, ("cs",))
    assert compiler.any == ("compiler", "LLVM")
    assert compiler.all == ("optimization",)
    assert compiler.none == ("decompiler",)
    assert compiler.within is Field.TITLE
    assert compiler.categories == ("cs.PL", "cs.AR")
    assert compiler.cap == 50
    assert (file.timezone.key, file.schedule) == ("Europe/Berlin", "30 7 * * 1-5")
    assert (file.keep_runs, file.keep_papers) == (30, 400)
    assert (file.site, file.digest_when_nothing_changed) == ("https://example.org/papers", True)
    assert file.front_page
    assert (plain.recipients, compiler.recipients) == ("", "TEAM")


def test_a_word_has_to_be_in_both_fields_and_a_longer_phrase_in_either(write: Write) -> None:
    keyword = read(write('[keywords.x]\nany = ["compiler", "graph networks"]'))["x"]
    assert keyword.field_of("compiler") is Field.BOTH
    assert keyword.field_of("graph networks") is Field.EITHER


@pytest.mark.parametrize(
    "name",
    ["C++", "a/b", "..", "图神经网络", "x" * 300, '"', "\\", "a|b", "a,b", "*", "[x]", "<b>"],
)
def test_any_printable_keyword_works_here_and_as_a_partition(write: Write, name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    file = read(write(f'[keywords."{quoted}"]'))
    assert file.names == [name]
    assert dg.StaticPartitionsDefinition(file.names).get_partition_keys() == [name]


def test_sections_keep_the_order_of_the_file(write: Write) -> None:
    assert read(write("[keywords.b]\n[keywords.a]\n[keywords.c]")).names == ["b", "a", "c"]


def test_a_byte_order_mark_is_no_obstacle(write: Write) -> None:
    assert read(write("\ufeff[keywords.a]")).names == ["a"]


MISTAKES: dict[str, tuple[str | bytes, str, str, str]] = {
    "no keyword at all": ("cap = 5", "keywords", "no keyword", "[keywords."),
    "front page is no truth value": (
        'front_page = "yes"\n[keywords.a]',
        "front_page",
        '"yes"',
        "front_page = true",
    ),
    "empty keywords": ("[keywords]", "keywords", "no keyword", "[keywords."),
    "unknown key": ("caps = 5\n[keywords.a]", "caps", "5", "Did you mean cap?"),
    "unknown key of a keyword": ("[keywords.a]\nanny = 1", "keywords.a.anny", "1", "mean any?"),
    "a keyword at the top": ("[compiler]", "compiler", "unknown", "[keywords.compiler]"),
    "a dot without quotes": ("[keywords.cs.LG]", "keywords.cs.LG", "{}", '[keywords."cs.LG"]'),
    "keyword is no table": ("[keywords]\na = 1", "keywords.a", "1", "[keywords.a]"),
    "keywords is no table": ("keywords = ['a']", "keywords", '["a"]', "[keywords."),
    "empty keyword": ('[keywords.""]', 'keywords.""', "empty", "visible"),
    "blank keyword": ('[keywords." "]', 'keywords." "', "empty", "visible"),
    "leading space": ('[keywords." a"]', 'keywords." a"', '" a"', "single spaces"),
    "two spaces": ('[keywords."a  b"]', 'keywords."a  b"', '"a  b"', "single spaces"),
    "control character": ('[keywords."a\\u0007"]', "keywords", "U+0007", "visible"),
    "zero-width space": ('[keywords."a\\u200b"]', "keywords", "U+200B", "visible"),
    "three dots": ('[keywords."a...b"]', 'keywords."a...b"', "three dots", "any = "),
    "the same keyword": ("[keywords.A]\n[keywords.a]", "keywords.a", '"A"', "Keep one"),
    "composed and decomposed": (
        '[keywords."Schr\u00f6dinger"]\n[keywords."Schro\u0308dinger"]',
        "keywords",
        "Schr\u00f6dinger",
        "Keep one",
    ),
    "twice": ("[keywords.a]\n[keywords.a]", "TOML", "twice", "only once"),
    "a space without quotes": ("[keywords.a b]", "TOML", "line 1", "need quotes"),
    "cap too small": ("cap = 0\n[keywords.a]", "cap", "0", "1 to 2000"),
    "cap too large": ("[keywords.a]\ncap = 2001", "keywords.a.cap", "2001", "1 to 2000"),
    "cap is a text": ('cap = "5"\n[keywords.a]', "cap", '"5"', "1 to 2000"),
    "cap is a truth value": ("cap = true\n[keywords.a]", "cap", "true", "1 to 2000"),
    "runs kept for no day": ("keep_runs = 0\n[keywords.a]", "keep_runs", "0", "1 to 36500"),
    "runs kept too long": ("keep_runs = 36501\n[keywords.a]", "keep_runs", "36501", "= 90"),
    "runs kept for a text": ('keep_runs = "9"\n[keywords.a]', "keep_runs", '"9"', "1 to 36500"),
    "runs kept for half a day": ("keep_runs = 0.5\n[keywords.a]", "keep_runs", "0.5", "days"),
    "site without a scheme": ('site = "you.org"\n[keywords.a]', "site", '"you.org"', "https://"),
    "site is a script": ('site = "javascript:x"\n[keywords.a]', "site", "script", "https://"),
    "site with a query": ('site = "https://a/?b"\n[keywords.a]', "site", "?b", "https://"),
    "site with a quote": ('site = "https://a/\'"\n[keywords.a]', "site", "a/'", "https://"),
    "site that is broken": ('site = "https://[a"\n[keywords.a]', "site", "[a", "https://"),
    "an answer that is none": (
        'digest_when_nothing_changed = "no"\n[keywords.a]',
        "digest_when_nothing_changed",
        '"no"',
        "= true",
    ),
    "an address in the file": (
        '[keywords.a]\nrecipients = "a@example.org"',
        "keywords.a.recipients",
        "a@example.org",
        "in the environment",
    ),
    "phrases are a text": ('[keywords.a]\nany = "x"', "keywords.a.any", '"x"', "any = ["),
    "phrases are numbers": ("[keywords.a]\nall = [1]", "keywords.a.all", "[1]", "all = ["),
    "no phrases": ("[keywords.a]\nnone = []", "keywords.a.none", "empty", "leave none out"),
    "empty phrase": ('[keywords.a]\nany = [""]', "keywords.a.any", "empty", "visible"),
    "unknown place": ('[keywords.a]\nin = "body"', "keywords.a.in", '"body"', '"title"'),
    "unknown category": ('categories = ["cs.ML"]\n[keywords.a]', "categories", "cs.ML", "mean"),
    "category is a text": ('categories = "cs"\n[keywords.a]', "categories", '"cs"', "categories ="),
    "unknown time zone": ('timezone = "Mars"\n[keywords.a]', "timezone", '"Mars"', "Europe/"),
    "time zone is a folder": ('timezone = "America"\n[keywords.a]', "timezone", "America", "tz"),
    "time zone leaves its folder": ('timezone = "../x"\n[keywords.a]', "timezone", "../x", "tz"),
    "time zone is a number": ("timezone = 1\n[keywords.a]", "timezone", "1", "Europe/"),
    "bad cron": ('schedule = "0 25 * * *"\n[keywords.a]', "schedule", "0 25", "five fields"),
    "cron of six fields": ('schedule = "0 0 6 * * *"\n[keywords.a]', "schedule", "0 0 6", "five"),
    "cron that never comes": ('schedule = "0 0 31 2 *"\n[keywords.a]', "schedule", "31 2", "come"),
    "random cron": ('schedule = "R 6 * * *"\n[keywords.a]', "schedule", "R 6", "five fields"),
    "cron is a word": ('schedule = "daily"\n[keywords.a]', "schedule", "daily", "five fields"),
    "unknown source": ('source = "rss"\n[keywords.a]', "source", '"rss"', 'source = "harvest"'),
    "source is a table": ("source = {}\n[keywords.a]", "source", "{}", 'source = "query"'),
    "harvest since nowhere": (
        'source = "harvest"\n[keywords.a]',
        "harvest_since",
        "missing",
        "harvest_since = 2026-10-01",
    ),
    "harvest since a text": (
        'source = "harvest"\nharvest_since = "2026-10-01"\n[keywords.a]',
        "harvest_since",
        '"2026-10-01" is not a day',
        "without quotes",
    ),
    "harvest since an hour": (
        "harvest_since = 2026-10-01T06:00:00Z\n[keywords.a]",
        "harvest_since",
        "not a day",
        "without quotes",
    ),
    "harvest since before arXiv": (
        "harvest_since = 1990-01-01\n[keywords.a]",
        "harvest_since",
        "1990-01-01",
        "1991-08-14",
    ),
    "not UTF-8": (b"\xff\xfe", "keywords.toml", "byte 0", "UTF-8"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_message_with_file_key_value_and_remedy(
    write: Write, mistake: str
) -> None:
    text, key, value, remedy = MISTAKES[mistake]
    path = write(text)
    with pytest.raises(KeywordsFileError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    for part in (key, value, remedy):
        assert part in message
    assert "\n" not in message


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeywordsFileError, match=r"no such file.*PAPERS_KEYWORDS"):
        read(tmp_path / "nowhere.toml")


def test_a_folder_in_its_place_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(KeywordsFileError, match="cannot be read"):
        read(tmp_path)


def test_a_definition_changes_with_what_is_asked_and_not_with_the_cap(write: Write) -> None:
    def definition(options: str) -> str:
        return read(write(f"[keywords.a]\n{options}"))["a"].definition

    plain = definition("")
    assert definition("cap = 7") == plain
    assert definition('any = ["b", "c"]') == definition('any = ["c", "b"]')
    changes = ['any = ["b"]', 'all = ["b"]', 'none = ["b"]', 'in = "title"', 'categories = ["cs"]']
    assert len({plain, *map(definition, changes)}) == 1 + len(changes)


def test_days_are_harvested_only_by_who_says_so(write: Write) -> None:
    since = "harvest_since = 2026-10-01\n"
    file = read(write(f"{since}[keywords.a]"))
    assert (file.source, file.harvest_since) == (Source.QUERY, None)
    file = read(write(f'source = "harvest"\n{since}[keywords.a]'))
    assert (file.source, file.harvest_since) == (Source.HARVEST, date(2026, 10, 1))


def test_what_is_harvested_is_what_any_keyword_looks_at(write: Write) -> None:
    text = '[keywords.a]\ncategories = ["cs"]\n[keywords.b]\ncategories = ["math.CO", "cs"]\n'
    assert read(write(text)).harvest_categories == ("cs", "math.CO")
    assert read(write(f"{text}[keywords.c]")).harvest_categories == ()
