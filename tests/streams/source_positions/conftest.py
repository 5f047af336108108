"""A world of source positions for each test."""

import pytest

from tests.streams.source_positions.world import World


@pytest.fixture
def world() -> World:
    """Give three partitions, none of them assigned."""
    return World()
