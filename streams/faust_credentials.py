"""What the properties of librdkafka in the settings mean to Faust: how to sign in, and how to check the broker.

Faust speaks Kafka through another library. Properties about signing in and TLS must mean the same there, or the
alert role would connect in another way than all others, so what cannot be said there is refused. Properties about
pace and memory are for the other library only.
"""

import ssl
from collections.abc import Mapping
from typing import Final

import faust
from faust.types.auth import CredentialsT

from duls.errors import ConfigError

Properties = Mapping[str, str | int | float | bool]

UNDERSTOOD: Final = frozenset(
    {
        "security.protocol",
        "sasl.mechanism",
        "sasl.mechanisms",
        "sasl.username",
        "sasl.password",
        "ssl.ca.location",
        "ssl.certificate.location",
        "ssl.key.location",
        "ssl.key.password",
        "ssl.endpoint.identification.algorithm",
        "enable.ssl.certificate.verification",
    }
)
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")


def faust_credentials(properties: Properties) -> CredentialsT | None:
    """Return how Faust signs in, None where the broker asks for nothing.

    Raises:
        ConfigError: a property about signing in or TLS has no equal there.
    """
    for name in sorted(properties):
        if name.startswith(("sasl.", "ssl.", "enable.ssl.", "enable.sasl.")) and name not in UNDERSTOOD:
            message = f"the alert role cannot use {name!r} of [kafka.client]: it knows {', '.join(sorted(UNDERSTOOD))}"
            raise ConfigError(message)
    protocol = str(properties.get("security.protocol", "PLAINTEXT")).upper()
    if protocol not in PROTOCOLS:
        message = (
            f"security.protocol of [kafka.client] must be one of {', '.join(PROTOCOLS)}, got {protocol!r}"
        )
        raise ConfigError(message)
    context = _tls(properties) if protocol.endswith("SSL") else None
    if protocol.startswith("SASL"):
        return _sasl(properties, context)
    return None if context is None else faust.SSLCredentials(context)


def _sasl(properties: Properties, context: ssl.SSLContext | None) -> CredentialsT:
    """Return credentials with a name and a password."""
    default = "GSSAPI"  # of librdkafka
    mechanism = str(properties.get("sasl.mechanism", properties.get("sasl.mechanisms", default))).upper()
    if mechanism not in MECHANISMS:
        known = ", ".join(MECHANISMS)
        message = (
            f"sasl.mechanism of [kafka.client] must be one of {known} for the alert role, got {mechanism!r}"
        )
        raise ConfigError(message)
    return faust.SASLCredentials(
        mechanism=mechanism,
        username=str(properties.get("sasl.username", "")),
        password=str(properties.get("sasl.password", "")),
        ssl_context=context,
    )


def _tls(properties: Properties) -> ssl.SSLContext:
    """Return how brokers are checked, and what we show them."""
    authority = properties.get("ssl.ca.location")
    certificate, key = properties.get("ssl.certificate.location"), properties.get("ssl.key.location")
    try:
        context = ssl.create_default_context(cafile=None if authority is None else str(authority))
        if certificate is not None:
            password = properties.get("ssl.key.password")
            context.load_cert_chain(
                str(certificate),
                None if key is None else str(key),
                "" if password is None else str(password),  # without any, a terminal would be asked for it
            )
    except (OSError, ssl.SSLError) as error:
        message = f"a file of ssl.* in [kafka.client] cannot be used: {error.strerror or 'it is no PEM file'}"
        raise ConfigError(message) from error
    is_checked = str(properties.get("enable.ssl.certificate.verification", "true")).lower() == "true"
    names_host = str(properties.get("ssl.endpoint.identification.algorithm", "https")).lower() == "https"
    context.check_hostname = is_checked and names_host
    context.verify_mode = ssl.CERT_REQUIRED if is_checked else ssl.CERT_NONE
    return context
