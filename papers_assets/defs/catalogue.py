"""Entries of the asset catalogue for one installation: owner, files and code of each asset."""

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from papers_assets.settings import PROJECT_ROOT, Settings, is_remote

_FILES = {
    "harvest": ".papers/harvest",
    "raw_papers": ".papers/raw_papers",
    "papers": ".papers/papers.parquet",
    "changes": "output/editions",
    "readme": "output/README.md",
    "digest": "output/digests",
    "site": "output/site",
    "feeds": "output/site/feeds",
    "citations": "output/site/citations",
    "data": "output/site/data",
}
"""The file or folder below PAPERS_HOME that each asset writes, by asset."""
_GITHUB = re.compile(
    r"(?:https://(?:[^@/]+@)?github\.com/|(?:ssh://)?git@github\.com[:/])"
    r"(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?"
)


def add_catalogue_entries(
    assets: Iterable[dg.AssetsDefinition], settings: Settings, root: Path = PROJECT_ROOT
) -> Sequence[Any]:  # of assets; Dagster's functions do not declare it
    """Return the assets with their owner, the URI of their files, and references to their code.

    Args:
            assets: the assets of this project.
            settings: the owner, and the location of the files.
            root: the project's checkout. If it was cloned from GitHub, assets refer to
            its commit there besides the local file.
    """

    def described(spec: dg.AssetSpec) -> dg.AssetSpec:
        file = _FILES.get(spec.key.to_user_string())
        metadata = {"dagster/uri": _file_uri(settings.home, file)} if file else {}
        owners = [settings.owner] if settings.owner else []
        return spec.replace_attributes(owners=owners, metadata={**spec.metadata, **metadata})

    found: Sequence[Any] = [asset.map_asset_specs(described) for asset in assets]
    if repository := _find_github_commit(root):
        url, commit = repository
        found = dg.link_code_references_to_git(
            dg.with_source_code_references(found),
            git_url=url,
            git_branch=commit,
            file_path_mapping=dg.AnchorBasedFilePathMapping(root, "."),
            platform="github",
        )
    return dg.with_source_code_references(found)


def _file_uri(home: Path, file: str) -> str:
    return f"{home}/{file}" if is_remote(home) else (home / file).as_uri()


def _find_github_commit(root: Path) -> tuple[str, str] | None:
    """Return the repository's address and the checkout's commit; None if it is not from GitHub."""
    if not (root / ".git").exists():  # git would search the parent folders
        return None
    found = _GITHUB.fullmatch(_git(root, "remote", "get-url", "origin"))
    commit = _git(root, "rev-parse", "HEAD")
    return (f"https://github.com/{found['name']}", commit) if found and commit else None


def _git(root: Path, *arguments: str) -> str:
    """Return the output of git; empty if it fails or is not installed."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed program and our own arguments
            ["git", "-C", str(root), *arguments],  # noqa: S607 - git may be installed anywhere
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()
