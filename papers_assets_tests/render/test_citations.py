r"""BibTeX and RIS, read by the parsers that others use, and by one as strict as BibTeX itself."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st
from pylatexenc.latex2text import (
    LatexNodes2Text,
    MacroTextSpec,
    get_default_latex_context_db,
)

from papers_assets.render.citations import escape_latex, to_bibtex, to_ris
from papers_assets.render.markdown import collapse_whitespace
from papers_assets.transform.listed_papers import ListedPaper
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.factories import EPOCH, LATER

GOLDEN = Path(__file__).parent / "golden"


def listed_paper(**fields: Any) -> ListedPaper:
    values: dict[str, Any] = {
        "arxiv_id": "2613.00001",
        "version": 1,
        "title": "Invented compilers",
        "authors": ("Ada Example", "Ben Sample"),
        "abstract": "Nobody wrote this compiler.",
        "comment": None,
        "categories": ("cs.PL", "cs.SE"),
        "primary_category": "cs.PL",
        "published": EPOCH,
        "updated": EPOCH,
        "doi": None,
        "journal_ref": None,
        "first_seen": LATER,
        "keywords": ("compiler",),
    }
    return ListedPaper(**(values | fields))


INVENTED = (
    listed_paper(),
    listed_paper(
        arxiv_id="2613.00002",
        version=3,
        title=r"Invented bounds: $O(\{n\}^{2})$ at 95% & $\ours$ for $5-$10",
        authors=("Ludwig van der Example", "José Sample Jr.", "Sample, Inc.", "Rock and Roll"),
        abstract='It says "never",\r\nand then; {not} closed \\',
        comment="12 pages. Code: https://github.com/ada/tool;v=1",
        categories=("cs.LG", "68T07; 62H30 (Primary)"),
        primary_category="cs.LG",
        updated=datetime(2026, 11, 20, 1, 2, 3, 456789, tzinfo=UTC),
        doi="10.9999/invented_12(3)",
        journal_ref="Journal of Invented Results 1 (2026) 1--9",
        keywords=("compiler", "bounds, upper"),
    ),
    listed_paper(
        arxiv_id="math-ph/0613003",
        title="NA",
        authors=("The Invented Collaboration", ":", "\u674e\u660e"),
        abstract="}@misc{x,\nER  - \nTY  - JOUR",
        comment="",
        doi=r"10.9999/{x}\input",
        published=datetime(2006, 12, 31, 23, 59, 59, tzinfo=UTC),
    ),
    listed_paper(arxiv_id="2613.00004", title="\ud800 =1+1", authors=()),
)


@pytest.mark.parametrize(
    ("write", "name"), [(to_bibtex, "citations.bib"), (to_ris, "citations.ris")]
)
def test_the_files_are_byte_for_byte_what_they_were(write: Any, name: str) -> None:
    assert write(INVENTED).encode() == (GOLDEN / name).read_bytes()


def strictly(text: str) -> dict[str, dict[str, str]]:
    """Read entries as BibTeX does, to which a brace is a brace whatever stands before it."""
    entries: dict[str, dict[str, str]] = {}
    position = 0

    def take(pattern: str) -> str:
        nonlocal position
        match = re.compile(pattern).match(text, position)
        assert match, f"expected {pattern} at {text[position : position + 80]!r}"
        position = match.end()
        return match[0]

    while position < len(text):
        take(r"\s*@misc\{")
        key = take(r"[^\s/,{}\"#%'()=~\\]+")
        assert key.lower() not in entries
        fields = entries[key.lower()] = {}
        while text.startswith(",", position):
            name = take(r",\n  \w+ = ").strip(",\n =")
            if text[position] != "{":
                fields[name] = take("[a-z]{3}(?=,)")
                continue
            start, depth = position + 1, 0
            for mark in re.compile("[{}]").finditer(text, position):
                depth += 1 if mark[0] == "{" else -1
                position = mark.end()
                if depth == 0:
                    break
            fields[name] = text[start : position - 1]
            assert depth == 0
            assert "\n" not in fields[name]
        take(r"\n\}\n")
    return entries


def parsed(text: str) -> dict[str, dict[str, str]]:
    """Read entries with bibtexparser, and see that BibTeX would find the same."""
    library = parse_string(text)
    assert library.failed_blocks == []
    assert len(library.blocks) == len(library.entries)
    found = {e.key.lower(): {f.key: str(f.value) for f in e.fields} for e in library.entries}
    assert found == strictly(text)
    return found


def entry(**fields: Any) -> dict[str, str]:
    (found,) = parsed(to_bibtex([listed_paper(**fields)])).values()
    return found


def record(**fields: Any) -> dict[str, Any]:
    (found,) = rispy.loads(to_ris([listed_paper(**fields)]))
    return dict(found)


def people(author: str) -> list[str]:
    """Split as BibTeX does, at every "and" outside braces."""
    depth = 0
    names: list[list[str]] = [[]]
    for word in author.split(" "):
        if word.lower() == "and" and depth == 0:
            names.append([])
            continue
        depth += word.count("{") - word.count("}")
        names[-1].append(word)
    return [" ".join(words) for words in names]


def test_an_entry_cites_the_version_on_arxiv() -> None:
    found = entry(version=3, doi="10.9999/a_b", journal_ref="J. Inv. 1 (2026)", comment="9 pages")
    assert found == {
        "title": "{Invented compilers}",
        "author": "Ada Example and Ben Sample",
        "year": "2026",
        "month": "jan",
        "eprint": "2613.00001v3",
        "archivePrefix": "arXiv",
        "primaryClass": "cs.PL",
        "doi": "10.9999/a_b",
        "note": "J. Inv. 1 (2026)",
        "url": "https://arxiv.org/abs/2613.00001v3",
        "keywords": "compiler",
        "annote": "9 pages",
        "abstract": "Nobody wrote this compiler.",
    }


def test_what_a_paper_does_not_have_has_no_field() -> None:
    found = entry(title=" ", authors=(), abstract="", doi="", journal_ref=None)
    assert list(found) == [
        *("year", "month", "eprint", "archivePrefix", "primaryClass", "url", "keywords"),
    ]
    found = record(title=" ", authors=(), abstract="", doi="", journal_ref=None)
    assert not {"title", "authors", "doi", "notes", "abstract"} & set(found)


@pytest.mark.parametrize(
    ("name", "in_bibtex", "in_ris"),
    [
        ("Ada Example", "Ada Example", "Example, Ada"),
        ("Ada  B.\nExample", "Ada B. Example", "Example, Ada B."),
        ("Plato", "Plato", "Plato"),
        ("Ludwig van der Example", "Ludwig van der Example", "van der Example, Ludwig"),
        ("Ben Sample Jr.", "Ben {Sample Jr.}", "Sample Jr., Ben"),
        ("Ben Sample III", "Ben {Sample III}", "Sample III, Ben"),
        (
            "The Invented Collaboration",
            "{The Invented Collaboration}",
            "The Invented Collaboration",
        ),
        ("Sample, Inc.", "{Sample, Inc.}", "Sample, Inc."),
        ("Rock AND Roll", "{Rock AND Roll}", "Rock AND Roll"),
        ("and Ben Sample", "{and Ben Sample}", "and Ben Sample"),
        ("others", "{others}", "others"),
        ("Ben Sand", "Ben Sand", "Sand, Ben"),
        (
            r"Nguy\~en {X",
            r"Nguy\textbackslash{}\textasciitilde{}en \textbraceleft{}X",
            r"{X, Nguy\~en",
        ),
    ],
)
def test_a_name_stays_one_person(name: str, in_bibtex: str, in_ris: str) -> None:
    authors = ("Zoe First", name, "Zoe Last")
    assert people(entry(authors=authors)["author"]) == ["Zoe First", in_bibtex, "Zoe Last"]
    assert record(authors=authors)["authors"] == ["First, Zoe", in_ris, "Last, Zoe"]


def test_what_is_no_name_is_no_author() -> None:
    authors = ("The Invented Collaboration", " :", "", "Ada Example")
    assert entry(authors=authors)["author"] == "{The Invented Collaboration} and Ada Example"
    assert record(authors=authors)["authors"] == ["The Invented Collaboration", "Example, Ada"]


def test_a_keyword_with_a_comma_stays_one() -> None:
    assert entry(keywords=("a, b", "c"))["keywords"] == "{a, b}, c"
    assert record(keywords=("a, b", "c"))["keywords"] == ["a, b", "c"]


def test_a_doi_that_is_none_is_text_and_nothing_else() -> None:
    found = entry(doi=r"10.9999/^^5cinput{x}%")["doi"]
    assert found == (
        r"10.9999/\textasciicircum{}\textasciicircum{}5cinput\textbraceleft{}x\textbraceright{}\%"
    )


ids = st.from_regex(
    r"([0-9]{4}\.[0-9]{4,5}|[a-z]{1,3}(-[a-z]{1,3})?(\.[A-Z]{2})?/[0-9]{7})", fullmatch=True
)


@given(st.lists(ids, unique=True, max_size=5), st.integers(1, 9))
def test_keys_are_those_of_papers_not_of_versions(found: list[str], version: int) -> None:
    keys = list(parsed(to_bibtex(listed_paper(arxiv_id=x) for x in found)))
    assert len(keys) == len(found)
    assert keys == list(parsed(to_bibtex(listed_paper(arxiv_id=x, version=version) for x in found)))
    records = rispy.loads(to_ris(listed_paper(arxiv_id=x, version=version) for x in found))
    assert [r["id"].lower() for r in records] == keys


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("100% of A_B & C#1 for $5", r"100\% of A\_B \& C\#1 for \$5"),
        ("~/x^2 {y}", r"\textasciitilde{}/x\textasciicircum{}2 \textbraceleft{}y\textbraceright{}"),
        ("a<b>c|d", r"a\textless{}b\textgreater{}c\textbar{}d"),
        (r"\input{x}", r"\textbackslash{}input\textbraceleft{}x\textbraceright{}"),
        (r"95\% \$x$", r"95\textbackslash{}\% \textbackslash{}\$x\$"),
        ("Müller, 李明", "Müller, 李明"),
        (r"an $O(n_1^{2})$ bound", r"an $O(n_1^{2})$ bound"),
        (r"$\{x\}$ and $\left\{ x \right.$", r"$\lbrace x\rbrace $ and $\left\lbrace  x \right.$"),
        ("$50%$, $a&b$", r"$50\%$, $a\&b$"),
        (r"a $\sim$10 and $>$20", r"a $\sim$10 and $>$20"),
        ("from $5-$10, or $5 to $10 for $k$", r"from \$5-\$10, or \$5 to \$10 for $k$"),
        ("$5 a page (saving $2)", r"\$5 a page (saving \$2)"),
        ("$5 a page (in US$)", r"\$5 a page (in US\$)"),
        (r"\\$x$", r"\textbackslash{}\textbackslash{}$x$"),
    ],
)
def test_text_is_typeset_as_published_and_formulas_stay_formulas(text: str, latex: str) -> None:
    assert escape_latex(text) == latex


@pytest.mark.parametrize(
    "text",
    [
        *("$", "$$", "$$x$$", "$ x$", "$x $", "$x", r"$x\$", "$}{$", "${$", "$x}$", r"$\{x}$"),
        *("$x_$", "$_{}^$", "$x__1$", "$x_1_2$", "$x_{1}_{2}$", "$^^5cinput{x}$", r"$\text{a_b}$"),
        *(r"$\input{x}$", r"$\csname input\endcsname{x}$", r"$\ours$", r"$a\\b$", r"$\left($"),
        *(r"$\def\alpha{x}$", r"$\end{document}$", r"$\href{javascript:x}{y}$", r"$\(x\)$"),
    ],
)
def test_what_is_no_formula_is_text(text: str) -> None:
    latex = escape_latex(text)
    assert latex.count(r"\$") == text.count("$")
    assert not re.search(r"(?<!\\)\$", latex)


HOSTILE = [
    *(
        "{",
        "}",
        "@misc{",
        "@",
        '"',
        "\\",
        "\\{",
        "\\}",
        "%",
        "#",
        "&",
        "~",
        "^",
        "_",
        "$",
        ",",
        "=",
    ),
    *("$x_1$", r"$\{$", r"$\left\{x\right.$", r"\input{x}", "^^5c", " and ", "a", "1", " ", ";"),
    *(
        "\n",
        "\r\n",
        "\nER  - ",
        "\r\nTY  - JOUR\r\n",
        "\x0b",
        "\x1d",
        "\x85",
        "\u2028",
        "\0",
        "\x7f",
    ),
    *("\ud800", "\u202e", "\u200b", "\ufffd", "é", "\u674e"),
]
hostile = st.lists(st.sampled_from(HOSTILE) | st.characters(), max_size=12).map("".join)
papers = st.lists(
    st.builds(
        listed_paper,
        arxiv_id=ids,
        title=hostile,
        authors=st.lists(hostile, max_size=3).map(tuple),
        abstract=hostile,
        comment=st.none() | hostile,
        primary_category=hostile,
        doi=st.none() | hostile,
        journal_ref=st.none() | hostile,
        keywords=st.lists(hostile, max_size=2).map(tuple),
    ),
    max_size=3,
    unique_by=lambda p: p.arxiv_id,
)


@given(papers)
def test_whatever_papers_say_each_is_an_entry_of_its_own(some: list[ListedPaper]) -> None:
    text = to_bibtex(some)
    found = list(parsed(text).values())
    assert [x["eprint"] for x in found] == [f"{p.arxiv_id}v1" for p in some]
    assert text.encode().decode() == text
    for paper, fields in zip(some, found, strict=True):
        named = [a for a in map(collapse_whitespace, paper.authors) if any(c.isalnum() for c in a)]
        assert len(people(fields["author"]) if "author" in fields else []) == len(named)


def read_as_latex(latex: str) -> str:
    context = get_default_latex_context_db()
    names = {"less": "<", "greater": ">", "bar": "|", "braceleft": "{", "braceright": "}"}
    missing = names | {"asciicircum": "^"}  # or what pylatexenc has another character for
    macros = [MacroTextSpec(f"text{name}", character) for name, character in missing.items()]
    context.add_context_category("characters", macros=macros, prepend=True)
    reader = LatexNodes2Text(latex_context=context, keep_braced_groups=True)
    return str(reader.latex_to_text(latex))


KNOWN = re.compile(r"\\(text(backslash|ascii\w+|brace\w+|less|greater|bar)\{\}|[&%$#_])")


@given(hostile.map(lambda text: collapse_whitespace(text).replace("$", "")))
def test_text_without_dollars_reads_as_it_was_published(text: str) -> None:
    latex = escape_latex(text)
    assert "\\" not in KNOWN.sub("", latex)
    # These are made quotes and dashes of by LaTeX, as those who publish them expect.
    plain = re.sub("[-`'?!]", "", text)
    assert read_as_latex(escape_latex(plain)) == plain


@given(st.lists(st.sampled_from([*"$$$$ab1 {}_^", r"\{", r"\}", r"\alpha", r"\input", r"\\"])))
def test_only_commands_of_mathematics_are_left_and_all_is_closed(pieces: list[str]) -> None:
    latex = escape_latex(collapse_whitespace("".join(pieces)))
    commands = re.findall(r"\\([A-Za-z]+)", KNOWN.sub("", latex))
    assert all(re.fullmatch("alpha[ab]*|[lr]brace", command) for command in commands)
    assert len(re.findall(r"(?<!\\)\$", latex)) % 2 == 0
    depths = [0]
    for brace in re.findall("[{}]", latex):
        depths.append(depths[-1] + (1 if brace == "{" else -1))
    assert min(depths) == depths[-1] == 0


@given(papers)
def test_whatever_papers_say_each_is_a_record_of_its_own(some: list[ListedPaper]) -> None:
    text = to_ris(some)
    assert text.encode().decode() == text
    lines = text.splitlines(keepends=True)
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - [^\r\n]*\r\n", line) for line in lines)
    found = rispy.loads(text)
    assert found == rispy.loads(text.replace("\r\n", "\n"))
    assert len(found) == text.count("ER  - \r\n") == len(some)
    for paper, fields in zip(some, found, strict=True):
        assert fields["accession_number"] == f"arXiv:{paper.arxiv_id}v1"
        for name in ("title", "abstract", "doi"):
            assert fields.get(name, "") == collapse_whitespace(getattr(paper, name) or "")
        notes = (collapse_whitespace(note or "") for note in (paper.journal_ref, paper.comment))
        assert fields.get("notes", []) == [note for note in notes if note]
        assert fields.get("keywords", []) == [
            k for k in map(collapse_whitespace, paper.keywords) if k
        ]


def real(name: str) -> Iterator[ListedPaper]:
    for number, row in enumerate(reference_data.sample(name)):
        texts = {n: row.get(n) for n in ("title", "abstract", "comment", "doi", "journal_ref")}
        fields = texts | {"authors": tuple(row.get("authors", ()))}
        # The same paper comes in several versions, and a list has only one of them.
        yield replace(listed_paper(), arxiv_id=f"2613.{number:05}", **fields)


@pytest.mark.corpus
def test_no_real_text_of_the_dangerous_kind_breaks_an_entry_or_a_record() -> None:
    some = list(real("arxiv/hazards.jsonl.gz"))
    found = parsed(to_bibtex(some))
    assert [x["eprint"] for x in found.values()] == [f"{p.arxiv_id}v1" for p in some]
    titles = [r["title"] for r in rispy.loads(to_ris(some))]
    assert titles == [collapse_whitespace(p.title) for p in some]


@pytest.mark.corpus
def test_every_real_author_is_one_in_bibtex_and_in_ris() -> None:
    some = [replace(p, abstract="", comment=None) for p in real("arxiv/papers.jsonl.gz")]
    some = some[::4]
    entries = strictly(to_bibtex(some)).values()
    records = rispy.loads(to_ris(some))
    for paper, fields, record in zip(some, entries, records, strict=True):
        named = [a for a in map(collapse_whitespace, paper.authors) if any(c.isalnum() for c in a)]
        assert len(people(fields["author"])) == len(record["authors"]) == len(named)
