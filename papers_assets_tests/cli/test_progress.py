import logging

import pytest

from papers_assets.cli.progress import show_progress
from papers_assets.text import details, progress

ESCAPES = "\x1b[2J\x9b31m\r\x08"


def test_nothing_logged_reaches_the_terminal_but_as_text(
    capfd: pytest.CaptureFixture[str],
) -> None:
    logger = logging.getLogger("papers_assets.anything")
    with show_progress(verbose=True):
        progress.info("asking %s", ESCAPES)
        logger.warning("refused: %s\nnothing else", ESCAPES)
    shown = capfd.readouterr().out
    assert "asking \\x1b[2J\\x9b31m" in shown
    assert "refused: \\x1b[2J\\x9b31m \\x08 nothing else\n" in shown
    assert all(char.isprintable() or char == "\n" for char in shown)


@pytest.mark.parametrize("verbose", [False, True])
def test_a_log_file_gets_progress_and_details_only_if_it_is_verbose(
    capfd: pytest.CaptureFixture[str], *, verbose: bool
) -> None:
    with show_progress(verbose=verbose):
        progress.info("fetching")
        details.info("the query")
        logging.getLogger("papers_assets.anything").info("fetched")
    shown = capfd.readouterr().out.splitlines()
    assert [line for line in shown if line] == (
        ["fetching", "the query", "fetched"] if verbose else ["fetched"]
    )


def test_what_looks_like_markup_of_the_display_is_text_on_its_moving_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with show_progress():
        progress.info("asking about [red]a[/b]")
        progress.debug("waiting [/i]")
    assert "asking about [red]a[/b]; waiting [/i]" in capfd.readouterr().out


def test_no_line_of_a_traceback_is_taken_for_a_message(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with show_progress():
        error = ValueError(f"{ESCAPES}\ncompiler: all is well")
        logging.getLogger("papers_assets.anything").error("compiler: not refreshed", exc_info=error)
    lines = capfd.readouterr().out.splitlines()
    assert "compiler: not refreshed" in lines
    assert "  ValueError: \\x1b[2J\\x9b31m \\x08" in lines
    assert "  compiler: all is well" in lines
    assert all(line.isprintable() for line in lines)
