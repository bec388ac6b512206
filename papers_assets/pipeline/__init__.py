"""What each asset does, without Dagster: reads and writes storage, asks arXiv."""
