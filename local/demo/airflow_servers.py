"""Airflow's servers in one process group: what `airflow standalone` starts, without its two log servers.

Those listen on every address of the machine, and here the API server reads the logs from the disk anyway. No triggerer:
no task of ours defers.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

AIRFLOW = str(Path(sys.executable).with_name("airflow"))
SERVERS = (["api-server"], ["dag-processor"], ["scheduler", "--skip-serve-logs"])
CHECK_SECONDS = 1.0


def main() -> int:
    """Migrate the metadata database, start the servers, end with the first that ends; returns its exit code."""
    migrated = subprocess.run([AIRFLOW, "db", "migrate"], check=False)
    if migrated.returncode:
        return migrated.returncode
    processes = [subprocess.Popen([AIRFLOW, *arguments]) for arguments in SERVERS]
    while True:
        for process in processes:
            if process.poll() is not None:
                return process.returncode or 1
        time.sleep(CHECK_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
