"""Finding and ordering modules, on modules made up in a directory of $STRIX_MODULE_PATH."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from science_modules import registry
from science_modules.common.contract import Field, ScienceModule
from science_modules.registry import ResolveError, UnknownModule

Make = Callable[..., None]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """`make(name, inputs, optional)`: a module with the output x in a directory that the registry looks at."""
    monkeypatch.setenv("STRIX_MODULE_PATH", str(tmp_path))

    def write(name: str, inputs: tuple[str, ...] = (), optional: tuple[str, ...] = (), declared: str = "") -> None:
        monkeypatch.delitem(sys.modules, f"science_modules.{name}", raising=False)
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(
            "from science_modules.common.contract import Field, ScienceModule\n"
            f"MODULE = ScienceModule({declared or name!r}, '1.0.0', {inputs!r},"
            f" (Field('x', 'float64', '', 'x'),), lambda batch, state: None, 'here', optional_inputs={optional!r})\n"
        )

    return write


def order(*names: str) -> list[str]:
    return [module.name for module in registry.resolve(names)]


def test_a_module_is_found_by_its_folder(make: Make) -> None:
    make("t1_mine", ("flux",))
    assert "t1_mine" in registry.names() and "stetson_k" in registry.names() and "common" not in registry.names()
    assert registry.get("t1_mine").inputs == ("flux",)


def test_an_unknown_module_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownModule, match="no science module 'stetson' \\(did you mean stetson_k\\?\\)"):
        registry.get("stetson")


def test_a_module_comes_after_those_it_reads_and_the_rest_keeps_its_order(make: Make) -> None:
    make("t2_a", ("t2_c.x",))
    make("t2_b", ("flux",))
    make("t2_c", ("light_curve", "candidate.drb"))
    assert order("t2_a", "t2_b", "t2_c") == ["t2_b", "t2_c", "t2_a"]
    assert order("t2_c", "t2_b", "t2_a") == ["t2_c", "t2_b", "t2_a"]
    assert order("acai", "braai") == ["braai", "acai"], "an optional input orders too"
    assert order("acai") == ["acai"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (("t3_a", "t3_a"), r"modules named twice: \['t3_a'\]"),
        (("t3_needs_a",), "t3_needs_a wants t3_a.x: add t3_a to the job's modules"),
        (("t3_a", "t3_needs_y"), r"t3_needs_y wants t3_a.y, t3_a gives \['x'\]"),
        (("t3_typo",), "t3_typo wants flx: no column of the common view and no module \\(did you mean flux\\?\\)"),
        (("t3_loop_1", "t3_loop_2"), r"wait for one another: \{'t3_loop_1': \['t3_loop_2'\], 't3_loop_2'"),
        (("t3_a", "t3_odd_optional"), r"t3_odd_optional wants t3_a.z, t3_a gives \['x'\]"),
        (("t3_named_otherwise",), "wants a MODULE named 't3_named_otherwise', has 'else_'"),
        (("t3_place",), "t3_place wants provenance: no column"),
    ],
)
def test_modules_that_do_not_fit_are_refused(make: Make, wanted: tuple[str, ...], message: str) -> None:
    make("t3_a", ("flux",))
    make("t3_needs_a", ("t3_a.x",))
    make("t3_needs_y", ("t3_a.y",))
    make("t3_typo", ("flx",))
    make("t3_loop_1", ("t3_loop_2.x",))
    make("t3_loop_2", ("t3_loop_1.x",))
    make("t3_odd_optional", (), ("t3_a.z", "t3_absent.x"))
    make("t3_named_otherwise", declared="else_")
    make("t3_place", ("provenance",))
    with pytest.raises(ResolveError, match=message):
        registry.resolve(wanted)


def test_two_folders_of_one_name_are_refused(make: Make) -> None:
    make("stetson_k")
    with pytest.raises(ResolveError, match="module 'stetson_k' is both in"):
        registry.names()


def test_a_directory_that_is_absent_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIX_MODULE_PATH", str(tmp_path / "nowhere"))
    with pytest.raises(ResolveError, match="which is no directory"):
        registry.names()


def test_the_source_hash_changes_with_any_file_and_with_nothing_else(make: Make, tmp_path: Path) -> None:
    make("t4_hash")
    first = registry.source_hash("t4_hash")
    (tmp_path / "t4_hash" / "__pycache__").mkdir(exist_ok=True)
    (tmp_path / "t4_hash" / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert registry.source_hash("t4_hash") == first
    (tmp_path / "t4_hash" / "table.csv").write_text("1")
    assert registry.source_hash("t4_hash") != first


def test_inputs_name_columns_and_groups_of_columns() -> None:
    assert registry.columns_of(["mjd", "candidate.drb", "braai.p_real"]) == {"mjd", "candidate", "braai"}
    assert registry.columns_of(["cutouts"]) == {"cutout_science", "cutout_template", "cutout_difference"}
    assert "lc_flux" in registry.columns_of(["light_curve"]) and "flux" not in registry.columns_of(["light_curve"])


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("ok", (("x", "float64"), ("x", "float64")), "outputs of different names"),
        ("ok", (("error", "string"),), "outputs of different names"),
        ("not ok", (("x", "float64"),), "outputs of different names"),
        ("ok", (), "outputs of different names"),
        ("ok", (("x", "double"),), r"types \['double'\] are not among"),
    ],
)
def test_a_declaration_that_cannot_become_a_column_is_refused(
    name: str, fields: tuple[tuple[str, str], ...], message: str
) -> None:
    outputs = tuple(Field(field, type_, "", "x") for field, type_ in fields)
    with pytest.raises(ValueError, match=message):
        ScienceModule(name, "1.0.0", (), outputs, lambda batch, state: None, "here")  # type: ignore[arg-type,return-value]
