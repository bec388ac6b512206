"""Resources as the UI shows them: described, and not to be filled in at a launch."""

from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap, ResourceSnap
from dagster._core.snap.snap_to_yaml import default_values_yaml_from_type_snap

from papers_assets.defs.jobs import DAILY_JOB, HOUSEKEEPING_JOB, PUBLISH_JOB, REFRESH_JOB
from papers_assets.defs.resources import ArxivResource, fix_config
from papers_assets_tests.helpers.project import Project


@pytest.mark.parametrize("name", [DAILY_JOB, REFRESH_JOB, PUBLISH_JOB, HOUSEKEEPING_JOB])
def test_the_launchpad_is_filled_with_nothing_but_the_settings_of_a_refresh(
    project: Project, name: str
) -> None:
    job = project.definitions.resolve_job_def(name).get_job_snapshot()
    schema = job.config_schema_snapshot
    root = schema.get_config_snap(str(job.mode_def_snaps[0].root_config_key))
    filled = default_values_yaml_from_type_snap(schema, root)
    assert filled.partition("\n")[0] == ("ops:" if name in (DAILY_JOB, REFRESH_JOB) else "{}")
    assert "resources" not in filled
    assert str(project.home) not in filled


@pytest.mark.filterwarnings("ignore:Property `ScheduleDefinition.environment_vars`")
def test_every_setting_of_a_resource_is_shown_with_its_value_and_described(
    project: Project,
) -> None:
    shown = {resource.name: resource for resource in resources(project.definitions)}
    assert set(shown) == {"arxiv", "papers_io", "store"}
    for resource in shown.values():
        assert resource.resource_snapshot.description
        assert [f.name for f in resource.config_field_snaps if not f.description] == []
    values = {f.name: f.default_value_as_json_str for f in shown["arxiv"].config_field_snaps}
    assert values["api_url"] == f'"{project.server.url}"'
    assert values["max_attempts"] == "2"
    assert shown["store"].resource_type == "papers_assets.defs.resources.StoreResource"


def test_a_password_is_shown_as_the_name_of_its_variable_and_read_when_a_run_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arxiv = ArxivResource(api_url="http://127.0.0.1", request_interval=3.0, locks=dg.EnvVar("L"))
    definitions = dg.Definitions(resources={"arxiv": fix_config(arxiv)})
    (shown,) = resources(definitions)
    (locks,) = (f for f in shown.config_field_snaps if f.name == "locks")
    assert locks.default_value_as_json_str == '{"env": "L"}'
    monkeypatch.setenv("L", "postgresql://user:secret@host/papers")
    with dg.build_resources({"arxiv": fix_config(arxiv)}) as built:
        made: Any = built.arxiv
        assert made.locks == "postgresql://user:secret@host/papers"
        assert made.request_interval == 3.0


def resources(definitions: dg.Definitions) -> list[ResourceSnap]:
    found = RepositorySnap.from_def(definitions.get_repository_def()).resources
    return [resource for resource in found or [] if resource.name != "io_manager"]
