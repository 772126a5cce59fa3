"""Every command in a block of every page is run as it stands, in a fresh copy of the repository; others are named.

Each page begins where `make run` ends (README runs `make run` itself), with 2,000 calls instead of 200,000. One's own
month, where a page speaks of it, is that of the demo: its files stand in data/inbox and data/contracts. A page's
commands are run in their order in one shell, which stops at the first that fails.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.doc_blocks import ROOT, SHELL, Block, blocks, pages

pytestmark = pytest.mark.integration
SIZE = {"CALLS": "2000", "ACCOUNTS": "50"}
DECK = ROOT.parent / "shared" / "reference" / "sdf_outbound_rates_2010.csv"
RATES_PAGE = "rate_tables/README.md"
CORRECTIONS = (
    "Prefix,Destination,Rate,Start Date\n1800;1833;1844;1855;1866;1877;1888,United States - Toll-free,,2020-01-01\n"
)


class NotRun(NamedTuple):
    """Commands of a page that are not run, by how they begin, and why."""

    page: str
    begins: str
    why: str


NOT_RUN = (
    NotRun("README.md", "make test", "it runs this test"),
    NotRun("tests/bench/README.md", "make bench", "takes minutes to hours; tests/bench has a small test of its own"),
    NotRun("tests/bench/README.md", ".venv/bin/python -m tests.bench --sizes", "takes hours"),
    NotRun("data/README.md", ".venv/bin/marimo run", "serves until Ctrl+C; tests/integration/test_tools.py opens it"),
    NotRun("flows/CUSTOMER.md", "curl", "asks a server that `tollbook serve` runs until Ctrl+C; its own tests do"),
    NotRun("flows/README.md", "prefect", "a server and a worker until Ctrl+C: tests/integration/test_deployments.py"),
    NotRun("flows/README.md", ".venv/bin/dask", "serve until Ctrl+C; tests/integration/test_cluster.py starts them"),
    NotRun("flows/README.md", ".venv/bin/tollbook bill 2020-02 --dask", "asks that scheduler"),
    NotRun("flows/README.md", ".venv/bin/tollbook rerun 2020-02 --dask", "asks that scheduler"),
    NotRun(
        "flows/README.md",
        ".venv/bin/tollbook bill 2020-02 --warehouse s3",
        "needs a bucket: tests/integration/test_s3.py",
    ),
    NotRun("flows/README.md", ".venv/bin/tollbook fetch", "from that bucket"),
    NotRun("flows/README.md", '.venv/bin/tollbook sql "select * from revenue', "from what was fetched"),
    NotRun(RATES_PAGE, "tollbook bill 2020-02", "bills a month anew that was billed under 2020.1 for the step before"),
)
OTHER_LANGUAGES = {
    "sql": "tests/integration/test_analyst.py and test_cookbook.py ask the queries",
    "toml": "files, for who writes one",
}
NO_COMMANDS = {("flows/CUSTOMER.md", "billing.example.com {"): "a proxy's settings"}
TELLS = {
    ("README.md", "make run"): "report:",
    ("README.md", "tollbook report 2020-02 -o"): "written to data/demo/february.html",
    ("README.md", "tollbook sql"): "international",
    ("README.md", 'tollbook rerun 2020-02 --account A00001 --reason "letter'): "nothing differs",
    ("README.md", "tollbook whatif"): "international",
    ("README.md", "tollbook rates freeze"): "2020.2 is frozen",
    ("README.md", "tollbook rerun 2020-02 --account A00001 --rates"): "rate_version",
    ("flows/CLERK.md", 'tollbook rerun 2020-02 --account A00001 --reason "letter'): "nothing differs: the same calls",
    ("flows/CLERK.md", "tollbook rerun 2020-02 --account A00001 --rates"): "rate_version",
    ("flows/CLERK.md", "tollbook rates diff"): "436",
}
"""What a page says one sees."""
ALL = {page: blocks(page) for page in pages()}


def _why_not(page: str, command: str) -> str | None:
    return next((entry.why for entry in NOT_RUN if entry.page == page and command.startswith(entry.begins)), None)


def _runnable(page: str) -> list[str]:
    return [text for block in ALL[page] for text in block.commands if _why_not(page, text) is None]


PAGES = [page for page in ALL if _runnable(page)]


def _blocks() -> list[Block]:
    return [block for found in ALL.values() for block in found]


def test_every_block_is_commands_or_named_as_something_else() -> None:
    unknown = [
        block.where
        for block in _blocks()
        if block.language not in OTHER_LANGUAGES
        and not (block.language in SHELL and block.commands)
        and (block.page, block.lines[0]) not in NO_COMMANDS
    ]
    assert not unknown, f"commands? then begin them as such; else name what they are in {Path(__file__).name}"


def test_what_is_not_run_is_still_in_the_pages() -> None:
    assert [
        entry
        for entry in NOT_RUN
        if not any(text.startswith(entry.begins) for block in ALL[entry.page] for text in block.commands)
    ] == []
    first_lines = {(block.page, block.lines[0]) for block in _blocks() if block.lines}
    assert NO_COMMANDS.keys() <= first_lines
    assert {page for page, _ in TELLS} <= set(PAGES)


def test_the_pages_of_all_users_have_commands() -> None:
    assert {"README.md", "flows/README.md", "flows/CLERK.md", "flows/CUSTOMER.md", "data/README.md"} <= set(PAGES)


def _program(folder: Path, name: str, command: str) -> None:
    path = folder / ".venv" / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n', encoding="utf-8")
    path.chmod(0o755)


def _clone(folder: Path) -> Path:
    """A copy of the repository whose .venv has the packages of this one, as if `make run` had set it up."""
    caches = shutil.ignore_patterns("__pycache__")
    (folder / "data").mkdir(parents=True)
    for path in ROOT.iterdir():
        if path.is_dir() and not path.name.startswith(".") and path.name not in ("data", "build", "dist"):
            shutil.copytree(path, folder / path.name, ignore=caches)
        elif path.is_file():
            shutil.copy2(path, folder / path.name)
    _program(folder, "tollbook", "-m flows")
    _program(folder, "python", "")
    (folder / ".venv" / "run.stamp").touch()
    return folder


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("TOLLBOOK_", "PREFECT_", "MAKE"))}
    return {**kept, **SIZE, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "160"}


def _shell(folder: Path, commands: list[str]) -> tuple[int, list[tuple[str, str]]]:
    """Run the commands in one shell, up to the first that fails. Its exit code, and what each one run said."""
    script = "\n".join(["set -eo pipefail", *(f"echo '@@ {place}'\n{text}" for place, text in enumerate(commands))])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=1800,
        check=False,
    )
    parts = re.split(r"^@@ (\d+)$", done.stdout.decode(), flags=re.MULTILINE)[1:]
    return done.returncode, [(commands[int(place)], said) for place, said in zip(parts[::2], parts[1::2], strict=True)]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's call records and contracts, not billed."""
    folder = _clone(tmp_path_factory.mktemp("demo") / "tollbook")
    made = ".venv/bin/tollbook demo --calls $CALLS --accounts $ACCOUNTS --seed 1 -o data/demo"
    assert _shell(folder, [made])[0] == 0
    return folder / "data" / "demo"


def _prepared(page: str, folder: Path, demo: Path) -> Path:
    """The copy in which a page's commands are run."""
    clone = _clone(folder)
    for name in ("inbox", "contracts"):
        shutil.copytree(demo / name, clone / "data" / name)
    before = []
    if "make run" not in _runnable(page):
        shutil.copytree(demo, clone / "data" / "demo")
        bill = ".venv/bin/tollbook bill 2020-02 --cdrs data/demo/inbox --contracts data/demo/contracts"
        before = ["export PATH=$PWD/.venv/bin:$PATH", f"{bill} --warehouse data/demo/warehouse"]
    if page == RATES_PAGE:
        shutil.copy2(DECK, clone / DECK.name)
        (clone / "corrections.csv").write_text(CORRECTIONS, encoding="utf-8")
        before = [".venv/bin/tollbook bill 2020-02"]
    code, said = _shell(clone, before)
    assert code == 0, said
    return clone


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_run_as_it_stands(page: str, demo: Path, tmp_path: Path) -> None:
    if page == RATES_PAGE and not DECK.is_file():
        pytest.skip(f"{DECK.name} is not in ../shared/reference")
    commands = _runnable(page)
    if page == RATES_PAGE:
        commands = ["export PATH=$PWD/.venv/bin:$PATH", *commands]
    code, said = _shell(_prepared(page, tmp_path / "tollbook", demo), commands)
    last, output = said[-1]
    assert code == 0, f"{page}: `{last}` ended with {code}:\n{output[-3000:]}"
    assert [command for command, _ in said] == commands
    for (of_page, begins), text in TELLS.items():
        if of_page == page:
            told = [" ".join(output.split()) for command, output in said if command.startswith(begins)]
            assert told, f"{page} has no command that begins: {begins}"
            assert all(text in output for output in told), f"{page}: `{begins}` does not say: {text}\n{told}"
