"""A synthetic city: roads, zones, cameras and vehicles; every position is a pure function of the seed."""
