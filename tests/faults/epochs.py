"""The epochs of observation partitions, which each claim raises."""

import psycopg


def epochs_of(url: str) -> dict[int, int]:
    """Return the epoch of each observation partition; there is one row, and so one owner, for each."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute("SELECT partition, epoch FROM core.observation_offset").fetchall()
    assert len(rows) == len({row[0] for row in rows})
    return dict(rows)
