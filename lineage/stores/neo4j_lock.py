"""One writer at a time on a server: a lock that the server lets go when its holder's connection ends.

The holder keeps a transaction open that has changed the node `(:LineageWriter)`. Every transaction that
writes checks the holder's token first, so that a writer whose lock was lost (the server was restarted, say)
cannot mix its work with that of the next one.
"""

import os
import secrets
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Final

from lineage.errors import StoreError, StoreLocked
from lineage.stores.bolt import Bolt
from lineage.stores.bolt_errors import translated

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

__all__ = ["ServerLock"]

# A lock that is free is had at once; but a busy server takes its time to plan the statement, so that it is asked
# again, longer, before somebody is said to write whom the server does not name.
_WAITS_S: Final = (5.0, 25.0)
_TAKE: Final = "MERGE (w:LineageWriter {id: 'writer'}) SET w.taken = true"
_OPEN: Final = "MERGE (s:LineageStore {id: 'store'}) SET s.token = $token"
_FENCE: Final = (
    "MATCH (s:LineageStore {id: 'store'}) WHERE s.token = $token SET s.token = $token RETURN count(*) AS held"
)
_HOLDERS: Final = "SHOW TRANSACTIONS YIELD metaData RETURN metaData.lineage_writer AS holder"


class ServerLock:
    """The writer lock of a database; the thread that holds it may take it again."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt
        self._thread = threading.RLock()
        self._open: ExitStack | None = None
        self._depth = 0
        self._token = ""

    def acquire(self) -> None:
        """Take the lock; raises `StoreLocked` within a moment where another has it."""
        if not self._thread.acquire(blocking=False):
            raise StoreLocked(self._bolt.address, os.getpid())
        try:
            if self._depth == 0:
                self._take()
            self._depth += 1
        except BaseException:
            self._thread.release()
            raise

    def release(self) -> None:
        """Let go of the lock, as often as it was taken."""
        self._depth -= 1
        if self._depth == 0:
            self._let_go()
        self._thread.release()

    def check(self, transaction: "ManagedTransaction") -> None:
        """Raise `StoreError` unless the lock is still ours; other writers wait for this transaction from now."""
        record = transaction.run(_FENCE, token=self._token).single()
        if record is None or not record["held"]:
            raise StoreError(
                f"{self._bolt.address}: another writer has taken over meanwhile; read again, and write again"
            )

    def _take(self) -> None:
        for wait_s in _WAITS_S:
            holder = self._holder()
            if holder is not None:
                raise StoreLocked(self._bolt.address, holder)
            if self._is_free(wait_s):
                break
        else:
            raise StoreLocked(self._bolt.address, self._holder())
        self._token = secrets.token_hex(16)
        with ExitStack() as stack:
            stack.enter_context(translated(self._bolt.address, self._bolt.login))
            session = stack.enter_context(self._bolt.session(write=True))
            transaction = session.begin_transaction(metadata={"lineage_writer": os.getpid()})
            stack.callback(_closed, transaction)
            transaction.run(_TAKE).consume()
            self._bolt.write(lambda tx: tx.run(_OPEN, token=self._token).consume())
            self._open = stack.pop_all()

    def _is_free(self, wait_s: float) -> bool:
        """Return whether the lock can be had: it is taken for a moment, with a time limit."""
        from neo4j.exceptions import Neo4jError

        with translated(self._bolt.address, self._bolt.login), self._bolt.session(write=True) as session:
            transaction = session.begin_transaction(timeout=wait_s)
            try:
                transaction.run(_TAKE).consume()
                transaction.commit()
            except Neo4jError as error:
                if "TransactionTimedOut" in str(error.code) or "Terminated" in str(error.code):
                    return False
                raise
            finally:
                _closed(transaction)
        return True

    def _holder(self) -> int | None:
        """Return the process id of who writes; None where nobody does, or the server does not tell this user."""
        with suppress(StoreError):
            rows = self._bolt.command(_HOLDERS)
            return next((int(row["holder"]) for row in rows if row["holder"] is not None), None)
        return None

    def _let_go(self) -> None:
        stack, self._open = self._open, None
        if stack is not None:
            with suppress(StoreError):  # the connection may be gone, and the lock with it
                stack.close()


def _closed(transaction: Any) -> None:
    with suppress(Exception):  # what ends it has been reported already, or the lock is gone anyhow
        transaction.close()
