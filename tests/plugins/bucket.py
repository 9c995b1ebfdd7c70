"""An S3 service on a port of this machine, and a fresh bucket in it for each test."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest


@dataclass(frozen=True, slots=True)
class Bucket:
    """What an installation says about its bucket."""

    url: str
    endpoint: str
    region: str = "us-east-1"
    access_key: str = "thu-nghiem"
    secret_key: str = "thu-nghiem"  # noqa: S105 -- the service of the tests asks for no real one

    def settings(self) -> dict[str, Any]:
        """Return the settings that keep files in this bucket."""
        return {
            "files_url": self.url,
            "files_endpoint": self.endpoint,
            "files_region": self.region,
            "files_access_key": self.access_key,
            "files_secret_key": self.secret_key,
        }


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Serve S3 for the whole run and return its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the service's own imports warn of
        from moto.server import ThreadedMotoServer

        serving = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        serving.start()
    host, port = serving.get_host_and_port()
    yield f"http://{host}:{port}"
    serving.stop()


@pytest.fixture
def bucket(s3_endpoint: str) -> Bucket:
    """Make a bucket of this test's own."""
    name = f"ocop-{uuid4().hex[:12]}"
    answer = httpx.put(
        f"{s3_endpoint}/{name}",
        headers={
            "authorization": "AWS4-HMAC-SHA256 Credential=thu-nghiem/20260914/us-east-1/s3/aws4_request, "
            "SignedHeaders=host, Signature=0"
        },
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    return Bucket(f"s3://{name}/ho-so", s3_endpoint)
