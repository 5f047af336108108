"""Clients are made with the properties that figures rest on, whatever the settings say."""

import pytest

from duls.config.sections import OWN_CLIENT_PROPERTIES
from duls.errors import ConfigError
from streams.clients import CONSUMER_GUARDS, make_admin, make_consumer, make_gapless_producer, make_producer


@pytest.mark.parametrize(
    "make",
    [
        make_admin,
        make_producer,
        make_gapless_producer,
        lambda servers, properties: make_consumer(servers, "g", properties),
    ],
)
def test_a_property_that_librdkafka_does_not_know_is_a_wrong_setting(make: object) -> None:
    """The sentence names it."""
    assert callable(make)

    with pytest.raises(ConfigError, match=r'\[kafka\.client\].*No such configuration property: "no\.such"'):
        make("127.0.0.1:1", {"no.such": 1})


def test_guards_cannot_be_set_in_silence() -> None:
    """What clients would not take from the settings, the settings refuse."""
    assert CONSUMER_GUARDS.keys() <= OWN_CLIENT_PROPERTIES
