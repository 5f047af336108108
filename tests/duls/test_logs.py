"""What is logged goes to one stream, in one of two forms."""

import io
import json
import logging

import structlog

from duls.logs import set_up_logging

log = structlog.get_logger()


def test_json_is_one_object_a_line() -> None:
    """Machines get level, time and fields by name."""
    stream = io.StringIO()
    set_up_logging(level="info", form="json", stream=stream)

    log.warning("fenced; joining again", partition=3)

    (line,) = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {"event": "fenced; joining again", "level": "warning", "partition": 3} == {
        name: value for name, value in line.items() if name != "timestamp"
    }
    assert line["timestamp"].endswith("Z")


def test_people_get_plain_lines_without_colours_in_a_file() -> None:
    """Escape sequences are for terminals."""
    stream = io.StringIO()
    set_up_logging(level="info", form="console", stream=stream)

    log.info("started", role="intake")

    assert "started" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_lower_levels_are_left_out() -> None:
    """The level of the settings is the least one seen."""
    stream = io.StringIO()
    set_up_logging(level="warning", form="json", stream=stream)

    log.info("not seen")
    log.error("seen")

    assert ["seen"] == [json.loads(line)["event"] for line in stream.getvalue().splitlines()]


def test_a_traceback_for_people_shows_no_values() -> None:
    """Variables may hold secrets or plates."""
    stream = io.StringIO()
    set_up_logging(level="debug", form="console", stream=stream)
    plate = "AB-123-C"

    try:
        int(plate)
    except ValueError:
        log.exception("a defect")

    assert "ValueError" in stream.getvalue()
    assert "plate = 'AB-123-C'" not in stream.getvalue()


def test_an_exception_is_part_of_its_line() -> None:
    """The traceback does not break one object a line."""
    stream = io.StringIO()
    set_up_logging(level="info", form="json", stream=stream)

    try:
        int("x")
    except ValueError:
        log.exception("a defect")

    assert "ValueError" in json.loads(stream.getvalue())["exception"]


def test_what_a_library_repeats_is_written_once_a_minute() -> None:
    """A client whose broker is away would fill the log; other messages, and the same one later, are written."""
    stream = io.StringIO()
    set_up_logging(level="info", form="console", stream=stream)
    library = logging.getLogger("librdkafka")

    for message, created in [
        ("refused (after 0ms)", 0.0),
        ("refused (after 12ms)", 59.9),
        ("login failed", 59.9),
        ("refused (after 1ms)", 60.0),
    ]:
        record = library.makeRecord(library.name, logging.ERROR, "", 0, message, (), None)
        record.created = created
        library.handle(record)

    assert ["refused (after 0ms)", "login failed", "refused (after 1ms)"] == [
        line.rpartition(":")[2] for line in stream.getvalue().splitlines()
    ]
