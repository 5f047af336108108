"""The road graph as kernels use it: directed edges, and the way from every node to every other."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.columns import Float32Array, Float64Array, Int32Array, Int64Array, UInt8Array
from processors.jit import kernel
from processors.simulation.plane import degrees, grown
from processors.simulation.streets import StreetPlan

MS_PER_H: Final = 3_600_000
FAR_MS: Final = 2**31 - 1
CURVE_BITS: Final = 10


class RoadGraph(NamedTuple):
    """Nodes along a space-filling curve (near numbers are near places) and directed edges by start node."""

    lat: Float64Array  # degrees, per node
    lon: Float64Array
    first_edge: Int32Array  # edges of node n: first_edge[n] to first_edge[n + 1]
    edge_to: Int32Array  # node at the end of each edge
    edge_ms: Int32Array  # time of free driving along each edge
    edge_kmh: Float32Array
    edge_heading_deg: NDArray[np.int16]
    way: UInt8Array  # shape (nodes, nodes): [target, node] is the next edge, counted from the first of node
    way_ms: Int32Array  # shape (nodes, nodes): [target, node] is the time of free driving


def build_roads(plan: StreetPlan) -> tuple[RoadGraph, Int64Array]:
    """Number the plan along a curve and find all shortest ways.

    Returns:
        The graph, and for each of its nodes the number that the node has in *plan*.
    """
    order = np.argsort(_along_curve(plan.places_m), kind="stable")
    number = np.empty(order.size, np.int64)
    number[order] = np.arange(order.size)
    places_m = plan.places_m[order]
    real_m = grown(places_m)
    ends = number[np.vstack((plan.ends, plan.ends[:, ::-1]))]
    kmh = np.concatenate((plan.kmh, plan.kmh))
    by_start = np.lexsort((ends[:, 1], ends[:, 0]))
    ends, kmh = ends[by_start], kmh[by_start]
    step_m = real_m[ends[:, 1]] - real_m[ends[:, 0]]
    edge_ms = np.maximum(1, np.hypot(step_m[:, 0], step_m[:, 1]) / 1_000.0 / kmh * MS_PER_H).astype(np.int32)
    heading_deg = np.degrees(np.arctan2(step_m[:, 0], step_m[:, 1])) % 360.0
    first_edge = np.searchsorted(ends[:, 0], np.arange(order.size + 1)).astype(np.int32)
    edge_to = ends[:, 1].astype(np.int32)
    way, way_ms = _all_ways(first_edge, edge_to, edge_ms)
    lon_lat = degrees(places_m)
    graph = RoadGraph(
        lat=np.ascontiguousarray(lon_lat[:, 1]),
        lon=np.ascontiguousarray(lon_lat[:, 0]),
        first_edge=first_edge,
        edge_to=edge_to,
        edge_ms=edge_ms,
        edge_kmh=kmh.astype(np.float32),
        edge_heading_deg=np.rint(heading_deg).astype(np.int16) % 360,
        way=way,
        way_ms=way_ms,
    )
    return graph, order


def _along_curve(places_m: Float64Array) -> Int64Array:
    """Return the place of each point along Hilbert's curve (D. Hilbert, 1891)."""
    low, high = places_m.min(axis=0), places_m.max(axis=0)
    side = 1 << CURVE_BITS
    x, y = ((places_m - low) / (high - low) * (side - 1)).astype(np.int64).T
    along = np.zeros(x.size, np.int64)
    size = side >> 1
    while size:
        right, top = (x & size) > 0, (y & size) > 0
        along += size * size * ((3 * right) ^ top)
        flip = ~top & right
        x, y = np.where(flip, side - 1 - x, x), np.where(flip, side - 1 - y, y)
        x, y = np.where(top, x, y), np.where(top, y, x)
        size >>= 1
    return along


@kernel
def _all_ways(
    first_edge: Int32Array, edge_to: Int32Array, edge_ms: Int32Array
) -> tuple[UInt8Array, Int32Array]:
    """Find the shortest ways from all nodes to each target (E. W. Dijkstra, 1959; streets go both ways)."""
    nodes = first_edge.size - 1
    way = np.zeros((nodes, nodes), np.uint8)
    way_ms = np.full((nodes, nodes), FAR_MS, np.int32)
    heap = np.empty(edge_to.size + 1, np.int64)
    for target in range(nodes):
        _ways_to(target, first_edge, edge_to, edge_ms, heap, way[target], way_ms[target])
    return way, way_ms


@kernel
def _ways_to(
    target: int,
    first_edge: Int32Array,
    edge_to: Int32Array,
    edge_ms: Int32Array,
    heap: Int64Array,
    way: UInt8Array,
    way_ms: Int32Array,
) -> None:
    """Find the shortest ways to one target; the heap holds time << 16 | node, smallest first."""
    way_ms[target] = 0
    heap[0] = target
    size = 1
    while size > 0:
        smallest = _popped(heap, size)
        size -= 1
        node = smallest & 0xFFFF
        reached_ms = smallest >> 16
        if reached_ms > way_ms[node]:
            continue  # an older, longer way
        for edge in range(first_edge[node], first_edge[node + 1]):
            other = int(edge_to[edge])
            through_ms = reached_ms + int(edge_ms[edge])
            if through_ms < way_ms[other]:
                way_ms[other] = through_ms
                way[other] = _edge_between(first_edge, edge_to, other, node)
                _pushed(heap, size, (through_ms << 16) | other)
                size += 1


@kernel
def _edge_between(first_edge: Int32Array, edge_to: Int32Array, start: int, end: int) -> int:
    """Return the place, among the edges of *start*, of the first one that leads to *end*."""
    edge = first_edge[start]
    while edge_to[edge] != end:
        edge += 1
    return int(edge - first_edge[start])


@kernel
def _pushed(heap: Int64Array, size: int, value: int) -> None:
    """Add a value to a binary heap of *size* values."""
    place = size
    while place > 0 and heap[(place - 1) >> 1] > value:
        heap[place] = heap[(place - 1) >> 1]
        place = (place - 1) >> 1
    heap[place] = value


@kernel
def _popped(heap: Int64Array, size: int) -> int:
    """Take the smallest value from a binary heap of *size* values."""
    smallest = heap[0]
    last = heap[size - 1]
    place = 0
    while 2 * place + 1 < size - 1:
        child = 2 * place + 1
        if child + 1 < size - 1 and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= last:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = last
    return int(smallest)
