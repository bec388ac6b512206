"""What Dagster's asset catalogue shows of each asset."""

import subprocess
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dagster as dg
import pytest

from papers_assets.defs.assets import add_catalogue_entries
from papers_assets.settings import Settings, SettingsError, read_settings
from papers_assets_tests.helpers.project import Project

GROUPS = {
    "raw_papers": "arxiv",
    "papers": "lists",
    "changes": "lists",
    "readme": "publishing",
    "digest": "publishing",
    "site": "publishing",
    "feeds": "publishing",
    "citations": "publishing",
    "data": "publishing",
}


def specs(project: Project) -> dict[str, dg.AssetSpec]:
    found = project.definitions.resolve_all_asset_specs()
    return {spec.key.to_user_string(): spec for spec in found}


def references(spec: dg.AssetSpec) -> list[str]:
    value = spec.metadata["dagster/code_references"]
    return [reference.source for reference in value.code_references]


def test_every_asset_is_described_and_leads_to_its_files_and_its_code(project: Project) -> None:
    project.run()
    found = specs(project)
    assert {name: spec.group_name for name, spec in found.items()} == GROUPS
    for name, spec in found.items():
        assert spec.owners == []
        assert spec.description
        assert spec.kinds
        assert spec.code_version
        uri = urlsplit(spec.metadata["dagster/uri"])
        assert uri.scheme == "file"
        assert Path(unquote(uri.path)).exists(), name
        file, line = references(spec)[-1].rsplit(":", 1)
        assert "@" in Path(file).read_text().splitlines()[int(line) - 1]


def test_columns_have_readable_types_and_those_of_papers_come_from_raw_papers(
    project: Project,
) -> None:
    found = specs(project)
    columns = found["papers"].metadata["dagster/column_schema"].columns
    assert all(column.description for column in columns)
    assert {column.name: column.type for column in columns} == {
        "keyword": "string",
        "arxiv_id": "string",
        "version": "integer",
        "title": "string",
        "authors": "list of strings",
        "abstract": "string",
        "comment": "string",
        "categories": "list of strings",
        "primary_category": "string",
        "published": "timestamp (UTC)",
        "updated": "timestamp (UTC)",
        "doi": "string",
        "journal_ref": "string",
        "first_seen": "timestamp (UTC)",
        "last_seen": "timestamp (UTC)",
    }
    raw = {c.name: c.type for c in found["raw_papers"].metadata["dagster/column_schema"].columns}
    assert raw["links"] == "list of links (href, rel, title)"
    lineage = found["papers"].metadata["dagster/column_lineage"].deps_by_column
    assert lineage == {
        name: [dg.TableColumnDep(dg.AssetKey("raw_papers"), name)]
        for name in raw
        if name != "links"
    }


def settings(owner: str = "") -> Settings:
    return read_settings({"PAPERS_OWNER": owner})


def sample() -> list[dg.AssetsDefinition]:
    @dg.asset
    def sample() -> None: ...

    return [sample]


@pytest.mark.parametrize("owner", ["team:research", "you@example.org"])
def test_the_owner_is_a_setting(owner: str) -> None:
    (asset,) = add_catalogue_entries(sample(), settings(owner))
    assert asset.get_asset_spec().owners == [owner]


@pytest.mark.parametrize("owner", ["research", "team:", "team:a b", "you@host", "@", "a,b@x.org"])
def test_an_owner_that_dagster_would_refuse_is_named(owner: str) -> None:
    with pytest.raises(SettingsError, match=r"PAPERS_OWNER is .*expected the owner"):
        settings(owner)


def git(checkout: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    done = subprocess.run(
        ["git", "-C", str(checkout), *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    git(folder, "init", "--quiet", "--template=")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "One")
    return folder


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/you/papers.git",
        "https://x-access-token:SECRET@github.com/you/papers",
        "git@github.com:you/papers.git",
        "ssh://git@github.com/you/papers.git",
    ],
)
def test_code_of_a_checkout_from_github_is_referred_to_at_its_commit_too(
    checkout: Path, remote: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(checkout, "config", "remote.origin.url", remote)
    (checkout / "assets.py").write_text(
        "import dagster as dg\n\n\n@dg.asset\ndef sample() -> None: ...\n"
    )
    monkeypatch.syspath_prepend(checkout)
    (asset,) = add_catalogue_entries([import_module("assets").sample], settings(), checkout)
    commit = git(checkout, "rev-parse", "HEAD")
    assert references(asset.get_asset_spec()) == [
        f"https://github.com/you/papers/tree/{commit}/assets.py#L4",
        f"{checkout / 'assets.py'}:4",
    ]


@pytest.mark.parametrize("remote", ["/somewhere/else", "https://example.org/you/papers"])
def test_code_of_another_checkout_is_referred_to_as_a_file(checkout: Path, remote: str) -> None:
    git(checkout, "config", "remote.origin.url", remote)
    (asset,) = add_catalogue_entries(sample(), settings(), checkout)
    (local,) = references(asset.get_asset_spec())
    assert local.startswith(f"{__file__}:")


def test_a_folder_inside_of_another_checkout_has_no_repository(checkout: Path) -> None:
    git(checkout, "config", "remote.origin.url", "https://github.com/you/other")
    installed = checkout / "site-packages"
    installed.mkdir()
    (asset,) = add_catalogue_entries(sample(), settings(), installed)
    assert len(references(asset.get_asset_spec())) == 1
