"""What the open visits of a vehicle have in common, kept in the record of the vehicle while they do.

Two things differ by visit: which slot has counted the vehicle there, and the running run. Both are equal most of the
time, since a vehicle that moves starts a run at every position in all of its zones. Steps that go visit by visit
begin with `unshare` and end with `share`.
"""

from processors.jit import inner_kernel
from processors.vehicle_table import NEVER_US, NONE, VehicleArrays


@inner_kernel
def share(arrays: VehicleArrays, row: int, slot: int) -> None:
    """Note what the visits of a vehicle have in common once one by one they went on or began at a position."""
    vehicle = arrays.vehicles[row]
    vehicle["slot"] = slot
    visit = vehicle["visits"]
    vehicle["run_us"] = NEVER_US
    if visit == NONE:
        return
    first = arrays.visits[visit]
    visit = first["following"]
    while visit != NONE:
        if arrays.visits[visit]["run_us"] != first["run_us"]:
            return
        visit = arrays.visits[visit]["following"]
    vehicle["run_us"] = first["run_us"]
    vehicle["run_lat"] = first["run_lat"]
    vehicle["run_lon"] = first["run_lon"]


@inner_kernel
def unshare(arrays: VehicleArrays, row: int) -> None:
    """Give each visit of a vehicle the run that they have in common, for steps that go one by one."""
    vehicle = arrays.vehicles[row]
    if vehicle["run_us"] == NEVER_US:
        return
    visit = vehicle["visits"]
    while visit != NONE:
        record = arrays.visits[visit]
        record["run_us"] = vehicle["run_us"]
        record["run_lat"] = vehicle["run_lat"]
        record["run_lon"] = vehicle["run_lon"]
        visit = record["following"]
    vehicle["run_us"] = NEVER_US
