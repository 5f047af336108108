"""The files of the page: found, typed, compressed once and asked for again by their tag."""

from starlette.requests import Request

from duls.api.assets import Asset, read_assets


def request(**headers: str) -> Request:
    """Return a request with these headers."""
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": sent})


def test_the_package_brings_the_page() -> None:
    """With everything that its first line asks for."""
    assets = read_assets()

    assert {
        "index.html",
        "page.css",
        "js/page.js",
        "vendor/maplibre-gl/maplibre-gl-worker.mjs",
    } <= assets.keys()
    assert "text/javascript; charset=utf-8" == assets["js/page.js"].media_type


def test_a_file_is_compressed_where_that_gains_something() -> None:
    """And where the client takes it; a font is as small as it gets."""
    assets = read_assets()
    library, font = (
        assets["vendor/maplibre-gl/maplibre-gl.mjs"],
        assets["vendor/inter/inter-latin-wght-normal.woff2"],
    )

    packed = library.answer(request(accept_encoding="gzip, br"))
    assert "gzip" == packed.headers["content-encoding"]
    assert len(packed.body) < len(library.content) / 3
    assert library.content == library.answer(request()).body
    assert "content-encoding" not in font.answer(request(accept_encoding="gzip")).headers


def test_a_client_that_has_the_file_is_not_sent_it_again() -> None:
    """Its tag changes with its content."""
    asset, other = Asset("a.css", b"a"), Asset("a.css", b"b")

    assert 304 == asset.answer(request(if_none_match=asset.tag)).status_code
    assert b"" == asset.answer(request(if_none_match=asset.tag)).body
    assert 200 == asset.answer(request(if_none_match=other.tag)).status_code
