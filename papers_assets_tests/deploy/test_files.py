"""The files of deploy/: whole, in agreement with the package and with each other."""

import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast
from urllib.request import Request

import dagster as dg
import pytest
from dagster_graphql.schema import create_schema
from graphql import parse, validate
from ruamel.yaml import YAML

from papers_assets.defs.run_config import EVERYTHING_TAG
from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.deploy.host import DEPLOY, SERVICES, UNITS, command, example
from papers_assets_tests.deploy.image import copied, steps

BIN = Path(sys.executable).parent
DOCKERFILE = list(steps((DEPLOY / "Dockerfile").read_text()))
EXAMPLES = (DEPLOY / "env.example", UNITS / "environment.example")

ALL = (*SERVICES, "metrics")


def output(*command: object) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr + (f"status {done.returncode}" if done.returncode else "")


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


def compose() -> Any:
    return read_yaml(DEPLOY / "compose.yaml")


def project() -> Any:
    return tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]


def test_the_dockerfile_has_nothing_unwise() -> None:
    assert output(BIN / "hadolint", "--no-color", DEPLOY / "Dockerfile") == ""


def test_the_image_gets_files_that_are_there_and_not_ignored() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for step in DOCKERFILE:
        if step.name == "COPY":
            origin, sources, _ = copied(step)
            for source in sources if not origin else ():
                assert (PROJECT_ROOT / source).exists()
                assert f"!{source}" in ignored


def test_the_image_runs_as_nobody_in_particular_and_without_a_secret() -> None:
    users = [step.text for step in DOCKERFILE if step.name == "USER"]
    assert users == ["10001:10001"]
    settings = " ".join(step.text for step in DOCKERFILE if step.name in ("ENV", "ARG"))
    assert not re.search(r"PASSWORD|SECRET|TOKEN|DATABASE_URL|SMTP", settings)


def test_the_image_is_of_this_version_and_the_compose_file_takes_it() -> None:
    version = project()["version"]
    assert f"papers-assets:{version} " in (DEPLOY / "Dockerfile").read_text()
    assert example(EXAMPLES[0])["PAPERS_TAG"] == version
    tag = f"papers-assets:${{PAPERS_TAG:-{version}}}"
    ours = [s for s in compose()["services"].values() if s["image"].startswith("papers-assets")]
    assert {service["image"] for service in ours} == {tag}
    assert len(ours) == len(ALL)


def locked(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.\[\]-]+)==([^ ;]+)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("extra", ["", "celery", "kubernetes"])
def test_an_image_is_locked_to_the_versions_that_are_tested(extra: str) -> None:
    path = DEPLOY / (f"requirements-{extra}.lock" if extra else "requirements.lock")
    ours, tested = locked(path), locked(PROJECT_ROOT / "requirements-dev.lock")
    assert {name: tested.get(name) for name in ours} == ours
    wanted = [*project()["dependencies"]]
    for one in ("postgres", "s3", "metrics", "json-logs", *filter(None, [extra])):
        wanted += project()["optional-dependencies"][one]
    names = {re.split(r"[^\w.-]", name)[0] for name in wanted}
    assert names <= set(ours)
    assert "://" not in path.read_text()
    assert path.read_text().count("--hash=sha256:") > len(ours)


def test_what_runs_is_locked_to_the_versions_that_are_tested_and_brings_no_tool_of_tests() -> None:
    run, tested = (locked(PROJECT_ROOT / f"requirements{name}.lock") for name in ("", "-dev"))
    assert {name: tested.get(name) for name in run} == run
    named = [re.split(r"[^\w.-]", name)[0] for name in project()["dependencies"]]
    assert {*named, "setuptools"} <= set(run)
    tools = {"pytest", "playwright", "ruff", "moto", "dagster-dg-cli", "dagster-k8s", "s3fs"}
    assert tools.isdisjoint(run)
    assert tools <= {re.split(r"\[", name)[0] for name in tested}


def test_the_compose_file_is_one() -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    assert "ok" in output(BIN / "check-jsonschema", *schema, DEPLOY / "compose.yaml")


def test_only_the_proxy_can_be_reached_and_every_service_is_bounded() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    for name, service in services.items():
        assert service["restart"] == "unless-stopped"
        assert {"mem_limit", "cpus", "pids_limit"} <= set(service), name
        assert "no-new-privileges:true" in service["security_opt"]
        assert not re.search(r":latest$|^[^:]+$", service["image"])
        if name != "postgres":  # whose image begins as root, and hands over
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]


def test_who_watches_reaches_nothing_but_the_metrics() -> None:
    services = compose()["services"]
    there = [name for name, service in services.items() if "watching" in service["networks"]]
    assert there == ["metrics"]
    # Its way to object storage is nobody else's either.
    assert services["metrics"]["networks"] == ["watching", "storage"]
    assert [name for name in services if "storage" in services[name]["networks"]] == ["metrics"]


@pytest.mark.parametrize(
    ("answer", "is_healthy"),
    [
        ('{"data":{"runsOrError":{"results":[]}}}', True),
        ('{"data":{"runsOrError":{}}}', False),
        ('{"data":null,"errors":[{"path":["runsOrError","results"]}]}', False),
    ],
)
def test_a_web_server_without_its_database_is_not_healthy(
    monkeypatch: pytest.MonkeyPatch, answer: str, *, is_healthy: bool
) -> None:
    asked: list[Request] = []

    def answering(request: Request, timeout: float) -> io.StringIO:
        assert timeout
        asked.append(request)
        return io.StringIO(answer)

    _, python, option, program = compose()["services"]["webserver"]["healthcheck"]["test"]
    assert (python, option) == ("python", "-c")
    monkeypatch.setattr("urllib.request.urlopen", answering)
    with nullcontext() if is_healthy else pytest.raises((KeyError, TypeError)):
        exec(program, {})  # noqa: S102 - our own
    query = json.loads(cast("bytes", asked[0].data))["query"]
    assert not validate(create_schema().graphql_schema, parse(query))


def test_what_has_passwords_in_it_is_not_for_git() -> None:
    ignored = (PROJECT_ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/.env*", "/deploy/config/"} <= set(ignored)


def test_the_containers_run_what_the_units_run() -> None:
    started = {name: service.get("command") for name, service in compose()["services"].items()} | {
        "code": json.loads(DOCKERFILE[-1].text)
    }
    variables = example(UNITS / "environment.example") | {"PAPERS_READERS_PORT": "3000"}
    variables["PAPERS_CODE_PORT"] = "4266"
    for service in ALL:
        of_unit = command(service, variables)
        words = [Path(of_unit[0]).name, *of_unit[1:]]
        assert sorted(w.replace("127.0.0.1", "0.0.0.0") for w in words) == sorted(started[service])  # noqa: S104


def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    for path in UNITS.glob("papers-assets*"):
        # Its programs and its user are not on this machine.
        text = path.read_text().replace("/opt/papers/bin/", f"{BIN}/")
        (tmp_path / path.name).write_text(text)
    assert output("systemd-analyze", "verify", *sorted(tmp_path.iterdir())) == ""


@pytest.mark.parametrize("service", ALL)
def test_a_unit_starts_again_and_gives_up_nothing_but_what_it_needs(service: str) -> None:
    text = (UNITS / f"papers-assets-{service}.service").read_text()
    for line in (
        "Restart=always",
        "StartLimitIntervalSec=0",  # or a database that is away for minutes would end it
        "User=papers",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "EnvironmentFile=/etc/papers/environment",
    ):
        assert line in text.splitlines()
    # A restart of the code server leaves its runs alone, and both must wait at the same gate.
    assert ("KillMode=process" in text) == (service == "code")
    assert ("PrivateTmp=no" in text) == (service == "code")
    assert ("OOMPolicy=continue" in text) == (service == "code")


def readers() -> str:
    """Everything that reads variables."""
    paths = [
        DEPLOY / "dagster.postgres.yaml",
        DEPLOY / "workspace.yaml",
        DEPLOY / "compose.yaml",
        DEPLOY / "Caddyfile",
        *UNITS.glob("*.service"),
        *(PROJECT_ROOT / "papers_assets").glob("settings*.py"),
    ]
    of_dagster = "DAGSTER_DAEMON_HEARTBEAT_TOLERANCE"
    return "\n".join([*(path.read_text() for path in paths), of_dagster])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_variable_of_an_example_is_read_by_something(path: Path) -> None:
    named = re.findall(r"^#?([A-Z][A-Z_]+)=", path.read_text(), re.MULTILINE)
    assert len(named) > 10
    assert [name for name in named if not re.search(rf"\b{name}\b", readers())] == []


def test_every_variable_that_is_required_is_in_the_examples() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    named = re.findall(r"^#?([A-Z_]+)=", EXAMPLES[0].read_text(), re.MULTILINE)
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) <= set(named)
    assert set(re.findall(r"\$\{([A-Z_]+):\?", text)) <= set(example(EXAMPLES[0]))
    dagster = (DEPLOY / "dagster.postgres.yaml").read_text()
    dagster += (DEPLOY / "workspace.yaml").read_text()
    dagster += "".join(path.read_text() for path in UNITS.glob("*.service"))
    required = set(re.findall(r"env: (\w+)|\$\{(\w+)\}", dagster))
    assert {one or other for one, other in required} <= set(example(EXAMPLES[1]))


def test_the_instance_differs_from_the_embedded_one_where_it_says_so() -> None:
    ours = read_yaml(DEPLOY / "dagster.postgres.yaml")
    embedded = read_yaml(PROJECT_ROOT / "dagster.yaml")
    for same in ("freshness", "telemetry", "nux", "python_logs"):
        assert ours[same] == embedded[same]
    assert ours["concurrency"]["pools"] == embedded["concurrency"]["pools"]
    assert ours["run_monitoring"].items() >= embedded["run_monitoring"].items()
    limits = ours["concurrency"]["runs"]["tag_concurrency_limits"]
    assert [limit["key"] for limit in limits] == [EVERYTHING_TAG]


def test_dagster_understands_the_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster._core.workspace.load import location_origins_from_yaml_paths  # noqa: PLC0415

    monkeypatch.setenv("PAPERS_CODE_HOST", "code")
    monkeypatch.setenv("PAPERS_CODE_PORT", "4266")
    (origin,) = location_origins_from_yaml_paths([str(DEPLOY / "workspace.yaml")])
    assert origin.location_name == "papers_assets"
    assert "code:4266" in origin.get_display_metadata().values() or origin.port == 4266  # type: ignore[attr-defined]
    assert dg.__version__ in project()["dependencies"][0]
