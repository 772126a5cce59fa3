"""Every command's `--help`: what it does in the list, its flags, and examples that the command line understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
from cyclopts import App

from flows.cli import app, run
from flows.command_help import Example, examples_of


def _commands(group: App, chain: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    for name, command in group.resolved_commands().items():
        if not name.startswith("-"):
            yield (*chain, name), command
            yield from _commands(command, (*chain, name))


COMMANDS = dict(_commands(app))
GROUPS = [(), *(chain for chain, command in COMMANDS.items() if command.default_command is None)]
LEAVES = [chain for chain, command in COMMANDS.items() if command.default_command is not None]


def _examples(chain: tuple[str, ...]) -> list[Example]:
    function = COMMANDS[chain].default_command
    assert function is not None
    return examples_of(function)


def _help(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run([*words, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("chain", LEAVES, ids=" ".join)
def test_the_help_of_a_command_has_examples_each_on_a_line_that_can_be_copied(
    capsys: pytest.CaptureFixture[str], chain: tuple[str, ...]
) -> None:
    examples = _examples(chain)
    assert examples, f"write a section Examples into the docstring of `tollbook {' '.join(chain)}`"
    lines = _help(capsys, *chain).split("\nExamples:\n")[1].splitlines()
    assert lines == [line for command, says in examples for line in (f"  {command}", f"      {says}")]
    assert all(says.endswith(".") for _, says in examples)


@pytest.mark.parametrize(
    ("chain", "example"),
    [(chain, example.command) for chain in LEAVES for example in _examples(chain)],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_an_example_is_understood_as_a_call_of_its_command(chain: tuple[str, ...], example: str) -> None:
    words = shlex.split(re.split(r" [|>] ", example)[0])
    function, _, _ = app.parse_args(words[1:], exit_on_error=False, print_error=False)
    assert (words[0], function) == ("tollbook", COMMANDS[chain].default_command)


@pytest.mark.parametrize("chain", GROUPS, ids=lambda chain: " ".join(chain) or "tollbook")
def test_a_list_of_commands_says_what_each_does_loaded_or_not(
    capsys: pytest.CaptureFixture[str], chain: tuple[str, ...]
) -> None:
    shown = " ".join(re.sub("[│╭╰─╮╯]", " ", _help(capsys, *chain)).split())
    named = [other for other in COMMANDS if other[:-1] == chain]
    assert named
    for other in named:
        first = re.split(r"(?<=\.)\s", COMMANDS[other].help)[0]
        assert f" {other[-1]} {' '.join(first.replace('`', '').split())}" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bill"], "`tollbook bill --help` shows its flags, and examples."),
        (["rates", "lint", "2020.1", "--nothing"], "`tollbook rates lint --help` shows its flags, and examples."),
        (["rates", "lont"], "`tollbook rates --help` shows the commands."),
        (["bull"], "`tollbook --help` shows the commands."),
    ],
)
def test_a_wrong_command_line_is_told_where_the_right_one_stands(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run(words) == 2
    assert capsys.readouterr().err.rstrip().endswith(said)


def test_a_flag_that_takes_several_needs_no_word_for_none(capsys: pytest.CaptureFixture[str]) -> None:
    for chain in LEAVES:
        assert "--empty-" not in _help(capsys, *chain), chain
