"""Check the freshness of `papers`: when each keyword was refreshed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from papers_assets.checks.base import MAX_NAMED, CheckResult, Severity, result, to_line
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.render.sections import is_stale
from papers_assets.text import count_noun
from papers_assets.transform.harvest_coverage import CLOCK_TOLERANCE
from papers_assets.transform.index_lag import IndexLag
from papers_assets.transform.selection import AGEING_PERIOD

_MAX_AGE = timedelta(days=3)  # longer than arXiv's weekend, when queries are still answered


def check_every_keyword_refreshed(
    times: Mapping[str, datetime], problems: Mapping[str, str], keywords_config: KeywordsConfig
) -> CheckResult:
    """Check that no keyword is stale, compared with the newest one, or has a problem."""
    newest = max(times.values(), default=None)
    never = [name for name in keywords_config.names if name not in times]
    behind = [
        name
        for name, time in times.items()
        if name in problems or (newest and is_stale(time, newest, keywords_config.timezone))
    ]

    def described(name: str) -> str:
        time = times.get(name)
        since = (
            f"last on {time.astimezone(keywords_config.timezone).date()}"
            if time
            else "never fetched"
        )
        return f"{name} ({since}{f': {to_line(problems[name])}' if name in problems else ''})"

    not_refreshed = {*behind, *never}
    missing = [described(name) for name in keywords_config.names if name in not_refreshed]
    return result(
        "every_keyword_refreshed",
        missing,
        f"All were refreshed: {count_noun(len(times), 'keyword')}.",
        f"{len(missing)} of {len(keywords_config.names)} keywords were not refreshed: {{}}. The "
        "README says "
        "so beside them. The next run tries again; the log of raw_papers has the reason.",
        # The lists are correct and dated; `check_fresh_enough` fails when they are too old.
        severity=Severity.WARN if times else Severity.ERROR,
        refreshed=len(times) - len(behind),
        not_refreshed=len(behind),
        never_fetched=len(never),
    )


def check_fresh_enough(times: Mapping[str, datetime], now: datetime) -> CheckResult:
    """Check that no keyword's answer is old or dated in the future."""
    hours = {name: _to_hours(now - time) for name, time in times.items()}
    oldest, newest = max(hours.values(), default=0.0), min(hours.values(), default=0.0)
    ahead = [
        f"{name} ({-age} h ahead)"
        for name, age in hours.items()
        if age < -_to_hours(CLOCK_TOLERANCE)
    ]
    old = [name for name, age in hours.items() if age > _to_hours(AGEING_PERIOD)]
    old = [f"{name} ({hours[name]} h)" for name in sorted(old, key=lambda name: -hours[name])]
    if ahead:
        problem = "{} refreshed in the future: check this machine's clock, then run again."
    elif hours:
        problem = (
            "Papers older than 36 hours: {}. Is the daily schedule on, with its daemon running? "
            "The log of raw_papers has arXiv's responses."
        )
    else:
        problem = "{} was fetched. Run the job daily_papers."
    return result(
        "fresh_enough",
        ahead or old or ([] if hours else ["No keyword"]),
        f"The keywords were refreshed {newest} to {oldest} hours ago.",
        problem,
        # The next run makes up for a missed one; three days without an answer are an error.
        severity=Severity.WARN
        if hours and not ahead and oldest <= _to_hours(_MAX_AGE)
        else Severity.ERROR,
        oldest_hours=oldest,
        newest_hours=newest,
    )


def check_index_current(lag: IndexLag | None, oai_only: Mapping[str, Sequence[str]]) -> CheckResult:
    """Check that arXiv's search does not seem to be behind arXiv's announcements.

    Args:
        lag: the estimated lag, from the previous rate of papers; None: there is none.
        oai_only: by keyword, versions that OAI-PMH lists and the search lacks.
    """
    behind = [f"{name} lacks {', '.join(of[:MAX_NAMED])}" for name, of in oai_only.items()]
    if lag:
        behind.append(
            f"the newest listed paper was submitted on {lag.newest}, arXiv has published papers on "
            f"{lag.publications} days since, and {lag.expected:.1f} were to be expected (chance of "
            f"none: {lag.chance:.1g})"
        )
    return result(
        "index_current",
        behind,
        "The newest papers are no older than is usual, and 0 are known that the search lacks.",
        "arXiv's search seems to be behind: {}. The README says so. Papers that nothing is known "
        "of here come when arXiv's index has them; status.arxiv.org may know more.",
        # The lists show what arXiv answered, and another run cannot change that.
        severity=Severity.WARN,
        publications=lag.publications if lag else 0,
        expected=round(lag.expected, 1) if lag else 0.0,
        missing_from_search=len({version for of in oai_only.values() for version in of}),
    )


def _to_hours(age: timedelta) -> float:
    return round(age / timedelta(hours=1), 1)
