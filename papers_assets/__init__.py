"""A daily list of the newest arXiv papers for each of your keywords, kept by Dagster."""

from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    """Return the module of JSON logs by its former name, which older dagster.yaml files may use."""
    if name == "json_logs":
        from papers_assets.cli import json_logs  # noqa: PLC0415 - only if requested

        return json_logs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
