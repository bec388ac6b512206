"""The generator of the invented papers in papers_assets/arxiv/sample."""
