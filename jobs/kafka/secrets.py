"""A secret that is named, not held: the environment variable or the file that it is in."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(ValueError):
    """Settings of a service that cannot be; the message names what can."""


def is_true(name: str, value: str) -> bool:
    """A switch of a configuration's mapping, whose values are text.

    Parameters
    ----------
    name : str
        The switch, as the error names it.
    value : str
        true or false, in small letters or capitals.

    Raises
    ------
    SettingsError
        If it is neither true nor false.
    """
    if value.lower() not in ("true", "false"):
        raise SettingsError(f"{name} is {value!r}, it can be true or false")
    return value.lower() == "true"


@dataclass(frozen=True)
class Secret:
    """Where a secret is: the name of an environment variable, or a file."""

    env: str = ""
    file: str = ""

    @classmethod
    def of(cls, name: str, mapping: Mapping[str, str]) -> "Secret | None":
        """The secret that `<name>_env` or `<name>_file` of a mapping names; None if neither is there.

        Parameters
        ----------
        name : str
            What the secret is: `password`.
        mapping : mapping of str to str
            A configuration.

        Raises
        ------
        SettingsError
            If both are there.
        """
        env, file = mapping.get(f"{name}_env", ""), mapping.get(f"{name}_file", "")
        if env and file:
            raise SettingsError(f"{name}_env is {env} and {name}_file is {file}; give one of them")
        return cls(env, os.path.abspath(file) if file else "") if env or file else None

    def read(self) -> str:
        """The secret itself; a file's last line end is not part of it.

        Raises
        ------
        SettingsError
            If it is not there; names the variable or the file.
        """
        if self.env:
            if self.env not in os.environ:
                raise SettingsError(f"the environment variable {self.env} should hold a secret and is not set")
            return os.environ[self.env]
        try:
            return Path(self.file).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise SettingsError(f"{self.file} should hold a secret and cannot be read: {error.strerror}") from None
