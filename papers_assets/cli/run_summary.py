"""The table of numbers per keyword at the end of a run.

"Added" and "updated" refer to the stored papers; papers that are new to readers are in the digest.
"""

from collections import Counter
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from papers_assets.text import count_noun, to_printable

_HEADINGS = {
    "fetched": "fetched",
    "new": "added",
    "revised": "updated",
    "filtered": "filtered out",
}
_MAX_ROWS = 20


def print_counts(counts: Mapping[str, Mapping[str, int]]) -> None:
    """Print a row for each keyword, up to 20, and a total if there are several.

    Args:
        counts: the numbers by keyword, as in `papers_assets.defs.headless.RunReport`.
    """
    if not counts:
        return
    totals: Counter[str] = Counter()
    for of_keyword in counts.values():
        totals.update(of_keyword)
    columns = [name for name in _HEADINGS if any(name in numbers for numbers in counts.values())]
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("keyword", overflow="ellipsis", no_wrap=True)
    for name in columns:
        table.add_column(_HEADINGS[name], justify="right", no_wrap=True)

    def add(name: str, numbers: Mapping[str, int]) -> None:
        cells = (f"{numbers.get(column, 0):,}" for column in columns)
        table.add_row(Text(to_printable(name)), *cells)

    if len(counts) <= _MAX_ROWS:
        for name, numbers in counts.items():
            add(name, numbers)
    if len(counts) > 1:
        add(f"all ({count_noun(len(counts), 'keyword')})", totals)
    console = Console(highlight=False)
    console.print()
    console.print(table)
