"""Composition of a message's e-mail. Pure."""

import hashlib
import re
from datetime import datetime
from email.header import Header
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import Any
from urllib.parse import quote

from papers_assets.notify.message import Message
from papers_assets.render.markdown import collapse_whitespace, truncate

_MAX_SUBJECT = 200
_MAX_ADDRESS = 900
"""Characters of an address in a header; a line in SMTP has at most 998 bytes."""
_IN_ADDRESSES = "%:/?#[]@!$&'()*+,;=-._~"


class _UnfoldedHeader(UnstructuredHeader):
    """A header of addresses, not folded: that would encode long ones, which no client decodes."""

    max_count = 1

    def fold(self, *, policy: EmailPolicy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


class _ExactTextHeader(UnstructuredHeader):
    """A header whose text arrives unchanged; the library's own folding adds spaces to some."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        # Not parsed as a header: text that looks encoded is part of the title.
        kwds["parse_tree"], kwds["decoded"] = cls.value_parser(""), value

    def fold(self, *, policy: EmailPolicy) -> str:
        name, text = self.name, str(self)  # type: ignore[attr-defined]
        if not text.isascii() or "=?" in text:
            text = Header(text, "utf-8", header_name=name).encode(linesep=policy.linesep)
        return f"{name}: {text}{policy.linesep}"


def _build_policy() -> "EmailPolicy[EmailMessage]":
    registry = HeaderRegistry()
    for name in ("message-id", "in-reply-to", "references", "list-id", "list-unsubscribe"):
        registry.map_to_type(name, _UnfoldedHeader)  # type: ignore[arg-type]
    registry.map_to_type("subject", _ExactTextHeader)  # type: ignore[arg-type]
    return SMTP.clone(header_factory=registry)


_POLICY = _build_policy()


def compose_email(  # noqa: PLR0913 - the parts of a message
    message: Message, sender: str, recipient: str, *, date: datetime, unsubscribe: str, name: str
) -> EmailMessage:
    """Return the e-mail; equal arguments give equal bytes, except for the MIME boundary.

    Args:
        message: the content; parts from 2 on are replies to part 1.
        sender: an address.
        recipient: an address.
        date: the time of sending, aware.
        unsubscribe: an https or mailto address; empty: mail to the sender.
        name: of the installation; it distinguishes installations with the same sender.
    """
    email = EmailMessage(policy=_POLICY)
    email["Subject"] = truncate(collapse_whitespace(message.subject), _MAX_SUBJECT)
    email["From"] = sender
    email["To"] = recipient
    email["Date"] = date
    email["Message-ID"] = _build_message_id(message, message.part, sender, recipient, name)
    if message.part > 1:
        first = _build_message_id(message, 1, sender, recipient, name)
        email["In-Reply-To"] = first
        email["References"] = first
    email["List-Id"] = f"papers-assets <papers-assets.{_find_domain(sender)}>"
    email["List-Unsubscribe"] = f"<{_unsubscribe_header(unsubscribe, sender)}>"
    email["Auto-Submitted"] = "auto-generated"
    # Not 8bit, which not every server accepts.
    email.set_content(_valid_text(message.text), cte="quoted-printable")
    email.add_alternative(_valid_text(message.html), subtype="html", cte="quoted-printable")
    return email


def _build_message_id(message: Message, part: int, sender: str, recipient: str, name: str) -> str:
    who = f"{name}\n{sender}\n{recipient}".encode("utf-8", "replace")
    return f"<{message.day}.{part}.{hashlib.sha256(who).hexdigest()[:20]}@{_find_domain(sender)}>"


def _find_domain(address: str) -> str:
    try:
        domain = address.rpartition("@")[2].encode("idna").decode()
    except UnicodeError:
        domain = ""
    return domain if re.fullmatch(r"[A-Za-z0-9.-]+", domain) else "papers-assets.invalid"


def _unsubscribe_header(address: str, sender: str) -> str:
    address = address or f"mailto:{quote(sender, safe='@')}?subject=unsubscribe"
    return quote(address, safe=_IN_ADDRESSES)[:_MAX_ADDRESS]


def _valid_text(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # a lone surrogate cannot be encoded
