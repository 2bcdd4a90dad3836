"""What a user asks of the data source: Spark's options, named as Spark's own sources name theirs."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from jobs.common.local_paths import local_name
from jobs.common.search_path import schema_directory
from jobs.common.typed_names import did_you_mean, names_in
from jobs.kafka.connection import INSECURE, OPTION, PLAIN_KEYS, SECRET_KEYS, Connection

# As the documentation writes them; Spark gives them in lower case.
NAMES = (
    "path", "subscribe", "subscribePattern", "startingOffsets", "maxAlertsPerTrigger", "survey", "columns", "schemas",
    "rejected", "failOnDataLoss", "settleSeconds", "release", "strict", "columnMap", "partitionPoints",
)  # fmt: skip
# Options that only rows of a release have, and those that only packets have.
OF_RELEASES = ("strict", "columnMap", "partitionPoints")
OF_PACKETS = (
    "subscribe", "subscribePattern", "startingOffsets", "maxAlertsPerTrigger", "schemas", "rejected", "failOnDataLoss",
    "settleSeconds",
)  # fmt: skip
KAFKA = "kafka."
# A file that is younger may still be written to; as the jobs' settle_s.
SETTLE_S = 2.0
_SHORT_TRACES, _NO_TRACES = "SPARK_SIMPLIFIED_TRACEBACK", "SPARK_HIDE_TRACEBACK"


class OptionProblem(ValueError):
    """An option that is unknown, missing, or has no sense; the message says what was wanted and what was found."""


@contextmanager
def message_first() -> Iterator[None]:
    """Around what checks options: what is wrong with them is told as it is, not behind the lines of ours that found it.

    Spark makes a source in a process of Python's and hands on what that process says of an exception: the traceback, and the
    message as its last line. The process leaves the traceback away where this variable is set; it is looked at when the
    exception is told. Spark sets the other one in such processes, and in no others.
    """
    try:
        yield
    except ValueError:
        if _SHORT_TRACES in os.environ:
            os.environ[_NO_TRACES] = "1"
        raise


@dataclass(frozen=True)
class ReadOptions:
    """The options, checked.

    Attributes
    ----------
    paths : tuple of str
        Files, folders, patterns; empty for topics.
    topics : tuple of str
        Names, or one pattern that begins with `^`; empty for files.
    connection : Connection or None
        How to reach the broker; for topics.
    start : str
        startingOffsets as given; empty for Spark's default (batch earliest, stream latest).
    limit : int or None
        Alerts per micro-batch.
    survey : str
        A survey's name, or auto.
    columns : tuple of str
        Which columns, in this order; empty for all.
    schemas : str or None
        Directory of schemas of the Confluent wire format.
    rejected : bool
        Rows are the rejected packets.
    fail_on_loss : bool
        Whether records that the broker does not have any more end the query.
    settle_s : float
        In a stream, a file younger than this waits.
    release : str
        The format of a data release, as `strix reprocess --format` names it; empty for packets.
    strict : bool
        Of a release: only epochs without any flag.
    column_map : mapping of str to str
        Of a release of format plain or hats: what its columns are.
    partition_points : int or None
        Of a release: about the points of a task.
    """

    paths: tuple[str, ...]
    topics: tuple[str, ...]
    connection: Connection | None
    start: str = ""
    limit: int | None = None
    survey: str = "auto"
    columns: tuple[str, ...] = ()
    schemas: str | None = None
    rejected: bool = False
    fail_on_loss: bool = True
    settle_s: float = SETTLE_S
    release: str = ""
    strict: bool = False
    column_map: Mapping[str, str] = field(default_factory=dict)
    partition_points: int | None = None

    @property
    def surveys(self) -> tuple[str, ...]:
        """Whose packets are taken."""
        from jobs.pipeline.surveys import surveys_of

        return surveys_of(self.survey)

    @classmethod
    def parse(cls, options: Mapping[str, str]) -> "ReadOptions":
        """Read Spark's options.

        Parameters
        ----------
        options : mapping of str to str
            As Spark gives them, names in any case.

        Raises
        ------
        OptionProblem
            For an unknown option (names the nearest), a value that cannot be, or no input or several.
        SettingsError
            For Kafka settings that do not go together, or hold a secret.
        """
        given = _known(options)
        paths, topics = _paths(given), _topics(given)
        _check_input(given, paths, topics)
        return cls(
            paths,
            topics,
            _connection(given) if topics else None,
            start=given.get("startingOffsets", ""),
            limit=_count("maxAlertsPerTrigger", given),
            survey=_survey(given.get("survey")),
            columns=names_in(given.get("columns", "")),
            schemas=_schemas(given.get("schemas")),
            rejected=_is_true("rejected", given.get("rejected", "false")),
            fail_on_loss=_is_true("failOnDataLoss", given.get("failOnDataLoss", "true")),
            settle_s=_seconds(given.get("settleSeconds")),
            release=given.get("release", ""),
            strict=_is_true("strict", given.get("strict", "false")),
            column_map=_column_map(given.get("columnMap", "")),
            partition_points=_count("partitionPoints", given),
        )


def _survey(given: str | None) -> str:
    if given is None:
        return "auto"
    # Spark looks at this module in every session: the adapters, which take a second to load, wait until one is named.
    from jobs.pipeline.surveys import AUTO, SURVEY_NAMES

    return _chosen("survey", given, (AUTO, *SURVEY_NAMES))


def _known(options: Mapping[str, str]) -> dict[str, str]:
    """The options under the names of NAMES; those of Kafka as they are."""
    names = {name.lower(): name for name in (*NAMES, "paths")}
    given: dict[str, str] = {}
    for key, value in options.items():
        if key.lower().startswith(KAFKA):
            given[key.lower()] = value
        elif key.lower() in names:
            given[names[key.lower()]] = value
        else:
            raise _unknown(key)
    return given


def _unknown(key: str) -> OptionProblem:
    hint = did_you_mean(key, (*NAMES, "kafka.bootstrap.servers"))
    return OptionProblem(f'format "strix" has no option {key}{hint}; it has {", ".join(NAMES)}, kafka.*')


def _check_input(given: Mapping[str, str], paths: tuple[str, ...], topics: tuple[str, ...]) -> None:
    found = [name for name in ("path", "paths", "subscribe", "subscribePattern") if given.get(name)]
    if len(found) != 1 or not (paths or topics):
        told = f"found {' and '.join(found)}" if found else "found none of them"
        raise OptionProblem(f"wants one input: load(path), subscribe or subscribePattern; {told}")
    others = [name for name in given if name in (OF_PACKETS if given.get("release") else OF_RELEASES)]
    if others and given.get("release"):
        raise OptionProblem(f"{', '.join(others)} belong to packets, found option release")
    if others:
        raise OptionProblem(f"{', '.join(others)} belong to a data release: set option release, too")
    of_topics = [name for name in given if name.startswith(KAFKA) or name in ("startingOffsets", "failOnDataLoss")]
    if paths and of_topics:
        raise OptionProblem(f"{', '.join(of_topics)} belong to topics (subscribe, subscribePattern), found a path")


def _paths(given: Mapping[str, str]) -> tuple[str, ...]:
    """Absolute paths; a path that exists is one path, whatever commas it has."""
    if "paths" in given:
        texts = [str(each) for each in json.loads(given["paths"])]
    else:
        text = given.get("path", "")
        texts = [text] if text and os.path.exists(local_name(text, "path")) else list(names_in(text))
    return tuple(os.path.abspath(local_name(each, "path")) for each in texts)


def _topics(given: Mapping[str, str]) -> tuple[str, ...]:
    """Names, or Spark's pattern, which means whole names, as one of ours."""
    pattern = given.get("subscribePattern")
    return (f"^(?:{pattern})$",) if pattern else names_in(given.get("subscribe", ""))


def _connection(given: Mapping[str, str]) -> Connection:
    if not given.get("kafka.bootstrap.servers"):
        raise OptionProblem("topics need option kafka.bootstrap.servers (host:port,host:port), found none")
    settings = {_kafka_key(key.removeprefix(KAFKA)): value for key, value in given.items() if key.startswith(KAFKA)}
    return Connection.of(settings)


def _kafka_key(name: str) -> str:
    """The key of a connection's configuration for a client's setting; keys of ours (password_env) are themselves."""
    of_client = {client: key for key, (client, _) in PLAIN_KEYS.items()} | {v: k for k, v in SECRET_KEYS.items()}
    own = {INSECURE, *(f"{key}_{where}" for key in SECRET_KEYS for where in ("env", "file"))}
    return of_client.get(name) or (name if name in own else OPTION + name)


def _count(name: str, given: Mapping[str, str]) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise OptionProblem(f"{name} wants a whole number above 0, found {text!r}")
    return int(text)


def _column_map(text: str) -> dict[str, str]:
    parts = [part.partition("=") for part in names_in(text)]
    if wrong := [name for name, equals, _ in parts if not equals]:
        raise OptionProblem(f"columnMap wants NAME=COLUMN,NAME=COLUMN, found {wrong[0]!r}")
    return {name.strip(): column.strip() for name, _, column in parts}


def _seconds(text: str | None) -> float:
    if text is None:
        return SETTLE_S
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise OptionProblem(f"settleSeconds wants a number of seconds, found {text!r}")
    return seconds


def _is_true(name: str, text: str) -> bool:
    return _chosen(name, text.lower(), ("true", "false")) == "true"


def _chosen(name: str, text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise OptionProblem(f"{name} wants {', '.join(choices)}; found {text!r}")
    return text


def _schemas(given: str | None) -> str | None:
    path = schema_directory(given)
    if given and path and not os.path.isdir(path):
        raise OptionProblem(f"schemas wants a directory of Avro schemas, found none at {path}")
    return path
