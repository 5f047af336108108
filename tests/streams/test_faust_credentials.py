"""What librdkafka's properties about signing in and TLS mean to Faust; what has no equal there is refused."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import faust
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from faust.types.auth import AuthProtocol, SASLMechanism

from duls.errors import ConfigError
from streams.faust_credentials import faust_credentials

PASSWORD = b"s3cret"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a certificate and its key, once plain and once under a password."""
    made = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "duls")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (made / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8
    (made / "key.pem").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    locked = serialization.BestAvailableEncryption(PASSWORD)
    (made / "locked.pem").write_bytes(key.private_bytes(pem, form, locked))
    return made


def context_of(**properties: Any) -> ssl.SSLContext:
    """Return the TLS context of credentials; underscores stand for dots."""
    given = {name.replace("_", "."): value for name, value in properties.items()}
    found = faust_credentials({"security.protocol": "SSL", **given})
    return cast("ssl.SSLContext", cast("Any", found).context)


@pytest.mark.parametrize(
    "properties", [{}, {"security.protocol": "plaintext"}, {"linger.ms": 5, "log_level": 0}]
)
def test_a_broker_that_asks_for_nothing_is_told_nothing(properties: dict[str, Any]) -> None:
    """Properties about pace are not for Faust."""
    assert faust_credentials(properties) is None


@pytest.mark.parametrize(
    ("mechanism", "expected"),
    [
        ("PLAIN", SASLMechanism.PLAIN),
        ("scram-sha-256", SASLMechanism.SCRAM_SHA_256),
        ("SCRAM-SHA-512", SASLMechanism.SCRAM_SHA_512),
    ],
)
@pytest.mark.parametrize("name", ["sasl.mechanism", "sasl.mechanisms"])
@pytest.mark.parametrize(
    ("protocol", "spoken"),
    [("SASL_SSL", AuthProtocol.SASL_SSL), ("SASL_PLAINTEXT", AuthProtocol.SASL_PLAINTEXT)],
)
def test_a_name_and_a_password_are_handed_over(
    name: str, mechanism: str, expected: SASLMechanism, protocol: str, spoken: AuthProtocol
) -> None:
    """By either name of the property, with TLS or without."""
    found: Any = faust_credentials(
        {"security.protocol": protocol, name: mechanism, "sasl.username": "an", "sasl.password": "s3cret"}
    )

    assert isinstance(found, faust.SASLCredentials)
    assert (expected, spoken, "an", "s3cret") == (
        found.mechanism,
        found.protocol,
        found.username,
        found.password,
    )
    assert (found.ssl_context is not None) == (protocol == "SASL_SSL")
    assert "s3cret" not in repr(found)


def test_brokers_are_checked_unless_settings_say_otherwise(folder: Path) -> None:
    """By certificate and name; by certificate; not at all."""
    ca = str(folder / "certificate.pem")
    usual = context_of(ssl_ca_location=ca)
    nameless = context_of(ssl_ca_location=ca, ssl_endpoint_identification_algorithm="none")
    blind = context_of(enable_ssl_certificate_verification=False)

    assert [(ssl.CERT_REQUIRED, True), (ssl.CERT_REQUIRED, False), (ssl.CERT_NONE, False)] == [
        (context.verify_mode, context.check_hostname) for context in (usual, nameless, blind)
    ]
    assert 1 == usual.cert_store_stats()["x509"]


def test_a_certificate_of_ours_is_shown(folder: Path) -> None:
    """Its key may be under a password; the wrong one, or none, is a wrong setting, never a question."""
    certificate, locked = str(folder / "certificate.pem"), str(folder / "locked.pem")
    context_of(ssl_certificate_location=certificate, ssl_key_location=str(folder / "key.pem"))
    context_of(
        ssl_certificate_location=certificate, ssl_key_location=locked, ssl_key_password=PASSWORD.decode()
    )

    for password in ({}, {"ssl_key_password": "wrong"}):
        with pytest.raises(ConfigError, match=r"a file of ssl\.\*"):
            context_of(ssl_certificate_location=certificate, ssl_key_location=locked, **password)


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        ({"ssl.keystore.location": "x"}, "cannot use 'ssl.keystore.location'"),
        ({"sasl.kerberos.principal": "x"}, "cannot use 'sasl.kerberos.principal'"),
        ({"sasl.oauthbearer.method": "oidc"}, "cannot use"),
        ({"security.protocol": "TLS"}, "security.protocol of"),
        ({"security.protocol": "SASL_SSL"}, "got 'GSSAPI'"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER"}, "got 'OAUTHBEARER'"),
        ({"security.protocol": "SSL", "ssl.ca.location": "/nowhere.pem"}, "No such file"),
    ],
)
def test_what_faust_cannot_do_is_refused(properties: dict[str, Any], sentence: str) -> None:
    """It would connect in another way than the other roles."""
    with pytest.raises(ConfigError, match=sentence):
        faust_credentials(properties)
