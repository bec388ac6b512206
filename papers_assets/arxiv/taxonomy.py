"""arXiv's archives and categories, the valid values of `categories` in keywords.toml.

Papers have categories only, so an archive matches all its categories.
"""

import difflib
import re
from datetime import date

FIRST_DAY = date(1991, 8, 14)
"""The day on which arXiv began."""

_SUBJECTS = {
    "astro-ph": "CO EP GA HE IM SR",
    "cond-mat": "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con",
    "cs": "AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GL GR GT HC IR IT LG LO MA MM MS NA NE "
    "NI OH OS PF PL RO SC SD SE SI SY",
    "econ": "EM GN TH",
    "eess": "AS IV SP SY",
    "math": "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA "
    "RT SG SP ST",
    "nlin": "AO CD CG PS SI",
    "physics": "acc-ph ao-ph app-ph atm-clus atom-ph bio-ph chem-ph class-ph comp-ph data-an "
    "ed-ph flu-dyn gen-ph geo-ph hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph",
    "q-bio": "BM CB GN MN NC OT PE QM SC TO",
    "q-fin": "CP EC GN MF PM PR RM ST TR",
    "stat": "AP CO ME ML OT TH",
}
# Archives without subjects are categories themselves. So were three archives in their early years
# that have subjects now: their old papers still have the bare name.
_UNDIVIDED = "gr-qc hep-ex hep-lat hep-ph hep-th math-ph nucl-ex nucl-th quant-ph"
_ONCE_UNDIVIDED = ("astro-ph", "cond-mat", "q-bio")

ARCHIVES: dict[str, tuple[str, ...]] = {
    archive: (
        *([archive] if archive in _ONCE_UNDIVIDED else []),
        *(f"{archive}.{subject}" for subject in subjects.split()),
    )
    for archive, subjects in _SUBJECTS.items()
} | {archive: (archive,) for archive in _UNDIVIDED.split()}
"""The categories of each archive, as in `"stat": ("stat.AP", "stat.CO", ...)`."""

CATEGORIES: frozenset[str] = frozenset(c for members in ARCHIVES.values() for c in members)
"""Every category of arXiv."""

_GROUPS = frozenset({"cs", "econ", "eess", "math", "physics", "q-bio", "q-fin", "stat"})
# Top-level groups, with which the names of OAI-PMH's sets begin. All other archives are physics.

_COMMON_ALIASES = {
    "al": ("cs.DS", "cs.AI"),
    "computer science": ("cs",),
    "computer vision": ("cs.CV",),
    "crypto": ("cs.CR",),
    "machine learning": ("cs.LG", "stat.ML"),
    "mathematics": ("math",),
    "ml": ("cs.LG", "stat.ML"),
    "nlp": ("cs.CL",),
    "nn": ("cs.NE", "cs.LG"),
    "rl": ("cs.LG",),
    "robotics": ("cs.RO",),
    "sec": ("cs.CR",),
    "statistics": ("stat",),
}
# The categories to suggest for common mistakes, by the text after "cs." or alone, in lower case.
_MOST_SUGGESTIONS = 3


def is_known(name: str) -> bool:
    """Whether `name` is an archive ("cs") or a category ("cs.LG")."""
    return name in ARCHIVES or name in CATEGORIES


def suggest(name: str) -> tuple[str, ...]:
    """Return the archives or categories that the unknown `name` may stand for.

    `suggest("cs.ML")` is `("cs.LG", "stat.ML")`, `suggest("CS/LG")` is `("cs.LG",)`.
    """
    plain = name.strip().casefold().removeprefix("arxiv:").removeprefix("cat:")
    known = {known.casefold(): known for known in (*ARCHIVES, *sorted(CATEGORIES))}
    by_letters = {_letters_only(lower): name for lower, name in known.items()}
    if same := by_letters.get(_letters_only(plain)):
        return (same,)
    subject = plain.rpartition(".")[2]
    if meant := _COMMON_ALIASES.get(subject):
        return meant
    if subject in ARCHIVES:
        return (subject,)
    elsewhere = [name for lower, name in known.items() if lower.endswith(f".{subject}")]
    similar = [known[near] for near in difflib.get_close_matches(plain, known, n=1)]
    return tuple((elsewhere or similar)[:_MOST_SUGGESTIONS])


def _letters_only(name: str) -> str:
    return re.sub(r"[^a-z]", "", name)


def expand_archives(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the categories of `names`, which are archives or categories, without duplicates."""
    members = (c for name in names for c in ARCHIVES.get(name, (name,)))
    return tuple(dict.fromkeys(members))


def group_of(archive: str) -> str:
    """Return the group of an archive: "physics" for "hep-ex", "cs" for "cs"."""
    return archive if archive in _GROUPS else "physics"


def to_set_spec(name: str) -> str:
    """Return OAI-PMH's name for the set of a category or archive: "cs:cs:LG", "physics:hep-ex".

    arXiv has used this form since 2025 (source: ListSets in its own program).

    Raises:
        ValueError: `name` is neither a category nor an archive.
    """
    if not is_known(name):
        raise ValueError(f"{name!r} is no category and no archive of arXiv")
    archive, _, subject = name.partition(".")
    return ":".join([group_of(archive), archive, *filter(None, [subject])])
