"""The files of the page: colours for all eyes, words in both languages, sound types, and libraries as they came."""

import re
import shutil
import subprocess
from importlib import resources
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from duls.api.assets import FOLDER, TYPES
from tests.page.colours import EYES, apart, ciede2000, contrast

STATIC: Final = Path(str(resources.files("duls.api").joinpath(FOLDER)))
COLOUR: Final = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
KEY: Final = re.compile(r"^  (\w+): \{ nl: (.+), en: (.+) \},$", re.MULTILINE)
LEVELS: Final = ("calm", "busy", "full", "none")
FAR_APART: Final = 20.0  # CIEDE2000; 2.3 can just be told, 10 at a glance
AA_TEXT: Final = 4.5
AA_SHAPE: Final = 3.0
OPTIONS: Final = (
    *("--noEmit", "--allowJs", "--checkJs", "--strict", "--noUnusedLocals", "--noUnusedParameters"),
    *("--target", "ES2022", "--module", "ES2022", "--moduleResolution", "bundler", "--skipLibCheck"),
    *("--lib", "ES2023,DOM,DOM.Iterable", "--types", "geojson", "js/page.js"),
)


@pytest.fixture(scope="module")
def palette() -> dict[str, str]:
    """Give the colours that the style sheet names."""
    return dict(COLOUR.findall((STATIC / "page.css").read_text(encoding="utf-8")))


@pytest.mark.parametrize("eyes", EYES)
def test_levels_are_told_apart_by_all_eyes(palette: dict[str, str], eyes: str) -> None:
    """Also by those that see no red, no green or no blue."""
    distances = {pair: apart(palette[pair[0]], palette[pair[1]], eyes) for pair in combinations(LEVELS, 2)}

    assert {} == {pair: distance for pair, distance in distances.items() if distance < FAR_APART}


def test_the_measure_of_colours_is_the_published_one() -> None:
    """Three of the pairs that Sharma, Wu and Dalal publish for testing, and red beside green."""
    pairs = [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ]
    for one, other, distance in pairs:
        assert distance == pytest.approx(ciede2000(np.array(one), np.array(other)), abs=1e-4)
    assert apart("#c04040", "#6f8000", "deutan") < apart("#c04040", "#6f8000", "usual") / 2


def test_letters_and_signs_stand_out(palette: dict[str, str]) -> None:
    """As WCAG asks at level AA: words on panels and on coloured tiles, signs on the map."""
    words = [
        *(
            (word, ground)
            for word in ("text", "text-quiet", "full-text", "busy", "calm")
            for ground in ("panel", "raised")
        ),
        *(("ink", ground) for ground in ("busy", "full", "text")),
    ]
    shapes = [(level, ground) for level in LEVELS for ground in ("ground", "land")]

    assert [] == [pair for pair in words if contrast(palette[pair[0]], palette[pair[1]]) < AA_TEXT]
    assert [] == [pair for pair in shapes if contrast(palette[pair[0]], palette[pair[1]]) < AA_SHAPE]


def test_every_word_is_there_in_both_languages() -> None:
    """With the same names to fill in, and no key that nobody uses."""
    catalogue = (STATIC / "js" / "messages.js").read_text(encoding="utf-8")
    keys = KEY.findall(catalogue)
    used = "".join(
        path.read_text(encoding="utf-8") for path in STATIC.glob("js/*.js") if path.name != "messages.js"
    )
    used += (STATIC / "index.html").read_text(encoding="utf-8")
    families = ("kind_", "class_", "state_", "feed_", "level_", "alert_")

    assert len(keys) > 100
    for key, dutch, english in keys:
        assert sorted(re.findall(r"\{\w+\}", dutch)) == sorted(re.findall(r"\{\w+\}", english)), key
        assert re.search(rf"\b{key}\b", used) or key.startswith(families), key


def test_types_are_sound(tools: Path, tmp_path: Path) -> None:
    """As strictly as the type checker can, with the types of the map library."""
    shutil.copytree(STATIC / "js", tmp_path / "js")
    library = tmp_path / "vendor" / "maplibre-gl"
    library.mkdir(parents=True)
    (library / "maplibre-gl.d.mts").write_text('export * from "maplibre-gl";\n', encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(tools)
    command = ["node", str(tools / "typescript" / "bin" / "tsc"), *OPTIONS]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("maplibre-gl/maplibre-gl.mjs", "maplibre-gl/dist/maplibre-gl.mjs"),
        ("maplibre-gl/maplibre-gl-worker.mjs", "maplibre-gl/dist/maplibre-gl-worker.mjs"),
        ("maplibre-gl/maplibre-gl.css", "maplibre-gl/dist/maplibre-gl.css"),
        ("maplibre-gl/LICENSE.txt", "maplibre-gl/LICENSE.txt"),
        (
            "inter/inter-latin-wght-normal.woff2",
            "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
        ),
        ("inter/LICENSE.txt", "@fontsource-variable/inter/LICENSE"),
    ],
)
def test_files_of_others_are_as_they_came(tools: Path, ours: str, theirs: str) -> None:
    """Byte for byte those of the locked versions, licences too."""
    assert (tools / theirs).read_bytes() == (STATIC / "vendor" / ours).read_bytes()


def test_every_file_can_be_served() -> None:
    """Its type is known."""
    endings = {path.suffix.removeprefix(".") for path in STATIC.rglob("*") if path.is_file()}

    assert endings == endings & TYPES.keys()
