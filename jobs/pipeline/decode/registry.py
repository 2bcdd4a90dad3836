"""Writer schemas from a Confluent-compatible registry, kept on disk: one that is down is one that knows nothing."""

import base64
import hashlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jobs.kafka.secrets import Secret, SettingsError, is_true
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.limits import DEFAULT
from jobs.pipeline.decode.unreadable import only_faults
from jobs.pipeline.decode.writer_schema import writer_schema
from jobs.storage.writing import replace_file

TIMEOUT_S = 5.0
ANSWER_S = 15.0
# An id that is not there, or a registry that does not answer, is asked for again after this long.
AGAIN_S = 10.0
MOST_REMEMBERED = 10_000
KEYS = ("url", "username", "password_env", "password_file", "ca_file", "insecure")


@dataclass(frozen=True)
class Registry:
    """A schema registry and where its answers are kept.

    Attributes
    ----------
    url : str
        http(s)://host:port/path.
    cache : str
        Directory; a schema is `<id>.avsc` in it and is never asked for again.
    ca_file : str or None
        Certificates that are trusted (PEM); None: those of the system.
    """

    url: str
    cache: str
    username: str = ""
    password: Secret | None = None
    ca_file: str | None = None

    @classmethod
    def of(cls, mapping: Mapping[str, str], cache: Path) -> "Registry | None":
        """The registry that a configuration's mapping describes; None for an empty one.

        Parameters
        ----------
        mapping : mapping of str to str
            See KEYS.
        cache : Path
            Directory for the schemas of all registries; each URL has a folder of its own in it.

        Raises
        ------
        SettingsError
            For an unknown key, a URL that is none, a password that is written instead of named, or one that would go
            over plain http without `insecure: true`.
        """
        if not mapping:
            return None
        unknown = sorted(set(mapping) - set(KEYS))
        if "password" in unknown:
            raise SettingsError(
                "registry password would hold a secret; name it: password_env: VARIABLE or password_file: PATH"
            )
        if unknown:
            raise SettingsError(f"unknown key registry {unknown[0]!r}; known keys: {', '.join(KEYS)}")
        url = mapping.get("url", "")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise SettingsError("registry url should be http(s)://host:port, without a name and password in it")
        own = cache / hashlib.sha256(url.encode()).hexdigest()[:12]
        secret = Secret.of("password", mapping)
        if secret and parts.scheme != "https" and not is_true("registry insecure", mapping.get("insecure", "false")):
            raise SettingsError(
                f"registry url {url} is plain http, and anybody on the way could read the password; wants https, or"
                " insecure: true to send it all the same"
            )
        return cls(url.rstrip("/"), str(own), mapping.get("username", ""), secret, mapping.get("ca_file"))

    def __call__(self, schema_id: int) -> Path:
        """The file with the schema of an id.

        Parameters
        ----------
        schema_id : int
            As a wire message names it.

        Raises
        ------
        Fault
            unknown_schema if the registry does not know it, does not answer, or answers something else.
        """
        path = Path(self.cache) / f"{schema_id}.avsc"
        if not path.exists():
            problem = _REMEMBERED.get((self.url, schema_id)) or _REMEMBERED.get((self.url, -1))
            if problem and time.monotonic() < problem[0]:
                raise Fault("unknown_schema", problem[1])
            self._keep(path, self._fetch(schema_id))
        return path

    def _fetch(self, schema_id: int) -> str:
        try:
            status, body = self.ask(f"/schemas/ids/{schema_id}")
        except (OSError, http.client.HTTPException, ValueError) as error:  # SettingsError is a ValueError
            raise self._remember(-1, f"registry {self.url} does not answer: {error}") from None
        if status != 200:
            raise self._remember(schema_id, f"schema id {schema_id}: registry {self.url} answers {status}")
        try:
            return _schema_in(body)
        except Fault as fault:
            told = f"schema id {schema_id}: registry {self.url} answers what is no schema: {fault.message}"
            raise self._remember(schema_id, told) from None

    def ask(self, path: str, content: bytes | None = None) -> tuple[int, bytes]:
        """One request to the registry.

        Parameters
        ----------
        path : str
            Behind the registry's URL, from the slash on.
        content : bytes, optional
            Body (JSON); with one the request is a POST, without a GET.

        Returns
        -------
        status : int
            Of HTTP.
        body : bytes
            Cut after 1 MiB.

        Raises
        ------
        OSError, http.client.HTTPException
            If the registry does not answer.
        SettingsError
            If the password is not where it should be.
        """
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=self.ca_file)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=TIMEOUT_S, context=context
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        try:
            connection.connect()
            with _within(ANSWER_S, connection.sock):
                method = "GET" if content is None else "POST"
                connection.request(method, parts.path + path, content, headers=self._headers())
                answer = connection.getresponse()
                return answer.status, answer.read(2 * DEFAULT.max_schema_bytes)
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        kind = "application/vnd.schemaregistry.v1+json"
        headers = {"Accept": f"{kind}, application/json", "Content-Type": kind}
        if self.password is not None:
            pair = f"{self.username}:{self.password.read()}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return headers

    def _remember(self, schema_id: int, message: str) -> Fault:
        if len(_REMEMBERED) >= MOST_REMEMBERED:
            _REMEMBERED.clear()
        _REMEMBERED[(self.url, schema_id)] = (time.monotonic() + AGAIN_S, message)
        return Fault("unknown_schema", message)

    def _keep(self, path: Path, text: str) -> None:
        try:
            replace_file(path, text)
        except OSError as error:
            raise self._remember(-1, f"{path} cannot be written: {error.strerror}; set STRIX_CACHE") from None


@only_faults()
def _schema_in(body: bytes) -> str:
    """The writer schema in a registry's answer, safe to read with: what is kept on disk is never asked for again."""
    content: dict[str, Any] = json.loads(body)
    kind, text = content.get("schemaType", "AVRO"), content["schema"]
    if kind != "AVRO" or content.get("references"):
        what = f"a schema of type {kind}" if kind != "AVRO" else "a schema with references"
        raise Fault("unknown_schema", f"wants one whole AVRO schema, found {what}")
    if not isinstance(text, str):
        raise Fault("unknown_schema", f"wants a schema in a string, found a {type(text).__name__}")
    text.encode()  # halves of surrogate pairs cannot be written
    return writer_schema(text, DEFAULT.max_schema_bytes).text


@contextmanager
def _within(seconds: float, connected: socket.socket) -> Iterator[None]:
    """Each read has a time of its own; an answer that comes drop by drop ends here, with TimeoutError."""
    hang_up = threading.Timer(seconds, _shut, [connected])
    hang_up.daemon = True
    hang_up.start()
    started = time.monotonic()
    try:
        yield
    finally:
        hang_up.cancel()
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"no whole answer in {seconds:g} s")


def _shut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


# What a process was told in vain, by URL and id (-1: nothing at all), until when.
_REMEMBERED: dict[tuple[str, int], tuple[float, str]] = {}


@dataclass(frozen=True)
class SchemaPlaces:
    """Where writer schemas are looked for, in this order: a directory, then a registry."""

    directory: str | None
    registry: Registry
