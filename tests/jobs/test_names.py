"""What `from jobs import NAME` gives, whichever modules were imported before."""

import importlib
import inspect
import sys

import jobs


def test_every_name_is_a_function_though_modules_of_some_names_are_imported() -> None:
    for name in ("jobs.listen.listener", "jobs.listen", "jobs.enrich"):
        assert inspect.ismodule(importlib.import_module(name))
        assert inspect.ismodule(sys.modules[name])
    for name in jobs.__all__:
        found = getattr(jobs, name)
        assert inspect.isfunction(found) and found.__name__ == name
    assert jobs.listen is sys.modules["jobs.listen.listener"].listen
    modules = {name.partition(".")[2] for name in sys.modules if name.startswith("jobs.") and name.count(".") == 1}
    taken = modules & set(jobs.__all__)
    assert taken == {"enrich", "listen"}  # a function of another module's name needs a place among `_Package`'s
