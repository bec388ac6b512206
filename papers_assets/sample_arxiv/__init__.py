"""A sample arXiv: a small HTTP server with invented papers that answers as arXiv's API does.

It speaks the API as it is since November 2025, and OAI-PMH as it is since March 2025, to be used
over real HTTP by the demo, the tests and the benchmarks. Nothing in it reaches beyond this machine.
"""

from papers_assets.sample_arxiv.corpus import Corpus, CorpusError, Paper
from papers_assets.sample_arxiv.faults import FAULTS, frozen
from papers_assets.sample_arxiv.oai_faults import OAI_FAULTS
from papers_assets.sample_arxiv.replies import Fault, Spoiler
from papers_assets.sample_arxiv.request_log import RequestRecord
from papers_assets.sample_arxiv.script import ALL_FAULTS, Script, Step
from papers_assets.sample_arxiv.server import SampleArxiv

__all__ = [
    "ALL_FAULTS",
    "FAULTS",
    "OAI_FAULTS",
    "Corpus",
    "CorpusError",
    "Fault",
    "Paper",
    "RequestRecord",
    "SampleArxiv",
    "Script",
    "Spoiler",
    "Step",
    "frozen",
]
