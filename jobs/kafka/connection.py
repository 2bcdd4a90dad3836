"""How to reach a Kafka cluster: settings without secrets, and the secrets only where a client is made.

A password is named, never written: `password_env: NAME` or `password_file: PATH`. So it cannot come onto a command
line, into a log, the ledger, a plan that Spark shows, or a pickle: each process reads it for itself.
"""

import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jobs.common.typed_names import did_you_mean
from jobs.kafka.secrets import Secret, SettingsError, is_true

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER")
# Key of the configuration: the client's own name for it, and what it means.
PLAIN_KEYS = {
    "bootstrap": ("bootstrap.servers", "brokers to begin with, host:port,host:port"),
    "protocol": ("security.protocol", ", ".join(PROTOCOLS)),
    "mechanism": ("sasl.mechanism", ", ".join(MECHANISMS)),
    "username": ("sasl.username", "for SCRAM and PLAIN"),
    "ca_file": ("ssl.ca.location", "certificates of who signed the broker's; default: the system's"),
    "certificate_file": ("ssl.certificate.location", "our certificate, where the broker wants one"),
    "key_file": ("ssl.key.location", "its key"),
    "token_url": ("sasl.oauthbearer.token.endpoint.url", "OAUTHBEARER: where tokens are had (client credentials)"),
    "client_id": ("sasl.oauthbearer.client.id", "OAUTHBEARER: who we are there"),
    "scope": ("sasl.oauthbearer.scope", "OAUTHBEARER: what for"),
}
SECRET_KEYS = {
    "password": "sasl.password",
    "key_password": "ssl.key.password",
    "client_secret": "sasl.oauthbearer.client.secret",
}
OPTION = "librdkafka."
INSECURE = "insecure"
# Mechanisms that put a secret on the wire as it is.
_READABLE = {"PLAIN": "the password", "OAUTHBEARER": "the token"}
_ALL_THE_SAME = ", or insecure: true to send it all the same"
# Options of the client that hold a secret have a key of their own here.
_SECRET_OPTIONS = ("password", "secret", ".pem", "jaas", "assertion.private", "sasl.oauthbearer.config")
# The broker's log says more than the client's; what matters comes back as an error.
SILENT = logging.Logger("strix.kafka", logging.CRITICAL + 1)
# By default a client waits up to 10 s between two tries at a broker that does not answer.
_DEFAULTS = {"reconnect.backoff.max.ms": 1000, "socket.keepalive.enable": True}


@dataclass(frozen=True)
class Connection:
    """Settings of a cluster; holds no secret, only where it is.

    Attributes
    ----------
    settings : tuple of (str, str)
        The client's settings.
    secrets : tuple of (str, Secret)
        Where the others come from.
    """

    settings: tuple[tuple[str, str], ...]
    secrets: tuple[tuple[str, Secret], ...] = ()

    @classmethod
    def of(cls, mapping: Mapping[str, str]) -> "Connection":
        """The connection that a configuration's mapping describes.

        Parameters
        ----------
        mapping : mapping of str to str
            A job's `kafka`: keys of PLAIN_KEYS, `<key>_env` or `<key>_file` for those of SECRET_KEYS, `insecure`,
            `librdkafka.<option>`.

        Raises
        ------
        SettingsError
            For an unknown key (names the nearest), a secret that is written instead of named, settings that do not go
            together, a secret that others could read on its way (unless `insecure: true`).
        """
        for key in mapping:
            _check_key(key)
        if not mapping.get("bootstrap"):
            raise SettingsError("kafka needs bootstrap: host:port of a broker")
        settings = {PLAIN_KEYS[key][0]: value for key, value in mapping.items() if key in PLAIN_KEYS}
        settings |= {key.removeprefix(OPTION): value for key, value in mapping.items() if key.startswith(OPTION)}
        secrets = {name: Secret.of(key, mapping) for key, name in SECRET_KEYS.items()}
        made = cls(tuple(sorted(settings.items())), tuple((name, each) for name, each in secrets.items() if each))
        made._check()
        made._check_readable(is_true("kafka insecure", mapping.get(INSECURE, "false")))
        return made

    @property
    def bootstrap(self) -> str:
        """The brokers to begin with."""
        return dict(self.settings)["bootstrap.servers"]

    def client(self, **more: Any) -> dict[str, Any]:
        """What a confluent_kafka client is made with; read the secrets, so keep it out of sight.

        Parameters
        ----------
        **more
            Further settings; `_` stands for a dot.

        Raises
        ------
        SettingsError
            If a secret is not where it should be; names the variable or the file.
        """
        own = {key.replace("_", "."): value for key, value in more.items()}
        secrets = {name: each.read() for name, each in self.secrets}
        oidc = {"sasl.oauthbearer.method": "oidc"} if dict(self.settings).get("sasl.mechanism") == "OAUTHBEARER" else {}
        return {**_DEFAULTS, **oidc, **dict(self.settings), **own, **secrets}

    def _check(self) -> None:
        settings = dict(self.settings)
        protocol = settings.get("security.protocol", "PLAINTEXT")
        mechanism = settings.get("sasl.mechanism", "")
        if protocol not in PROTOCOLS:
            raise SettingsError(f"kafka protocol is {protocol!r}, it can be {', '.join(PROTOCOLS)}")
        if mechanism and mechanism not in MECHANISMS:
            raise SettingsError(f"kafka mechanism is {mechanism!r}, it can be {', '.join(MECHANISMS)}")
        if mechanism and not protocol.startswith("SASL"):
            raise SettingsError(
                f"kafka mechanism {mechanism} needs protocol SASL_SSL or SASL_PLAINTEXT, it is {protocol}"
            )
        needs = {"": (), "OAUTHBEARER": ("token_url", "client_id", "client_secret")}.get(
            mechanism, ("username", "password")
        )
        known = {PLAIN_KEYS[key][0]: key for key in PLAIN_KEYS} | {name: key for key, name in SECRET_KEYS.items()}
        given = {known.get(name, name) for name in [*settings, *(name for name, _ in self.secrets)]}
        missing = [f"{key}_env or {key}_file" if key in SECRET_KEYS else key for key in needs if key not in given]
        if missing:
            raise SettingsError(f"kafka mechanism {mechanism} needs {', '.join(missing)}")

    def _check_readable(self, insecure: bool) -> None:
        """Whether anybody between us and the other side could read a secret. This machine's loopback is no way."""
        settings = dict(self.settings)
        mechanism = settings.get("sasl.mechanism") or settings.get("sasl.mechanisms", "")  # the client takes both
        token_url = settings.get(PLAIN_KEYS["token_url"][0], "")
        if token_url.lower().startswith("http://") and not _is_loopback(urlsplit(token_url).netloc) and not insecure:
            raise SettingsError(
                f"kafka token_url {token_url} is plain http and gets our secret; wants https{_ALL_THE_SAME}"
            )
        if settings.get("security.protocol") != "SASL_PLAINTEXT" or all(map(_is_loopback, self.bootstrap.split(","))):
            return
        if mechanism in _READABLE and not insecure:
            raise SettingsError(
                f"kafka mechanism {mechanism} over SASL_PLAINTEXT shows {_READABLE[mechanism]} to anybody on the way to"
                f" {self.bootstrap}; wants protocol SASL_SSL{_ALL_THE_SAME}"
            )
        if mechanism not in _READABLE and not insecure:
            _warn(
                f"kafka {self.bootstrap}: {mechanism} over SASL_PLAINTEXT keeps the password secret, and nothing else: what"
                " is read and sent can be read and changed on the way; SASL_SSL prevents it, insecure: true says that it"
                " is known"
            )


def _is_loopback(address: str) -> bool:
    """Whether host:port is this machine by its loopback."""
    host = address.strip().rpartition(":")[0] if ":" in address else address.strip()
    host = host.rpartition("://")[2].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@cache
def _warn(message: str) -> None:
    """Say it once, however often a connection is described."""
    logging.getLogger("strix.kafka").warning("strix: %s", message)


def _check_key(key: str) -> None:
    known = [*PLAIN_KEYS, INSECURE, *(f"{name}_{where}" for name in SECRET_KEYS for where in ("env", "file"))]
    option = key.removeprefix(OPTION)
    held = key in SECRET_KEYS or (key.startswith(OPTION) and any(word in option for word in _SECRET_OPTIONS))
    if held:
        name = key if key in SECRET_KEYS else {v: k for k, v in SECRET_KEYS.items()}.get(option, "password")
        raise SettingsError(f"kafka {key} would hold a secret; name it: {name}_env: VARIABLE or {name}_file: PATH")
    if key not in known and not key.startswith(OPTION):
        hint = did_you_mean(key, known)
        raise SettingsError(f"unknown key kafka {key!r}{hint}; known keys: {', '.join(known)}, {OPTION}<option>")
