"""Versions of zones, cameras and settings, and what changed between them."""

import json
from functools import partial

import numpy as np
import pytest

from duls.pipelines.worlds import Worlds
from naive.zone_versions import changed_in, last_changes
from processors.positions import ZoneWorld
from processors.zone_lookup import lookup
from tests.duls.pipelines.aggregate_versions import ZONES, StoredZone, shapes_of, version_source


def worlds_of(zones: dict[int, list[StoredZone]]) -> tuple[Worlds, list[int]]:
    """Return worlds over versions of zones, and the versions that were read."""
    read: list[int] = []

    def zones_of(version: int) -> list[StoredZone]:
        read.append(version)
        return zones[version]

    changes = partial(last_changes, shapes_of(zones))
    return Worlds(version_source()._replace(zones=zones_of, zone_changes=changes)), read


def zones_at(worlds: Worlds, world: ZoneWorld, lon: float) -> tuple[int, ...]:
    """Return the numbers of the zones at a longitude."""
    (number,) = lookup(world.zones, worlds.zone_sets, np.array([lon]), np.array([52.05])).tolist()
    return worlds.zone_sets.zones_of(number)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [(0, 1, {1, 2}), (1, 2, {2, 3}), (2, 3, {2, 3}), (1, 3, {2, 3}), (0, 3, {1, 2, 3}), (2, 2, set())],
)
def test_changed_zones_are_those_of_every_version_in_between(old: int, new: int, changed: set[int]) -> None:
    """Zone 2 is in version 3 as it was in version 1, and changed twice."""
    worlds, _ = worlds_of(ZONES)

    assert changed == worlds.changed(old, new)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_world_says_when_each_zone_changed_last(version: int) -> None:
    """As `changed` says it, so that both agree on which visits end; of the versions only one is read."""
    worlds, read = worlds_of(ZONES)

    last = worlds.zones(version).changed

    for old in range(version):
        assert worlds.changed(old, version) == set(np.flatnonzero(last > old).tolist())
        changed = [changed_in(shapes_of(ZONES), number) for number in range(old + 1, version + 1)]
        assert set().union(*changed) == worlds.changed(old, version)
    assert [version] == read


def test_a_world_finds_the_zones_of_its_version() -> None:
    """Numbers of sets are shared by all versions."""
    worlds, _ = worlds_of(ZONES)
    first, second = worlds.zones(1), worlds.zones(2)

    assert (1, 2) == zones_at(worlds, first, 5.055)
    assert (1,) == zones_at(worlds, second, 5.055)
    assert (3,) == zones_at(worlds, second, 5.35)
    assert () == zones_at(worlds, worlds.zones(0), 5.055)


def test_a_version_is_built_once_and_two_are_kept() -> None:
    """All partitions of a process go over to it, one after another."""
    worlds, _ = worlds_of(ZONES)
    second = worlds.zones(2)

    assert worlds.zones(2) is second
    worlds.zones(3)
    assert worlds.zones(2) is second
    worlds.zones(1)
    assert worlds.zones(2) is not second


def test_zone_ids_are_asked_for_again_when_one_is_new() -> None:
    """A zone that was loaded since has a number that nobody knew."""
    numbers = {"a": 1}
    asked = []

    def zone_numbers() -> dict[str, int]:
        asked.append(1)
        return dict(numbers)

    worlds = Worlds(version_source()._replace(zone_numbers=zone_numbers))
    assert ("a", "a") == (worlds.zone_id(1), worlds.zone_id(1))

    numbers["b"] = 2

    assert "b" == worlds.zone_id(2)
    assert 2 == len(asked)


def test_settings_have_defaults_in_version_zero_and_for_what_is_not_said() -> None:
    """A stored document may be older than a setting."""
    settings = {1: json.dumps({"slot_s": 60})}
    worlds = Worlds(version_source()._replace(settings=settings.__getitem__))

    assert 300 == worlds.settings(0).slot_s
    assert (60, 5.0) == (worlds.settings(1).slot_s, worlds.settings(1).reorder_s)


def test_cameras_have_none_in_version_zero() -> None:
    """Later ones name their zones by number."""
    worlds, _ = worlds_of(ZONES)

    assert 0 == worlds.cameras(0).numbers.used[0]
    assert 1 == worlds.cameras(1).numbers.used[0]
