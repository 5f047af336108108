"""The application: routers composed, errors turned into problems, and a shield around it all."""

from typing import Final

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from duls.api.deeds_routes import deeds_router
from duls.api.description import add_problem_schema
from duls.api.events import events_router
from duls.api.flows_routes import flows_router
from duls.api.grants_routes import grants_router
from duls.api.operations_routes import operations_router
from duls.api.page import page_router
from duls.api.parts import ApiParts
from duls.api.problems import add_problem_handlers
from duls.api.profiles_routes import profiles_router
from duls.api.rules_routes import rules_router
from duls.api.shield import Shield
from duls.api.totals_routes import totals_router
from duls.api.uploads_routes import UPLOAD_PATHS, uploads_router
from duls.api.vitals_routes import vitals_router
from duls.api.zones_routes import zones_router

GZIP_LEVEL: Final = 4  # a third of the time of level 9, for answers a tenth larger
GZIP_FROM_BYTES: Final = 1_024
TITLE: Final = "DULS"
SUMMARY: Final = "Live and historical figures of city logistics, per zone and time"


def make_application(parts: ApiParts, *, version: str) -> ASGIApp:
    """Return the whole application behind its shield."""
    framework = make_framework(parts.tiles, version=version)
    framework.state.parts = parts
    return Shield(framework, parts.metrics, own_bounds=UPLOAD_PATHS)


def make_framework(tiles: str, *, version: str) -> FastAPI:
    """Return the application without its shield and its parts; its description is at /openapi.json.

    Args:
        tiles: address of a map style or of raster tiles for the page; empty for none.
        version: of the program.
    """
    application = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        version=version,
        docs_url=None,  # both pages of documentation would load scripts from another host
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name.removeprefix("_"),
    )
    application.add_middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=GZIP_LEVEL)
    add_problem_handlers(application)
    _add_routers(application, tiles)
    add_problem_schema(application)
    return application


def _add_routers(application: FastAPI, tiles: str) -> None:
    """Add every router; the page comes last, since it may answer at any path that is left."""
    application.include_router(vitals_router())
    for router in (
        zones_router(),
        flows_router(),
        totals_router(),
        profiles_router(),
        operations_router(),
        deeds_router(),
        rules_router(),
    ):
        application.include_router(router)
    application.include_router(events_router())
    application.include_router(uploads_router())
    application.include_router(grants_router())
    application.include_router(page_router(tiles))
