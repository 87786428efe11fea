"""What a file loads or runs by name, and whether that is all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_integration_gate.source.import_graph import ImportGraph
from pytest_integration_gate.source.imports import imports_by_name, read_imports

FILES = (
    "shop/__init__.py",
    "shop/plugins/__init__.py",
    "shop/plugins/csv.py",
    "scripts/job.py",
    "tool/__main__.py",
    "top.py",
    "lib/helper.py",
)
CSV = "shop/plugins/csv.py"


def graph(root: Path, text: str, path: str = "shop/plugins/load.py") -> ImportGraph:
    for name in (*FILES, path):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / path).write_text(text)
    return ImportGraph(str(root), [*FILES, path])


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        ("importlib.import_module('shop.plugins.csv')", CSV),
        ("importlib.import_module(name='shop.plugins.csv')", CSV),
        ("importlib.import_module('.csv', __package__)", CSV),
        ("importlib.import_module('.csv', package='shop.plugins')", CSV),
        ("importlib.import_module('..plugins.csv', 'shop.other')", CSV),
        ("from importlib import import_module as load\nload('shop.plugins.csv')", CSV),
        ("__import__('shop.plugins.csv')", CSV),
        ("importlib.import_module('top')", "top.py"),
        ("pkgutil.resolve_name('shop.plugins.csv:export')", CSV),
    ],
)
def test_a_module_whose_name_is_told_is_an_import(tmp_path: Path, text: str, loaded: str) -> None:
    """Whatever the function is called here, absolute or relative, with its line; nothing else is loaded."""
    one = graph(tmp_path, f"\n{text}\n")
    line = 2 + text.count("\n")
    assert (loaded, line) in [(need.path, need.line) for need in one.imports("shop/plugins/load.py")]
    assert loaded in [need.path for need in one.needs("shop/plugins/load.py") if need.kind == "import"]
    assert not one.is_dynamic("shop/plugins/load.py")


@pytest.mark.parametrize(
    "text",
    [
        "importlib.import_module('.csv', package)",
        "from importlib import import_module as load\nload('shop.plugins.' + kind)",
        "list(map(importlib.import_module, names))",
        "import lazy_loader as lazy\nlazy.attach(__name__, ['csv'])",
        "importlib.util.spec_from_file_location('csv', folder / 'csv.py')",
        "subprocess.run([sys.executable, f'scripts/{name}.py'])",
        "subprocess.run([sys.executable, '-c', code])",
        "import subprocess as sp\nsp.call(command)",
        "from subprocess import run\nrun('shop report', shell=True)",
        "os.system('shop report')",
        "await asyncio.create_subprocess_exec(sys.executable, script)",
        "import shop.generated",
        "import helper",
    ],
)
def test_a_name_that_is_not_told_may_be_any(tmp_path: Path, text: str) -> None:
    """Names that a program makes, programs that may be the project's own, modules that are no file or lie elsewhere."""
    if "subprocess.run" in text:
        text = f"import subprocess\n{text}"
    one = graph(tmp_path, text if "await" not in text else f"async def f():\n    {text}\n")
    assert one.is_dynamic("shop/plugins/load.py")


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("subprocess.run([sys.executable, '-m', 'tool'])", "tool/__main__.py"),
        ("subprocess.check_output(['python3', '-m', 'shop.plugins.csv'])", CSV),
        ("subprocess.Popen('python -m top --fast', shell=True)", "top.py"),
        ("subprocess.run([sys.executable, 'scripts/job.py'])", "scripts/job.py"),
        ("runpy.run_path('scripts/job.py')", "scripts/job.py"),
        ("subprocess.run(['git', 'status'])", None),
        ("platform.system()", None),
    ],
)
def test_what_another_process_is_told_to_run(tmp_path: Path, text: str, run: str | None) -> None:
    """Modules and scripts that are spelled are needed, and are no imports; programs that are no Python run none."""
    one = graph(tmp_path, f"import subprocess\n{text}\n")
    assert [need.path for need in one.needs("shop/plugins/load.py") if need.kind == "run"] == ([run] if run else [])
    assert list(one.imports("shop/plugins/load.py")) == []
    assert not one.is_dynamic("shop/plugins/load.py")


def test_an_import_from_a_folder_that_is_on_the_path_only_at_run_time(tmp_path: Path) -> None:
    """It may be any file below the root whose path ends like it, unless the name is installed or Python's own."""
    (tmp_path / "lib/deep").mkdir(parents=True)
    for name in ("json.py", "pytest.py"):
        (tmp_path / "lib" / name).touch()
    (tmp_path / "t.py").write_text("import helper\nimport json\nimport pytest\n")
    one = ImportGraph(str(tmp_path), ["t.py", "lib/json.py", "lib/pytest.py", "lib/helper.py"])
    assert [(need.path, need.kind) for need in one.needs("t.py")] == [("lib/helper.py", "pattern")]


def test_a_folder_that_is_a_link(tmp_path: Path) -> None:
    """Its modules have other paths among the files, so an import of it may be any."""
    for name in ("libs/shared/x.py", "shop/__init__.py", "t.py", "u.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "shop/shared").symlink_to("../libs/shared")
    (tmp_path / "t.py").write_text("from shop import shared\n")
    (tmp_path / "u.py").write_text("from shop import VALUE\n")
    one = ImportGraph(str(tmp_path), ["libs/shared/x.py", "shop/__init__.py", "t.py", "u.py"])
    assert one.is_dynamic("t.py")
    assert not one.is_dynamic("u.py")


def test_a_file_without_such_a_function_is_not_parsed(tmp_path: Path) -> None:
    """Its imports are known already."""
    (tmp_path / "a.py").write_text("import shop\n")
    (tmp_path / "b.py").write_text("import shop\nimport_module('shop.x')\n")
    before = read_cache_size()
    assert list(imports_by_name(str(tmp_path / "a.py"))) == []
    assert read_cache_size() == before
    assert [one.module for one in imports_by_name(str(tmp_path / "b.py"))] == ["shop.x"]
    assert list(imports_by_name(str(tmp_path / "gone.py"))) == []


def read_cache_size() -> int:
    from pytest_integration_gate.source.imports import _read

    return _read.cache_info().misses


@pytest.mark.parametrize(
    ("path", "needed"),
    [("tests/test_a.gate.yaml", True), ("tests/test_a.txt", True), ("gate.yaml", False), ("data/a.yaml", False)],
)
def test_tests_that_are_no_python(tmp_path: Path, path: str, needed: bool) -> None:
    """A suite or doctest needs the modules that its words name, and may run anything; other files need nothing."""
    one = graph(tmp_path, "command: 'python -m shop.plugins.csv'\n", path)
    assert [need.path for need in one.needs(path)] == ([CSV] if needed else [])
    assert one.is_dynamic(path) is needed


def test_the_star_of_a_text_that_a_program_fills_in(tmp_path: Path) -> None:
    """What is spelled of it stays."""
    (tmp_path / "a.py").write_text("f'data/{name}.json'\nf'{a}{b}'\nf'.{a}'\nf'{a} and more'\n")
    assert "data/*.json" in read_imports(str(tmp_path / "a.py")).texts
    assert not {"**", "*", ".*"} & read_imports(str(tmp_path / "a.py")).texts
