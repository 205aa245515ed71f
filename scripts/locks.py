"""One version of a package over all locks, but for the exceptions in requirements/apart.toml.

python3 scripts/locks.py                  print every package with several versions, and why
python3 scripts/locks.py constraints snow print what the locks before `snow` have settled (scripts/lock uses it)
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[1]
# In the order in which scripts/lock makes them: each keeps to the versions of those before it.
LOCKS = {
    "local": "requirements/local.txt",
    "image": "requirements.txt",
    "dbt": "requirements/dbt.txt",
    "dashboard": "requirements/dashboard.txt",
    "migrate": "requirements/migrate.txt",
    "snow": "requirements/snow.txt",
    "peers": "bench/peers/requirements.txt",
}
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)(?:\s*;\s*([^\\\n]+?))?\s*\\?$", re.MULTILINE)


class Pin(NamedTuple):
    """One line of a lock; `marker` is empty where it holds everywhere."""

    version: str
    marker: str


Pins = dict[str, list[Pin]]


def read_pins(text: str) -> Pins:
    """Pins by package, in the lock's order."""
    pins: Pins = {}
    for name, version, marker in PIN.findall(text):
        pins.setdefault(name, []).append(Pin(version, marker))
    return pins


def read_locks() -> dict[str, Pins]:
    """The repository's locks by name, in their order."""
    return {name: read_pins((REPOSITORY / path).read_text()) for name, path in LOCKS.items()}


def read_apart() -> dict[tuple[str, str], str]:
    """Reasons by lock and package, of requirements/apart.toml."""
    listed = tomllib.loads((REPOSITORY / "requirements" / "apart.toml").read_text())["apart"]
    return {(entry["lock"], package): entry["reason"] for entry in listed for package in entry["packages"]}


def settled(lock: str, locks: Mapping[str, Pins], apart: Mapping[tuple[str, str], str]) -> Pins:
    """What the locks before this one have decided, without what is theirs or this one's alone."""
    decided: Pins = {}
    for name, pins in locks.items():
        if name == lock:
            break
        for package, found in pins.items():
            if (name, package) not in apart:
                decided.setdefault(package, found)
    return {package: pins for package, pins in decided.items() if (lock, package) not in apart}


def problems(locks: Mapping[str, Pins], apart: Mapping[tuple[str, str], str]) -> list[str]:
    """One line for each version that differs without a reason, and for each reason that nothing needs."""
    found = []
    first: dict[str, set[str]] = {}
    for lock, pins in locks.items():
        for package, own in pins.items():
            versions = {pin.version for pin in own}
            listed = (lock, package) in apart
            if package not in first:
                # Several in one lock: by the version of Python, or by the platform.
                if len(versions) > 1 and not listed:
                    found.append(f"{lock}: {package} has {' and '.join(sorted(versions))} and no reason")
                if listed and len(versions) == 1:
                    found.append(f"{lock}: {package} is in apart.toml and differs from nothing")
                if not listed or len(versions) > 1:
                    first[package] = versions
            elif not versions <= first[package] and not listed:
                found.append(
                    f"{lock}: {package} is {' and '.join(sorted(versions))}; expected "
                    f"{' or '.join(sorted(first[package]))} as in the locks before it"
                )
            elif versions <= first[package] and listed and len(versions) == 1:
                found.append(f"{lock}: {package} is in apart.toml and the same as elsewhere")
    found += [f"{lock}: {package} is in apart.toml and not in the lock" for lock, package in apart
              if package not in locks.get(lock, {})]  # fmt: skip
    return found


def main(arguments: list[str]) -> int:
    """See the module."""
    apart = read_apart()
    if arguments[:1] == ["constraints"]:
        for package, pins in settled(arguments[1], read_locks(), apart).items():
            for pin in pins:
                print(f"{package}=={pin.version}" + (f" ; {pin.marker}" if pin.marker else ""))
        return 0
    locks = read_locks()
    for (lock, package), reason in apart.items():
        versions = " and ".join(sorted({pin.version for pin in locks[lock].get(package, [])}))
        print(f"{lock}: {package} {versions}: {reason}")
    for line in problems(locks, apart):
        print(line, file=sys.stderr)
    return 1 if problems(locks, apart) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
