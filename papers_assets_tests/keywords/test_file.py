from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from papers_assets.keywords.file import KeywordsFileError, read_keywords_file
from papers_assets.keywords.model import (
    Keyword,
    KeywordsConfig,
    MatchField,
    PaperSource,
    Phrase,
    Search,
)
from papers_assets.keywords.query import count_terms
from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.helpers import reference_data

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str | bytes) -> Path:
        path = tmp_path / "keywords.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def read(path: Path) -> KeywordsConfig:
    return read_keywords_file(path)


def test_the_shipped_file_has_the_three_keywords_of_the_seed() -> None:
    keywords_config = read(PROJECT_ROOT / "keywords.toml")
    assert keywords_config.names == ["reinforcement learning", "compiler", "performance"]
    assert {keyword.categories for keyword in keywords_config.keywords} == {("cs", "stat")}
    assert (keywords_config.timezone, keywords_config.schedule) == (ZoneInfo("UTC"), "0 6 * * *")


def test_a_bare_keyword_has_every_default(write: Write) -> None:
    keywords_config = read(write("[keywords.compiler]"))
    keyword = keywords_config["compiler"]
    assert keyword == Keyword("compiler", (Search(any=(Phrase("compiler"),)),), cap=100)
    assert (keywords_config.timezone.key, keywords_config.schedule) == ("UTC", "0 6 * * *")
    assert (keywords_config.keep_runs, keywords_config.keep_papers) == (90, 1095)
    assert not keywords_config.front_page
    assert not keywords_config.witness


def test_a_keyword_of_its_own_overrides_the_files_defaults(write: Write) -> None:
    keywords_config = read(
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
            witness = true
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
    plain, compiler = keywords_config.keywords
    assert (plain.cap, plain.categories) == (20, ("cs",))
    assert compiler.searches == (
        Search(
            any=(Phrase("compiler"), Phrase("LLVM")),
            all=((Phrase("optimization"),),),
            none=(Phrase("decompiler"),),
            within=MatchField.TITLE,
            categories=("cs.PL", "cs.AR"),
        ),
    )
    assert compiler.cap == 50
    assert (keywords_config.timezone.key, keywords_config.schedule) == (
        "Europe/Berlin",
        "30 7 * * 1-5",
    )
    assert (keywords_config.keep_runs, keywords_config.keep_papers) == (30, 400)
    assert (keywords_config.site, keywords_config.digest_when_nothing_changed) == (
        "https://example.org/papers",
        True,
    )
    assert keywords_config.front_page
    assert keywords_config.witness
    assert (plain.recipients, compiler.recipients) == ("", "TEAM")


def fields(keywords_config: KeywordsConfig, name: str = "x") -> dict[str, MatchField]:
    [search] = keywords_config[name].searches
    return dict(pair for group in search.groups for pair in group)


def test_a_word_has_to_be_in_both_fields_and_a_longer_phrase_in_either(write: Write) -> None:
    keywords_config = read(write('[keywords.x]\nany = ["compiler", "graph networks"]'))
    assert fields(keywords_config) == {
        "compiler": MatchField.BOTH,
        "graph networks": MatchField.EITHER,
    }


@pytest.mark.parametrize("phrase", ["chain-of-thought", "Q-learning", "SLAM/VO", "AdS/CFT"])
def test_words_are_counted_as_arxiv_splits_them(write: Write, phrase: str) -> None:
    keywords_config = read(write(f'[keywords.x]\nany = ["{phrase}", "node.js", "snake_case"]'))
    both = dict.fromkeys(("node.js", "snake_case"), MatchField.BOTH)
    assert fields(keywords_config) == {phrase: MatchField.EITHER} | both


def test_the_file_can_say_once_where_phrases_are_looked_for(write: Write) -> None:
    keywords_config = read(
        write('in = "title or abstract"\n[keywords.x]\n[keywords.y]\nin = "title"')
    )
    assert fields(keywords_config) == {"x": MatchField.EITHER}
    assert fields(keywords_config, "y") == {"y": MatchField.TITLE}


def test_all_can_have_lists_of_alternatives_and_phrases_fields_of_their_own(write: Write) -> None:
    keywords_config = read(
        write("""
            [keywords.x]
            any = ["nickelate", { phrase = "La3Ni2O7", in = "abstract" }]
            all = ["film", ["PLD", { phrase = "ICRA", in = "comment" }]]
            none = [{ phrase = "review", in = "title" }]
        """)
    )
    [search] = keywords_config["x"].searches
    assert search.groups == (
        (("nickelate", MatchField.BOTH), ("La3Ni2O7", MatchField.ABSTRACT)),
        (("film", MatchField.BOTH),),
        (("PLD", MatchField.BOTH), ("ICRA", MatchField.COMMENT)),
    )
    assert search.excluded == (("review", MatchField.TITLE),)


def test_all_of_a_category_needs_no_phrase(write: Write) -> None:
    keywords_config = read(write('[keywords.robotics]\nany = []\ncategories = ["cs.RO"]'))
    assert keywords_config["robotics"].searches == (Search(categories=("cs.RO",)),)


def test_all_without_any_needs_every_word(write: Write) -> None:
    keywords_config = read(write('[keywords.x]\nany = []\nall = ["latent", "image"]'))
    [search] = keywords_config["x"].searches
    assert search.groups == ((("latent", MatchField.BOTH),), (("image", MatchField.BOTH),))


def test_a_keyword_can_have_several_queries_which_share_what_stands_beside_them(
    write: Write,
) -> None:
    keywords_config = read(
        write("""
            [keywords.EDA]
            in = "abstract"
            none = ["survey"]
            categories = ["cs.AR"]
            [[keywords.EDA.queries]]
            any = ["LLM"]
            [[keywords.EDA.queries]]
            any = ["chip design"]
            categories = ["cs.LG"]
            cross_lists = false
        """)
    )
    shared = Search(within=MatchField.ABSTRACT, none=(Phrase("survey"),))
    assert keywords_config["EDA"].searches == (
        replace(shared, any=(Phrase("LLM"),), categories=("cs.AR",)),
        replace(shared, any=(Phrase("chip design"),), categories=("cs.LG",), cross_lists=False),
    )
    assert keywords_config.harvest_categories == ("cs.AR", "cs.LG")


def test_what_old_files_say_is_asked_for_as_before(write: Write) -> None:
    # Fingerprints of the release before keywords could say more: were they others, everything
    # would be fetched again.
    keywords_config = read(
        write("""
            [keywords."graph networks"]
            [keywords.compiler]
            any = ["compiler", "LLVM"]
            all = ["optimization"]
            none = ["decompiler"]
            in = "title"
            categories = ["cs.PL"]
            [keywords.k-means]
        """)
    )
    assert keywords_config["graph networks"].fingerprint == "7d58fcfe71ebdf71"
    assert keywords_config["compiler"].fingerprint == "5c49088afdff6e4f"
    # Of one word then, and so in title and abstract; of two now.
    assert keywords_config["k-means"].fingerprint != "0985a816e0a418d6"


@pytest.mark.parametrize(
    "line",
    [
        "exact = true",
        'revisions = "exclude"',
        'cross_lists = false\ncategories = ["cs"]',
        'any = [{ phrase = "x", in = "title" }]',
        'all = [["a", "b"]]',
        'queries = [{ any = ["x"] }, { any = ["y"] }]',
    ],
)
def test_whatever_changes_the_list_changes_the_definition(write: Write, line: str) -> None:
    with_categories = '[keywords.x]\ncategories = ["cs"]' if "cs" in line else "[keywords.x]"
    plain = read(write(with_categories))["x"].fingerprint
    assert read(write(f"[keywords.x]\n{line}"))["x"].fingerprint != plain


@pytest.mark.parametrize(
    "name",
    ["C++", "a/b", "..", "图神经网络", "x" * 300, '"', "\\", "a|b", "a,b", "*", "[x]", "<b>"],
)
def test_any_printable_keyword_works_here_and_as_a_partition(write: Write, name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    keywords_config = read(write(f'[keywords."{quoted}"]'))
    assert keywords_config.names == [name]
    assert dg.StaticPartitionsDefinition(keywords_config.names).get_partition_keys() == [name]


def test_sections_keep_the_order_of_the_file(write: Write) -> None:
    assert read(write("[keywords.b]\n[keywords.a]\n[keywords.c]")).names == ["b", "a", "c"]


def test_a_byte_order_mark_is_no_obstacle(write: Write) -> None:
    assert read(write("\ufeff[keywords.a]")).names == ["a"]


@pytest.mark.parametrize("number", range(1, 24))
def test_lists_of_public_projects_are_understood(number: int) -> None:
    keywords_config = read(reference_data.path(f"reports/bugs/keywords/{number:02}.toml"))
    assert keywords_config.names
    assert all(count_terms(keyword) for keyword in keywords_config.keywords)


MISTAKES: dict[str, tuple[str | bytes, str, str, str]] = {
    "a phrase with an unknown key": (
        '[keywords.a]\nany = [{ phrase = "x", on = "title" }]',
        "keywords.a.any",
        '"on"',
        'in = "comment"',
    ),
    "a phrase in an unknown field": (
        '[keywords.a]\nany = [{ phrase = "x", in = "venue" }]',
        "keywords.a.any",
        '"venue"',
        "journal",
    ),
    "an empty group": ("[keywords.a]\nall = [[]]", "keywords.a.all", "empty", "Name a phrase"),
    "nothing at all": ("[keywords.a]\nany = []", "keywords.a.any", "all of arXiv", "categories"),
    "queries are no list": ("[keywords.a]\nqueries = 1", "keywords.a.queries", "1", "queries = ["),
    "a query is no table": ("[keywords.a]\nqueries = [1]", "queries[1]", "1", "Write"),
    "any beside queries": (
        '[keywords.a]\nany = ["x"]\nqueries = [{ any = ["y"] }]',
        "keywords.a.any",
        "beside queries",
        "Move any",
    ),
    "a query without anything": ("[keywords.a]\nqueries = [{}]", "queries[1]", "arXiv", "phrase"),
    "a mistake in a query": (
        "[keywords.a]\nqueries = [{ anny = 1 }]",
        "queries[1]",
        "anny",
        "Did you mean any?",
    ),
    "no cross-lists of nothing": (
        "[keywords.a]\ncross_lists = false",
        "keywords.a.cross_lists",
        "without categories",
        "categories = [",
    ),
    "an unknown choice of versions": (
        '[keywords.a]\nrevisions = "no"',
        "keywords.a.revisions",
        '"no"',
        "exclude",
    ),
    "a query that is too long": (
        f"[keywords.a]\nany = {[f'phrase number {n}' for n in range(401)]}",
        "keywords.a",
        "802 terms",
        "keywords of their own",
    ),
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
    "keyword for keywords": (
        "[keyword.compiler]",
        "keyword: unknown key",
        "compiler",
        "Write [keywords.compiler].",
    ),
    "a key of the file below a section": (
        '[keywords.a]\ntimezone = "UTC"',
        "keywords.a.timezone",
        '"UTC"',
        "timezone belongs at the top of the file, above the first [section].",
    ),
    "a misspelled key of the file below a section": (
        '[keywords.a]\nshedule = "0 6 * * *"',
        "keywords.a.shedule",
        "0 6",
        "schedule belongs at the top of the file",
    ),
    "a key of the file below [keywords]": (
        '[keywords]\nsite = "https://example.org"\n[keywords.a]',
        "keywords.site",
        "example.org",
        "site belongs at the top of the file",
    ),
    "phrases where a section belongs": (
        '[keywords]\ncompiler = ["LLVM", "GCC"]',
        "keywords.compiler",
        '["LLVM", "GCC"] is not a table',
        'Write [keywords.compiler] and, below it, any = ["LLVM", "GCC"].',
    ),
    "a list of keywords": (
        'keywords = ["compiler", "time series"]',
        "keywords",
        "is not a table",
        'Write [keywords.compiler], [keywords."time series"].',
    ),
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
    "phrases are numbers": ("[keywords.a]\nall = [1]", "keywords.a.all", "1 is not", "all = ["),
    "no phrases": ("[keywords.a]\nnone = []", "keywords.a.none", "empty", "leave none out"),
    "empty phrase": ('[keywords.a]\nany = [""]', "keywords.a.any", "empty", "visible"),
    "unknown place": ('[keywords.a]\nin = "body"', "keywords.a.in", '"body"', '"title"'),
    "unknown category": (
        'categories = ["cs.ML"]\n[keywords.a]',
        "categories",
        '"cs.ML"',
        'Did you mean "cs.LG" or "stat.ML"?',
    ),
    "category is a text": ('categories = "cs"\n[keywords.a]', "categories", '"cs"', "categories ="),
    "unknown time zone": ('timezone = "Mars"\n[keywords.a]', "timezone", '"Mars"', "Europe/"),
    "time zone is a folder": ('timezone = "America"\n[keywords.a]', "timezone", "America", "tz"),
    "time zone leaves its folder": ('timezone = "../x"\n[keywords.a]', "timezone", "../x", "tz"),
    "time zone is a number": ("timezone = 1\n[keywords.a]", "timezone", "1", "Europe/"),
    "bad cron": ('schedule = "0 25 * * *"\n[keywords.a]', "schedule", "0 25", "five fields"),
    "cron of six fields": ('schedule = "0 0 6 * * *"\n[keywords.a]', "schedule", "0 0 6", "five"),
    "cron that never comes": (
        'schedule = "0 0 31 2 *"\n[keywords.a]',
        "schedule",
        "31 2",
        "no day",
    ),
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
    "witness is a text": ('witness = "yes"\n[keywords.a]', "witness", '"yes"', "witness = true"),
    "witness of a harvest": (
        'source = "harvest"\nharvest_since = 2026-10-01\nwitness = true\n[keywords.a]',
        "witness",
        'source = "harvest"',
        "Leave witness out.",
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


def test_all_mistakes_of_a_file_are_named_at_once_and_each_once(write: Write) -> None:
    path = write("""
        cap = 0
        categories = ["CS.LG", "cs.NLP", "cs.PL"]
        shedule = "0 6 * * *"
        [keywords.compiler]
        any = ["compiler", "two  spaces", ""]
        cross_lists = false
        timezone = "UTC"
        [keywords.EDA]
        categories = "cs"
        queries = [{ anny = ["LLM"] }, { any = 1, cross_lists = false }]
        [keywords.eda]
    """)
    with pytest.raises(KeywordsFileError) as caught:
        read(path)
    first, *mistakes = str(caught.value).splitlines()
    assert first == f"{path} has 11 mistakes:"
    assert [mistake.partition(": ")[0] for mistake in mistakes] == [
        "1. shedule",
        "2. cap",
        "3. categories",
        "4. categories",
        "5. keywords.eda",
        "6. keywords.compiler.timezone",
        "7. keywords.compiler.any",
        "8. keywords.compiler.any",
        "9. keywords.EDA.categories",
        "10. keywords.EDA.queries[1].anny",
        "11. keywords.EDA.queries[2].any",
    ]
    assert 'Did you mean "cs.LG"?' in mistakes[2]
    assert 'Did you mean "cs.CL"?' in mistakes[3]


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeywordsFileError, match=r"no such file.*PAPERS_KEYWORDS"):
        read(tmp_path / "nowhere.toml")


def test_a_folder_in_its_place_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(KeywordsFileError, match="cannot be read"):
        read(tmp_path)


def test_a_definition_changes_with_what_is_asked_and_not_with_the_cap(write: Write) -> None:
    def definition(options: str) -> str:
        return read(write(f"[keywords.a]\n{options}"))["a"].fingerprint

    plain = definition("")
    assert definition("cap = 7") == plain
    assert definition('any = ["b", "c"]') == definition('any = ["c", "b"]')
    changes = ['any = ["b"]', 'all = ["b"]', 'none = ["b"]', 'in = "title"', 'categories = ["cs"]']
    assert len({plain, *map(definition, changes)}) == 1 + len(changes)


def test_days_are_harvested_only_by_who_says_so(write: Write) -> None:
    since = "harvest_since = 2026-10-01\n"
    keywords_config = read(write(f"{since}[keywords.a]"))
    assert (keywords_config.source, keywords_config.harvest_since) == (PaperSource.QUERY, None)
    keywords_config = read(write(f'source = "harvest"\n{since}[keywords.a]'))
    assert (keywords_config.source, keywords_config.harvest_since) == (
        PaperSource.HARVEST,
        date(2026, 10, 1),
    )


def test_what_is_harvested_is_what_any_keyword_looks_at(write: Write) -> None:
    text = '[keywords.a]\ncategories = ["cs"]\n[keywords.b]\ncategories = ["math.CO", "cs"]\n'
    assert read(write(text)).harvest_categories == ("cs", "math.CO")
    assert read(write(f"{text}[keywords.c]")).harvest_categories == ()
