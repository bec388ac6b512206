"""Runs on several hosts of this one: a control host, and workers in namespaces of their own.

Control, which is this machine, has PostgreSQL, Redis, an S3 server, the sample arXiv, code server,
daemon and web server. A worker sees nothing of it but an address; it has its own name, processes,
/tmp and DAGSTER_HOME, and executes runs as deploy/celery says.
"""

import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from papers_assets.arxiv.sample import RequestRecord, SampleArxiv
from papers_assets.settings import PROJECT_ROOT, open_home
from papers_assets_tests.deploy.host import Host, example, running_host
from papers_assets_tests.helpers.hostile_papers import hostile_corpus
from papers_assets_tests.helpers.postgres_server import running_postgres
from papers_assets_tests.helpers.s3_server import ACCOUNT
from papers_assets_tests.helpers.ui_driver import UI, free_port
from papers_assets_tests.reliability.gate import open_to_all
from papers_assets_tests.reliability.namespaces import NoNamespacesError, network
from papers_assets_tests.reliability.on_host import TMP
from papers_assets_tests.reliability.workers import CELERY, Queue, Worker

INTERVAL = 3.0
"""Seconds; of an arXiv that is another host, the product takes no less."""
# The dagster.yaml that is shipped, but for how long one waits.
_FASTER = (
    ("poll_interval_seconds: 60", "poll_interval_seconds: 5"),
    ("max_runtime_seconds: 14400", "max_runtime_seconds: 90"),
)


def needed() -> None:
    """Raise NoNamespacesError, and say what is missing, if no cluster can be made here."""
    missing = [
        name for name in ("redis-server", "ip", "unshare", "mount") if not shutil.which(name)
    ]
    if os.geteuid() != 0:
        missing.append("being root")
    if any(path.is_relative_to(TMP) for path in (PROJECT_ROOT, Path(sys.prefix))):
        missing.append("a checkout that is not below /tmp, which the hosts have anew")
    if missing:
        raise NoNamespacesError(f"no hosts can be made here: {', '.join(missing)} is missing")


class Control(Host):
    """The services of deploy/systemd, with the dagster.yaml of deploy/celery."""

    def __init__(
        self, folder: Path, arxiv: str, keywords: str, settings: Mapping[str, str]
    ) -> None:
        super().__init__(folder, settings["PAPERS_DATABASE_URL"], arxiv, keywords)
        self.dagster_yaml = replaced((CELERY / "dagster.celery.yaml").read_text(), _FASTER)
        (self.settings / "dagster.yaml").write_text(self.dagster_yaml)
        self.environment |= settings


class Arxiv(SampleArxiv):
    """One that can leave requests without an answer for a while."""

    def __init__(self, address: str) -> None:
        super().__init__(hostile_corpus(), host=address)
        self._may_answer = threading.Event()
        self._may_answer.set()
        self.fault = self._wait

    def _wait(self, _: RequestRecord) -> None:
        self._may_answer.wait(120)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Answer nothing until the block ends."""
        self._may_answer.clear()
        try:
            yield
        finally:
            self._may_answer.set()

    def ended_with_its_host(self, number: int) -> None:
        """Count a request as open no longer, whose answer is on its way to nobody."""
        self._log.end(number)


@dataclass(frozen=True)
class Cluster:
    arxiv: Arxiv
    home: Path
    queue: Queue
    workers: Sequence[Worker]
    settings: Mapping[str, str]
    ui: UI

    def boot(self, worker: Worker) -> None:
        worker.start(self.settings)


def replaced(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Replace texts that are there."""
    for old, new in pairs:
        if old not in text:
            raise ValueError(f"there is no {old!r} any more")
        text = text.replace(old, new)
    return text


@contextmanager
def cluster(keywords: str, slots: int) -> Iterator[Cluster]:
    """Start all of it: control, and two workers with so many places for runs each.

    Raises:
        NoNamespacesError: it cannot be done here.
    """
    needed()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cluster-")))
        net = stack.enter_context(network(2))
        port = free_port()
        postgres = stack.enter_context(running_postgres(f"-h {net.address} -p {port}"))
        open_to_all(postgres)
        queue = Queue(folder, net.address)
        stack.callback(queue.kill)
        queue.start()
        arxiv = stack.enter_context(Arxiv(net.address))
        database = f"postgresql://postgres@{net.address}:{port}/postgres"
        settings = example(CELERY / "environment.example") | {
            **_bucket(stack, net.address),
            "PATH": os.environ["PATH"],
            "ARXIV_API_URL": arxiv.url,
            "ARXIV_REQUEST_INTERVAL": str(INTERVAL),
            "PAPERS_DATABASE_URL": database,
            "PAPERS_LOCKS": database,
            "CELERY_BROKER_URL": queue.url,
            "CELERY_RESULT_BACKEND": queue.url,
            "PAPERS_SLOTS": str(slots),
        }
        control = Control(folder / "control", arxiv.url, keywords, settings)
        files = {"dagster.yaml": control.dagster_yaml, "keywords.toml": keywords}
        workers = [
            Worker(name, place, folder / f"{name}.log", files)
            for name, place in zip("ab", net.hosts, strict=True)
        ]
        stack.enter_context(running_host(control, ("code", "daemon", "webserver")))
        for worker in workers:
            stack.callback(worker.kill)
            worker.start(settings)
        home = open_home(settings["PAPERS_HOME"])
        yield Cluster(arxiv, home, queue, workers, settings, control.ui())


def _bucket(stack: ExitStack, address: str) -> dict[str, str]:
    """Start an S3 server, make a bucket, and say where the home is and who we are."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells of every request
    server = ThreadedMotoServer(ip_address=address, port=0, verbose=False)
    server.start()
    stack.callback(server.stop)
    host, port = server.get_host_and_port()
    account = {**ACCOUNT, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    os.environ.update(account)
    S3FileSystem.clear_instance_cache()
    bucket = f"invented-{uuid4().hex}"
    S3FileSystem().mkdir(bucket)
    return {**account, "PAPERS_HOME": f"s3://{bucket}/papers"}
