"""As a GitHub issue a day: who watches the repository gets a mail from GitHub.

The day's first part is the issue, every further one a comment, since GitHub mails comments and not
edits. Each ends in a marker, an HTML comment that nobody sees, by which it is found again: before
anything is posted we look whether it is there, so that neither a retry nor an answer that was lost
makes it be posted twice.
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
"""Characters; GitHub's limit of an issue's and of a comment's body."""
MAX_MARKDOWN = MAX_BODY - 256
"""Characters of a notice's Markdown: the marker comes after it."""
_MAX_TITLE = 256
"""Characters; GitHub's limit."""
_INSIDERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


class IssuePublisher:
    """The issues of `repository` ("owner/name") that have the label `label`.

    `warnings` is what people should be told although the notice has been delivered.
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
        """Post a notice unless it is there already.

        Returns:
            The address of the issue, or of the comment on it.

        Raises:
            DeliveryError: it was refused, or may not be there.
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
        """Find the day's issue by its label, or else, should GitHub have dropped that, by us."""
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
        # The issue's author, too: the token may have been replaced since.
        ours = (
            c for c in comments if self._is_own_item(c) or _read_author(c) == _read_author(issue)
        )
        return next((c for c in ours if self._read_part(c, message.day) == message.part), None)

    def _is_own_issue(self, issue: dict[str, Any]) -> bool:
        """Whether to believe an issue's marker, which anybody can write into one.

        Only insiders can set a label, but a template can, too; hence both.
        """
        insider = _is_bot(issue) or issue.get("author_association") in _INSIDERS
        return self._is_own_item(issue) or (insider and self._has_label(issue))

    def _is_own_item(self, item: dict[str, Any]) -> bool:
        # Of an app's token GitHub does not say whose it is; what an app writes, a bot writes.
        return _read_author(item) == self._login if self._login else _is_bot(item)

    def _has_label(self, issue: dict[str, Any]) -> bool:
        names = [str(label.get("name", "")).casefold() for label in issue.get("labels") or []]
        return self.label.casefold() in names

    def _marker(self, day: date, part: int | str) -> str:
        # Hyphens in a row, and the bracket, would end the comment.
        label = re.sub(r"[^\w .:/-]|-(?=-)", "_", self.label)
        return f"<!-- papers-assets {label} {day} part {part} -->"

    def _read_part(self, item: dict[str, Any], day: date) -> int | None:
        """Return the part that the last line of an issue or a comment is the marker of.

        Who quotes us by mail has our marker in the text, but not as a line of its own.
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
    # By when GitHub last saw it change. An edition's day is that of some time zone.
    return f"{day - timedelta(days=2)}T00:00:00Z"


def _read_author(item: dict[str, Any]) -> str:
    return str((item.get("user") or {}).get("login") or "")


def _is_bot(item: dict[str, Any]) -> bool:
    return (item.get("user") or {}).get("type") == "Bot"
