r"""Citations of the papers: BibTeX for LaTeX, RIS for all other reference managers. Pure.

Citations refer to the version on arXiv: type, date and address are those of the preprint. As
`journal_ref` is free text that includes volume and pages and names a conference half of the time,
it cannot be the journal of an `article`. It becomes the note of a `misc` entry, which styles print,
and the DOI leads to the article.

In BibTeX, all text is data. Characters that LaTeX would read as commands are escaped so that the
text is typeset exactly as published, for example `\textbf` or `\%`. Only `$...$` that is
well-formed and made of known mathematical commands stays LaTeX. Nothing published on arXiv can
therefore make a document read a file or define a command.
"""

import re
from collections.abc import Iterable, Iterator

from papers_assets.render.markdown import collapse_whitespace
from papers_assets.transform.listed_papers import ListedPaper

# The month macros that every BibTeX style defines.
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# BibTeX styles and biblatex link these unchanged. A DOI with any other character is plain text.
_DOI = re.compile(r"10\.[0-9]{4,9}/[A-Za-z0-9._;()/:<>\[\]+*-]+")
# BibTeX would read these as several people, as family name and given name, or as "et al.".
_NOT_ONE_PERSON = re.compile(r",|(?:\A| )and(?: |\Z)|\A(?:others|et al\.?)\Z", re.IGNORECASE)
_GROUP = re.compile(r"\b(?:collaboration|consortium|group|team)\Z", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:jr|sr)\.?|I{2,3}|IV", re.IGNORECASE)
# Required by the format on every operating system.
_RIS_LINE_END = "\r\n"

# Sequences that typeset as the character itself. None contains a brace with a backslash, because
# BibTeX counts those as braces, too.
_LATEX_ESCAPES = {
    **{c: f"\\{c}" for c in "&%$#_"},
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
# A formula has no space next to its dollar signs, unlike prices: "from $5 to $10".
_PIECE = re.compile(
    r"""\\[\\$]
    | (?<!\$)\$(?![\s$]) (?P<formula>(?:[^$\\]|\\.)+) (?<!\s)\$(?!\$)
    | [&%$#_{}~^\\<>|]""",
    re.VERBOSE,
)
_WORD = re.compile(r"\s[A-Za-z]{4}")
_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|.")
_IN_FORMULA = {"%": r"\%", "#": r"\#", "&": r"\&", r"\{": r"\lbrace ", r"\}": r"\rbrace "}
# Scripts without a base, two scripts in one place, and scripts in ordinary words.
_NO_FORMULA = re.compile(
    r"""(?<!\\)[_^]\s*(?:[_^}]|\Z)
    | (?<!\\)([_^])\s*(?:[^\\{}]|\\[A-Za-z]+|\{[^{}]*\})\s*\1
    | \\text[a-z]*\s*\{[^{}]*(?<!\\)[_^]""",
    re.VERBOSE,
)
# From LaTeX, amsmath and amssymb: no command that reads, writes, defines or leaves mathematics.
_COMMANDS = frozenset(
    r"""
    , ; : ! | % # & $ _ { } alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota
    kappa lambda mu nu xi pi varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar imath jmath Re Im aleph wp
    partial nabla infty emptyset varnothing prime forall exists nexists neg lnot top bot angle
    triangle square blacksquare Box Diamond diamond star ast circ bullet cdot cdots ldots dots dotsc
    dotsb vdots ddots times div pm mp oplus ominus otimes odot oslash wedge vee land lor cap cup
    setminus sqcap sqcup uplus dagger ddagger amalg wr bigcirc rtimes ltimes le leq ge geq leqslant
    geqslant ne neq ll gg lll ggg equiv sim simeq approx cong asymp doteq propto models perp mid
    nmid parallel prec succ preceq succeq subset supset subseteq supseteq subsetneq supsetneq in ni
    notin vdash dashv bowtie lesssim gtrsim lessapprox gtrapprox triangleq to gets mapsto
    leftarrow rightarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow longleftarrow
    longrightarrow Longrightarrow longmapsto implies iff uparrow downarrow updownarrow nearrow
    searrow swarrow nwarrow hookrightarrow hookleftarrow rightsquigarrow rightharpoonup
    rightleftharpoons sum prod coprod int iint oint bigcap bigcup bigoplus bigotimes bigwedge bigvee
    arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf
    limsup ln log max min Pr sec sin sinh sup tan tanh bmod pmod mod frac dfrac tfrac binom sqrt
    left right big Big bigg Bigg bigl bigr Bigl Bigr langle rangle lfloor rfloor lceil rceil lbrace
    rbrace lvert rvert lVert rVert vert Vert hat widehat tilde widetilde bar vec dot ddot acute
    grave breve check overline underline overbrace underbrace overset underset stackrel substack
    xrightarrow xleftarrow mathrm mathbf mathit mathsf mathtt mathcal mathbb mathfrak mathscr
    boldsymbol operatorname text textrm textbf textit textsf texttt textsc textup textnormal emph
    rm bf it sf tt cal quad qquad limits nolimits displaystyle textstyle backslash sharp not choose
    """.split()  # noqa: SIM905 - 250 words in quotes would be 250 lines
) | {" "}


def to_bibtex(papers: Iterable[ListedPaper], *, abstracts: bool = True) -> str:
    """Return a BibTeX entry for each paper, in the given order; to be written as UTF-8.

    Formulas may need the packages amsmath and amssymb. The key of an entry is the arXiv id without
    the version, so it does not change with revisions.

    Args:
        papers: papers with distinct ids; equal ids would result in equal keys.
        abstracts: whether to include abstracts, which are most of an entry.
    """
    return "\n".join(_bibtex_entry(paper, abstracts=abstracts) for paper in papers)


def to_ris(papers: Iterable[ListedPaper]) -> str:
    """Return a RIS record for each paper, in the given order; to be written as UTF-8.

    Lines end with CR and LF, as the format requires; write them without newline translation.
    """
    lines = (f"{tag}  - {value}" for paper in papers for tag, value in _ris_record(paper))
    return "".join(line + _RIS_LINE_END for line in lines)


def _bibtex_entry(paper: ListedPaper, *, abstracts: bool) -> str:
    fields = "".join(
        f",\n  {name} = {value}" for name, value in _bibtex_fields(paper, abstracts=abstracts)
    )
    return f"@misc{{{_bibtex_key(paper)}{fields}\n}}\n"


def _bibtex_fields(paper: ListedPaper, *, abstracts: bool) -> Iterator[tuple[str, str]]:
    values = {
        # The second pair of braces keeps styles from changing the title's capitalization.
        "title": _brace(escape_latex(collapse_whitespace(paper.title))),
        "author": " and ".join(_bibtex_name(name) for name in _list_people(paper)),
        "year": f"{paper.published:%Y}",
        "month": _MONTHS[paper.published.month - 1],
        "eprint": f"{paper.arxiv_id}v{paper.version}",
        "archivePrefix": "arXiv",
        "primaryClass": escape_latex(collapse_whitespace(paper.primary_category)),
        "doi": _normalize_doi(collapse_whitespace(paper.doi or "")),
        "note": escape_latex(collapse_whitespace(paper.journal_ref or "")),
        "url": paper.url,
        "keywords": ", ".join(_bibtex_keyword(name) for name in paper.keywords),
        # Only for readers of the entry: unlike a note, no common style prints it.
        "annote": escape_latex(collapse_whitespace(paper.comment or "")),
        "abstract": escape_latex(collapse_whitespace(paper.abstract)) if abstracts else "",
    }
    for name, value in values.items():
        if value:
            yield name, value if name == "month" else f"{{{value}}}"


def _bibtex_key(paper: ListedPaper) -> str:
    # The number after the slash of an old id has no hyphen, so no two ids share a key.
    return f"arXiv-{paper.arxiv_id.replace('/', '-')}"


def _brace(text: str) -> str:
    return f"{{{text}}}" if text else ""


def _normalize_doi(doi: str) -> str:
    return doi if _DOI.fullmatch(doi) else escape_latex(doi)


def _bibtex_keyword(name: str) -> str:
    name = collapse_whitespace(name)
    return f"{{{escape_latex(name)}}}" if "," in name else escape_latex(name)


def _list_people(paper: ListedPaper) -> list[str]:
    """Return the names of people, without arXiv's ":" between a collaboration and its members."""
    names = (collapse_whitespace(name) for name in paper.authors)
    return [name for name in names if any(c.isalnum() for c in name)]


def _bibtex_name(name: str) -> str:
    if _NOT_ONE_PERSON.search(name) or _GROUP.search(name):
        return f"{{{escape_latex(name)}}}"
    given, family = _split_name(name)
    if _SUFFIX.fullmatch(family.rpartition(" ")[2]):  # BibTeX would use it as the family name
        return f"{escape_latex(given)} {{{escape_latex(family)}}}".lstrip()
    return escape_latex(name)


def _ris_name(name: str) -> str:
    """Return "Family, Given", as the format requires."""
    if _NOT_ONE_PERSON.search(name) or _GROUP.search(name):
        return name
    given, family = _split_name(name)
    return f"{family}, {given}" if given else family


def _split_name(name: str) -> tuple[str, str]:
    """Split off the family name as BibTeX does: the last word, and lower-case ones before it."""
    words = name.split(" ")
    first = len(words) - 1
    if first > 1 and _SUFFIX.fullmatch(words[first]):
        first -= 1
    while first > 1 and words[first - 1][0].islower():
        first -= 1
    return " ".join(words[:first]), " ".join(words[first:])


def _ris_record(paper: ListedPaper) -> Iterator[tuple[str, str]]:
    values = [
        ("TY", "GEN"),  # the format has no type for preprints
        ("ID", _bibtex_key(paper)),
        ("TI", paper.title),
        *(("AU", _ris_name(name)) for name in _list_people(paper)),
        ("PY", f"{paper.published:%Y}"),
        ("DA", f"{paper.published:%Y/%m/%d}"),
        ("PB", "arXiv"),
        ("AN", f"arXiv:{paper.arxiv_id}v{paper.version}"),
        ("DO", paper.doi or ""),
        ("UR", paper.url),
        ("N1", paper.journal_ref or ""),
        ("N1", paper.comment or ""),
        *(("KW", name) for name in paper.keywords),
        ("AB", paper.abstract),
    ]
    for tag, value in values:
        # All line endings are white space, and therefore collapsed.
        if text := collapse_whitespace(value):
            yield tag, text
    yield "ER", ""


def escape_latex(text: str) -> str:
    """Escape a text, with collapsed white space, for LaTeX and BibTeX."""
    return _PIECE.sub(_latex_piece, text)


def _latex_piece(piece: re.Match[str]) -> str:
    body = piece["formula"]
    if body and not _is_between_prices(body, piece.string[piece.end() : piece.end() + 1]):
        formula = _latex_formula(body)
        if formula is not None:
            return f"${formula}$"
    return "".join(_LATEX_ESCAPES.get(character, character) for character in piece[0])


def _is_between_prices(body: str, after: str) -> bool:
    """Whether dollars are prices, "$5-$10" or "$5 a page (saving $2)": words, or digits around."""
    if any(sign in body for sign in r"\^_={}"):
        return False
    return bool(_WORD.search(body)) or (body[0].isdigit() and after.isdigit())


def _latex_formula(body: str) -> str | None:
    """Return the formula in a form that BibTeX can read, or None if LaTeX could not."""
    tokens = _TOKEN.findall(body)
    commands = [token[1:] for token in tokens if token[0] == "\\"]
    depth = 0
    for token in tokens:
        depth += (token == "{") - (token == "}")  # noqa: S105 - of a formula
        if depth < 0:
            return None
    if (
        depth
        or not _COMMANDS.issuperset(commands)
        or commands.count("left") != commands.count("right")
        or _NO_FORMULA.search(body)
    ):
        return None
    return "".join(_IN_FORMULA.get(token, token) for token in tokens)
