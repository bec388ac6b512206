"""What the assets use: arXiv, and the store. Their settings are visible in the Dagster UI."""

from dataclasses import fields
from pathlib import Path

import dagster as dg
import pandas as pd

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.gate import gate_for
from papers_assets.arxiv.patience import Patience
from papers_assets.harvest.harvests import Harvests
from papers_assets.papers import Source, sources, with_rows_of
from papers_assets.storage.locks import locks_for
from papers_assets.storage.outputs import Outputs
from papers_assets.storage.remote import place_of
from papers_assets.storage.store import Store


class ArxivResource(dg.ConfigurableResource[ArxivClient]):
    """arXiv's API, asked politely. Seconds, unless said otherwise; see `arxiv.patience`."""

    api_url: str
    oai_url: str = ""
    """Of OAI-PMH."""
    request_interval: float
    """Between the starts of two requests, over every process of this host, or of all; `locks`."""
    max_attempts: int = Patience.max_attempts
    """How often one request is asked in all."""
    backoff: float = Patience.backoff
    """Before the second attempt; doubles from attempt to attempt."""
    longest_pause: float = Patience.longest_pause
    connect_timeout: float = Patience.connect_timeout
    read_timeout: float = Patience.read_timeout
    """Between two pieces of an answer."""
    answer_timeout: float = Patience.answer_timeout
    """For a whole answer."""
    max_body: int = Patience.max_body
    """Bytes, decompressed."""
    deadline: float = Patience.deadline
    """For all requests of a run together."""
    locks: str = ""
    """PAPERS_LOCKS, by its name if it holds a password: with a PostgreSQL, all hosts take turns."""

    def client(self) -> ArxivClient:
        """Give a client of its own connection; the caller closes it."""
        bounds = {field.name: getattr(self, field.name) for field in fields(Patience)}
        gate = gate_for(self.api_url, self.request_interval, self.locks, oai_url=self.oai_url)
        return ArxivClient(self.api_url, gate, Patience(**bounds), oai_url=self.oai_url)


class StoreResource(dg.ConfigurableResource[Store]):
    """The folder with held papers and outputs."""

    home: str
    locks: str = ""
    """PAPERS_LOCKS, by its name if it holds a password."""
    host_folder: str = ""
    """Where this host keeps its own locks, if `home` is not on disk."""

    def open(self) -> Store:
        """Give the store in that folder."""
        return _store(self.home, self.locks, self.host_folder)

    def harvests(self) -> Harvests:
        """Give what was harvested into it."""
        return Harvests(place_of(self.home), self.open().locks)

    def outputs(self) -> Outputs:
        """Give what is published from there."""
        return Outputs(place_of(self.home), self.open().locks)


class PapersIOManager(dg.ConfigurableIOManager):
    """Keeps the asset `papers`, a DataFrame, in the store."""

    home: str
    locks: str = ""
    host_folder: str = ""

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:  # noqa: ARG002
        """Write the frame, replacing the former one."""
        store = _store(self.home, self.locks, self.host_folder)
        with store.publishing():
            # Another run may have brought newer papers since ours chose, and published them.
            there = store.papers_or_none()
            if there is not None and (newer := _newer(obj, there, store)):
                obj = with_rows_of(obj, there, newer)
            store.write_papers(obj)

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:  # noqa: ARG002
        """Read the frame that was written last."""
        return _store(self.home, self.locks, self.host_folder).read_papers()


def _store(home: str, locks: str, host_folder: str) -> Store:
    place, folder = place_of(home), Path(host_folder) if host_folder else None
    return Store(place, locks_for(locks, place, folder), folder)


def _newer(ours: pd.DataFrame, there: pd.DataFrame, store: Store) -> list[str]:
    """Give the keywords of which `there` has what is held now, and `ours` what was held before.

    Or the same of both, and was refreshed later: who harvests writes nothing without news.
    """
    theirs = sources(there)

    def is_newer(name: str, source: Source) -> bool:
        their = theirs.get(name)
        if their is None:
            return False
        if source.signature != their.signature:
            return their.signature == store.signature(name)
        ages = source.refreshed_at, their.refreshed_at
        return ages[1] is not None and (ages[0] is None or ages[0] < ages[1])

    return [name for name, source in sources(ours).items() if is_newer(name, source)]
