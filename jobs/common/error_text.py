"""What an exception says, where saying it may fail."""


def text_of(error: BaseException) -> str:
    """The message of an exception; never raises.

    Py4J asks the JVM for the message of an exception of Java's, and a JVM that is gone does not answer.

    Parameters
    ----------
    error : BaseException
        Of any library.

    Returns
    -------
    str
        Where the message cannot be had, the exception's name and why.
    """
    try:
        return str(error)
    except Exception as problem:  # noqa: BLE001 - whatever it is: an error is told, not raised
        return f"{type(error).__name__}: its message cannot be had any more ({type(problem).__name__})"
