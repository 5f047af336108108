"""Registers of plates: from exports and tables of the steward to what is joined to rows, and back without a restart."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from duls.app.rdw import load_rdw
from duls.app.steward_tables import load_companies, load_permits
from duls.config import Settings, load_settings
from duls.errors import ConfigError, InvalidInputError
from duls.pipelines.enrichment import REFRESH_S, Registers
from duls.plate_files import HOLDERS, NAMES, PERMITS, VEHICLES, read_registers, stamp_of
from processors.columns import DecodedDetections
from processors.vehicle_traits import BRANCHES, HOLDER_PLACE, PERMIT, TRAITS_PLACE, Fuel, Size, facts_in
from processors.vocabulary import VehicleClass, ZeroEmission
from streams.decode.detections import decode_detections

VEHICLE_ROWS = [
    {"kenteken": "VB123K", "voertuigsoort": "Bedrijfsauto", "europese_voertuigcategorie": "N1",
     "toegestane_maximum_massa_voertuig": "3000", "datum_eerste_toelating": "20190704"},
    {"kenteken": "11-BBB-2", "voertuigsoort": "Bedrijfsauto", "europese_voertuigcategorie": "N3",
     "toegestane_maximum_massa_voertuig": "18000", "datum_eerste_toelating": "20210101"},
    {"kenteken": "XX999X", "voertuigsoort": "Personenauto", "europese_voertuigcategorie": "M1",
     "toegestane_maximum_massa_voertuig": "1900", "datum_eerste_toelating": "20180101"},
    {"kenteken": "NOTAPLATE", "voertuigsoort": "Bedrijfsauto"},
]  # fmt: skip
FUEL_ROWS = [
    {"kenteken": "VB123K", "brandstof_omschrijving": "Elektriciteit", "emissiecode_omschrijving": "Z"},
    {"kenteken": "11BBB2", "brandstof_omschrijving": "Elektriciteit"},
    {"kenteken": "11BBB2", "brandstof_omschrijving": "Diesel", "emissiecode_omschrijving": "6"},
    {"kenteken": "XX999X", "brandstof_omschrijving": "Elektriciteit", "emissiecode_omschrijving": "Z"},
]
TIME = "2026-11-23T07:12:15Z"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give settings with a folder of registers of their own."""
    return load_settings({"DULS_INTAKE_REGISTERS_FOLDER": str(tmp_path / "registers")}, tmp_path)


def as_csv(rows: list[dict[str, str]], *, titles: bool = False, delimiter: str = ",") -> bytes:
    """Return rows as RDW's portal exports them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = [name.replace("_", " ").capitalize() if titles else name for name in names]
    lines = [shown, *([row.get(name, "") for name in names] for row in rows)]
    return "\n".join(delimiter.join(cells) for cells in lines).encode()


def as_api(rows: list[dict[str, str]]) -> bytes:
    """Return rows as RDW's API breaks an array into lines."""
    return ("[" + "\n,".join(map(json.dumps, rows)) + "]\n").encode()


def as_lines(rows: list[dict[str, str]]) -> bytes:
    """Return one row a line."""
    return "\n".join(map(json.dumps, rows)).encode()


def as_array(rows: list[dict[str, str]]) -> bytes:
    """Return one array."""
    return json.dumps(rows).encode()


def as_pretty(rows: list[dict[str, str]]) -> bytes:
    """Return an array over many lines."""
    return json.dumps(rows, indent=2).encode()


def written(folder: Path, **files: bytes) -> list[Path]:
    """Write files and return their paths."""
    paths = []
    for name, content in files.items():
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    return paths


def seen(*plates: str, country: str = "NL", time: str = TIME) -> DecodedDetections:
    """Return decoded detections of some plates."""
    rows = [
        {
            "observation_id": f"f9b90f2c-7e1c-4dc4-bb06-{number:012x}",
            "camera_id": "a1b2c3d4-e5f6-4890-abcd-ef1234567890",
            "event_time": time,
            "plate_country": country,
            "plate_text": plate,
        }
        for number, plate in enumerate(plates)
    ]
    envelope = {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": rows}
    return decode_detections([json.dumps(envelope).encode()])


def registers_of(settings: Settings) -> Registers:
    """Return the registers as intake has them."""
    folder = settings.registers_folder
    registers = Registers(lambda: stamp_of(folder), lambda: read_registers(folder))
    registers.refresh(0.0)
    return registers


FORMS: list[Any] = [
    as_csv,
    as_api,
    as_lines,
    as_array,
    as_pretty,
    lambda rows: as_csv(rows, titles=True, delimiter=";"),
]


@pytest.mark.parametrize("form", FORMS)
def test_exports_of_any_form_become_class_emission_and_traits(
    settings: Settings, tmp_path: Path, form: Any
) -> None:
    """Hybrids have the fuels of all their rows; of a private car nothing is kept but that it is one."""
    paths = written(tmp_path, fuels=form(FUEL_ROWS), vehicles=form(VEHICLE_ROWS))

    report = load_rdw(settings, paths, lambda _line: None)
    decoded = seen("VB-123-K", "11BBB2", "XX999X", "ZZ999Z")
    traits = registers_of(settings).complete(decoded)

    assert (3, 2, 1) == (report.vehicles, report.with_fuel, report.refused)
    n1, n3, m1, unknown = VehicleClass.N1, VehicleClass.N3, VehicleClass.M1, VehicleClass.UNKNOWN
    assert [n1, n3, m1, unknown] == decoded.vehicle_class.tolist()
    assert [ZeroEmission.YES, ZeroEmission.NO, 2, 2] == decoded.zero_emission.tolist()
    facts = [facts_in(int(trait) << TRAITS_PLACE) for trait in traits]
    assert [(1, 2019, Fuel.ELECTRIC), (4, 2021, Fuel.HYBRID)] == [
        (fact.mass_class, fact.first_year, fact.fuel) for fact in facts[:2]
    ]
    assert [0, 0] == traits[2:].tolist()


def test_a_foreign_plate_is_not_looked_for_in_the_dutch_register(settings: Settings, tmp_path: Path) -> None:
    """The same characters may be another vehicle."""
    load_rdw(settings, written(tmp_path, vehicles=as_csv(VEHICLE_ROWS)), lambda _line: None)
    decoded = seen("VB123K", country="B")

    assert [0] == registers_of(settings).complete(decoded).tolist()
    assert [VehicleClass.UNKNOWN] == decoded.vehicle_class.tolist()


def test_identities_do_not_change(settings: Settings, tmp_path: Path) -> None:
    """A record goes the same way whatever registers know."""
    load_rdw(settings, written(tmp_path, vehicles=as_csv(VEHICLE_ROWS)), lambda _line: None)
    decoded, same = seen("VB123K"), seen("VB123K")
    registers_of(settings).complete(decoded)

    assert same.identity.tobytes() == decoded.identity.tobytes()


def test_companies_give_branch_and_size(settings: Settings, tmp_path: Path) -> None:
    """By the code or the section, and the word or the number of employees; wrong lines are refused without a plate."""
    table = "plate,sbi,size\nVB-123-K,49.41,250\n11BBB2,G,small\nXX999X,,\nB:AB12,H,small\nZZ999Z,xx,\nYY999Y,H,huge\n"

    report = load_companies(settings, *written(tmp_path, companies=table.encode()))
    traits = registers_of(settings).complete(seen("VB123K", "11BBB2", "XX999X", "YY999Y"))

    held = [(int(trait) >> HOLDER_PLACE) for trait in traits]
    assert [
        BRANCHES.index("H") + 1 | Size.LARGE << 5,
        BRANCHES.index("G") + 1 | Size.SMALL << 5,
        0,
        0,
    ] == held
    assert (3, 3) == (report.loaded, report.refused)
    assert ["line 5", "line 6", "line 7"] == [reason.partition(":")[0] for reason in report.reasons]
    assert not any("AB12" in reason or "ZZ999Z" in reason for reason in report.reasons)


@pytest.mark.parametrize(
    ("time", "has_permit"),
    [
        ("2026-11-22T22:59:59Z", False),
        ("2026-11-22T23:00:00Z", True),
        ("2026-11-24T22:59:59Z", True),
        ("2026-11-24T23:00:00Z", False),
    ],
)
def test_a_permit_holds_on_its_local_days(
    settings: Settings, tmp_path: Path, time: str, has_permit: bool
) -> None:
    """Both ends included, of plates of any country, and of no other plate."""
    table = (
        "plate;zone_id;from;until;kind\nVB123K;ze;2026-11-23;2026-11-24;ontheffing\n"
        "VB123K;ze;2020-01-01;2020-12-31;x\nB:1-ABC-234;ze;2026-11-23;2026-11-24;x\n"
    )
    report = load_permits(settings, *written(tmp_path, permits=table.encode()))
    registers = registers_of(settings)

    marked = PERMIT if has_permit else 0
    assert 3 == report.loaded
    assert [marked, 0] == registers.complete(seen("VB123K", "VB124K", time=time)).tolist()
    assert [marked] == registers.complete(seen("1ABC234", country="B", time=time)).tolist()


def test_a_permit_without_an_end_does_not_end(settings: Settings, tmp_path: Path) -> None:
    """And lines that are wrong say why."""
    lines = ["A,ze,2026-11-23,,x", "A,ze,x,,x", "A,,2026-11-23,,x", "-,ze,2026-11-23,,x"]
    lines.append("A,ze,2026-11-23,2026-11-21,x")
    table = "\n".join(["plate,zone_id,from,until,kind", *lines])
    report = load_permits(settings, *written(tmp_path, permits=table.encode()))

    assert (1, 4) == (report.loaded, report.refused)
    assert [PERMIT] == registers_of(settings).complete(seen("A", time="2090-01-01T00:00:00Z")).tolist()


def test_a_register_is_replaced_without_a_restart(settings: Settings, tmp_path: Path) -> None:
    """It is looked for now and then; one that cannot be read leaves the old one in use."""
    registers = registers_of(settings)
    before = seen("VB123K")
    registers.complete(before)
    load_rdw(settings, written(tmp_path, vehicles=as_csv(VEHICLE_ROWS)), lambda _line: None)
    registers.refresh(REFRESH_S - 0.1)
    soon = seen("VB123K")
    registers.complete(soon)
    registers.refresh(REFRESH_S)
    later = seen("VB123K")
    registers.complete(later)
    (settings.registers_folder / HOLDERS).write_bytes(b"no register")
    registers.refresh(2 * REFRESH_S)
    still = seen("VB123K")
    registers.complete(still)

    classes = [decoded.vehicle_class.tolist()[0] for decoded in (before, soon, later, still)]
    assert [VehicleClass.UNKNOWN] * 2 + [VehicleClass.N1] * 2 == classes


def test_only_the_owner_reads_a_register(settings: Settings, tmp_path: Path) -> None:
    """It holds plates."""
    load_rdw(settings, written(tmp_path, vehicles=as_csv(VEHICLE_ROWS)), lambda _line: None)

    assert 0o600 == (settings.registers_folder / VEHICLES).stat().st_mode & 0o777
    assert 0o700 == settings.registers_folder.stat().st_mode & 0o777
    assert [VEHICLES] == [path.name for path in settings.registers_folder.iterdir()]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a,b\n1,2", "no column kenteken"),
        (b"kenteken\nAB12CD", "voertuigsoort"),
        (b'[{"a": 1}]', "no column kenteken"),
        (b'{"kenteken": "AB12CD"', "not CSV or JSON"),
        (b"kenteken,voertuigsoort\nAB12CD,x,y,z", "not CSV or JSON"),
        (b"", "no column kenteken"),
    ],
)
def test_what_is_no_export_is_refused_without_a_plate(
    settings: Settings, tmp_path: Path, content: bytes, reason: str
) -> None:
    """In one sentence."""
    with pytest.raises(InvalidInputError, match=reason) as refusal:
        load_rdw(settings, written(tmp_path, export=content), lambda _line: None)

    assert "AB12CD" not in str(refusal.value)
    assert not settings.registers_folder.exists()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"\xff\xfe", 1),
        (as_csv(VEHICLE_ROWS).decode().encode("utf-16"), 1),
        (as_array(VEHICLE_ROWS).decode().encode("utf-16"), 1),
        (b"kenteken,voertuigsoort\n" + b"AB12CD,Bedrijfsauto\n" * 5_000 + b"AB12CD,\xe9\xe9n\n", 5_002),
        (
            b'{"kenteken": "AB12CD", "voertuigsoort": "x"}\n{"kenteken": "AB12CD", "voertuigsoort": "\xe9"}\n',
            2,
        ),
        (b'[\n{"kenteken": "AB12CD",\n"voertuigsoort": "\xe9"}]', 3),
    ],
)
def test_an_export_in_another_encoding_is_refused(
    settings: Settings, tmp_path: Path, content: bytes, line: int
) -> None:
    """With the file, the line that shows it and what to do, without a plate."""
    paths = written(tmp_path, export=content)

    with pytest.raises(InvalidInputError) as refusal:
        load_rdw(settings, paths, lambda _line: None)

    assert (
        f"{paths[0]} is not CSV or JSON in UTF-8, which RDW exports, as line {line} shows: load the export "
        "as it came, or save it as UTF-8, which spreadsheets offer as `CSV UTF-8`"
    ) == str(refusal.value)
    assert not settings.registers_folder.exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_no_register_is_an_error(tmp_path: Path, name: str) -> None:
    """Of another shape, type or size."""
    for content in (np.zeros(3, np.uint64), np.zeros((2, 2)), np.zeros((2, 3, 4), np.int64)):
        np.save(tmp_path / name, content)
        with pytest.raises(ConfigError, match="load it again"):
            read_registers(tmp_path)


def test_missing_tables_are_refused(settings: Settings, tmp_path: Path) -> None:
    """With the header that they need."""
    for load in (load_companies, load_permits):
        with pytest.raises(InvalidInputError, match="no column plate"):
            load(settings, *written(tmp_path, table=b"x,y\n1,2"))
        with pytest.raises(InvalidInputError, match="cannot be read"):
            load(settings, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"plate,zone_id,from,until,kind,sbi,size\n\xff", 2),
        (
            b"plate,zone_id,from,until,kind,sbi,size,name\n"
            + b"AB12CD,,,,,47,small,x\n" * 5_000
            + b",,,,,,,\xe9\xe9n\n",
            5_002,
        ),
        ("plate,zone_id,from,until,kind,sbi,size".encode("utf-16"), 1),
    ],
)
def test_a_table_in_another_encoding_is_refused(
    settings: Settings, tmp_path: Path, content: bytes, line: int
) -> None:
    """With the line that shows it and what to do, without a plate; the register of before stays."""
    before = b"\xef\xbb\xbfplate,zone_id,from,until,kind,sbi,size\nVB123K,zez,2026-01-01,,resident,47,small\n"
    for load, name in ((load_companies, HOLDERS), (load_permits, PERMITS)):
        assert 1 == load(settings, *written(tmp_path, table=before)).loaded
        register = (settings.registers_folder / name).read_bytes()
        with pytest.raises(InvalidInputError, match=f"line {line} shows: save it as UTF-8") as refusal:
            load(settings, *written(tmp_path, table=content))
        assert "AB12CD" not in str(refusal.value)
        assert register == (settings.registers_folder / name).read_bytes()
