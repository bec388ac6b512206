"""Render a new keywords.toml, or a section to add to one. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

from papers_assets.keywords.values import to_toml

_HEADER_TEXT = """\
# What to follow. Each [keywords."..."] is a section of output/README.md, in this order.
# `papers run` fetches them; `papers keywords` checks this file and shows what each keyword lists.
# docs/configuration.md explains every setting.

"""
_SETTING_LINES = (
    ("cap = 100", "papers shown for each keyword"),
    ("{categories}", 'archives ("cs") or categories ("cs.LG"); without it: all of arXiv'),
    ('# in = "title or abstract"', "where phrases are searched for"),
    ("timezone = {timezone}", 'of "Last update" and of the schedule'),
    ('schedule = "0 6 * * *"', "of Dagster's daily run: minute, hour, day, month, weekday"),
)
_HINT_LINES = """\
# any = ["one phrase", "another one"]     # one of these is enough; default: the keyword itself
# all = ["every", "one of", "these"]      # and all of these are needed
# none = ["survey"]                       # and none of these may be there
"""


def render_new_file(names: Iterable[str], categories: Sequence[str], timezone: str) -> str:
    """Return the text of a file with these keywords, and with a comment beside every setting."""
    values = {
        "categories": f"categories = {to_toml(categories)}"
        if categories
        else '# categories = ["cs", "stat"]',
        "timezone": to_toml(timezone),
    }
    lines = [(line.format(**values), comment) for line, comment in _SETTING_LINES]
    width = max(len(line) for line, _ in lines)
    settings = "".join(f"{line:{width}}    # {comment}\n" for line, comment in lines)
    sections = "\n".join(render_section(name, {}) for name in names)
    return f"{_HEADER_TEXT}{settings}\n{sections}{_HINT_LINES}"


def render_section(name: str, options: Mapping[str, object]) -> str:
    """Return the section of one keyword, with its options that are not empty."""
    plain = re.fullmatch(r"[A-Za-z0-9_-]+", name)
    lines = [f"[keywords.{name if plain else to_toml(name)}]"]
    lines += [f"{key} = {to_toml(value)}" for key, value in options.items() if value]
    return "".join(f"{line}\n" for line in lines)
