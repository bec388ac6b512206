from pathlib import Path

import pytest

from papers_assets.arxiv.retry import BACKOFF, MAX_ATTEMPTS
from papers_assets.settings import PROJECT_ROOT, SettingsError, read_settings

LOOPBACK = "http://127.0.0.1:8080/api/query"


def test_without_environment_it_is_the_project_and_arxiv_itself() -> None:
    settings = read_settings({})
    assert settings.home == PROJECT_ROOT
    assert settings.keywords_path == PROJECT_ROOT / "keywords.toml"
    assert settings.api_url == "https://export.arxiv.org/api/query"
    assert settings.request_interval == 3.0


def test_an_empty_variable_counts_as_unset() -> None:
    names = ["PAPERS_KEYWORDS", "PAPERS_HOME", "ARXIV_API_URL", "ARXIV_REQUEST_INTERVAL"]
    names += ["ARXIV_MAX_ATTEMPTS", "ARXIV_BACKOFF"]
    assert read_settings(dict.fromkeys(names, "")) == read_settings({})


def test_every_variable_is_read(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "PAPERS_KEYWORDS": str(tmp_path / "mine.toml"),
            "PAPERS_HOME": str(tmp_path),
            "ARXIV_API_URL": LOOPBACK,
            "ARXIV_REQUEST_INTERVAL": "0.5",
            "ARXIV_MAX_ATTEMPTS": "3",
            "ARXIV_BACKOFF": "0.25",
        }
    )
    assert settings.keywords_path == tmp_path / "mine.toml"
    assert settings.home == tmp_path
    assert (settings.api_url, settings.request_interval) == (LOOPBACK, 0.5)
    assert (settings.max_attempts, settings.backoff) == (3, 0.25)


def test_relative_paths_count_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings({"PAPERS_HOME": "here"}).home == tmp_path / "here"


@pytest.mark.parametrize(
    "url", ["http://localhost:1/q", "http://127.8.9.1/q", "http://[::1]:8080/q", LOOPBACK]
)
def test_this_machine_may_be_asked_as_fast_as_one_likes(url: str) -> None:
    settings = read_settings({"ARXIV_API_URL": url, "ARXIV_REQUEST_INTERVAL": "0"})
    assert settings.request_interval == 0


@pytest.mark.parametrize(
    "url",
    ["https://export.arxiv.org/api/query", "http://127.0.0.1.example.org/q", "http://10.0.0.1/q"],
)
def test_nobody_else_is_asked_faster_than_arxivs_terms_allow(url: str) -> None:
    with pytest.raises(SettingsError, match=r"ARXIV_REQUEST_INTERVAL is '2\.9'.*3 or more"):
        read_settings({"ARXIV_API_URL": url, "ARXIV_REQUEST_INTERVAL": "2.9"})
    asked = read_settings({"ARXIV_API_URL": url, "ARXIV_REQUEST_INTERVAL": "3"})
    assert asked.request_interval == 3


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf"])
def test_an_interval_that_is_no_number_of_seconds_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="ARXIV_REQUEST_INTERVAL"):
        read_settings({"ARXIV_API_URL": LOOPBACK, "ARXIV_REQUEST_INTERVAL": value})


@pytest.mark.parametrize(
    "url",
    [
        "export.arxiv.org",
        "ftp://x/y",
        "http://",
        "http://[x",
        "http://x:y/",
        "http://x/?a=1",
        "http://a b/",
    ],
)
def test_an_address_that_cannot_be_asked_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="ARXIV_API_URL"):
        read_settings({"ARXIV_API_URL": url})


def test_without_environment_patience_is_the_clients_own() -> None:
    settings = read_settings({})
    assert (settings.max_attempts, settings.backoff) == (MAX_ATTEMPTS, BACKOFF)


@pytest.mark.parametrize("value", ["1", " 20 ", "07"])
def test_a_number_of_attempts_is_whole_and_from_1_to_20(value: str) -> None:
    assert read_settings({"ARXIV_MAX_ATTEMPTS": value}).max_attempts == int(value.strip()[:2])


@pytest.mark.parametrize("value", ["0", "21", "-1", "2.5", "many", "٣", "9" * 5000])
def test_a_number_of_attempts_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"ARXIV_MAX_ATTEMPTS is .* from 1 to 20"):
        read_settings({"ARXIV_MAX_ATTEMPTS": value})


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf"])
def test_a_backoff_that_is_no_number_of_seconds_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"ARXIV_BACKOFF is .*: expected seconds"):
        read_settings({"ARXIV_BACKOFF": value})


@pytest.mark.parametrize(
    "url",
    [
        "https://export.arxiv.org/api/query",
        "http://export.arxiv.org/api/query",
        "https://export.arxiv.org/api/query/",
        "https://arxiv.org/api/query",
        "https://ARXIV.org:443/api/query",
    ],
)
def test_who_asks_arxiv_harvests_it_where_it_is_to_be_harvested(url: str) -> None:
    assert read_settings({"ARXIV_API_URL": url}).oai_url == "https://oaipmh.arxiv.org/oai"


@pytest.mark.parametrize("host", ["http://127.0.0.1:8080", "https://notarxiv.org", "http://x.org"])
def test_who_asks_another_server_harvests_that_too(host: str) -> None:
    assert read_settings({"ARXIV_API_URL": f"{host}/api/query"}).oai_url == f"{host}/oai"


def test_a_mirror_of_one_interface_may_be_asked_and_arxiv_for_the_other() -> None:
    oai = "https://oaipmh.arxiv.org/oai"
    settings = read_settings({"ARXIV_API_URL": "http://x.org/api/query", "ARXIV_OAI_URL": oai})
    assert (settings.api_url, settings.oai_url) == ("http://x.org/api/query", oai)


def test_a_stand_in_for_one_interface_and_arxiv_for_the_other_is_refused() -> None:
    with pytest.raises(SettingsError, match="expected both at arXiv, or both at its stand-in"):
        read_settings({"ARXIV_API_URL": LOOPBACK, "ARXIV_OAI_URL": "https://arxiv.org/oai"})


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, ""),
        ({"GITHUB_REPOSITORY": "you/papers"}, "https://github.com/you/papers"),
        (
            {"GITHUB_REPOSITORY": "you/papers", "GITHUB_SERVER_URL": "https://git.example.org"},
            "https://git.example.org/you/papers",
        ),
        ({"GITHUB_REPOSITORY": "a <b>"}, ""),
    ],
)
def test_the_repository_is_known_where_github_runs_it(
    environment: dict[str, str], address: str
) -> None:
    assert read_settings(environment).repository == address
