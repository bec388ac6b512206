"""The templates of the pages, and the style and scripts embedded in every page. Pure."""

import base64
import hashlib
from datetime import date
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from papers_assets.render.chart import Scale
from papers_assets.render.site.entries import MARK_LABELS

SCALE = Scale(height=24, step=4, bar=3, lowest=1.5)
"""The size of the bars, which follow the page's colours, light or dark."""
_SCRIPTS = ("memory.js", "highlight.js", "app.js", "triage.js")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Names from the calendar module would depend on the machine's locale.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@cache
def build_environment() -> Environment:
    """Return the environment of the templates."""
    environment = Environment(
        loader=PackageLoader("papers_assets", "render/site"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "spelled_out": spell_out_day,
        "month": lambda day: f"{_MONTHS[day.month - 1]} {day.year}",
        "counted": count_noun,
    }
    script, script_hash = _inline(*_SCRIPTS)
    style, style_hash = _inline("style.css")
    environment.globals |= {
        "script": script,
        "style": style,
        "policy": f"default-src 'none'; script-src {script_hash}; style-src {style_hash}; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "said": MARK_LABELS,
        "scale": SCALE,
    }
    return environment


def spell_out_day(day: date) -> str:
    """Return a day as text: Friday, 27 November 2026."""
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def count_noun(number: int, noun: str = "paper") -> str:
    """Return a number of things as text: 1 paper, 1,234 papers."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@cache
def look_version() -> str:
    """Return a hash of the templates, style and scripts: it changes whenever one of them does."""
    files = sorted(resources.files(__package__).iterdir(), key=lambda file: file.name)
    texts = [f.read_bytes() for f in files if f.name.endswith((".j2", ".css", ".js"))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def _inline(*names: str) -> tuple[Markup, str]:
    """Return our files as one text for the page, and its hash for the content security policy."""
    folder = resources.files(__package__)
    text = "\n".join(["", *(folder.joinpath(n).read_text(encoding="utf-8") for n in names)])
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"  # noqa: S704 - our own files
