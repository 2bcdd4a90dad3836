"""Ending a transaction: commit, abort, and what a client says when it cannot."""

import time

from confluent_kafka import KafkaError, KafkaException, Producer

ATTEMPT_S = 10.0  # of one call; a commit is asked for again until its producer's time is over
# What a client says that has ended, or whose transaction cannot be committed any more: not why.
_NOT_WHY = (KafkaError._FATAL, KafkaError._STATE)


def commit(producer: Producer, timeout_s: float) -> None:
    """Commit; asked again for as long as that may help.

    Parameters
    ----------
    producer : Producer
        With a transaction begun.
    timeout_s : float
        Time after which no further attempt begins [s].

    Raises
    ------
    KafkaException
        If it is not known that the transaction is committed.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            producer.commit_transaction(ATTEMPT_S)
            return
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise


def abort(producer: Producer) -> None:
    """End the transaction with nothing of it committed.

    Parameters
    ----------
    producer : Producer
        With a transaction begun.

    Raises
    ------
    KafkaException
        Why the client has ended, if it has; as often as it is called.
    """
    try:
        producer.abort_transaction(ATTEMPT_S)
    except SystemError:
        # It ended in this very call: see `hides_why`.
        producer.abort_transaction(ATTEMPT_S)


def hides_why(problem: KafkaException | SystemError) -> bool:
    """Whether the client must be asked for what happened.

    That it is fenced confluent_kafka raises while it still calls back for the messages that are discarded. Any line of
    Python that is run then can clear or replace the exception (looking up an attribute of a class does): what comes out
    of poll or flush is a SystemError.

    Parameters
    ----------
    problem : KafkaException or SystemError
        What a call of the client raised.
    """
    return isinstance(problem, SystemError) or problem.args[0].code() in _NOT_WHY
