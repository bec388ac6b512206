"""Names that moved and that a user's own files may hold still lead somewhere."""

import importlib
import logging.config

import pytest

from papers_assets.cli.json_logs import JsonLines


def test_a_dagster_yaml_of_before_finds_the_json_formatter() -> None:
    formatter = {"()": "papers_assets.json_logs.JsonLines"}
    configurator = logging.config.DictConfigurator({"version": 1})
    assert isinstance(configurator.configure_formatter(formatter), JsonLines)


def test_nothing_else_is_found_in_the_package_itself() -> None:
    with pytest.raises(AttributeError, match=r"papers_assets.*no_such_module"):
        _ = importlib.import_module("papers_assets").no_such_module
