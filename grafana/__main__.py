"""`python -m grafana` writes the dashboards."""

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.manager import BOARD as MANAGER
from grafana.operations import BOARD as OPERATIONS
from grafana.parts import Board, build, page
from grafana.queries import BOARDS, HERE

RUNBOOK: Final = ("meterwatch-runbook", "Runbook")
_SOURCE: Final = HERE.parent / "docs" / "runbook.md"


def files() -> dict[Path, str]:
    """Every dashboard's JSON by the file it belongs in."""
    boards: tuple[Board, ...] = (MANAGER, OPERATIONS)
    pages = [*((board.uid, board.title) for board in boards), RUNBOOK]
    made = {board.uid: build(board, [one for one in pages if one[0] != board.uid]) for board in boards}
    made[RUNBOOK[0]] = page(*RUNBOOK, "What each alert means.", _SOURCE.read_text(encoding="utf-8"), pages[:-1])
    return {
        BOARDS / f"{uid.removeprefix('meterwatch-')}.json": json.dumps(one, cls=JSONEncoder, indent=1, sort_keys=True)
        + "\n"
        for uid, one in made.items()
    }


def _text(board: Dashboard) -> str:
    return json.dumps(board, cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Writes them."""
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
