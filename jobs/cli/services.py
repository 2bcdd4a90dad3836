"""`strix services up|down|list|topic`: a real Kafka on this machine, without Docker, and its topics."""

import argparse
import subprocess

from jobs.cli import services_topic
from jobs.cli.console import complain, say
from jobs.common.java import EnvironmentProblem
from jobs.packets.problems import AccessDenied, ServiceUnavailable
from jobs.services.running import SERVICES, Running, down, find, up

OK, USAGE, ENVIRONMENT = 0, 2, 3


def parser() -> argparse.ArgumentParser:
    """The options of the verb."""
    options = argparse.ArgumentParser(prog="strix services", description=__doc__)
    actions = options.add_subparsers(dest="action", required=True)
    begin = actions.add_parser("up", help="start services and wait until they answer")
    begin.add_argument("names", nargs="*", metavar="SERVICE", help=f"of {', '.join(SERVICES)}; default: all")
    begin.add_argument("--port", type=int, help="for one service; default: its usual port, or any if that is taken")
    end = actions.add_parser("down", help="stop services and remove all that they kept")
    end.add_argument("names", nargs="*", metavar="SERVICE", help=f"of {', '.join(SERVICES)}; default: all")
    actions.add_parser("list", help="what runs, and where")
    services_topic.add_options(actions.add_parser("topic", help="make, list or remove topics of a broker"))
    return options


def main(arguments: list[str]) -> int:
    """Do what the command line says.

    Returns
    -------
    int
        0 done, 2 no such service, 3 it could not be started; `list`: 3 if one that was started has died; `topic`: 2 if
        it cannot be as asked for, 3 if the broker does not answer.
    """
    given = parser().parse_args(arguments)
    if given.action == "topic":
        return _topic(given)
    names = getattr(given, "names", None) or list(SERVICES)
    unknown = [name for name in names if name not in SERVICES]
    if unknown:
        return _say(f"no service {unknown[0]!r}; the services are {', '.join(SERVICES)}", USAGE)
    if given.action == "up" and given.port is not None and len(names) > 1:
        return _say(f"--port is for one service, {len(names)} were named", USAGE)
    try:
        return {"up": _up, "down": _down, "list": _list}[given.action](names, getattr(given, "port", None))
    except (EnvironmentProblem, subprocess.TimeoutExpired) as error:
        return _say(str(error), ENVIRONMENT)


def _topic(given: argparse.Namespace) -> int:
    try:
        services_topic.run(given)
    except ValueError as error:
        return _say(f"services topic: {error}", USAGE)
    except (ServiceUnavailable, AccessDenied) as error:
        return _say(f"{error} (`strix services up kafka` starts a broker here)", ENVIRONMENT)
    return OK


def _up(names: list[str], port: int | None) -> int:
    for name in names:
        _tell(up(name, port))
    return OK


def _down(names: list[str], _: int | None) -> int:
    for name in names:
        say(f"{name}: stopped, its data is removed" if down(name) else f"{name}: was not running")
    return OK


def _list(names: list[str], _: int | None) -> int:
    known = [service for name in names if (service := find(name)) is not None]
    for service in known:
        _tell(service)
    if not known:
        say("no service runs; `strix services up` starts one")
    return OK if all(service.up for service in known) else ENVIRONMENT


def _tell(service: Running) -> None:
    addresses = ", ".join(f"{name} {address}" for name, address in service.addresses.items())
    state = "up" if service.up else "died"
    say(f"{service.name}: {state}, {addresses} ({service.directory})")


def _say(message: str, code: int) -> int:
    complain(f"strix: {message}")
    return code
