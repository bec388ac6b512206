"""Renew the truth in analysis_truth.json: `python -m papers_assets_tests.lucene.truth`.

Add words, texts or phrases to the file (their results may be empty), and run this: it writes what
a real Lucene has for each.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from papers_assets_tests.lucene import engine

PATH = Path(__file__).parents[1] / "analysis_truth.json"
_ANALYZERS = ("english", "standard", "simple")
_PREFIXES = ("ti", "abs", "co", "jr")


def read() -> dict[str, Any]:
    """Return the truth as the file has it.

    `stems` has a stem for each word, `tokens` the tokens by analyzer for each text (`_` is a stop
    word), and `phrases` triples: a quoted phrase, a text, and the prefixes of the fields in which
    arXiv finds one in the other.
    """
    content: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return content


def by_lucene(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the same words, texts and phrases with what Lucene has for them."""
    words, texts = [*asked["stems"]], [*asked["tokens"]]
    phrases = [(phrase, text) for phrase, text, _ in asked["phrases"]]
    return {
        "lucene": engine.version(),
        "stems": dict(zip(words, _tokens("english", words), strict=True)),
        "tokens": dict(zip(texts, _by_analyzer(texts), strict=True)),
        "phrases": [
            [phrase, text, prefixes]
            for (phrase, text), prefixes in zip(phrases, _found(phrases), strict=True)
        ],
    }


def _by_analyzer(texts: list[str]) -> Iterable[dict[str, str]]:
    columns = [_tokens(analyzer, texts) for analyzer in _ANALYZERS]
    return (dict(zip(_ANALYZERS, row, strict=True)) for row in zip(*columns, strict=True))


def _tokens(analyzer: str, texts: list[str]) -> list[str]:
    found = engine.tokens((analyzer, text) for text in texts)
    return [" ".join(token or "_" for token in tokens) for tokens in found]


def _found(phrases: list[tuple[str, str]]) -> Iterable[str]:
    texts = [text for _, text in phrases]
    asked = [(prefix, phrase) for phrase, _ in phrases for prefix in _PREFIXES]
    answers = iter(engine.found(((text,) * 4 for text in texts), asked))
    for number in range(len(phrases)):
        yield " ".join(prefix for prefix in _PREFIXES if number in next(answers))


def write(truth: dict[str, Any]) -> None:
    """Write the file, an item a line."""
    sections = []
    for name, content in truth.items():
        match content:
            case dict():
                lines = [f"{_json(key)}: {_json(value)}" for key, value in content.items()]
                text = "{\n" + ",\n".join(lines) + "\n}"
            case list():
                text = "[\n" + ",\n".join(map(_json, content)) + "\n]"
            case _:
                text = _json(content)
        sections.append(f"{_json(name)}: {text}")
    PATH.write_text("{\n" + ",\n".join(sections) + "\n}\n", encoding="utf-8")


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


if __name__ == "__main__":
    write(by_lucene(read()))
