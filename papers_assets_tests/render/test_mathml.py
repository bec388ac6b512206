# ruff: noqa: RUF001 - letters that look alike are what some of this is about
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from papers_assets.render.markdown import collapse_whitespace
from papers_assets.render.site.formulas import split_formulas
from papers_assets.render.site.letters import apply_style
from papers_assets.render.site.mathml import (
    _ATTRIBUTES,
    _PARTS,
    MAX_CHARACTERS,
    render_mathml,
    render_text,
)
from papers_assets_tests.helpers import reference_data

ELEMENTS = {"math", "span", *_PARTS}
ATTRIBUTES = {
    *("alttext", "display", "class", "tabindex", "role", "aria-label", "mathvariant"),
    *_ATTRIBUTES,
}
COMMANDS = [
    *(r"\frac", r"\sqrt", r"\sqrt[", r"\left", r"\right", r"\text{", r"\mathbf", r"\mathrm{"),
    *(r"\begin{array}", r"\end{array}", r"\sum", r"\limits", r"\over", r"\genfrac", r"\choose"),
    *(r"\href{javascript:x}", r"\style{color:red}", r"\class{x}", r"\color{red}", r"\verb|x|"),
    *(r"\unicode{x202e}", r"\hspace{999em}", r"\textcolor{red}", r"\operatorname{x}", r"\cancel"),
    *(r"\mathchoice", r"\skew", r"\smash", r"\def", r"\newcommand", r"\sideset", r"\phantom"),
    *(r"\root", r"\of", r"\kern", r"\raise", r"\rule", r"\overset", r"\not", r"\foo"),
]
soups = st.lists(
    st.sampled_from([*COMMANDS, *"{}[]()_^&'%<>=+-.,;:|~# x1αÅ", "&#x3c;", "</math>", "12em"])
    | st.characters(exclude_categories=["Cs"]),
    max_size=40,
).map("".join)


def formulas(text: str) -> list[str]:
    return [piece.formula for piece in split_formulas(text) if piece.formula]


def tree(markup: Markup | str) -> ET.Element:
    return ET.fromstring(f"<p>{markup}</p>")  # noqa: S314 - our own


def parts(element: ET.Element) -> str:
    """A tree in short: mn(2)."""
    return f"{element.tag}({element.text or ''}{','.join(map(parts, element))})"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("In $O(n)$ steps.", ["O(n)"]),
        (r"\(a\) and \[b\] and $$c$$", ["a", "b", "c"]),
        ("$x$-rays, ($y$), $z$.", ["x", "y", "z"]),
        (r"about $\sim$3 times, $>$25 and $ \alpha$", [r"\sim", ">", r"\alpha"]),
        (r"$a_1$ costs \$5, $b$ does not", ["a_1", "b"]),
        (r"$\text{for all } x$", [r"\text{for all } x"]),
        ("$5 and $10", []),
        ("It fell from $0.398 to $0.228, or $18/hour versus $60/hour.", []),
        ("$500-$780 USD, $3M to $300M+", []),
        ("US$5B–US$7B", []),
        ("A $5 file_name and $10 more, then $x$", ["x"]),
        ("one $ alone", []),
        ("$$", []),
        ("$ $", []),
        (r"\\(not\\) \[ neither \(", []),
    ],
)
def test_a_formula_is_told_from_money(text: str, found: list[str]) -> None:
    assert formulas(text) == found


@given(st.text() | soups)
@example("$a$$b$ \\(c\\")
def test_no_letter_of_a_text_is_lost_between_its_pieces(text: str) -> None:
    assert "".join(piece.text for piece in split_formulas(text)) == text


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("x^2", "msup(mi(x),mn(2))"),
        (r"\frac{1}{n}", "mfrac(mn(1),mi(n))"),
        (r"\mathbb{R}", "mi(ℝ)"),
        (r"\mathbf{xy}", "mrow(mi(𝐱),mi(𝐲))"),
        (r"\mathrm{loss}", "mi(loss)"),
        (r"95\%", "mrow(mn(95),mi(%))"),
        ("95%", "mrow(mn(95),mi(%))"),
        (r"\unicode{x2013}", "mi(–)"),
        (r"\{1\}", "mrow(mo({),mn(1),mo(}))"),
        (r"x \text{a\_b}", "mrow(mi(x),mtext(a_b))"),
        (r"n \log n", "mrow(mi(n),mspace(),mi(log),mspace(),mi(n))"),
        (r"\log_2(n)", "mrow(msub(mi(log),mn(2)),mo((),mi(n),mo()))"),
        ("a<b", "mrow(mi(a),mo(<),mi(b))"),
    ],
)
def test_a_formula_becomes_mathml(formula: str, shown: str) -> None:
    math = tree(render_mathml(formula) or "")[0]
    inner = parts(math[0]) if len(math) == 1 else f"mrow({','.join(map(parts, math))})"
    assert inner == shown
    assert math.attrib == {"alttext": formula}


def test_words_in_dollars_are_words_in_the_sentence() -> None:
    shown = render_text(r"We propose $\textbf{Our <b> Name}$ and $\texttt{x\_y}$.")
    assert shown == (
        'We propose <span class="bold">Our &lt;b&gt; Name</span>'
        ' and <span class="monospace">x_y</span>.'
    )


def test_a_formula_on_a_line_of_its_own_is_a_block() -> None:
    assert tree(render_text("$$x$$"))[0].attrib == {"alttext": "x", "display": "block"}


def test_operators_at_the_ends_bring_no_spaces_where_words_have_them() -> None:
    (times,) = tree(render_mathml(r"\times") or "")[0]
    assert times.attrib == {"rspace": "0", "lspace": "0"}
    number, sign = tree(render_mathml(r"2\times") or "")[0]
    assert (number.attrib, sign.attrib) == ({}, {"rspace": "0", "lspace": "0"})


@pytest.mark.parametrize(
    "formula",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\href{https://example.org}{x}",
        r"\style{position:fixed}{x}",
        r"\class{skip}{x}",
        r"\color{red} x",
        r"\textcolor{red}{x}",
        r"\colorbox{red}{x}",
        r"\fcolorbox{red}{blue}{x}",
        r"\rule{9cm}{9cm}",
        r"x\hspace{999em}y",
        r"\cancel{x}",
        r"\ours > 3",
        r"\newcommand{\a}{b}\a",
        r"\def\a{\a\a}\a",
        r"\unicode{x202e}x",
        r"\text{\underline{x} y}",
        "x_{1",
        "}",
        "",
        " ",
        "{}",
        "x^a^b",
        r"\frac{1}",
        r"\left( x",
        "&#x3c;b&#x3e;",
        "x" * (MAX_CHARACTERS + 1),
    ],
)
def test_what_cannot_be_shown_faithfully_stays_as_it_was(formula: str) -> None:
    assert render_mathml(formula) is None
    text = f"So $y + {formula}$, <b>"
    assert formulas(text) in ([], [f"y + {formula}".strip()])
    assert "<b>" not in render_text(text)


@pytest.mark.parametrize(
    "formula",
    [
        "{" * 240 + "x" + "}" * 240,
        r"\sqrt" * 90 + "x",
        r"\left(" * 60 + "x" + r"\right)" * 30,
        "x" + "_{x" * 160 + "}" * 160,
        r"\sideset{a}{b}{" * 30 + "x" + "}" * 30,
        r"\sideset{_a}{_b}" * 30 + r"\sum",
        r"\newcommand{\a}{\b\b}\newcommand{\b}{\c\c}" * 5 + r"\a",
        r"\def\a{xx}\def\b{\a\a}\def\c{\b\b}\def\d{\c\c}" * 9 + r"\d" * 20,
        r"\frac" * 120,
        r"\overset" * 70,
        r"\mathchoice" * 40,
        r"\skew{9}" * 60 + "x",
        r"\operatorname{" + " *" * 240,
        r"\verb" * 120,
        "1 " * 240 + "q",
        "'" * 499,
        r"\begin{array}{c}" * 15 + r"\end{array}" * 15,
        "&" * 499,
        r"\\" * 249,
    ],
)
def test_hostile_formulas_end_in_something_small(formula: str) -> None:
    assert len(render_mathml(formula[:MAX_CHARACTERS]) or "") < 40_000


@given(soups, st.booleans())
def test_whatever_a_formula_is_only_mathematics_comes_of_it(formula: str, is_display: bool) -> None:  # noqa: FBT001
    markup = render_mathml(collapse_whitespace(formula), is_display=is_display)
    for element in tree(markup or "").iter():
        assert element.tag in ELEMENTS | {"p"}
        assert set(element.attrib) <= ATTRIBUTES
        for name, value in element.attrib.items():
            if name not in {"alttext", "aria-label"}:
                assert re.fullmatch(r"[\w.+-]+( display)?", value)


@given(soups)
def test_every_letter_of_a_text_is_shown_or_in_its_formulas_source(soup: str) -> None:
    text = collapse_whitespace(f"So ${soup}$, \\({soup}\\) or {soup}")
    shown = tree(render_text(text))
    said = [shown.text or ""]
    for formula in shown:
        source = formula.get("alttext") or formula.get("aria-label") or formula.text or ""
        said += [source, formula.tail or ""]
    rest = re.compile(r"\\[A-Za-z]+|[\s$\\()\[\]{}]")
    # What stands around the letters of \verb is no part of them.
    verbatim = re.compile(r"\\verb\*?([^A-Za-z\s])(.*?)\1")

    def letters(text: str) -> str:
        return rest.sub("", verbatim.sub(r"\2", text))

    assert "".join(map(letters, said)) == letters(text)


def test_letters_that_are_to_be_verbatim_are_shown() -> None:
    assert "|" not in render_text("So $\\verb|x|$ is")
    assert "x" in render_text("So $\\verb|x|$ is")


def test_text_without_formulas_is_only_escaped() -> None:
    text = "<script>alert(1)</script> & $5 <b>and</b> $10"
    assert render_text(text) == escape(text)


def test_a_wide_formula_is_cut_where_a_line_may_break_and_keeps_its_name() -> None:
    formula = "a_{1} + b_{2} + c_{3} + d_{4} + e_{5} + f_{6} + g_{7} = h_{8} + i_{9} + j_{10} + k"
    (span,) = tree(render_mathml(formula) or "")
    assert span.attrib == {"class": "formula", "role": "math", "aria-label": formula}
    assert len(span) > 3
    assert {line[-1].get("form") for line in span[:-1]} == {"infix"}
    assert "".join(span.itertext()) == re.sub(r"[_{} ]", "", formula).replace("-", "−")


def test_what_is_wide_and_cannot_be_cut_can_be_scrolled_by_keyboard() -> None:
    (math,) = tree(render_mathml(r"x\text{" + "one long word " * 5 + "}") or "")
    assert (math.get("class"), math.get("tabindex")) == ("wide", "0")


@pytest.mark.parametrize(
    ("text", "style", "shown"),
    [
        ("Ab1α", "bold", "𝐀𝐛𝟏𝛂"),
        ("CNR", "double-struck", "ℂℕℝ"),
        ("BLe", "script", "ℬℒℯ"),
        ("Ch", "fraktur", "ℭ𝔥"),
        ("h", "italic", "ℎ"),
        ("x+é", "monospace", "𝚡+é"),
        ("x", "unheard-of", "x"),
        ("x", "normal", "x"),
    ],
)
def test_styled_letters_are_letters_of_their_own(text: str, style: str, shown: str) -> None:
    assert apply_style(text, style) == shown


@pytest.mark.corpus
def test_real_formulas_are_shown_and_say_all_that_their_source_does() -> None:
    found = shown = 0
    for record in reference_data.sample("arxiv/papers.jsonl.gz"):
        for name in ("title", "abstract"):
            for piece in split_formulas(collapse_whitespace(record[name])):
                if piece.formula:
                    found += 1
                    shown += render_mathml(piece.formula, is_display=piece.is_display) is not None
    assert found > reference_data.share(8_800)
    assert shown / found > 0.99


@pytest.mark.corpus
def test_real_hazards_are_text_and_mathematics_only() -> None:
    for record in reference_data.sample("arxiv/hazards.jsonl.gz"):
        for name in ("title", "abstract"):
            text = collapse_whitespace(record[name])
            elements = {element.tag for element in tree(render_text(text)).iter()}
            assert elements <= ELEMENTS | {"p"}
