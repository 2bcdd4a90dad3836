"""The contract suite: what every science module must hold, run without its author writing a test.

    python -m science_modules.suite NAME [NAME ...]

runs it on modules of this package or of $STRIX_MODULE_PATH. Tests call `CHECKS` one by one on a `Case`; a check that
fails raises, mostly AssertionError.
"""

from science_modules.suite.cases import Case, case
from science_modules.suite.running import CHECKS, main, problem_of

__all__ = ["CHECKS", "Case", "case", "main", "problem_of"]
