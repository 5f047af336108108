"""A gateway for the tests of a file, and for each of them one that has forgotten the others."""

from collections.abc import Iterator

import pytest

from streams.upload_sender import UploadSender
from tests.duls.api.conftest import Api, running_api
from tests.duls.api.uploads.gateway import Gateway, NotingProducer, uploads_to


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    """Give a gateway of which the records of other tests are forgotten."""
    shared_gateway.forget()
    return shared_gateway


@pytest.fixture(scope="module")
def shared_gateway(small_api: Api) -> Iterator[Gateway]:
    """Run a gateway whose broker takes everything."""
    producer = NotingProducer(
        {"test.mock.num.brokers": 1, "linger.ms": 0, "log_level": 0, "compression.type": "lz4"}
    )
    sender = UploadSender(lambda: producer)
    with running_api(small_api.url, uploads_to(sender)) as api:
        yield Gateway(api, producer)
    sender.close()
