"""A real Lucene, as a Java program that this starts: tokens of texts, and papers for a phrase."""

import subprocess
from base64 import b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path
from shutil import which

_PROGRAM = Path(__file__).with_name("Lucene.java")
_JARS = sorted(
    jar
    for name in ("core", "analyzers-common", "queryparser")
    for jar in Path("/usr/share/java").glob(f"lucene-{name}-8.*.jar")
)


def missing() -> str:
    """Return what is missing here, and how to install it; empty if nothing is."""
    if which("java") and len(_JARS) == 3:
        return ""
    return (
        "No Lucene 8 here: expected /usr/share/java/lucene-core-8.*.jar and the program java. "
        "On Debian: apt install liblucene8-java default-jre-headless"
    )


def version() -> str:
    """Return the version of the Lucene that is here."""
    return _answers(["version"])[0]


def tokens(texts: Iterable[tuple[str, str]]) -> list[list[str | None]]:
    """Return what Lucene makes of each (analyzer, text), by position; None for a stop word.

    The analyzers are english, standard and simple.
    """
    commands = [f"tokens\t{analyzer}\t{_encoded(text)}" for analyzer, text in texts]
    return [[None if t == "_" else t for t in line.split()] for line in _answers(commands)]


def found(
    papers: Iterable[Sequence[str]], phrases: Sequence[tuple[str, str]]
) -> list[frozenset[int]]:
    """Return the numbers of the papers that arXiv finds for each (prefix, quoted phrase).

    A paper is its title, abstract, comment and journal reference; prefixes are ti, abs, co, jr.
    """
    commands = ["\t".join(["paper", *map(_encoded, paper)]) for paper in papers]
    commands += [f"find\t{prefix}\t{_encoded(phrase)}" for prefix, phrase in phrases]
    return [frozenset(map(int, line.split())) for line in _answers(commands)]


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def _answers(commands: Sequence[str]) -> list[str]:
    if problem := missing():
        raise SystemExit(problem)
    program = ["java", "-Xmx1g", "-cp", ":".join(map(str, _JARS)), str(_PROGRAM)]
    text = "".join(f"{command}\n" for command in commands)
    answer = subprocess.run(program, input=text.encode(), stdout=subprocess.PIPE, check=True)
    return answer.stdout.decode().split("\n")[:-1]
