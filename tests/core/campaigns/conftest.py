import pytest

from tests.core.campaigns.office import Office


@pytest.fixture
def office(transaction, catalogue, register):
    return Office(transaction, catalogue, register)
