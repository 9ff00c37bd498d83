"""The errors of the Neo4j driver and server as ours: one sentence, and the way out."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from lineage.errors import LineageError, QueryError, StoreDenied, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from lineage.stores.bolt import Login, Question

__all__ = ["OutOfServerMemory", "translated", "wants_memory"]

_PLACE: Final = re.compile(r"\(line (\d+), column (\d+)")
_LOGIN: Final = ("Unauthorized", "TokenExpired")
_READ_ONLY: Final = ("ForbiddenOnReadOnlyDatabase", "WriteOnReadOnlyAccessDatabase", "ReadOnly")
_NO_DATABASE: Final = ("DatabaseNotFound", "HomeDatabaseNotFound", "IllegalDatabaseName")
_MEMORY: Final = "OutOfMemory"
_LIMIT: Final = re.compile(r"\b(?:db|dbms)\.memory\.[a-z.]+[a-z]")  # the setting, as the server names it
_GONE: Final = ("DatabaseUnavailable", "Unavailable", "UnknownSystemError", "LeaderSwitch", "NotALeader")


class OutOfServerMemory(StoreError):
    """One transaction needs more memory than the server allows: take smaller ones."""


@contextmanager
def translated(
    address: str, login: "Login", question: "Question | None" = None, advice: str = ""
) -> Iterator[None]:
    """Turn what the driver raises into our errors; `question` is the user's query that is being run, if any."""
    from neo4j.exceptions import DriverError, Neo4jError

    try:
        yield
    except LineageError:
        raise
    except Neo4jError as error:
        raise _of_server(error, address, login, question, advice) from None
    except DriverError as error:
        raise _of_driver(error, address, question) from None
    except (ssl.SSLError, OSError) as error:
        raise StoreUnavailable(f"the connection to {address} failed: {error}; {_REACH}") from None
    except (TypeError, ValueError) as error:
        if question is None:
            raise
        raise QueryError(question.text, f"a parameter cannot be sent: {error}") from None


def wants_memory(error: Exception) -> bool:
    """Return whether a transaction needs more memory than it may have, which does not pass."""
    return _MEMORY in str(getattr(error, "code", ""))


def _out_of_memory(error: Any, address: str) -> OutOfServerMemory:
    limit = _LIMIT.search(str(error.message))
    setting = limit[0] if limit else "dbms.memory.transaction.total.max"
    return OutOfServerMemory(f"{address}: it needs more memory than the server allows; raise {setting} there")


_REACH: Final = "check that the server runs, and its host and port"


def _of_server(  # the parameters of `translated`
    error: Any, address: str, login: "Login", question: "Question | None", advice: str
) -> LineageError:
    kind = str(error.code or "").rpartition(".")[2]
    if kind in _LOGIN and not login.password:
        return StoreDenied(
            f"{address} wants a login, and no password was given; set NEO4J_PASSWORD (and NEO4J_USERNAME, which is "
            f"{login.username!r} by default), or run the command on a terminal, where it asks"
        )
    if kind == "AuthenticationRateLimit":
        return StoreDenied(
            f"{address} refuses the login of {login.username!r} after too many wrong passwords; wait some seconds, "
            "and check NEO4J_USERNAME and NEO4J_PASSWORD"
        )
    if kind == "CredentialsExpired":
        return StoreDenied(
            f"{address}: the password of {login.username!r} must be changed first, in any client of Neo4j: "
            "ALTER CURRENT USER SET PASSWORD FROM '...' TO '...'; then set NEO4J_PASSWORD to the new one"
        )
    if kind in _LOGIN:
        return StoreDenied(
            f"{address} refuses the login of {login.username!r}; check NEO4J_USERNAME and NEO4J_PASSWORD"
        )
    if kind in _NO_DATABASE:
        return StoreError(
            f"{address} has no database {login.database!r}; set NEO4J_DATABASE to one that it has"
        )
    if kind in _READ_ONLY:
        return StoreDenied(f"the database at {address} is read-only; write to another, or ask who runs it")
    if kind == "Forbidden":
        return StoreDenied(
            f"{login.username!r} may not do this on {address}: {_plain(error)}; "
            "ask for the rights, or set NEO4J_USERNAME to a user who has them"
        )
    if kind in _GONE:
        return StoreUnavailable(f"{address} cannot answer now: {_plain(error)}; try again later")
    if wants_memory(error):
        if question is None:
            return _out_of_memory(error, address)
        text = "it needs more memory than the server allows; match less, or return fewer rows"
        return QueryError(question.text, text)
    if question is None:
        return StoreError(f"{address} refused: {_plain(error)} ({error.code})")
    return _of_query(error, kind, question, advice)


def _of_query(error: Any, kind: str, question: "Question", advice: str) -> QueryError:
    if kind == "AccessMode":
        way_out = advice or "say that it may: --write, in Python write=True"
        return QueryError(question.text, f"the query writes, and queries only read here; {way_out}")
    if kind.startswith("TransactionTimedOut"):
        limit = "" if question.timeout_s is None else f" of {question.timeout_s:g} s"
        return QueryError(
            question.text, f"the query took longer than its limit{limit}; match less, or give it more time"
        )
    place = _PLACE.search(str(error.message))
    if place is None:
        return QueryError(question.text, _plain(error))
    return QueryError(question.text, _plain(error), int(place[1]), int(place[2]))


def _plain(error: Any) -> str:
    """Return the server's sentence without the excerpt of the query under it."""
    text = str(error.message or error).partition(" (line ")[0].strip()
    return text if len(text) <= 600 else f"{text[:600]}..."


def _of_driver(error: Exception, address: str, question: "Question | None") -> LineageError:
    from neo4j.exceptions import ConfigurationError, ResultError

    if isinstance(error, ResultError):
        return StoreError(f"the answer of {address} is no longer there; ask again")
    if isinstance(error, ConfigurationError):
        return StoreError(f"{address}: {error}; check the address")
    if _is_tls(error):
        return StoreUnavailable(
            f"{address}: the two sides do not agree on TLS; without it the scheme is neo4j:// or bolt://, with "
            "a certificate that this machine does not know it is neo4j+ssc:// or bolt+ssc://"
        )
    told = " ".join(str(error).split())
    if "handshake" in told:
        return StoreUnavailable(
            f"{address} closed the connection before it answered; it may want TLS (neo4j+s:// or bolt+s://), "
            "speak something else than Bolt, or not be ready yet"
        )
    lost = "the connection was lost or refused" if question is None else "the connection was lost"
    return StoreUnavailable(f"{address}: {lost} ({told[:300]}); {_REACH}")


def _is_tls(error: BaseException | None) -> bool:
    """Return whether an error of TLS is among the causes of this one, or its text says so."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        if isinstance(error, ssl.SSLError) or "encrypted" in str(error) or "BoltSecurity" in repr(error):
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False
