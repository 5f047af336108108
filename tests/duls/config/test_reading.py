"""Settings are read once, and what is unknown or wrong is said in one sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from duls.config import Need, Settings, load_settings, settings_reference
from duls.errors import ConfigError
from processors.rules import FigureSettings

URL = "postgresql://duls:s3cret@db.example/duls"


def written(folder: Path, text: str) -> Path:
    """Write a settings file into *folder* and return its path."""
    path = folder / "duls.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, environment: dict[str, str] | None = None) -> str:
    """Return the sentence with which settings are refused."""
    with pytest.raises(ConfigError) as caught:
        load_settings(environment or {}, folder)
    return str(caught.value)


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    """Both are read; where both name a setting, the variable counts."""
    written(tmp_path, "[figures]\nslot_s = 900\nreorder_s = 2\n[kafka.client]\n'security.protocol' = 'SSL'\n")

    settings = load_settings({"DULS_SLOT_S": "60"}, tmp_path)

    assert (60, 2.0) == (settings.figures.slot_s, settings.figures.reorder_s)
    assert {"security.protocol": "SSL"} == settings.kafka.client


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    """DULS_CONFIG names the file, wherever it is."""
    path = written(tmp_path, "[log]\nformat = 'json'\n")

    assert load_settings({"DULS_CONFIG": str(path)}, tmp_path / "elsewhere").log.format == "json"


def test_an_empty_variable_is_not_given(tmp_path: Path) -> None:
    """Compose files pass variables that are not set as empty text."""
    assert load_settings({"DULS_SLOT_S": ""}, tmp_path).figures.slot_s == 300


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[figures]\nslots_s = 60\n", "unknown key figures.slots_s: did you mean figures.slot_s?"),
        ("[figurs]\nslot_s = 60\n", "unknown section or key 'figurs': did you mean figures?"),
        ("slot_s = 60\n", "unknown section or key 'slot_s': did you mean figures.slot_s?"),
        ("[kafka]\nslot_s = 60\n", "unknown key kafka.slot_s: did you mean figures.slot_s?"),
        ("[kafka]\nqqq = 60\n", "unknown key kafka.qqq: known are kafka.bootstrap_servers, "),
        ("kafka = 1\n", "has 'kafka' as a value: it must be a table, [kafka]"),
        ("[figures]\nslot_s = 7\n", "figures.slot_s in "),
        ("[database]\nurl = 'postgresql://a:s3cret@h/d\n", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """The sentence names the key and the nearest known one."""
    written(tmp_path, text)

    assert sentence in refusal(tmp_path)
    assert "s3cret" not in refusal(tmp_path)


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DULS_SLOTS_S", "60", "unknown variable DULS_SLOTS_S: did you mean DULS_SLOT_S?"),
        ("DULS_SLOT_S", "7", "DULS_SLOT_S must be 60, 300 or 900"),
        ("DULS_CLOCK", "wall", "DULS_CLOCK must be 'arrival' or 'event'"),
        ("DULS_PARTITIONS", "0", "DULS_PARTITIONS must be greater than or equal to 1"),
        ("DULS_ALLOWED_LATENESS_S", "604801", "DULS_ALLOWED_LATENESS_S must be less than or equal to 604800"),
        ("DULS_KAFKA_RETENTION_MS", "86400001", "must be less than or equal to 86400000"),
        ("DULS_HTTP_BIND", "8080", "DULS_HTTP_BIND must be an address and a port, such as 127.0.0.1:8080"),
        ("DULS_KAFKA_CLIENT", "s3cret", "DULS_KAFKA_CLIENT must be a JSON object"),
        ("DULS_KAFKA_CLIENT", '{"acks": 1}', "DULS_KAFKA_CLIENT must leave 'acks' alone, for DULS sets it"),
        (
            "DULS_KAFKA_CLIENT",
            '{"sasl.password": ["s3cret"]}',
            "sasl.password of DULS_KAFKA_CLIENT must be text, a number, true or false",
        ),
        (
            "DULS_DATABASE_URL",
            "s3cret nonsense",
            "DULS_DATABASE_URL must be a libpq URL, such as postgresql://",
        ),
        ("DULS_DATABASE_URL", "mysql://u:s3cret@h/x", "DULS_DATABASE_URL must be a libpq URL"),
        ("DULS_KEYS_URL", "postgresql://u:s3cret@h:port/x", "DULS_KEYS_URL must be a libpq URL"),
        ("DULS_CONFIG", "/nowhere/duls.toml", "the settings file /nowhere/duls.toml cannot be read"),
    ],
)
def test_a_wrong_variable_is_refused(tmp_path: Path, variable: str, value: str, sentence: str) -> None:
    """The sentence names the variable and what it must be, and quotes no secret."""
    assert sentence in refusal(tmp_path, {variable: value})
    assert "s3cret" not in refusal(tmp_path, {variable: value})


@pytest.mark.parametrize("key", ["kafka.partitions", "kafka.replication_factor", "figures.reorder_s"])
@pytest.mark.parametrize("value", ["true", "false"])
def test_true_and_false_are_no_numbers(tmp_path: Path, key: str, value: str) -> None:
    """A file that has them in the place of a number is mistaken, and means neither 1 nor 0."""
    section, _, name = key.partition(".")
    written(tmp_path, f"[{section}]\n{name} = {value}\n")

    assert f"{key} in {tmp_path / 'duls.toml'} must be a number, not true or false" == refusal(tmp_path)


def test_true_and_false_are_taken_where_they_are_meant(tmp_path: Path) -> None:
    """As a switch, and as a property of the client."""
    written(tmp_path, "[kafka]\ntrust_create_time = true\n[kafka.client]\n'log.connection.close' = false\n")

    kafka = load_settings({}, tmp_path).kafka
    assert (True, {"log.connection.close": False}) == (kafka.trust_create_time, kafka.client)


def test_other_wrong_settings_are_counted(tmp_path: Path) -> None:
    """One sentence names the first wrong setting and says how many more there are."""
    environment = {"DULS_FLUSH_MS": "soon", "DULS_SLOT_S": "7", "DULS_PARTITIONS": "0"}

    assert refusal(tmp_path, environment).endswith("(2 more settings are wrong)")


def test_silence_is_not_proven_while_a_position_may_be_linked(tmp_path: Path) -> None:
    """A longest gap beyond that of vehicles that stand is refused, whichever of both was given."""
    for variable, value, max_gap_s in (("DULS_MAX_GAP_S", "14401", 14_401), ("DULS_PARK_GAP_S", "299", 300)):
        with pytest.raises(
            ConfigError, match=f"DULS_PARK_GAP_S must be at least max_gap_s, which is {max_gap_s}"
        ):
            load_settings({variable: value}, tmp_path)
    given = {"DULS_MAX_GAP_S": "14401", "DULS_PARK_GAP_S": "14401"}

    assert 14_401 == load_settings(given, tmp_path).figures.park_gap_s


@pytest.mark.parametrize(
    "variable", ["DULS_TEST_KAFKA", "DULS_CACHE", "DULS_FAILPOINT", "DULS_FAILPOINT_NTH", "HOME"]
)
def test_variables_of_others_are_left_alone(tmp_path: Path, variable: str) -> None:
    """Tests have variables of their own."""
    assert load_settings({variable: "x"}, tmp_path).figures.slot_s == 300


def test_a_needed_setting_must_be_given(tmp_path: Path) -> None:
    """Commands say what they need; no secret has a default."""
    with pytest.raises(ConfigError, match=r"database\.url is not set: .* variable DULS_DATABASE_URL"):
        load_settings({}, tmp_path, needs=(Need.DATABASE,))

    settings = load_settings({"DULS_DATABASE_URL": URL}, tmp_path, needs=(Need.DATABASE,))
    assert settings.database_url == URL


def test_secrets_do_not_show(tmp_path: Path) -> None:
    """The settings may be printed without a password in them."""
    environment = {
        "DULS_DATABASE_URL": URL,
        "DULS_KEYS_URL": URL,
        "DULS_KAFKA_CLIENT": '{"sasl.password": "s3cret"}',
    }

    assert "s3cret" not in repr(load_settings(environment, tmp_path))


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        (URL, {"user": "duls", "password": "s3cret", "host": "db.example", "dbname": "duls_keys"}),
        ("postgresql:///duls?host=/run/postgresql", {"host": "/run/postgresql", "dbname": "duls_keys"}),
        (
            "postgresql://u:p%5B%40@h/duls",
            {"user": "u", "password": "p[@", "host": "h", "dbname": "duls_keys"},
        ),
        ("postgresql://u:p[@h/duls", {"user": "u", "password": "p[", "host": "h", "dbname": "duls_keys"}),
        ("postgresql://u@h", {"user": "u", "host": "h", "dbname": "u_keys"}),
        (
            "postgresql://u@h1,h2:5433/duls",
            {"user": "u", "host": "h1,h2", "port": ",5433", "dbname": "duls_keys"},
        ),
        ("postgresql://h1,h2/duls", {"host": "h1,h2", "port": ",", "dbname": "duls_keys"}),
        ("dbname=duls host=db.example", {"host": "db.example", "dbname": "duls_keys"}),
    ],
)
def test_the_keys_are_in_a_database_of_their_own(tmp_path: Path, url: str, keys: dict[str, str]) -> None:
    """Unless told otherwise it is beside the figures database, whatever form of connection libpq is given."""
    found = conninfo_to_dict(load_settings({"DULS_DATABASE_URL": url}, tmp_path).keys_url)

    assert keys == found


def test_a_keys_database_may_be_named(tmp_path: Path) -> None:
    """It is taken as it is given."""
    assert (
        "dbname=k"
        == load_settings({"DULS_DATABASE_URL": URL, "DULS_KEYS_URL": "dbname=k"}, tmp_path).keys_url
    )


@pytest.mark.parametrize(
    ("variable", "path_of"),
    [
        ("DULS_CONFIG", lambda settings: settings),
        ("DULS_MASTER_KEY_FILE", lambda settings: settings.master_key_file),
        ("DULS_HTTP_TOKEN_KEY_FILE", lambda settings: settings.token_key_file),
        ("DULS_INTAKE_REGISTERS_FOLDER", lambda settings: settings.registers_folder),
    ],
)
def test_a_home_folder_that_nobody_has_is_refused(
    variable: str, path_of: Callable[[Settings], object], tmp_path: Path
) -> None:
    """In one sentence, by who needs the path."""
    with pytest.raises(ConfigError, match=f"{variable} ~nosuchuser/x has no home folder"):
        path_of(load_settings({variable: "~nosuchuser/x"}, tmp_path))


def test_a_folder_that_cannot_be_looked_into_is_refused(tmp_path: Path) -> None:
    """Whether the usual file is there cannot be told; the reason is that of the system."""
    with pytest.raises(
        ConfigError, match=r"the settings file .*duls\.toml cannot be read: File name too long"
    ):
        load_settings({}, tmp_path / ("x" * 300))


def test_settings_are_frozen(tmp_path: Path) -> None:
    """They are read once and never change."""
    settings = load_settings({}, tmp_path)

    with pytest.raises(ValidationError, match="frozen"):
        settings.figures.slot_s = 60  # type: ignore[misc]  # what mypy refuses is refused at run time too


def test_the_document_of_the_figures_has_every_setting(tmp_path: Path) -> None:
    """What decides figures is declared twice, with the same names and defaults."""
    assert load_settings({}, tmp_path).figures.document() == FigureSettings()


def test_an_address_may_be_ipv6(tmp_path: Path) -> None:
    """Brackets of the address are taken off."""
    assert load_settings({"DULS_HTTP_BIND": "[::1]:80"}, tmp_path).http_address == ("::1", 80)


def test_every_setting_has_one_variable_and_a_sentence() -> None:
    """No two settings share a variable, and each is described."""
    reference = settings_reference()

    assert len({setting.variable for setting in reference}) == len(reference)
    assert all(setting.description.endswith(".") for setting in reference)
    assert {
        "DULS_KAFKA_BOOTSTRAP_SERVERS",
        "DULS_DATABASE_URL",
        "DULS_SLOT_S",
        "DULS_CLOCK",
        "DULS_PARTITIONS",
        "DULS_FLUSH_MS",
        "DULS_METRICS_PORT",
        "DULS_HTTP_BIND",
        "DULS_MASTER_KEY_FILE",
        "DULS_KEYS_URL",
        "DULS_RETENTION_SLOT_H",
        "DULS_TRUST_CREATE_TIME",
    } <= {setting.variable for setting in reference}
