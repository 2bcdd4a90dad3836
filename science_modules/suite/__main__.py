"""`python -m science_modules.suite NAME [NAME ...]`: 1 if a check fails."""

import sys

from science_modules import registry
from science_modules.suite.running import main

if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:] or registry.names()), 1))
