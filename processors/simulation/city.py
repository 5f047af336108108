"""The simulated city as one frozen value."""

from dataclasses import dataclass

import numpy as np

from processors.camera_feature import CameraFeature
from processors.columns import Int64Array
from processors.simulation.cordon import Cordon, build_cordon
from processors.simulation.day_plan import World
from processors.simulation.fleet import build_fleet
from processors.simulation.plane import new_bend, nominal_radius_m
from processors.simulation.roads import build_roads
from processors.simulation.streets import CORDON_M, draw_streets
from processors.simulation.tiles import draw_mesh
from processors.simulation.zones import Kerb, draw_zones
from processors.zone_feature import ZoneFeature

ZONES = 400
CENTRE_M = 1_900.0  # nominal radius within which most stops are
CORDON_KINDS = ("zero_emission_zone", "environmental_zone")


@dataclass(frozen=True, slots=True)
class SimulatedCity:
    """A city with its zones, cameras and vehicles; equal arguments of `build` give equal cities."""

    vehicles: int
    zones: tuple[ZoneFeature, ...]
    cordon: Cordon
    world: World

    @property
    def cameras(self) -> tuple[CameraFeature, ...]:
        """The cameras, in the order of their numbers in detections."""
        return self.cordon.cameras

    @classmethod
    def build(
        cls, seed: int, *, vehicles: int, midnights_us: Int64Array, zones: int = ZONES
    ) -> "SimulatedCity":
        """Build the city of a seed.

        Args:
            seed: Settles everything; from 0 to 2**32 - 1.
            vehicles: Size of the fleet. A larger fleet adds vehicles to those of a smaller one.
            midnights_us: UTC time of each local midnight from 1970-01-01 on, past the last day to simulate.
            zones: How many zones; fewer than about a hundred leave out tilings, the emission zones last.
        """
        rng = np.random.default_rng(seed)
        bend = new_bend(rng)
        plan = draw_streets(bend, rng)
        roads, order = build_roads(plan)
        places_m, is_depot = plan.places_m[order], plan.is_depot[order] == 1
        radius_m = nominal_radius_m(bend, places_m)
        kerb = Kerb(
            centre_m=rng.permutation(places_m[radius_m < CENTRE_M]),
            anywhere_m=rng.permutation(places_m),
            depots_m=rng.permutation(places_m[is_depot]),
        )
        features = draw_zones(draw_mesh(bend, rng), kerb, rng, zones=zones, vehicles=vehicles)
        watched = [zone for zone in features if zone.kind in CORDON_KINDS]
        within = np.flatnonzero(radius_m < CORDON_M)
        centre_nodes = np.concatenate((np.flatnonzero(radius_m < CENTRE_M), within, within)).astype(np.int32)
        fleet = build_fleet(centre_nodes, np.flatnonzero(is_depot).astype(np.int32))
        world = World(seed, roads, fleet, midnights_us // 1_000)
        return cls(vehicles, features, build_cordon(roads, watched, rng), world)
