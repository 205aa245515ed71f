"""`python -m dashboard` on the day that the seeds are of: whether data is stale depends on the clock."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from dashboard import __main__ as dashboard
from dashboard.data import sessions, warehouse

TODAY = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

if __name__ == "__main__":
    sessions.now = lambda: TODAY
    # A busy machine is not a warehouse that is away.
    warehouse.LOGIN_TIMEOUT_SECONDS, warehouse.STATEMENT_TIMEOUT_SECONDS = 20, 200
    sys.exit(dashboard.main())
