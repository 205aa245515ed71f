"""What can go wrong between the dashboard and the warehouse.

    WarehouseError
      + WarehouseAway    not reachable, or gone while answering: the page tries again by itself
      + SignInRefused    reached, but user, password, key or role were refused
      + NotBuilt         a table or view isn't there (yet), or the role may not see it
      + QueryFailed      the warehouse refused the statement for another reason

Every message is fit for the screen: it names the address or the query, never a secret.
"""

from __future__ import annotations

from snowflake.connector import errors as sf


class WarehouseError(Exception):
    """Base of all errors that the data layer raises."""


class WarehouseAway(WarehouseError):
    """The warehouse can't be reached; another try can help."""


class SignInRefused(WarehouseError):
    """The warehouse answered and refused the sign-in."""


class NotBuilt(WarehouseError):
    """A table or view that a query reads does not exist or isn't granted."""


class QueryFailed(WarehouseError):
    """The warehouse refused a statement."""


SESSION_GONE = frozenset({390104, 390111, 390112, 390114, 390115, 390195})
_MISSING_OBJECT = frozenset({2003, 2043, 904})
_SIGN_IN = frozenset({390100, 390101, 390102, 390103, 390144, 390186, 390189, 390190, 390201, 250001})
_REFUSAL_WORDS = ("incorrect", "password", "jwt", "role", "not authorized", "locked")
_UNREACHABLE = frozenset({250001, 250002, 250003, 251001, 251011})


def session_is_gone(error: Exception) -> bool:
    """True when a fresh sign-in may answer what this session could not (expired, or the server was restarted)."""
    if isinstance(error, sf.ProgrammingError):
        return error.errno in SESSION_GONE
    return isinstance(error, sf.OperationalError | sf.InterfaceError | sf.DatabaseError | OSError)


def translate(error: Exception, *, address: str, doing: str) -> WarehouseError:
    """The WarehouseError that says what `error` (raised by the connector while `doing`) means."""
    errno = getattr(error, "errno", None)
    text = " ".join(str(getattr(error, "msg", None) or error).split())
    if isinstance(error, sf.ProgrammingError):
        if errno in _MISSING_OBJECT:
            return NotBuilt(f"{doing}: {text}")
        if errno not in SESSION_GONE:
            return QueryFailed(f"{doing}: {text}")
    if isinstance(error, sf.ForbiddenError) or _was_refused(errno, text):
        return SignInRefused(f"The warehouse at {address} refused the sign-in ({text}).")
    is_about_the_wire = isinstance(error, sf.OperationalError | sf.InterfaceError | OSError)
    if not is_about_the_wire and errno not in _UNREACHABLE and errno not in SESSION_GONE:
        return QueryFailed(f"{doing}: {text}")
    return WarehouseAway(f"The warehouse at {address} does not answer.")


def _was_refused(errno: object, text: str) -> bool:
    # 250001 covers both "no answer" and "wrong password": only the text tells them apart.
    if errno == 250001:
        return any(word in text.lower() for word in _REFUSAL_WORDS)
    return errno in _SIGN_IN
