"""A sample arXiv: a small HTTP server with invented papers that answers as arXiv's API does.

It implements the API as of November 2025 and OAI-PMH as of March 2025, over real HTTP, for the
demo, the tests and the benchmarks. It makes no connections to other machines.
"""

from papers_assets.arxiv.sample.corpus import Corpus, CorpusError, Paper
from papers_assets.arxiv.sample.faults import FAULTS, freeze_index
from papers_assets.arxiv.sample.oai_faults import OAI_FAULTS
from papers_assets.arxiv.sample.replies import Fault, FaultFactory
from papers_assets.arxiv.sample.requests import RequestRecord
from papers_assets.arxiv.sample.script import ALL_FAULTS, FaultScript, FaultStep
from papers_assets.arxiv.sample.server import SampleArxiv

__all__ = [
    "ALL_FAULTS",
    "FAULTS",
    "OAI_FAULTS",
    "Corpus",
    "CorpusError",
    "Fault",
    "FaultFactory",
    "FaultScript",
    "FaultStep",
    "Paper",
    "RequestRecord",
    "SampleArxiv",
    "freeze_index",
]
