"""Where panels stand: on a grid of 24 columns, in lines from top to bottom."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, Self

from grafana_foundation_sdk.builders.dashboard import DashboardLink, Row
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    DashboardLink as LinkModel,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    GridPos,
    Panel,
    RowPanel,
)

COLUMNS = 24
ROW_PX = 30
GAP_PX = 8


class PanelBuilder(Protocol):
    """What every panel builder of the SDK can do that we rely on."""

    def title(self, title: str) -> Self:
        """Set the title."""

    def description(self, description: str) -> Self:
        """Set the description."""

    def id(self, id_val: int) -> Self:
        """Set the number within the board."""

    def grid_pos(self, grid_pos: GridPos) -> Self:
        """Set the place on the grid."""

    def links(self, links: list[Builder[LinkModel]]) -> Self:
        """Set the links in the head."""

    def build(self) -> Panel:
        """Return the panel."""


class Sized(NamedTuple):
    """A panel and its size in grid units."""

    panel: PanelBuilder
    width: int
    height: int
    csv: str | None = None  # words of the link to its rows as CSV, where it has one


Line = Sequence[Sized | Sequence[Sized]]
"""Panels beside each other; a sequence inside is a stack of panels, as wide as its first."""


class Section(NamedTuple):
    """Lines under a heading that folds them away; without a heading they are always there."""

    heading: str | None
    lines: Sequence[Line]
    collapsed: bool = False


def laid_out(sections: Iterable[Section], *, uid: str) -> list[Panel | RowPanel]:
    """Return the panels of a board in their places, folded sections inside their rows."""
    done: list[Panel | RowPanel] = []
    top, number = 0, 1
    for section in sections:
        if section.heading is None:
            panels = placed(section.lines, uid=uid, top=top, first_id=number)
            done += panels
            number += len(panels)
            top += height_of(section.lines)
            continue
        panels = placed(section.lines, uid=uid, top=top + 1, first_id=number + 1)
        row = Row(section.heading).collapsed(section.collapsed).id(number).build()
        row.grid_pos = GridPos(h=1, w=COLUMNS, x=0, y=top)
        done.append(row)
        if section.collapsed:
            row.panels = panels
        else:
            done += panels
        number += 1 + len(panels)
        top += 1 + (0 if section.collapsed else height_of(section.lines))
    return done


def placed(lines: Iterable[Line], *, uid: str, top: int = 0, first_id: int = 1) -> list[Panel]:
    """Give every panel of *lines* its place, its id and its links; return them in reading order."""
    done: list[Panel] = []
    for line in lines:
        left, bottom = 0, top
        for entry in line:
            stack = [entry] if isinstance(entry, Sized) else list(entry)
            below = top
            for sized in stack:
                number = first_id + len(done)
                sized.panel.grid_pos(GridPos(h=sized.height, w=sized.width, x=left, y=below)).id(number)
                if sized.csv is not None:
                    sized.panel.links([csv_link(sized.csv, uid, number)])
                done.append(sized.panel.build())
                below += sized.height
            left += stack[0].width
            bottom = max(bottom, below)
        top = bottom
    return done


def height_of(lines: Iterable[Line]) -> int:
    """Return how many grid rows *lines* take."""
    return sum(
        max(
            entry.height if isinstance(entry, Sized) else sum(sized.height for sized in entry)
            for entry in line
        )
        for line in lines
    )


def csv_link(title: str, uid: str, panel_id: int) -> DashboardLink:
    """Return a link that opens the rows of a panel, with a button to download them as CSV."""
    url = f"/d/{uid}?inspect={panel_id}&inspectTab=data&${{__url_time_range}}&${{__all_variables}}"
    return DashboardLink(title).type(DashboardLinkType.LINK).url(url)
