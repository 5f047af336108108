"""Links between the boards, which keep zone and time."""

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

from grafana.board_ids import CITY, uid_of
from grafana.words import Language, Words


def zone_url(language: Language, field: str = "zone_id") -> str:
    """Return where a click on a zone leads: the City Dashboard with that zone and the time of the board."""
    return f"/d/{uid_of(CITY, language)}?var-zone=${{__data.fields.{field}}}&${{__url_time_range}}"


def board_link(words: Words, key: str, board: str) -> DashboardLink:
    """Return a link in the head of a board to another one, with time and variables kept."""
    return (
        DashboardLink(words(f"links.{key}"))
        .type(DashboardLinkType.LINK)
        .icon("dashboard")
        .url(f"/d/{uid_of(board, words.language)}")
        .keep_time(True)
        .include_vars(True)
    )


def kiosk_link(words: Words, board: str) -> DashboardLink:
    """Return a link to the same board without menus, in the dark theme, for a screen on the wall."""
    return (
        DashboardLink(words("links.kiosk"))
        .type(DashboardLinkType.LINK)
        .icon("external link")
        .url(f"/d/{uid_of(board, words.language)}?kiosk&theme=dark")
        .keep_time(True)
        .include_vars(True)
    )
