from datetime import date, timedelta
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from papers_assets.render.chart import (
    CHART_DAYS,
    MAX_CHART_ROWS,
    BarRow,
    build_bar_row,
    render_chart,
)

TODAY = date(2026, 11, 23)
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)  # noqa: S314 - our own
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def test_a_row_has_a_count_for_each_of_the_last_days() -> None:
    row = build_bar_row(
        "x", {TODAY: 3, TODAY - timedelta(days=2): 1, date(1999, 1, 1): 9}, TODAY, None, TODAY, 4
    )
    assert row == BarRow("x", [0, 1, 0, 3], unknown=4, newest=TODAY)


def test_days_before_the_first_that_is_known_are_unknown() -> None:
    def unknown(known_from: date) -> int:
        return build_bar_row("x", {}, TODAY, known_from, TODAY, 4).unknown

    assert [unknown(TODAY - timedelta(days=back)) for back in (-1, 0, 3, 99)] == [4, 3, 0, 0]


def test_days_after_the_last_that_is_known_are_unknown_too() -> None:
    def unknown(known_until: date | None, known_from: date | None = date(2026, 1, 1)) -> int:
        return build_bar_row("x", {}, TODAY, known_from, known_until, 4).unknown_at_end

    assert [unknown(TODAY - timedelta(days=back)) for back in (0, 1, 99)] == [0, 1, 4]
    assert unknown(None) == 4
    assert unknown(TODAY - timedelta(days=1), known_from=TODAY) == 1
    assert unknown(None, known_from=None) == 0  # they are unknown already
    svg = render_chart(
        [build_bar_row("x", {}, TODAY, date(2026, 1, 1), TODAY - timedelta(days=1))], TODAY
    )
    assert any("not all papers are known" in text for text in texts(svg))


def test_a_row_tells_its_total_and_its_largest_day() -> None:
    svg = render_chart(
        [build_bar_row("compiler", {TODAY: 3, TODAY - timedelta(days=2): 1}, TODAY, TODAY, TODAY)],
        TODAY,
    )
    assert "compiler" in svg
    assert "4 (max 3 a day)" in texts(svg)
    assert "2026-11-23" in texts(svg)
    assert any("not all papers are known" in text for text in texts(svg))


def test_a_row_without_papers_says_so_and_when_the_newest_came() -> None:
    long_ago = date(2026, 8, 17)
    known = build_bar_row("compiler", {}, TODAY, date.min, TODAY, newest=long_ago)
    unknown = build_bar_row("performance", {long_ago: 2}, TODAY, TODAY, TODAY)
    nothing = build_bar_row("federated lerning", {}, TODAY, date.min, TODAY)
    shown = texts(render_chart([known, unknown, nothing], TODAY))
    assert [text for text in shown if text.startswith("No ")] == [
        "No papers in the last 30 days; newest: 2026-08-17.",
        "No known papers in the last 30 days; newest: 2026-08-17.",
        "No papers in the last 30 days.",
    ]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"])),
            st.lists(st.integers(0, 10**6), min_size=CHART_DAYS, max_size=CHART_DAYS),
        ),
        max_size=MAX_CHART_ROWS + 2,
    )
)
def test_whatever_a_keyword_is_made_of_the_picture_is_well_formed_and_says_it(
    rows: list[tuple[str, list[int]]],
) -> None:
    svg = render_chart([BarRow(name, counts) for name, counts in rows], TODAY)
    root = ET.fromstring(svg)  # noqa: S314 - our own
    allowed = {"svg", "rect", "text", "title", "tspan", "g", "path"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    names = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert names == [name for name, _ in rows[:MAX_CHART_ROWS]]
    assert len(svg) < 40_000
    if len(rows) > MAX_CHART_ROWS:
        assert f"and {len(rows) - MAX_CHART_ROWS} more keywords" in texts(svg)
