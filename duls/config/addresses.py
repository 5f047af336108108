"""Addresses as people write them: of databases, of maps, and of this machine."""

import re
from ipaddress import ip_address
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

TILES_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?/[^\s;,'\"<>]*")
PORTS: Final = re.compile(r"\d*(,\d*)*", re.ASCII)
"""Of several hosts each has a port, or nothing for the usual one."""


def is_readable_url(url: str) -> bool:
    """Tell whether libpq can read where a database is."""
    try:
        ports = conninfo_to_dict(url).get("port")
    except psycopg.ProgrammingError:
        return False
    return PORTS.fullmatch(str(ports or "")) is not None


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
