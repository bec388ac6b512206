"""The resources of the assets: arXiv and the store. The Dagster UI shows their settings."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
from pydantic import Field

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.retry import RetryPolicy
from papers_assets.storage.editions import EditionStore
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.locks import open_locks
from papers_assets.storage.rate_limit import build_rate_limiter
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets.storage.remote import parse_path
from papers_assets.transform.selection import SelectionSource, read_sources, replace_keywords

_HOME = Field(description="Folder, or URL of a bucket, of stored papers and outputs (PAPERS_HOME).")
_LOCKS = Field(
    default="",
    description="PostgreSQL of the locks, for several hosts (PAPERS_LOCKS). Empty: files. Shown by "
    "the variable's name, since it may hold a password.",
)
_HOST_FOLDER = Field(
    default="",
    description="Folder for this host's own lock files where the home is not on disk. Empty: the "
    "home folder.",
)


class ArxivResource(dg.ConfigurableResource[ArxivClient]):
    """arXiv's API and OAI-PMH, with rate limit, retries and timeouts."""

    api_url: str = Field(description="Address of the query API (ARXIV_API_URL).")
    oai_url: str = Field(default="", description="Address of OAI-PMH (ARXIV_OAI_URL).")
    request_interval: float = Field(
        description="Seconds between the starts of two requests, over all processes that share the "
        "locks (ARXIV_REQUEST_INTERVAL). arXiv's terms: at least 3."
    )
    max_attempts: int = Field(
        default=RetryPolicy.max_attempts,
        description="Attempts per request, the first one included (ARXIV_MAX_ATTEMPTS).",
    )
    backoff: float = Field(
        default=RetryPolicy.backoff,
        description="Seconds before the second attempt; doubles with each one (ARXIV_BACKOFF).",
    )
    max_delay: float = Field(
        default=RetryPolicy.max_delay, description="Seconds between two attempts, at most."
    )
    connect_timeout: float = Field(
        default=RetryPolicy.connect_timeout,
        description="Seconds until a connection has to be open.",
    )
    read_timeout: float = Field(
        default=RetryPolicy.read_timeout,
        description="Seconds between two pieces of a response, at most.",
    )
    answer_timeout: float = Field(
        default=RetryPolicy.answer_timeout, description="Seconds for a whole response, at most."
    )
    max_body: int = Field(
        default=RetryPolicy.max_body,
        description="Bytes of a response after decompression, at most.",
    )
    deadline: float = Field(
        default=RetryPolicy.deadline,
        description="Seconds for all requests of a run together, at most.",
    )
    locks: str = _LOCKS

    def client(self) -> ArxivClient:
        """Return a client with a separate connection; the caller closes it."""
        bounds = {field.name: getattr(self, field.name) for field in fields(RetryPolicy)}
        rate_limiter = build_rate_limiter(
            self.api_url, self.request_interval, self.locks, oai_url=self.oai_url
        )
        return ArxivClient(self.api_url, rate_limiter, RetryPolicy(**bounds), oai_url=self.oai_url)


class StoreResource(dg.ConfigurableResource[RawPapersStore]):
    """The folder with stored papers and outputs."""

    home: str = _HOME
    locks: str = _LOCKS
    host_folder: str = _HOST_FOLDER

    def open(self) -> RawPapersStore:
        """Return the store of raw papers in the folder."""
        return _build_store(self.home, self.locks, self.host_folder)

    def harvests(self) -> HarvestStore:
        """Return the store of the harvest in the folder."""
        return HarvestStore(parse_path(self.home), self.open().locks)

    def outputs(self) -> EditionStore:
        """Return the store of the published files in the folder."""
        return EditionStore(parse_path(self.home), self.open().locks)


class PapersIOManager(dg.ConfigurableIOManager):
    """Stores the asset `papers`, a DataFrame, as Parquet in the home folder."""

    home: str = _HOME
    locks: str = _LOCKS
    host_folder: str = _HOST_FOLDER

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:  # noqa: ARG002
        """Write the frame, replacing the previous one."""
        store = _build_store(self.home, self.locks, self.host_folder)
        with store.publish_lock():
            # Another run may have published newer papers since this run selected its papers.
            there = store.read_papers_or_none()
            if there is not None and (newer := _find_newer_keywords(obj, there, store)):
                obj = replace_keywords(obj, there, newer)
            store.write_papers(obj)

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:  # noqa: ARG002
        """Read the frame written last."""
        return _build_store(self.home, self.locks, self.host_folder).read_papers()


def fix_config(
    resource: dg.ConfigurableResource[Any] | dg.ConfigurableIOManager,
) -> dg.ResourceDefinition:
    """Return a definition with settings that the UI shows but a launch cannot change.

    If a resource is bound directly, the launchpad of every job is filled with its settings.
    """
    kind = type(resource)

    def create(context: dg.InitResourceContext) -> Any:
        return kind(**context.resource_config)

    create.__name__ = kind.__name__  # shown as the resource's type
    schema = {
        name: dg.Field(
            dg.StringSource if field.annotation is str else field.annotation,
            default_value=_to_default(getattr(resource, name)),
            description=field.description,
        )
        for name, field in kind.model_fields.items()
    }
    is_io_manager = isinstance(resource, dg.ConfigurableIOManager)
    definition = dg.IOManagerDefinition if is_io_manager else dg.ResourceDefinition
    return definition(create, schema, kind.__doc__).configured({})


def _to_default(value: object) -> object:
    return {"env": value.env_var_name} if isinstance(value, dg.EnvVar) else value


def _build_store(home: str, locks: str, host_folder: str) -> RawPapersStore:
    place, folder = parse_path(home), Path(host_folder) if host_folder else None
    return RawPapersStore(place, open_locks(locks, place, folder), folder)


def _find_newer_keywords(
    written: pd.DataFrame, stored: pd.DataFrame, store: RawPapersStore
) -> list[str]:
    """Return the keywords whose rows in `stored` are newer than those in `written`.

    This includes keywords with equal rows that were refreshed later in `stored`: a harvest without
    new papers for a keyword does not rewrite its file.
    """
    theirs = read_sources(stored)

    def is_newer(name: str, source: SelectionSource) -> bool:
        their = theirs.get(name)
        if their is None:
            return False
        if source.etag != their.etag:
            return their.etag == store.etag(name)
        ages = source.refreshed_at, their.refreshed_at
        return ages[1] is not None and (ages[0] is None or ages[0] < ages[1])

    return [name for name, source in read_sources(written).items() if is_newer(name, source)]
