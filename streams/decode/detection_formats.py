"""The formats of detections: which one a record or an object is, by its content, and the rows that it gives."""

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from typing import Any, Final

from processors.vocabulary import Outcome
from streams.decode.detection_row import DetectionRow, rejected_detection
from streams.decode.detection_rules import row_of_first, rows_of_envelope
from streams.decode.documents import Document, documents_of, type_error_of
from streams.decode.passage_rules import is_passage, row_of_passage
from streams.decode.utrecht_csv import is_utrecht, rows_of_utrecht


class DetectionFormat(IntEnum):
    """How detections are written; `AUTO` tells each record and object by its content."""

    AUTO = 0
    VESDI = 1
    VESDI1 = 2
    PASSAGE = 3
    UTRECHT = 4


_READERS: Final[Mapping[DetectionFormat, Callable[[Mapping[str, Any]], list[DetectionRow]]]] = {
    DetectionFormat.VESDI: rows_of_envelope,
    DetectionFormat.VESDI1: lambda content: [row_of_first(content)],
    DetectionFormat.PASSAGE: lambda content: [row_of_passage(content)],
}


def rows_of_record(record: bytes, format_: DetectionFormat = DetectionFormat.AUTO) -> list[DetectionRow]:
    """Return the rows of a record, at least one."""
    if format_ == DetectionFormat.UTRECHT or (format_ == DetectionFormat.AUTO and is_utrecht(record)):
        return rows_of_utrecht(record)
    return [row for document in documents_of(record) for row in _rows_of_document(document, format_)]


def format_of(content: Mapping[str, Any]) -> DetectionFormat:
    """Return the format of an object; what is of no other one is an envelope, or meant to be."""
    if content.get("message_type") is not None:
        return DetectionFormat.VESDI
    if is_passage(content):
        return DetectionFormat.PASSAGE
    return DetectionFormat.VESDI1 if content.get("observation_id") is not None else DetectionFormat.VESDI


def _rows_of_document(document: Document, format_: DetectionFormat) -> Iterator[DetectionRow]:
    """Yield the rows of an object, or those of the objects of an array."""
    if document.outcome != Outcome.ACCEPTED:
        yield rejected_detection(document.outcome)
    elif document.content == []:
        yield rejected_detection(Outcome.EMPTY)
    else:
        for content in document.content if isinstance(document.content, list) else [document.content]:
            if not isinstance(content, dict):
                yield rejected_detection(type_error_of(content))
            else:
                yield from _READERS[format_ if format_ in _READERS else format_of(content)](content)
