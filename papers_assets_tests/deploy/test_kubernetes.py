"""The Kubernetes path, as far as it goes without a cluster.

Every manifest is held against Kubernetes' own schemas. Of Dagster's chart, which is not here, the
test knows only what it makes of our values: the dagster.yaml and the container context below follow
its templates. With these, Dagster's own launcher builds the Job of a run.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.instance.config import dagster_instance_config
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.test_utils import create_run_for_test
from dagster_k8s import K8sRunLauncher
from kubernetes.client import ApiClient  # type: ignore[import-untyped]
from ruamel.yaml import YAML

from papers_assets.defs.jobs import DAILY_JOB
from papers_assets.keywords.file import read_keywords_file
from papers_assets.settings import PROJECT_ROOT, read_settings

FOLDER = PROJECT_ROOT / "deploy" / "kubernetes"
VERSIONS = ("1.30", "1.34", kubernetes_validate.latest_version())
OPERATORS = {"servicemonitor.yaml", "prometheusrule.yaml"}
"""Of kinds that the Prometheus operator brings, and Kubernetes has no schema for."""
RELEASE, NAMESPACE = "dagster", "papers"
ALL_OF_CHART = {
    *("dagster-user-deployments", "dagsterDaemon", "dagsterWebserver", "postgresql", "global"),
    *("generatePostgresqlPasswordSecret", "generateCeleryConfigSecret", "rabbitmq", "redis"),
    *("flower", "ingress", "imagePullSecrets", "computeLogManager", "scheduler", "runLauncher"),
    *("pythonLogs", "busybox", "migrate", "telemetry", "serviceAccount", "retention"),
    *("additionalInstanceConfig", "nameOverride", "fullnameOverride", "rbacEnabled"),
}
Values = dict[str, Any]


def documents(path: Path) -> list[Values]:
    return [document for document in YAML(typ="safe").load_all(path) if document is not None]


def manifests() -> Iterator[tuple[str, Values]]:
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name != "values.yaml":
            for document in documents(path):
                yield path.name, document


@pytest.fixture(scope="module")
def values() -> Values:
    (found,) = documents(FOLDER / "values.yaml")
    return found


def named(kind: str, name: str) -> Values:
    (found,) = (
        document
        for _, document in manifests()
        if (document["kind"], document["metadata"]["name"]) == (kind, name)
    )
    return found


# Manifests.


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("file", "manifest"), [pair for pair in manifests() if pair[0] not in OPERATORS]
)
def test_every_manifest_is_one_of_kubernetes(file: str, manifest: Values, version: str) -> None:
    assert file
    kubernetes_validate.validate(manifest, version, strict=True)


def test_a_manifest_with_a_slip_of_the_pen_is_found() -> None:
    manifest = named("Deployment", "papers-metrics")
    manifest["spec"]["template"]["spec"]["containers"][0]["enviroment"] = []
    with pytest.raises(kubernetes_validate.ValidationError, match="enviroment"):
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


def test_the_service_monitor_finds_the_metrics() -> None:
    monitor = named("ServiceMonitor", "papers-metrics")
    service = named("Service", "papers-metrics")
    pods = named("Deployment", "papers-metrics")["spec"]["template"]
    assert monitor["spec"]["selector"]["matchLabels"] == service["metadata"]["labels"]
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    assert service["spec"]["selector"] == pods["metadata"]["labels"]
    assert service["spec"]["ports"][0]["targetPort"] in [
        port["name"] for port in pods["spec"]["containers"][0]["ports"]
    ]


def test_the_alert_rules_are_those_of_every_other_prometheus() -> None:
    (rules,) = documents(FOLDER / "prometheusrule.yaml")
    assert (rules["apiVersion"], rules["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    (of_files,) = documents(PROJECT_ROOT / "deploy" / "prometheus-rules.yaml")
    assert rules["spec"] == of_files


def test_no_manifest_has_a_secret_in_it() -> None:
    secrets = [document for _, document in manifests() if document["kind"] == "Secret"]
    assert {document["metadata"]["name"] for document in secrets} == {
        "papers-assets",
        "papers-postgresql",
    }
    texts = [text for document in secrets for text in document["stringData"].values()]
    assert all("CHANGE-ME" in text for text in texts)
    shown = "".join(p.read_text() for p in FOLDER.glob("*.yaml") if p.name != "secret.example.yaml")
    assert not re.search(r"(?i)password: *\S|://[^/\s]*:[^/\s]*@|SECRET_ACCESS_KEY: *\S", shown)


def test_the_settings_and_the_keywords_are_ones_that_the_program_takes(tmp_path: Path) -> None:
    given = named("ConfigMap", "papers-assets")["data"]
    settings = read_settings(given | named("Secret", "papers-assets")["stringData"])
    assert str(settings.home).rstrip("/") == given["PAPERS_HOME"]
    assert settings.locks
    assert settings.log_format == "json"
    path = tmp_path / settings.keywords_path.name
    path.write_text(named("ConfigMap", "papers-keywords")["data"][path.name])
    assert read_keywords_file(path).names


# Values for the chart.


def test_every_value_is_one_that_the_chart_had_when_this_was_written(values: Values) -> None:
    assert set(values) <= ALL_OF_CHART


def test_every_pod_is_of_one_image_of_this_version(values: Values) -> None:
    metrics = named("Deployment", "papers-metrics")["spec"]["template"]["spec"]["containers"][0]
    deployed = values["dagster-user-deployments"]["deployments"][0]["image"]
    found = [values["dagsterWebserver"]["image"], values["dagsterDaemon"]["image"], deployed]
    assert {f"{image['repository']}:{image['tag']}" for image in found} == {metrics["image"]}
    assert f'version = "{deployed["tag"]}"' in (PROJECT_ROOT / "pyproject.toml").read_text()
    head = (FOLDER / "values.yaml").read_text().partition("\n")[0]
    assert f"dagster/dagster {dg.__version__}:" in head


def test_no_pod_is_root_or_may_become_it(values: Values) -> None:
    deployment = values["dagster-user-deployments"]["deployments"][0]
    metrics = named("Deployment", "papers-metrics")["spec"]["template"]["spec"]
    of_pods = [
        *(of["podSecurityContext"] for of in (deployment, values["dagsterWebserver"])),
        values["dagsterDaemon"]["podSecurityContext"],
        metrics["securityContext"],
    ]
    assert all(pod == of_pods[0] for pod in of_pods)
    assert of_pods[0]["runAsNonRoot"] is True
    assert of_pods[0]["runAsUser"] > 0
    assert metrics["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False
    dockerfile = (PROJECT_ROOT / "deploy" / "Dockerfile").read_text()
    assert f"--uid {of_pods[0]['runAsUser']} " in dockerfile
    assert f"--gid {of_pods[0]['runAsGroup']} " in dockerfile
    assert values["global"]["dagsterHome"] in re.findall(r"(?m)^WORKDIR (\S+)$", dockerfile)


def test_the_read_only_web_server_is_there(values: Values) -> None:
    assert values["dagsterWebserver"]["enableReadOnly"] is True


def test_who_is_not_root_listens_where_one_need_not_be(values: Values) -> None:
    server = values["dagsterWebserver"]
    assert server["podSecurityContext"]["runAsUser"] != 0
    # The chart has the server listen at the port of its service.
    assert server["service"]["port"] >= 1024
    assert server["readinessProbe"]["httpGet"]["port"] == server["service"]["port"]
    said = (PROJECT_ROOT / "docs" / "hosts.md").read_text()
    assert f"service/dagster-dagster-webserver 3000:{server['service']['port']}" in said


# What the chart makes of them.


def launcher_config(values: Values) -> Values:
    """What its template of dagster.yaml writes of runLauncher."""
    given = values["runLauncher"]["config"]["k8sRunLauncher"]
    of_run = given["runK8sConfig"]
    return {
        "load_incluster_config": given["loadInclusterConfig"],
        "job_namespace": NAMESPACE,
        "image_pull_policy": given["imagePullPolicy"],
        "service_account_name": RELEASE,
        "dagster_home": values["global"]["dagsterHome"],
        "instance_config_map": f"{RELEASE}-instance",
        "postgres_password_secret": values["global"]["postgresqlSecretName"],
        "fail_pod_on_run_failure": given["failPodOnRunFailure"],
        "security_context": given["securityContext"],
        "run_k8s_config": {
            "pod_spec_config": of_run["podSpecConfig"],
            "pod_template_spec_metadata": of_run["podTemplateSpecMetadata"],
            "job_spec_config": of_run["jobSpecConfig"],
        },
    }


def instance_config(values: Values) -> Values:
    """Its dagster.yaml."""
    postgres = {
        "postgres_db": {
            "username": values["postgresql"]["postgresqlUsername"],
            "password": {"env": "DAGSTER_PG_PASSWORD"},
            "hostname": values["postgresql"]["postgresqlHost"],
            "db_name": values["postgresql"]["postgresqlDatabase"],
            "port": values["postgresql"]["service"]["port"],
        }
    }
    logs = values["pythonLogs"]

    def storage(module: str, name: str) -> Values:
        return {"module": f"dagster_postgres.{module}", "class": name, "config": postgres}

    return {
        "run_storage": storage("run_storage", "PostgresRunStorage"),
        "event_log_storage": storage("event_log", "PostgresEventLogStorage"),
        "schedule_storage": storage("schedule_storage", "PostgresScheduleStorage"),
        "run_launcher": {
            "module": "dagster_k8s",
            "class": "K8sRunLauncher",
            "config": launcher_config(values),
        },
        "compute_logs": {
            "module": "dagster.core.storage.noop_compute_log_manager",
            "class": values["computeLogManager"]["type"],
        },
        "python_logs": {
            "python_log_level": logs["pythonLogLevel"],
            "managed_python_loggers": logs["managedPythonLoggers"],
            "dagster_handler_config": logs["dagsterHandlerConfig"],
        },
        "telemetry": values["telemetry"],
        **values["additionalInstanceConfig"],
    }


def container_context(values: Values) -> Values:
    """What it tells the code server about its own deployment, for the Jobs of its runs."""
    deployment = values["dagster-user-deployments"]["deployments"][0]
    assert deployment["includeConfigInLaunchedRuns"]["enabled"]
    return {
        "k8s": {
            "image_pull_policy": deployment["image"]["pullPolicy"],
            "env_config_maps": [
                f"{RELEASE}-{deployment['name']}-user-env",
                *(source["name"] for source in deployment["envConfigMaps"]),
            ],
            "env_secrets": [source["name"] for source in deployment["envSecrets"]],
            "volume_mounts": deployment["volumeMounts"],
            "volumes": deployment["volumes"],
            "resources": deployment["resources"],
            "namespace": NAMESPACE,
            "service_account_name": f"{RELEASE}-user-deployments",
            "run_k8s_config": {"pod_spec_config": {"automount_service_account_token": True}},
        }
    }


def test_dagster_takes_the_instance_that_comes_of_it(values: Values, tmp_path: Path) -> None:
    with (tmp_path / "dagster.yaml").open("w") as file:
        YAML(typ="safe").dump(instance_config(values), file)
    config, _ = dagster_instance_config(str(tmp_path))
    assert config["run_monitoring"]["max_runtime_seconds"] == 14400
    assert config["run_monitoring"]["free_slots_after_run_end_seconds"] == 300
    assert config["run_retries"]["retry_on_asset_or_op_failure"] is False
    (of_one_host,) = documents(PROJECT_ROOT / "deploy" / "dagster.postgres.yaml")
    assert config["retention"] == of_one_host["retention"]
    assert config["concurrency"] == of_one_host["concurrency"]
    # Or the chart would write them a second time.
    for part in ("runCoordinator", "runMonitoring", "runRetries"):
        assert values["dagsterDaemon"][part]["enabled"] is False


class Cluster:
    """Kubernetes, as far as the launcher talks to it."""

    def __init__(self) -> None:
        self.created: list[tuple[str, Any]] = []

    def create_namespaced_job(self, *, body: Any, namespace: str, **_: Any) -> None:
        self.created.append((namespace, body))


KUBECONFIG = """
{apiVersion: v1, kind: Config, current-context: c,
 clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}],
 contexts: [{name: c, context: {cluster: c, user: u}}], users: [{name: u, user: {}}]}
"""


def test_what_a_run_may_use_is_said_in_one_place(values: Values, job: Values) -> None:
    assert "resources" not in values["runLauncher"]["config"]["k8sRunLauncher"]
    deployment = values["dagster-user-deployments"]["deployments"][0]
    assert container(job)["resources"] == deployment["resources"]


@pytest.fixture(scope="module")
def job(values: Values, tmp_path_factory: pytest.TempPathFactory) -> Values:
    """The Job that Dagster's own launcher creates for a run of the daily job, as it is sent."""
    tmp_path = tmp_path_factory.mktemp("launcher")
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    cluster = Cluster()
    launcher = K8sRunLauncher(
        **launcher_config(values) | {"load_incluster_config": False},
        kubeconfig_file=str(tmp_path / "kubeconfig"),
        k8s_client_batch_api=cluster,
        k8s_client_core_api=object(),
    )
    image = values["dagster-user-deployments"]["deployments"][0]["image"]
    repository = RepositoryPythonOrigin(
        "python",
        ModuleCodePointer("papers_assets.definitions", "defs", None),
        container_image=f"{image['repository']}:{image['tag']}",
        entry_point=["dagster"],
        container_context=container_context(values),
    )
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        run = create_run_for_test(
            instance, DAILY_JOB, job_code_origin=JobPythonOrigin(DAILY_JOB, repository)
        )
        launcher.register_instance(instance)
        launcher.launch_run(LaunchRunContext(run, None))
    ((namespace, body),) = cluster.created
    assert namespace == NAMESPACE
    found: Values = ApiClient().sanitize_for_serialization(body)
    return found


def container(job: Values) -> Values:
    (found,) = job["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_job_of_a_run_is_one_of_kubernetes(job: Values, version: str) -> None:
    kubernetes_validate.validate(job, version, strict=True)
    assert container(job)["args"][:3] == ["dagster", "api", "execute_run"]


def variables(container: Mapping[str, Any]) -> set[str]:
    """The variables that its ConfigMaps and Secrets give it, of those that are ours."""
    found: set[str] = set()
    kinds = {"configMapRef": ("ConfigMap", "data"), "secretRef": ("Secret", "stringData")}
    for source in container["envFrom"]:
        for reference, (kind, field) in kinds.items():
            name = source.get(reference, {}).get("name", "")
            if name.startswith("papers"):
                found |= set(named(kind, name)[field])
    return found


def test_a_run_has_the_same_home_locks_and_keywords_as_all_others(job: Values) -> None:
    needed = {
        *("PAPERS_HOME", "PAPERS_LOCKS", "PAPERS_KEYWORDS"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"),
    }
    assert needed <= variables(container(job))
    metrics = named("Deployment", "papers-metrics")["spec"]["template"]["spec"]["containers"][0]
    assert variables(metrics) == variables(container(job))
    (mount,) = container(job)["volumeMounts"]
    keywords = Path(named("ConfigMap", "papers-assets")["data"]["PAPERS_KEYWORDS"])
    assert keywords.parent == Path(mount["mountPath"])
    (volume,) = job["spec"]["template"]["spec"]["volumes"]
    assert volume["name"] == mount["name"]
    assert keywords.name in named("ConfigMap", volume["configMap"]["name"])["data"]


def test_a_run_reaches_the_run_history_and_shows_no_password(job: Values) -> None:
    given = {variable["name"]: variable for variable in container(job)["env"]}
    reference = given["DAGSTER_PG_PASSWORD"]["valueFrom"]["secretKeyRef"]
    assert reference["key"] in named("Secret", reference["name"])["stringData"]
    assert "CHANGE-ME" not in str(job)


def test_a_run_is_not_root_is_not_moved_and_is_not_started_twice_by_kubernetes(
    job: Values,
) -> None:
    pod = job["spec"]["template"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container(job)["securityContext"]["allowPrivilegeEscalation"] is False
    annotations = pod["metadata"]["annotations"]
    assert annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
    assert (job["spec"]["backoffLimit"], pod["spec"]["restartPolicy"]) == (0, "Never")
