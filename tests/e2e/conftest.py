import pytest

from support import Gateway, Upstream


@pytest.fixture
def upstream():
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def gateway(tmp_path, upstream):
    server = Gateway(tmp_path, upstream.url).start()
    yield server
    server.stop()
