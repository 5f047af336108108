"""The settings object that the command line hands on as plain values."""

from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from duls.config.paths import at_home
from duls.config.section import Section
from duls.config.sections import (
    AggregateSettings,
    AlertSettings,
    DatabaseSettings,
    FigureOptions,
    GrafanaSettings,
    HttpSettings,
    IntakeSettings,
    KafkaSettings,
    LogSettings,
    MetricsSettings,
    PrivacySettings,
    PublicationSettings,
)

KEYS_SUFFIX = "_keys"  # after the name of the figures database


class Settings(Section):
    """All settings of one process; secrets show as asterisks."""

    kafka: KafkaSettings = KafkaSettings()
    database: DatabaseSettings = DatabaseSettings()
    figures: FigureOptions = FigureOptions()
    intake: IntakeSettings = IntakeSettings()
    aggregate: AggregateSettings = AggregateSettings()
    publication: PublicationSettings = PublicationSettings()
    privacy: PrivacySettings = PrivacySettings()
    alert: AlertSettings = AlertSettings()
    http: HttpSettings = HttpSettings()
    grafana: GrafanaSettings = GrafanaSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()

    @property
    def database_url(self) -> str:
        """Return the libpq URL of the figures database, password and all."""
        return self.database.url.get_secret_value()

    @property
    def keys_url(self) -> str:
        """Return where the keys database is, for libpq, password and all."""
        given = self.database.keys_url.get_secret_value()
        if given:
            return given
        parts = conninfo_to_dict(self.database_url)
        # without a name, libpq takes that of the user
        name = parts.get("dbname") or parts.get("user") or ""
        return make_conninfo(self.database_url, dbname=f"{name}{KEYS_SUFFIX}")

    @property
    def master_key_file(self) -> Path:
        """Return the path of the master key file, the home folder filled in."""
        return at_home(self.database.master_key_file, "DULS_MASTER_KEY_FILE")

    @property
    def token_key_file(self) -> Path:
        """Return the path of the file with the key of tokens, the home folder filled in."""
        return at_home(self.http.token_key_file, "DULS_HTTP_TOKEN_KEY_FILE")

    @property
    def registers_folder(self) -> Path:
        """Return the folder of the registers of plates, the home folder filled in."""
        return at_home(self.intake.registers_folder, "DULS_INTAKE_REGISTERS_FOLDER")

    @property
    def http_address(self) -> tuple[str, int]:
        """Return address and port of the page and the API."""
        host, _, port = self.http.bind.rpartition(":")
        return host.strip("[]"), int(port)
