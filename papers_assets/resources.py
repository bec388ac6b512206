"""What the assets use: arXiv, and the store. Their settings are visible in the Dagster UI."""

from pathlib import Path

import dagster as dg
import pandas as pd

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.gate import Gate, gate_path
from papers_assets.papers import COLUMNS
from papers_assets.store import Store


class ArxivResource(dg.ConfigurableResource[ArxivClient]):
    """arXiv's API, asked politely."""

    api_url: str
    request_interval: float
    """Seconds between the starts of two requests, over every process of this host."""

    def client(self) -> ArxivClient:
        """Give a client of its own connection; the caller closes it."""
        return ArxivClient(self.api_url, Gate(gate_path(self.api_url), self.request_interval))


class StoreResource(dg.ConfigurableResource[Store]):
    """The folder with held papers and outputs."""

    home: str

    def open(self) -> Store:
        """Give the store in that folder."""
        return Store(Path(self.home))


class PapersIOManager(dg.ConfigurableIOManager):
    """Keeps the asset `papers`, a DataFrame, in the store."""

    home: str

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:  # noqa: ARG002
        """Write the frame, replacing the former one."""
        Store(Path(self.home)).write_papers(obj)

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        """Read the frame that was written last: the input's `columns`, or all of them."""
        metadata = context.definition_metadata or {}
        return Store(Path(self.home)).read_papers(metadata.get("columns", list(COLUMNS)))
