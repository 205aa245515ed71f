"""Where dbt and its project are. What dbt needs to reach the warehouse, its own profile reads from SNOWFLAKE_*."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


class BadSetting(ValueError):
    """One line that names the variable, what it holds and what it should be."""


@dataclass(frozen=True)
class TransformSettings:
    """The dbt executable (absolute) and the folder that holds dbt_project.yml and profiles.yml."""

    executable: Path
    project_dir: Path

    @property
    def runs_dir(self) -> Path:
        """One folder a run below dbt's usual target folder, and the parse that they share."""
        return self.project_dir / "target" / "runs"

    def target_path(self, run_id: str) -> Path:
        """The folder where the run of this name leaves its artifacts; any text is a name."""
        return self.runs_dir / re.sub(r"[^A-Za-z0-9_.-]+", "_", run_id).lstrip(".")


def read_settings(environment: Mapping[str, str] = os.environ) -> TransformSettings:
    """SNOWTAPE_DBT_EXECUTABLE (default dbt) and SNOWTAPE_DBT_PROJECT_DIR (default: the repository's dbt folder).

    Raises:
        BadSetting: there is no such executable or no dbt project.
    """
    name = environment.get("SNOWTAPE_DBT_EXECUTABLE", "").strip() or "dbt"
    found = shutil.which(name, path=environment.get("PATH"))
    if found is None:
        raise BadSetting(f"SNOWTAPE_DBT_EXECUTABLE is {name!r}; expected dbt's executable, on PATH or with its path.")
    project_dir = Path(environment.get("SNOWTAPE_DBT_PROJECT_DIR", "").strip() or REPOSITORY / "dbt").absolute()
    if not (project_dir / "dbt_project.yml").is_file():
        raise BadSetting(f"SNOWTAPE_DBT_PROJECT_DIR is {str(project_dir)!r}; expected a folder with a dbt_project.yml.")
    return TransformSettings(Path(found).absolute(), project_dir)
