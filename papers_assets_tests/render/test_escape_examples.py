"""What is written for what was published, for people to read; the judge is in the other modules."""

import pytest

from papers_assets.render import markdown
from papers_assets_tests.helpers import github_markdown

UNTOUCHED = [
    "a < b and c > d, x<y, 3<4",
    "A* search, C*-algebras, 5 * 3 * 2, a*b**c",
    "snake_case and snake_case_too, f(x)_i",
    "Smith & Co, AT&T, &c, Q&A; R&D",
    "[1] and [0, 1), f[x] (see below)",
    "E[X](<0.05), P[Y](< 2) > 0",
    f"[x]{'(' * 34}{')' * 34}",
    "about 700~PB, Fig.~3, ~5 %",
    r"\alpha, \mathcal{O}(n), $x_i \in S$",
    "a single ` and ``quoted''",
    "100% #1 ^2 {x} $5 ~ + - = ! ? 'x' \"y\"",
    "1. item, - item, > quote, # heading",
    "me@an.example, +49 123, 10:30, a/b",
    "naïve café — “quoted” …",
]

URLS = [
    "https://a.example/_x_y_/*z*?a=1&amp;b~c~d, see",
    "http://a.example/(*) and b*",
    "(http://a.example/x_(y)_z), www.a.example/_x_.",
    r"at \url{https://a.example/a\_b}",
]

# Where GitHub's way of finding URLs is peculiar.
PECULIAR_URLS = [
    r"\[0, 1) http://a.example/x",
    r"\\[0, 1) http://a.example/x_y_",
    r"[0, 1) http://a.example/*x*",
    r"http://a_b\_c.example",
    r"http://ab\_c.example",
    r"http://éa_b.c/\{x",
    r"http://a.b.c.d.e.f.g.h.i.j.k.l_m/\{x",
    "http://a-_b.c.d_",
    r"www.a_b\_c.example *x*",
    "xhttp://a.example/*x*",
    "wwww.a.example/*x*",
    "http://a.example/x;*y* http://a.example/&amp;; z",
]

ABSTRACTS = [
    ("*a*", r"\*a*"),
    ("**a** and a*b*c", r"\*\*a\** and a\*b\*c"),
    ("_a_", r"\_a_"),
    ("~a~ and Smith~et~al", r"\~a~ and Smith\~et\~al"),
    ("``quoted'' and ``again''", r"\`\`quoted'' and \`\`again''"),
    ("a | b", r"a \| b"),
    ("[text](target)", r"[text]\(target)"),
    ("![image](x.png)", r"![image]\(x.png)"),
    ("E[X](t) but not [x] (y) or [x](y z)", r"E[X]\(t) but not [x] (y) or [x]\(y z)"),
    ('[x](<1 2> "title")', r'[x]\(<1 2> "title")'),
    ("<think> and </answer>", "&lt;think> and &lt;/answer>"),
    ("<!-- remark -->", "&lt;!-- remark -->"),
    ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
    ("&lt; &amp;amp; &#42; &copy;", "&amp;lt; &amp;amp;amp; &amp;#42; &amp;copy;"),
    (r"\{x\} \_ \% \\ \, \'e \alpha", r"\\{x\\} \\\_ \\% \\\ \\, \\'e \alpha"),
    (r"$\{a, b\}$ and $\|x\|_2$", r"$\\{a, b\\}$ and $\\\|x\\\|\_2$"),
    ("ends in \\", "ends in \\\\"),
    ("see *http://a.example/*x*", r"see \*http://a.example/*x*"),
    ("*http://a.example/x*", r"\*http://a.example/x*"),
    ("http://a.example/x|y", r"http://a.example/x\|y"),
    ("<http://a.example/x>, and", "&lt;http://a.example/x<!---->&gt;, and"),
    ("http://a.example/&copy; x", "http://a.example/<!---->&amp;copy; x"),
    ("<http://a.example/(x>)", "&lt;http://a.example/(x<!---->&gt;)"),
    ("`a http://a.example/`", r"\`a http://a.example/<!---->\`"),
    ("`http://a.example/`.", r"\`http://a.example/<!---->\`."),
    (r"[^a\{]", r"\[^a\\{]"),
    ("_x y_~z~", r"\_x y_\~z~"),
    ("_x ~_. y~", r"\_x \~\_. y~"),
    ("  two  lines\n  of text ", "two lines of text"),
    ("a\0b\ud800c", "a\ufffdb\ufffdc"),
    ("a\x7fb\x9b31m\x9d0;\x1b[2J", "a\ufffdb\ufffd31m\ufffd0;\ufffd[2J"),
    ("a\u202eb\u202c c\u200f d", "ab c d"),
    ("a \u200f b", "a b"),
    ("*\u2066a*", r"\*a*"),
    ("\u0645\u06cc\u200c\u062e \U0001f469\u200d\U0001f4bb \u2764\ufe0f",) * 2,
    ("a\u200bb", "a\u200bb"),
    ("<?x?> <?", "&lt;?x?> &lt;?"),
    ("<1<_<?a>?>", r"<1<\_&lt;?a>?>"),
    ("<1<?a@b.example>?>", "<1&lt;?a@b.example>?>"),
    ("<?> <?a@b.example>", "&lt;?> &lt;?a@b.example>"),
    (
        r"\[0, 1) at http://a.example/x ~a~ #1",
        r"&bsol;&lbrack;0, 1&rpar; at http://a.example/x \~a\~ #1",
    ),
    (r"[^a [^b\{]]", r"\[^a \[^b\\{]]"),
]

TITLES = [
    ("[Re] A title [v2]", "[Re] A title [v2]"),
    ("a ] b", r"a \] b"),
    ("a [ b", r"a \[ b"),
    ("] and [", r"\] and \["),
    ("ends in \\", "ends in \\\\"),
    ("[x](y)", r"\[x\]\(y)"),
    ("see www.a_b_c.example", "see www.a_b_c.example"),
    ("*a* | <b>", r"\*a* \| &lt;b>"),
]

CELLS = [
    (r"\{x\} *a*", r"\\{x\\} \*a*"),
    ("*", "*"),
    ("ends in \\", "ends in \\"),
    ("# 5 pages", "# 5 pages"),
]

HEADINGS = [
    ("C++", "C++"),
    ("C#", "C#"),
    ("F #", r"F \#"),
    ("#", r"\#"),
    ("x ## ##", r"x \#\# \#\#"),
    ("a | b", "a | b"),
    ("<b>", "&lt;b>"),
    ("..", ".."),
    ("*x*", r"\*x*"),
    ("1. x", "1. x"),
    ("- x", "- x"),
]

NOTES = [
    ("Not refreshed since 2026-11-20.", "Not refreshed since 2026-11-20."),
    ("a_b *c*", r"a\_b \*c*"),
    ("ends in \\", "ends in \\\\"),
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert markdown.escape_title(text.replace("[0, 1)", "[0, 1]")) == text.replace("1)", "1]")
    assert markdown.escape_abstract(text) == text
    assert markdown.escape_cell(text) == text
    assert markdown.escape_details(text, 5) == (text[:5], text)
    assert markdown.escape_heading(text) == text


@pytest.mark.parametrize("text", URLS)
def test_nothing_is_escaped_in_plain_urls(text: str) -> None:
    assert markdown.escape_abstract(text) == text
    assert markdown.escape_cell(text) == text
    assert markdown.escape_heading(text) == text


@pytest.mark.parametrize("text", PECULIAR_URLS)
def test_urls_are_found_where_github_finds_them(text: str) -> None:
    (seen,) = github_markdown.outside(markdown.escape_cell(text))
    (unescaped,) = github_markdown.outside(text)
    assert seen.text == text
    assert {*seen.tags} <= {"a"}
    if {*unescaped.tags} <= {"a"}:
        assert [target for target, _ in seen.links] == [target for target, _ in unescaped.links]


@pytest.mark.parametrize(("text", "written"), ABSTRACTS)
def test_abstracts(text: str, written: str) -> None:
    assert markdown.escape_abstract(text) == written


@pytest.mark.parametrize(("text", "written"), TITLES)
def test_titles(text: str, written: str) -> None:
    assert markdown.escape_title(text) == written


@pytest.mark.parametrize(("text", "written"), CELLS)
def test_texts_that_are_a_cell_of_their_own(text: str, written: str) -> None:
    assert markdown.escape_cell(text) == written


@pytest.mark.parametrize(("text", "written"), HEADINGS)
def test_headings(text: str, written: str) -> None:
    assert markdown.escape_heading(text) == written


@pytest.mark.parametrize(("text", "written"), NOTES)
def test_notes(text: str, written: str) -> None:
    assert markdown.escape_note(text) == written


@pytest.mark.parametrize(
    ("text", "start", "written"),
    [
        ("a tame comment", "a tam", "a tame comment"),
        ("`code for all", r"\`code", r"\`code for all"),
        ("*star* of it all", r"\*star", r"\*star* of it all"),
        ("a [^1] b] c", r"a \[^1", r"a \[^1] b] c"),
        (r"\alph\{", r"\alph", r"\alph\\{"),
        ("ends\\ in the cut", "ends\\\\", "ends\\ in the cut"),
        ("x <b> y", "x &lt;b>", "x &lt;b> y"),
    ],
)
def test_the_start_of_a_comment_and_the_whole_of_it_cannot_be_read_together(
    text: str, start: str, written: str
) -> None:
    assert markdown.escape_details(text, 5) == (start, written)
