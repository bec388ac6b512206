"""The recipients of e-mail and their keywords. Pure."""

from collections.abc import Mapping

from papers_assets.keywords.model import Keyword, KeywordsConfig
from papers_assets.settings import NotificationSettings, SettingsError, parse_addresses


def find_recipients(
    keywords_config: KeywordsConfig, channels: NotificationSettings, environment: Mapping[str, str]
) -> dict[str, tuple[str, ...] | None]:
    """Return the keywords of each address, in the order of keywords.toml; None: all keywords.

    Each address occurs once, even if it is configured repeatedly or in different letter case. The
    recipients of all keywords are not listed for single ones, too.

    Args:
        keywords_config: its keywords name the environment variables that have the addresses.
        channels: the recipients of all keywords, and the settings of the mail server.
        environment: the environment variables.

    Raises:
        SettingsError: a variable is not set or has no address, or a mail setting is missing.
    """
    found: dict[str, tuple[str, ...] | None] = dict.fromkeys(channels.recipients)
    spelled = {address.casefold(): address for address in found}
    for keyword in keywords_config.keywords:
        if keyword.recipients:
            for address in _keyword_recipients(keyword, channels, environment):
                known = spelled.setdefault(address.casefold(), address)
                names = found.get(known, ())
                if names is not None and keyword.name not in names:
                    found[known] = (*names, keyword.name)
    return found


def _keyword_recipients(
    keyword: Keyword, channels: NotificationSettings, environment: Mapping[str, str]
) -> tuple[str, ...]:
    variable = keyword.recipients
    who = parse_addresses(variable, environment.get(variable) or "")
    because = f"the keyword {keyword.name!r} names {variable} as its recipients"
    if not who:
        raise SettingsError(
            f"{variable} holds no e-mail address, and {because}: set it to addresses separated by "
            "commas, or take `recipients` out of keywords.toml."
        )
    if not channels.smtp:
        raise SettingsError(
            f"PAPERS_SMTP_URL is not set, and {because}: expected the mail server, "
            "smtps://user:password@host:465."
        )
    if not channels.sender:
        raise SettingsError(
            f"PAPERS_DIGEST_FROM is not set, and {because}: expected the address that the mail is "
            "from."
        )
    return who
