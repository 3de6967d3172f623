import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import certcore


def test_the_public_names_are_sorted_and_each_is_what_its_module_has() -> None:
    """`__all__` is in order, each name is found, and `dir` shows it."""
    assert list(certcore.__all__) == sorted(set(certcore.__all__))
    assert set(certcore.__all__) <= set(dir(certcore))
    assert all(getattr(certcore, name).__name__ == name for name in certcore.__all__)


def test_type_checkers_are_told_the_same_names_from_the_same_modules() -> None:
    """The stub names what the package gives, and each name is the very object of the module that the stub names."""
    stub = ast.parse(Path(certcore.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    homes = {
        each.name: each_import.module
        for each_import in stub.body
        if isinstance(each_import, ast.ImportFrom)
        for each in each_import.names
    }
    (listed,) = (ast.literal_eval(each.value) for each in stub.body if isinstance(each, ast.Assign))
    assert listed == list(certcore.__all__) == sorted(homes)
    for name, home in homes.items():
        assert getattr(certcore, name) is getattr(import_module(str(home)), name)


def test_what_is_not_public_is_not_there() -> None:
    """A name that the package has not is an `AttributeError` as anywhere, so that `hasattr` and typos work."""
    with pytest.raises(AttributeError, match=r"module 'certcore' has no attribute 'Registar'"):
        _ = certcore.Registar  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_until_a_name_is_asked_for() -> None:
    """Whoever only imports certcore waits for none of it."""
    code = (
        "import sys, certcore; print({'attrs', 'cattrs', 'pendulum'} & set(sys.modules)); "
        "from certcore import *; print(Registrar.__module__, Refused.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["set()", "certcore.registrar certcore.errors", ""]
