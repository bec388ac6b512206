"""The GitHub channel: one issue per day, which GitHub mails to the repository's watchers.

The day's first part is the issue, and each further part a comment, since GitHub mails comments but
not edits. Each ends with a marker, an invisible HTML comment. The marker is searched for before
anything is posted, so that neither a retry nor a lost answer causes a duplicate.
"""

import re
import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import requests

from papers_assets.notify.github_api import GitHubClient
from papers_assets.notify.message import DeliveryError, Message, logger, with_retries
from papers_assets.render.markdown import collapse_whitespace

MAX_BODY = 65_536
"""GitHub's limit for the body of an issue or a comment, in characters."""
MAX_MARKDOWN = MAX_BODY - 256
"""Characters of a message's Markdown; the marker follows it."""
_MAX_TITLE = 256
"""GitHub's limit, in characters."""
_INSIDERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


class IssuePublisher:
    """A publisher of issues with the label `label` in `repository` ("owner/name").

    `warnings` has problems that did not prevent delivery.
    """

    def __init__(  # noqa: PLR0913 - all but three have defaults
        self,
        api_url: str,
        repository: str,
        token: str,
        *,
        label: str = "daily-papers",
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.label = label
        self.warnings: list[str] = []
        self._github = GitHubClient(api_url, repository, token, session or requests.Session(), now)
        self._sleep = sleep
        self._login: str | None = None

    def publish(self, message: Message) -> str:
        """Post a message unless it has been posted already.

        Returns:
            The address of the issue, or of the comment on it.

        Raises:
            DeliveryError: it was refused, or may not have been posted.
        """
        text = message.markdown.rstrip()
        if len(text) > MAX_MARKDOWN:
            raise DeliveryError(
                "GitHub issue",
                f"the text has {len(text):,} characters, and GitHub has room for {MAX_MARKDOWN:,}",
                "Lower the keywords' `cap`",
            )
        body = f"{text}\n\n{self._marker(message.day, message.part)}\n"
        return with_retries(lambda: self._publish(message, body), self._sleep)

    def _publish(self, message: Message, body: str) -> str:
        if self._login is None:
            self._login = self._github.read_login()
        issue = self._find_issue(message.day)
        if issue is None:
            content = {"title": _issue_title(message), "body": body, "labels": [self.label]}
            issue = self._github.create("/issues", content)
            self._warn_of_closed_issue(issue)
            return str(issue["html_url"])
        self._warn_of_closed_issue(issue)
        found = issue if self._read_part(issue, message.day) == message.part else None
        found = found or self._find_comment(issue, message)
        found = found or self._github.create(f"/issues/{issue['number']}/comments", {"body": body})
        return str(found["html_url"])

    def _find_issue(self, day: date) -> dict[str, Any] | None:
        """Find the day's issue by its label or, if GitHub has dropped that, by its author."""
        return self._find_first(day, {"labels": self.label}) or self._find_first(
            day, {"creator": self._login} if self._login else {}
        )

    def _find_first(self, day: date, parameters: dict[str, str]) -> dict[str, Any] | None:
        asked = {"state": "all", "sort": "created", "direction": "asc", "since": _format_since(day)}
        issues = self._github.list_all("/issues", {**asked, **parameters})
        ours = (i for i in issues if self._read_part(i, day) is not None and self._is_own_issue(i))
        return next(ours, None)

    def _find_comment(self, issue: dict[str, Any], message: Message) -> dict[str, Any] | None:
        path = f"/issues/{issue['number']}/comments"
        comments: Iterable[dict[str, Any]] = self._github.list_all(
            path, {"since": _format_since(message.day)}
        )
        # Comments of the issue's author count, too: the token may have been replaced since.
        ours = (
            c for c in comments if self._is_own_item(c) or _read_author(c) == _read_author(issue)
        )
        return next((c for c in ours if self._read_part(c, message.day) == message.part), None)

    def _is_own_issue(self, issue: dict[str, Any]) -> bool:
        """Whether to trust the marker of an issue, which any author can write.

        Only insiders can set a label by hand, but a template can set it for others. So an issue by
        another author needs both: the label, and an insider or a bot as its author.
        """
        insider = _is_bot(issue) or issue.get("author_association") in _INSIDERS
        return self._is_own_item(issue) or (insider and self._has_label(issue))

    def _is_own_item(self, item: dict[str, Any]) -> bool:
        # GitHub does not return the login for an app's token; the author of its items is a bot.
        return _read_author(item) == self._login if self._login else _is_bot(item)

    def _has_label(self, issue: dict[str, Any]) -> bool:
        names = [str(label.get("name", "")).casefold() for label in issue.get("labels") or []]
        return self.label.casefold() in names

    def _marker(self, day: date, part: int | str) -> str:
        # Consecutive hyphens and the bracket would end the comment.
        label = re.sub(r"[^\w .:/-]|-(?=-)", "_", self.label)
        return f"<!-- papers-assets {label} {day} part {part} -->"

    def _read_part(self, item: dict[str, Any], day: date) -> int | None:
        """Return the part in the marker at the end of an issue or a comment; None: no marker.

        The marker must be a line of its own, since replies by mail quote it within their text.
        """
        last = str(item.get("body") or "").rstrip().rpartition("\n")[2]
        before, after = self._marker(day, "\0").split("\0")
        found = re.fullmatch(rf"{re.escape(before)}([0-9]{{1,6}}){re.escape(after)}", last)
        return int(found[1]) if found else None

    def _warn_of_closed_issue(self, issue: dict[str, Any]) -> None:
        if self._has_label(issue):
            return
        remark = (
            f"{issue['html_url']} lacks the label {self.label!r}: GitHub drops labels that a token "
            "may not set, or somebody has taken it off. The issue is found again by its author "
            "only; let the token write to the repository, and set the label by hand."
        )
        self.warnings.append(remark)
        logger.warning("%s", remark)


def _issue_title(message: Message) -> str:
    title = collapse_whitespace(message.subject)
    title = title if message.day.isoformat() in title else f"{message.day}: {title}"
    return title if len(title) <= _MAX_TITLE else f"{title[: _MAX_TITLE - 1]}…"


def _format_since(day: date) -> str:
    # The parameter refers to the last change in UTC; an edition's day is in its own time zone.
    return f"{day - timedelta(days=2)}T00:00:00Z"


def _read_author(item: dict[str, Any]) -> str:
    return str((item.get("user") or {}).get("login") or "")


def _is_bot(item: dict[str, Any]) -> bool:
    return (item.get("user") or {}).get("type") == "Bot"
