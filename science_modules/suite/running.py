"""All checks, by name, and running them on modules."""

import traceback
from collections.abc import Callable
from pathlib import Path

from science_modules.suite import declarations, golden_answers, odd_alerts, same_answers
from science_modules.suite.cases import Case, case

Check = Callable[[Case], None]
CHECKS: dict[str, Check] = {
    "declaration": declarations.check_declaration,
    "documentation": declarations.check_documentation,
    "artefacts": declarations.check_artefacts,
    "imports": declarations.check_imports,
    "answers": same_answers.check_answers,
    "splitting": same_answers.check_splitting,
    "order": same_answers.check_order,
    "repetition": same_answers.check_repetition,
    "input_unchanged": same_answers.check_input_unchanged,
    "empty_batch": same_answers.check_empty_batch,
    "odd_alerts": odd_alerts.check_odd_alerts,
    "blank_stamps": odd_alerts.check_blank_stamps,
    "golden": golden_answers.check_golden,
    "golden_answers": golden_answers.check_golden_answers,
    "reactions": golden_answers.check_reactions,
}


def main(names: list[str], models: Path | None = None) -> int:
    """Run every check on these modules, print one line each; the number of checks that failed.

    Parameters
    ----------
    names : list of str
        The modules'.
    models : pathlib.Path, optional
        The models directory; `artefacts.default_directory()` if not given.
    """
    failures = 0
    for name in names:
        module_case = case(name, models)
        for check in CHECKS:
            problem = problem_of(check, module_case)
            failures += problem is not None
            print(f"{'FAIL' if problem else 'ok  '} {name} {check}", problem or "")
    return failures


def problem_of(check: str, module_case: Case) -> str | None:
    """What a check says of a module; None if it holds.

    Parameters
    ----------
    check : str
        One of CHECKS.
    module_case : Case
        The module to check.
    """
    try:
        CHECKS[check](module_case)
    except Exception as error:  # noqa: BLE001 - a check may fail in any way; the suite goes on with the next
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
    return None
