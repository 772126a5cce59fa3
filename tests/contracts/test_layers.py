"""The layers of the house: who may import whom, and what the pure ones leave alone (house style §2, §7).

flows -> {transforms, rate_tables} -> schemas. `transforms` never imports `rate_tables`: the flow hands it
frames.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {
    "flows": {"flows", "transforms", "rate_tables", "schemas"},
    "transforms": {"transforms", "schemas"},
    "rate_tables": {"rate_tables", "schemas"},
    "schemas": {"schemas"},
}
OUTSIDE_WORLD = {"os", "sys", "io", "pathlib", "shutil", "tempfile", "subprocess", "socket", "random", "time"}
IMPURE_CALLS = {"open", "now", "today", "utcnow", "print", "input"}
IO_METHODS = ("read_", "scan_", "write_", "sink_")
INEXACT_NAMES = {"float", "Float32", "Float64", "truediv", "mean"}
MODULES = [(layer, path) for layer in MAY_IMPORT for path in sorted((ROOT / layer).rglob("*.py"))]


def _import_faults(layer: str, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        modules = [alias.name.split(".")[0] for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        modules = [(node.module or "").split(".")[0] if node.level == 0 else "a relative module"]
    else:
        return
    for module in modules:
        is_ours = module in MAY_IMPORT or module == "a relative module"
        if is_ours and module not in MAY_IMPORT[layer]:
            yield f"{layer} imports {module}"
        if module == "prefect" and layer != "flows":
            yield "only flows imports prefect"
        if module in OUTSIDE_WORLD and layer == "transforms":
            yield f"transforms reaches outside by {module}"


def _impurity(node: ast.AST, bytes_in_hand: set[str]) -> Iterator[str]:
    """Calls that touch files, clock or screen. Reading bytes that were handed in is parsing, not I/O."""
    if isinstance(node, ast.Call):
        name = str(getattr(node.func, "id", getattr(node.func, "attr", "")))
        is_parsing = bool(node.args) and ast.unparse(node.args[0]) in bytes_in_hand
        if name in IMPURE_CALLS or (name.startswith(IO_METHODS) and not is_parsing):
            yield f"transforms calls {name}"


def _inexactness(layer: str, node: ast.AST) -> Iterator[str]:
    """Floats and bare `/`; in rate_tables a `/` behind a name that says it is a path joins one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        yield f"{layer} has the float {node.value}"
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        left = ast.unparse(node.left if isinstance(node, ast.BinOp) else node.target)
        if layer != "rate_tables" or not left.endswith(("folder", "root", ".parent")):
            yield f"{layer} divides {left} with /"
    name = getattr(node, "attr", getattr(node, "id", ""))
    if name in INEXACT_NAMES:
        yield f"{layer} uses {name}"


def faults(layer: str, source: str) -> list[str]:
    """What a module of that layer does that it must not, each with its line."""
    tree = ast.parse(source)
    arguments = (node for node in ast.walk(tree) if isinstance(node, ast.arg) and node.annotation)
    bytes_in_hand = {arg.arg for arg in arguments if arg.annotation and ast.unparse(arg.annotation) == "bytes"}
    found = []
    for node in ast.walk(tree):
        here = list(_import_faults(layer, node))
        if layer == "transforms":
            here += _impurity(node, bytes_in_hand)
        if layer != "flows":
            here += _inexactness(layer, node)
        found += [f"line {getattr(node, 'lineno', 0)}: {fault}" for fault in here]
    return found


@pytest.mark.parametrize(
    ("layer", "path"), [pytest.param(layer, path, id=str(path.relative_to(ROOT))) for layer, path in MODULES]
)
def test_a_module_keeps_to_its_layer(layer: str, path: Path) -> None:
    assert faults(layer, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("layer", "source", "fault"),
    [
        ("transforms", "from rate_tables.versions import RateTables", "transforms imports rate_tables"),
        ("transforms", "import flows.settings", "transforms imports flows"),
        ("transforms", "from . import money", "transforms imports a relative module"),
        ("rate_tables", "from transforms.money import micros", "rate_tables imports transforms"),
        ("schemas", "import transforms", "schemas imports transforms"),
        ("schemas", "def f() -> None:\n    from rate_tables import versions", "schemas imports rate_tables"),
        ("rate_tables", "from prefect import task", "only flows imports prefect"),
        ("transforms", "from pathlib import Path", "transforms reaches outside by pathlib"),
        ("transforms", "import os.path", "transforms reaches outside by os"),
        ("transforms", "text = open('x').read()", "transforms calls open"),
        ("transforms", "day = dt.datetime.now(dt.UTC)", "transforms calls now"),
        ("transforms", "rows = pl.read_csv('rates.csv')", "transforms calls read_csv"),
        ("transforms", "sql = (files('transforms') / 'x.sql').read_text()", "transforms calls read_text"),
        ("transforms", "cost = rate * seconds * 0.5", "transforms has the float 0.5"),
        ("transforms", "cost = rate * seconds / 60", "transforms divides rate * seconds with /"),
        ("schemas", "total /= 60", "schemas divides total with /"),
        ("rate_tables", "price = amount / 2", "rate_tables divides amount with /"),
        ("transforms", "calls.cast(pl.Float64)", "transforms uses Float64"),
        ("rate_tables", "price = float(text)", "rate_tables uses float"),
    ],
)
def test_the_check_finds_a_breach(layer: str, source: str, fault: str) -> None:
    assert any(found.endswith(fault) for found in faults(layer, source))


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("flows", "from prefect import flow\nfrom rate_tables.versions import load_version"),
        ("flows", "import os\nfrom pathlib import Path\nshare = done / 2.0"),
        ("transforms", "def parsed(block: bytes) -> pl.DataFrame:\n    return pl.read_csv(block)"),
        ("transforms", "minutes = seconds // 60"),
        ("rate_tables", "manifest = folder / 'manifest.toml'"),
    ],
)
def test_the_check_lets_good_code_be(layer: str, source: str) -> None:
    assert faults(layer, source) == []


def test_the_check_sees_every_layer() -> None:
    assert {layer for layer, _ in MODULES} == set(MAY_IMPORT)
