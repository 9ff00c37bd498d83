"""One driver on one database over Bolt: opening, credentials, retries, and its errors as ours.

Shared by every store that answers Cypher. Credentials come from `NEO4J_USERNAME`, `NEO4J_PASSWORD` and
`NEO4J_DATABASE`, never from an address; no message holds a password. The schemes say how the connection is
secured: `+s` TLS with a certificate that the system trusts, `+ssc` TLS with any certificate, neither: none.
"""

import os
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from lineage.errors import StoreError
from lineage.stores.bolt_errors import translated, wants_memory
from lineage.stores.result import Result

if TYPE_CHECKING:
    from neo4j import Driver, ManagedTransaction, Session

__all__ = ["SCHEMES", "Bolt", "Login", "Question", "bolt_address", "without_secret"]

SCHEMES: Final = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
FETCH_ROWS: Final = 5000
CONNECT_S: Final = 10.0
RETRY_S: Final = 30.0  # how long transient errors are tried again: long enough for a server to restart

T = TypeVar("T")
_EXPLAIN: Final = re.compile(r"\s*EXPLAIN\b", re.IGNORECASE)
_SECRET: Final = re.compile(r"//[^/]*@", re.DOTALL)


def without_secret(address: str) -> str:
    """Return an address without what may be a user and a password.

    >>> without_secret("neo4j://me:secret@host:7687")
    'neo4j://...@host:7687'
    """
    return _SECRET.sub("//...@", address)


def bolt_address(text: str) -> str:
    """Return the address of a Bolt server, checked: SCHEME://HOST or SCHEME://HOST:PORT.

    Raises `StoreError`, which never repeats a password, for anything else.

    >>> bolt_address("neo4j://localhost:7687/")
    'neo4j://localhost:7687'
    """
    if "@" in text:
        raise StoreError(
            f"{without_secret(text)!r} holds a user or a password, which would end up in logs and histories; "
            "leave them out and set NEO4J_USERNAME and NEO4J_PASSWORD"
        )
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise StoreError(f"{text!r} is no address: {error}; write neo4j://HOST:7687") from None
    if not host or any(char.isspace() or not char.isprintable() for char in text):
        raise StoreError(f"{text!r} names no host; write neo4j://HOST:7687")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise StoreError(
            f"{text!r} says more than host and port; the database is named by NEO4J_DATABASE: "
            f"write {parts.scheme}://{parts.netloc}"
        )
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{'' if port is None else f':{port}'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who connects, and to which database; None is the user's own default database."""

    username: str = "neo4j"
    password: str = field(default="", repr=False)
    database: str | None = None

    @classmethod
    def from_environment(
        cls, variables: Mapping[str, str] | None = None, ask: Callable[[str], str] | None = None
    ) -> "Login":
        """Take the login from the environment; where it holds no password, `ask` is called with a question."""
        variables = os.environ if variables is None else variables
        username = variables.get("NEO4J_USERNAME") or "neo4j"
        password = variables.get("NEO4J_PASSWORD") or ""
        if not password and ask is not None:
            password = ask(f"password of {username}: ")
        return cls(username=username, password=password, database=variables.get("NEO4J_DATABASE") or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query of a user with everything that belongs to it."""

    text: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None
    timeout_s: float | None = None
    write: bool = False


class Bolt:
    """A connection that opens when it is first needed. Bookmarks chain everything done through it."""

    def __init__(self, address: str, login: Login | None = None, *, advice: str = "") -> None:
        self.address = address
        self.login = Login.from_environment() if login is None else login
        self._advice = advice  # what to do instead of writing, where writing is never allowed
        self._driver: Driver | None = None
        self._results: list[Result] = []

    def read(self, work: Callable[["ManagedTransaction"], T]) -> T:
        """Run work in one read transaction; again where the server says that this may help."""
        return self._done(work, write=False)

    def write(self, work: Callable[["ManagedTransaction"], T]) -> T:
        """Run work in one write transaction: all of it or nothing; again as `read` does."""
        return self._done(work, write=True)

    def _done(self, work: Callable[["ManagedTransaction"], T], *, write: bool) -> T:
        """Do as the driver's managed transactions do, but for want of memory: again, as much would be wanted."""
        from neo4j.exceptions import DriverError, Neo4jError

        attempt, end_s = 0, None
        with translated(self.address, self.login), self.session(write=write) as session:
            while True:
                try:
                    with session.begin_transaction() as transaction:
                        answer = work(transaction)  # type: ignore[arg-type]  # they run queries alike
                        transaction.commit()
                    return answer
                except (DriverError, Neo4jError) as error:
                    end_s = monotonic() + RETRY_S if end_s is None else end_s
                    if not error.is_retryable() or wants_memory(error) or monotonic() > end_s:
                        raise
                sleep(min(2.0**attempt, 8.0) * random.uniform(0.8, 1.2))
                attempt += 1

    def command(self, text: str) -> list[dict[str, Any]]:
        """Run one statement that needs no transaction of ours, such as making an index."""
        with translated(self.address, self.login), self.session(write=True) as session:
            return [dict(record) for record in session.run(text)]

    @contextmanager
    def session(self, *, write: bool) -> Iterator["Session"]:
        """Open a session on the database, routed and restricted by what it is for."""
        driver = self.driver
        mode = "WRITE" if write else "READ"
        with driver.session(
            database=self.login.database,
            default_access_mode=mode,
            fetch_size=FETCH_ROWS,
            bookmark_manager=driver.execute_query_bookmark_manager,
        ) as session:
            yield session

    @property
    def driver(self) -> "Driver":
        """The driver, opened and tried out."""
        if self._driver is None:
            with translated(self.address, self.login):
                self._driver = _opened(self.address, self.login)
        return self._driver

    def ask(self, question: Question) -> Result:
        """Answer a user's query: parameters bound, rows streamed, nothing written unless it says so.

        Raises `QueryError` with the place marked for a query that the server refuses.
        """
        self._results = [item for item in self._results if not item.closed]
        result = Result(_answers(self, question), limit=question.limit)
        self._results.append(result)
        return result

    def translating(self, question: Question) -> Any:
        """Return the context that turns the driver's errors into ours, for a user's query."""
        return translated(self.address, self.login, question, self._advice)

    def close(self) -> None:
        """End the connection and every result that is still being read; closing twice is fine."""
        results, self._results = self._results, []
        driver, self._driver = self._driver, None
        try:
            for result in results:
                with suppress(StoreError):  # the server is gone, and nobody wants the rest of the answer
                    result.close()
        finally:
            if driver is not None:
                driver.close()


def _opened(address: str, login: Login) -> "Driver":
    import logging

    import neo4j
    import neo4j.exceptions

    # Without a handler, Python prints the driver's retries on stderr; who wants them adds one.
    logging.getLogger("neo4j").addHandler(logging.NullHandler())
    driver = neo4j.GraphDatabase.driver(
        address,
        auth=(login.username, login.password) if login.password else None,
        connection_timeout=CONNECT_S,
        connection_acquisition_timeout=CONNECT_S * 3,
        max_transaction_retry_time=RETRY_S,
        notifications_min_severity="OFF",
        user_agent="lineage",
    )
    try:
        with driver.session(database=login.database, default_access_mode="READ") as session:
            session.run("RETURN 1").consume()  # not tried again: a wrong host or password shows at once
    except neo4j.exceptions.ServiceUnavailable:
        driver.close()
        if address.startswith("neo4j"):  # "no routes" says not why; asked directly, the server shows it
            _opened(f"bolt{address.removeprefix('neo4j')}", login).close()
        raise
    except BaseException:
        driver.close()
        raise
    return driver


def _answers(bolt: Bolt, question: Question) -> Iterator[tuple[Any, ...]]:
    """Yield the column names, and then row by row; the transaction ends with the generator.

    A query that writes is committed before anything is handed out.
    """
    with bolt.translating(question), bolt.session(write=question.write) as session:
        transaction = session.begin_transaction(timeout=question.timeout_s)
        with transaction:
            answer = transaction.run(question.text, dict(question.parameters))
            if _EXPLAIN.match(question.text):
                yield from (("plan",), *((line,) for line in _plan_lines(answer.consume().plan)))
                return
            names = tuple(answer.keys())
            rows: Iterator[tuple[Any, ...]] = (tuple(record.values()) for record in answer)
            if question.write:  # done before anybody reads the answer, and not undone where nobody does
                rows = iter(list(rows))
                transaction.commit()
            yield names
            yield from rows


def _plan_lines(plan: Mapping[str, Any] | None) -> list[str]:
    """Return how the server would answer, as it draws that itself; a plan comes beside the rows, not in them."""
    drawn = str((plan or {}).get("args", {}).get("string-representation", ""))
    return drawn.rstrip().split("\n") if drawn.strip() else []
