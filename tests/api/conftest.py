"""Agencies' systems with keys of their own."""

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask

from core.catalogue.snapshot import Catalogue, Offering
from core.db import Transaction
from tests.api.agency import System, system

Systems = Callable[..., System]


@pytest.fixture
def systems(app: Flask, transaction: Transaction) -> Systems:
    """`systems("NSSF", scopes=[...])`; NRB with all scopes unless something else is said."""
    return partial(system, app, transaction)


@pytest.fixture
def nrb(systems: Systems) -> System:
    """The agency of lost IDs (IDR)."""
    return systems()


@pytest.fixture
def other(systems: Systems) -> System:
    """The agency of birth certificates (BCN)."""
    return systems("CRS")


@pytest.fixture
def idr(catalogue: Catalogue) -> Offering:
    """Lost IDs at the GPO."""
    offering = catalogue.offering("IDR", "GPO")
    assert offering is not None
    return offering
