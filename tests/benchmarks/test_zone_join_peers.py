"""Peers of the zone join answer for the same points and zones, and one that fails is told and left out."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import zone_join_peers
from benchmarks.country import build_country, uniform_points
from benchmarks.machine import this_machine
from benchmarks.peer_joins import polygons_of
from benchmarks.peers import PeerFailedError
from benchmarks.zone_join import Ours, Shapely
from benchmarks.zone_join_peers import Figures, PeerProcess, ZonePeer, ZonePeers, differing, write_world
from benchmarks.zone_join_text import as_text

MISSING = ZonePeer("geopandas", "geopandas", ())
UNKNOWN = ZonePeer("nobody", "nobody", ())


def test_peers_are_given_the_zones_and_points_that_we_have(tmp_path: Path) -> None:
    """What a peer reads from the files gives the containments that our index gives."""
    country = build_country(100)
    lon, lat = uniform_points(2_000)
    write_world(tmp_path, country, {"uniform": (lon, lat)})

    with np.load(tmp_path / "zones.npz") as zones:
        polygons = polygons_of(zones["vertices"], zones["sizes"])
    columns = np.load(tmp_path / "uniform.npy")

    assert len(country.zones) == len(polygons)
    tree = Shapely(country)
    tree.tree = type(tree.tree)(polygons)
    pairs = Ours(country).pairs(lon, lat)
    assert pairs.size > 1_000
    assert pairs.tolist() == tree.pairs(*columns).tolist()


def test_points_with_other_zones_are_counted_once() -> None:
    """A point that lacks one zone and has another one too many is one point."""
    ours = np.array([0 << 32 | 5, 1 << 32 | 5, 1 << 32 | 7, 2 << 32 | 5])

    assert differing(ours, ours) == 0
    assert differing(ours, np.array([0 << 32 | 5, 1 << 32 | 5, 1 << 32 | 8])) == 2


def test_a_peer_that_cannot_be_installed_has_failed(tmp_path: Path) -> None:
    """There is no Python with it."""
    with pytest.raises(PeerFailedError, match="not installable"):
        PeerProcess(MISSING, tmp_path, None)


def test_a_peer_that_ends_is_left_out_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last line is the reason, and no figures of it are left."""
    monkeypatch.setattr(zone_join_peers, "peer_python", lambda _requirements: sys.executable)
    points = {"uniform": uniform_points(10)}

    with ZonePeers(build_country(4, over=1), points, [UNKNOWN]) as peers:
        peers.measure("uniform")

        assert {"nobody": "ended with 1: KeyError: 'nobody'"} == peers.failures
        assert {} == peers.figures({"uniform": np.empty(0, np.int64)})


def test_the_table_shows_failed_peers_and_shares_of_other_answers() -> None:
    """An exact peer has none, an approximate one a share, a missing one no figures and a reason."""
    rates = {"DULS": [50e6], "shapely `STRtree`": [0.2e6]}
    text = as_text(
        {
            "machine": this_machine(),
            "zones": 9,
            "vertices": 90,
            "rounds": {"ours": 1, "peers": 1},
            "sizes": {"compared": 10},
            "file": {"save_s": 0.1, "load_s": 0.1, "bytes": 1e6},
            "rates": {"uniform": rates},
            "build_s": {"DULS": 1.0, "shapely `STRtree`": 2.0},
            "peers": {
                "exact": Figures(True, 1.0, {"uniform": [0.5e6]}, 100, 0),
                "about": Figures(False, 1.0, {"uniform": [1e6]}, 100, 3),
            },
            "failures": {"absent": "not installable"},
            "mismatches": 0,
            "rule_mismatches": 0,
            "worlds": [],
        }
    )

    rows = {line.split("|")[1].strip(): line.split() for line in text.splitlines() if line.startswith("| ")}
    assert ["none", "|"] == rows["exact"][-2:]
    assert "100" in rows["exact"]
    assert ["3.00%", "of", "points", "|"] == rows["about"][-4:]
    assert "failed" in rows["absent"]
    assert "Missing or failed: absent (not installable)." in text
