r"""The sample papers, some with everything that breaks tables, Markdown, HTML or careless code."""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from papers_assets.arxiv.sample import Corpus
from papers_assets_tests.sample_papers.generate import SAMPLE_PAPERS, Line, marked, write


@dataclass(frozen=True)
class Oddity:
    """What is fixed about such a paper; None: as for any other."""

    title: str
    abstract: str
    """After the words that call it invented."""
    categories: str = "cs.LG"
    authors: tuple[str, ...] | None = None
    comment: str | None = None


ODDITIES = (
    Oddity(
        "A | B Testing for a Compiler: Choosing -O2 | -O3",
        "Pipes | bars | and ||norms|| come from a compiler whose options are written x | y | z.",
        "cs.PL",
    ),
    Oddity(
        "Reinforcement Learning in $O(|V|^2)$ Steps on Dense Graphs",
        r"We show $\sum_{v \in V} |N(v)| \leq |V|^2$ and that $\pi_\theta(a \mid s)$ needs "
        r"$\mathcal{O}(|V|^2)$ updates, with {\em no} constant hidden in $$c_1 < c_2.$$",
    ),
    Oddity(
        "<think> Considered Helpful: Reinforcement Learning with Visible Reasoning",
        "The agent writes <think>first this, then that</think> before each action. Reinforcement "
        "learning rewards a closed </think> tag, and <answer> otherwise.",
        "cs.CL cs.LG",
    ),
    Oddity(
        "If a < b and b > c: The Performance of Branchy Code & Its Friends",
        "We measure the performance of loops in which a < b, b <= c && c > d; nothing here is "
        "&lt;escaped&gt; or &amp;amp; encoded.",
        "cs.PF",
    ),
    Oddity(
        "snake_case, *Stars* and `Backticks`: A Compiler for Untidy_Identifiers",
        "The compiler accepts __init__, **bold** claims, `a``b` and _under_scores_, 2*3*4, and "
        "~~retracted~~ names.",
        "cs.PL cs.SE",
    ),
    Oddity(
        "Reinforcement Learning from Web Pages",
        "Everything is at https://example.org/invented_paper?x=1&y=2_3#top and, for those who "
        "prefer it, <https://example.org/a_(b)>; also www.example.org.",
        comment="Invented sample, not a real paper; see https://example.org/~ada/x_y?z=1|2",
    ),
    Oddity(
        "0",
        "The shortest title that is a number, false in many languages, on reinforcement learning "
        "without any reward at all.",
        "cs.AI",
        comment="Invented, title is 0",
    ),
    Oddity(
        "Ein Compiler für Größenangaben: 単位 und Maße",
        "A compiler for units of measure, naïve at first, that knows Ångström, µm, Ωm and “miles”—"
        "and 漢字 in its messages. Right-to-left: שלום.",
        "cs.PL",
        authors=("Zoë Beispiel", "Łucja Przykład", "例 示", "Ngọc Ví Dụ", "Ó. D'Örnek-Příklad"),
    ),
    Oddity(
        "The Performance of Thirty People Writing One Paper",
        "Performance grows with the square root of the number of authors, up to the tenth.",
        "cs.PF",
        authors=tuple(f"Author{number:02} Placeholder" for number in range(1, 31)),
    ),
    Oddity(
        "A Compiler with a Lot to Say",
        "The compiler is ordinary, its comment is not.",
        "cs.PL",
        comment="Invented sample, not a real paper. 48 pages, 17 figures, 9 tables, 3 appendices, "
        "a foldout map and a recipe; supersedes three earlier inventions that were never written; "
        "presented at no conference in no city; the 12th section may be skipped (by everybody).",
    ),
    Oddity(
        "Performance in Two Paragraphs",
        "  This abstract begins with spaces and speaks about performance.\n  Its second paragraph "
        "is indented and ends with spaces, too.  ",
        "cs.PF",
    ),
    Oddity(
        "Withdrawn Reinforcement Learning",
        "This paper on reinforcement learning has been withdrawn by its invented author.",
        comment="Invented sample, not a real paper. This paper has been withdrawn by Ada Example",
    ),
    Oddity(
        "Closing </details> Early: A Compiler for <b>Documents</b>",
        "A compiler that turns <table><tr><td>cells</td></tr></table> and <!-- comments --> into "
        "plain text, one &nbsp; at a time.",
        "cs.PL cs.DL",
    ),
    Oddity(
        "[Re] Performance of [Links](https://example.org/?a=(b)) in ![Tables](x.png)",
        "Performance [1] is better without [footnotes][^1] or [reference][links].",
        "cs.PF",
    ),
    Oddity(
        r"\textsc{Tinker}: A Compiler with $\lambda$, $\alpha$-Renaming and \'Etale Types \\",
        r"The compiler \emph{never} \cite{nobody} and costs 5\% or \$3; its path is C:\new\table.",
        "cs.PL cs.LO",
    ),
    Oddity(
        "# Reinforcement Learning as a Heading",
        "- Reinforcement learning, item one\n- item two\n1. item three\n> and a quotation\n---",
    ),
    Oddity(
        "Ping @example, Close #1 :rocket:: Performance of Bots",
        "The performance of bots that answer @nobody and close GH-1, #2 and example/example#3.",
        "cs.SE cs.PF",
    ),
    Oddity(
        "A Compiler That Does Not Know When to Stop, and Therefore Has a Title of Which the Author "
        "Was Told by Several Kind Colleagues, at Different Times and in Different Words, That It "
        "Was Perhaps, All Things Considered, a Little Longer than It Would Strictly Have Needed to "
        "Be for the Modest Contribution That It Announces",
        "The compiler stops. The title did not.",
        "cs.PL",
    ),
    Oddity(
        "Reinforcement-Learning for \N{ROBOT FACE}\N{ZERO WIDTH JOINER} Robots\N{NO-BREAK SPACE}🎉",
        "Hyphens, emoji and invisible characters (\N{ZERO WIDTH SPACE}) in reinforcement-learning.",
        "cs.RO",
    ),
    Oddity(
        "\"Quoted\" Performance, 'Single' and “Double”",
        "The performance of \"quotes\", 'apostrophes' and ``LaTeX quotes'' in attributes=\"x\".",
        "cs.PF",
        comment="Invented, 9 pp., v1.",
    ),
)
"""Each is about one of the project's own keywords."""


@cache
def hostile_corpus() -> Corpus:
    """Return the papers of the sample, the last of them replaced by `ODDITIES`."""
    replaced = {SAMPLE_PAPERS - 4 - 7 * n: _fields(odd) for n, odd in enumerate(ODDITIES)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "papers.jsonl"
        write(path, replaced=replaced)
        return Corpus.load(path)


def _fields(oddity: Oddity) -> Line:
    categories = oddity.categories.split()
    fields: Line = {
        "title": oddity.title,
        "abstract": marked(oddity.abstract),
        "categories": categories,
        "primary_category": categories[0],
    }
    if oddity.authors:
        fields["authors"] = list(oddity.authors)
    if oddity.comment:
        fields["comment"] = oddity.comment
    return fields
