"""A daily list of the newest arXiv papers for each of your keywords, kept by Dagster."""

from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    """Return the module of JSON logs by the name that a dagster.yaml written before may have."""
    if name == "json_logs":
        from papers_assets.cli import json_logs  # noqa: PLC0415 - only if it is asked for

        return json_logs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
