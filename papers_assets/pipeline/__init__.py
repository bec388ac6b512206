"""The work of each asset, without Dagster: read and write storage, query arXiv."""
