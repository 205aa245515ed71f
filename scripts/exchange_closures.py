"""Prints dbt/macros/exchange_closures.sql: weekdays on which New York did not trade, or for half a day, from
`exchange_calendars`.

Run it when the exchange announces a closure, or to look further ahead:
    .venv/bin/python scripts/exchange_closures.py > dbt/macros/exchange_closures.sql
"""

from __future__ import annotations

from datetime import date, timedelta

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2035, 12, 31)
MACRO = """\
{{# Weekdays from {first} to {last} on which New York did not or will not trade.
   Written by scripts/exchange_closures.py from the package exchange_calendars. #}}
{{% macro exchange_calendar_span() %}}
    {{{{ return(['{first}', '{last}']) }}}}
{{% endmacro %}}

{{% macro exchange_closures() %}}
    {{{{ return([
{closures}
    ]) }}}}
{{% endmacro %}}

{{# Sessions that ended at 13:00 or will. #}}
{{% macro early_closes() %}}
    {{{{ return([
{early_closes}
    ]) }}}}
{{% endmacro %}}
"""


def render() -> str:
    """The text of the macro file."""
    import exchange_calendars

    calendar = exchange_calendars.get_calendar("XNYS", start=FIRST_DAY.isoformat(), end=LAST_DAY.isoformat())
    sessions = {stamp.date() for stamp in calendar.sessions}
    days = (FIRST_DAY + timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1))
    closed = [f"'{day}'" for day in days if day.weekday() < 5 and day not in sessions]
    early = [f"'{stamp.date()}'" for stamp in calendar.early_closes]
    return MACRO.format(first=FIRST_DAY, last=LAST_DAY, closures=_listed(closed), early_closes=_listed(early))


def _listed(days: list[str]) -> str:
    lines = [", ".join(days[start : start + 8]) for start in range(0, len(days), 8)]
    return ",\n".join(f"        {line}" for line in lines)


if __name__ == "__main__":
    print(render(), end="")
