"""The table of all pages that hold their rows: as high as its rows, up to a height from which it scrolls."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag

_ROW_HEIGHT, _HEADER_HEIGHT, _MOST_ROWS = 36, 38, 14


def grid(grid_id: str, rows: list[dict[str, Any]], columns: list[dict[str, Any]]) -> dag.AgGrid:
    """`rows` under `columns`, AG Grid's definitions of columns."""
    height = _HEADER_HEIGHT + 4 + _ROW_HEIGHT * min(max(len(rows), 1), _MOST_ROWS)
    return dag.AgGrid(
        id=grid_id,
        rowData=rows,
        columnDefs=columns,
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
        dashGridOptions={
            "theme": {"function": "snowtapeTheme(themeQuartz)"},
            "rowHeight": _ROW_HEIGHT,
            "headerHeight": _HEADER_HEIGHT,
            "tooltipShowDelay": 300,
            "enableCellTextSelection": True,
            # On a phone too, a row holds all its cells: a row without is none for a screen reader.
            "suppressColumnVirtualisation": True,
            "ensureDomOrder": True,
        },
        style={"height": f"{height}px"},
    )
