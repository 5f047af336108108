"""Peers that join points with zones, each as its documentation shows, run in the environment of the peers.

`python -m benchmarks.peer_joins PEER FOLDER` builds what the peer needs from FOLDER/zones.npz and says how long that
took, then joins the points of FOLDER/KIND.npy for each KIND that it is told on standard input, says how many points per
CPU-second that were, all threads counted, and leaves the containments in FOLDER/PEER-KIND.npy.

All take longitudes and latitudes as arrays and give point and zone as arrays. What they keep between two joins is:
geopandas a spatial index, duckdb a table of geometries, polars-st a column of them; these two index the zones anew in
every join. H3 has no polygons: a point is in a zone where the middle of its cell is, so its answers are approximate.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

H3_RESOLUTION: Final = 10
"""Cells of 0.015 km². One more would take 64 million of them, and gigabytes."""

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


class Join(Protocol):
    """A peer with the zones in it."""

    def find(self, lon: Floats, lat: Floats) -> tuple[Any, Any]:
        """Return point and zone of every containment, both counted from 0."""


class Geopandas:
    """`sjoin`, as https://geopandas.org/en/stable/docs/user_guide/mergingdata.html shows."""

    def __init__(self, polygons: Any) -> None:
        self._geopandas = import_module("geopandas")
        self._zones = self._geopandas.GeoDataFrame(geometry=polygons)
        _ = self._zones.sindex  # built when it is asked for, and kept

    def find(self, lon: Floats, lat: Floats) -> tuple[Any, Any]:
        """Return point and zone of every containment."""
        points = self._geopandas.GeoDataFrame(geometry=self._geopandas.points_from_xy(lon, lat))
        joined = points.sjoin(self._zones, predicate="within")
        return joined.index.to_numpy(), joined["index_right"].to_numpy()


class PolarsSt:
    """`st.sjoin` of two frames, as https://oreilles.github.io/polars-st shows."""

    def __init__(self, polygons: Any) -> None:
        self._polars, self._st = import_module("polars"), import_module("polars_st")
        wkb = import_module("shapely").to_wkb(polygons)
        self._zones = self._polars.DataFrame({"zone": np.arange(len(wkb)), "geometry": wkb})

    def find(self, lon: Floats, lat: Floats) -> tuple[Any, Any]:
        """Return point and zone of every containment."""
        frame = self._polars.DataFrame({"lon": lon, "lat": lat}).with_row_index("point")
        points = frame.select("point", geometry=self._st.point(self._polars.concat_arr("lon", "lat")))
        joined = points.st.sjoin(self._zones, predicate="intersects")
        return joined["point"].to_numpy(), joined["zone"].to_numpy()


class Duckdb:
    """A join whose condition is a spatial predicate, as https://duckdb.org/2025/08/08/spatial-joins.html shows."""

    def __init__(self, polygons: Any) -> None:
        self._pyarrow = import_module("pyarrow")
        self._connection = import_module("duckdb").connect()
        packaged = Path(str(import_module("duckdb_extension_spatial").__file__)).parent
        self._connection.load_extension(str(next(packaged.rglob("*.duckdb_extension"))))
        self._connection.register("loaded", wkb_table(polygons))
        self._connection.execute("CREATE TABLE zones AS SELECT zone, ST_GeomFromWKB(wkb) AS area FROM loaded")

    def find(self, lon: Floats, lat: Floats) -> tuple[Any, Any]:
        """Return point and zone of every containment."""
        points = self._pyarrow.table({"point": np.arange(lon.size), "lon": lon, "lat": lat})
        self._connection.register("points", points)
        found = self._connection.execute(
            "SELECT point, zone FROM points JOIN zones ON ST_Intersects(area, ST_Point(lon, lat))"
        ).fetchnumpy()
        return found["point"], found["zone"]


class H3:
    """Cells by h3ronpy, which takes whole columns, and a join by cell, as https://h3ronpy.readthedocs.io shows."""

    def __init__(self, polygons: Any) -> None:
        self._polars, self._pyarrow = import_module("polars"), import_module("pyarrow")
        self._h3 = import_module("h3ronpy.vector")
        cells = self._h3.wkb_to_cells(wkb_table(polygons)["wkb"].combine_chunks(), H3_RESOLUTION)
        by_zone = self._polars.DataFrame({"cell": self._column(cells)}).with_row_index("zone")
        self._zones = by_zone.explode("cell")

    def find(self, lon: Floats, lat: Floats) -> tuple[Any, Any]:
        """Return point and zone of every containment, about."""
        cells = self._h3.coordinates_to_cells(
            self._pyarrow.array(lat), self._pyarrow.array(lon), H3_RESOLUTION
        )
        points = self._polars.DataFrame({"cell": self._column(cells)}).with_row_index("point")
        joined = points.join(self._zones, on="cell")
        return joined["point"].to_numpy(), joined["zone"].to_numpy()

    def _column(self, cells: Any) -> Any:
        """Return an array of h3ronpy as a column."""
        return self._polars.from_arrow(self._pyarrow.array(cells))


JOINS: Final[Mapping[str, Callable[[Any], Join]]] = {
    "geopandas": Geopandas,
    "polars-st": PolarsSt,
    "duckdb": Duckdb,
    "h3": H3,
}


def wkb_table(polygons: Any) -> Any:
    """Return zones as a table of their numbers and their polygons in bytes."""
    pyarrow, wkb = import_module("pyarrow"), import_module("shapely").to_wkb(polygons)
    return pyarrow.table({"zone": np.arange(len(wkb)), "wkb": pyarrow.array(wkb.tolist(), pyarrow.binary())})


def polygons_of(vertices: Floats, sizes: Numbers) -> Any:
    """Return polygons of rings that lie one behind the other, each of so many vertices."""
    shapely = import_module("shapely")
    rings = np.repeat(np.arange(sizes.size), sizes)
    return shapely.polygons(shapely.linearrings(vertices, indices=rings))


def tell(told: dict[str, float]) -> None:
    """Say something as a line."""
    print(json.dumps(told), flush=True)


def main() -> None:
    """Build, then join what is asked for."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    with np.load(folder / "zones.npz") as zones:
        vertices, sizes = zones["vertices"], zones["sizes"]
    begin_s = time.process_time()
    join = JOINS[name](polygons_of(vertices, sizes))
    tell({"build_s": time.process_time() - begin_s})
    for line in sys.stdin:
        kind = line.strip()
        lon, lat = np.load(folder / f"{kind}.npy")
        begin_s = time.process_time()
        point, zone = join.find(lon, lat)
        rate = lon.size / (time.process_time() - begin_s)
        pairs = np.sort(point.astype(np.int64) << 32 | zone.astype(np.int64))
        np.save(folder / f"{name}-{kind}.npy", pairs)
        tell({"rate": rate})


if __name__ == "__main__":
    main()
