"""`strix services up|down|list|topic`: a real Kafka or HBase on this machine, without Docker; topics of Kafka."""

import argparse

from jobs.cli import services_topic
from jobs.cli.console import say
from jobs.cli.frame import ENVIRONMENT, OK, Options, UsageError, verb
from jobs.packets.problems import AccessDenied, ServiceUnavailable
from jobs.services.running import SERVICES, Running, down, find, up


def parser() -> argparse.ArgumentParser:
    """The options of the verb."""
    options = Options(prog="strix services", description=__doc__)
    actions = options.add_subparsers(dest="action", required=True)
    begin = actions.add_parser("up", help="start services and wait until they answer")
    begin.add_argument("names", nargs="*", metavar="SERVICE", help=f"of {', '.join(SERVICES)}; default: all")
    begin.add_argument("--port", type=int, help="for one service; default: its usual port, or any if that is taken")
    end = actions.add_parser("down", help="stop services and remove all that they kept")
    end.add_argument("names", nargs="*", metavar="SERVICE", help=f"of {', '.join(SERVICES)}; default: all")
    actions.add_parser("list", help="what runs, and where")
    services_topic.add_options(actions.add_parser("topic", help="make, list or remove topics of a broker"))
    return options


@verb("strix")
def main(arguments: list[str]) -> int:
    """Do what the command line says.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix services`.

    Returns
    -------
    int
        0 done, 2 no such service, 3 it could not be started; `list`: 3 if one that was started has died or does not
        answer, `up` likewise; `topic`: 2 if it cannot be as asked for, 3 if the broker does not answer.
    """
    given = parser().parse_args(arguments)
    if given.action == "topic":
        return _topic(given)
    names = getattr(given, "names", None) or list(SERVICES)
    unknown = [name for name in names if name not in SERVICES]
    if unknown:
        raise UsageError(f"no service {unknown[0]!r}; the services are {', '.join(SERVICES)}")
    if given.action == "up" and given.port is not None and len(names) > 1:
        raise UsageError(f"--port is for one service, {len(names)} were named")
    return {"up": _up, "down": _down, "list": _list}[given.action](names, getattr(given, "port", None))


def _topic(given: argparse.Namespace) -> int:
    try:
        services_topic.run(given)
    except ValueError as error:
        raise UsageError(f"services topic: {error}") from None
    except (ServiceUnavailable, AccessDenied) as error:
        raise type(error)(f"{error} (`strix services up kafka` starts a broker here)") from None
    return OK


def _up(names: list[str], port: int | None) -> int:
    states = [_tell(up(name, port)) for name in names]
    return OK if set(states) <= {"up"} else ENVIRONMENT


def _down(names: list[str], _: int | None) -> int:
    for name in names:
        say(f"{name}: stopped, its data is removed" if down(name) else f"{name}: was not running")
    return OK


def _list(names: list[str], _: int | None) -> int:
    known = [service for name in names if (service := find(name)) is not None]
    states = [_tell(service) for service in known]
    if not known:
        say("no service runs; `strix services up` starts one")
    return OK if set(states) <= {"up"} else ENVIRONMENT


def _tell(service: Running) -> str:
    addresses = ", ".join(f"{name} {address}" for name, address in service.addresses.items())
    state = service.state
    say(f"{service.name}: {state}, {addresses} ({service.directory})")
    return state
