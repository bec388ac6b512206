"""An S3 server on this machine, and a home in a fresh bucket of it: the fixture `s3_home`."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "invented",
    "AWS_SECRET_ACCESS_KEY": "invented-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """The address of the server; every worker of the tests has its own."""
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells of every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.fixture
def s3_environment(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What says where S3 is and who we are there; it is in the environment of this process, too."""
    variables = {**ACCOUNT, "AWS_ENDPOINT_URL": s3_url}
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def s3_home(s3_environment: dict[str, str]) -> Path:
    """A home in a fresh bucket: a UPath."""
    from s3fs import S3FileSystem

    from papers_assets.settings import open_home

    assert s3_environment
    bucket = f"invented-{uuid4().hex}"
    S3FileSystem().mkdir(bucket)
    return open_home(f"s3://{bucket}/papers")
