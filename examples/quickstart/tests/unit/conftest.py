import pytest
import responses


@pytest.fixture
def stubs():
    """Answers in the place of services that are asked over HTTP."""
    with responses.RequestsMock() as stubs:
        yield stubs
