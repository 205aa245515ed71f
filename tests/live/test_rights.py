"""What each role must not do, judged by any of the errors that Snowflake has for it, and that it is the role's lack."""

from __future__ import annotations

import re

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.live.denials import DENIALS, DENIED, Denial
from tests.live.target import Target

# What a procedure says that was called, of an argument that is not what it should be.
CALLED = r"not the key of a manifest|Nothing was written"


def answer(target: Target, role: str, statement: str) -> str:
    """The error of a statement in a role; empty without one."""
    try:
        target.rows(role, f"set database = '{target.database}'", statement)
    except ProgrammingError as error:
        return str(error)
    return ""


@pytest.mark.live
@pytest.mark.parametrize("denial", DENIALS, ids=[f"{denial.role}: {denial.statement}" for denial in DENIALS])
def test_role_is_denied(account_only: Target, denial: Denial) -> None:
    assert re.search(DENIED, answer(account_only, denial.role, denial.statement))


@pytest.mark.live
@pytest.mark.parametrize(("role", "statement"), sorted({(one.may, one.statement) for one in DENIALS if one.may}))
def test_role_that_may_is_not_denied_the_same(target: Target, role: str, statement: str) -> None:
    said = answer(target, role, statement)

    assert said == "" or re.search(CALLED, said)


@pytest.mark.parametrize(
    "said",
    [
        "003001 (42501): SQL access control error:\nInsufficient privileges to operate on schema 'RAW'",
        "002003 (02000): SQL compilation error:\nObject 'X.RAW.LOAD_LEDGER' does not exist or not authorized.",
        "002003 (42S02): SQL compilation error:\nTable 'LOAD_LEDGER' does not exist or not authorized.",
        "002140 (42601): SQL compilation error:\nUnknown user-defined function RAW.LOAD_MANIFEST",
        "002141 (42601): SQL compilation error:\nUnknown user-defined function X.RAW.RELOAD_MANIFEST",
        "002043 (02000): SQL compilation error:\nObject does not exist, or operation cannot be performed.",
        "Schema 'MARTS' does not exist or not authorized",
    ],
)
def test_every_error_of_a_lacking_right_counts_as_a_denial(said: str) -> None:
    assert re.search(DENIED, said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "001003 (42000): SQL compilation error:\nsyntax error line 1 at position 0 unexpected 'selec'.",
        "000904 (42000): SQL compilation error: error line 1 at position 7\ninvalid identifier 'NAME'",
        "100357 (P0000): Python Interpreter Error: 'x' is not the key of a manifest; expected manifests/",
        "000625 (57014): Statement 'x' has locked table 'LOAD_LOCKS' in transaction 1.",
    ],
)
def test_no_other_error_counts_as_one(said: str) -> None:
    assert not re.search(DENIED, said)
