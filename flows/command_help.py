"""What `--help` shows of a command beyond its flags: the examples in its docstring, as they can be copied."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from cyclopts import App
from rich.console import Console

_SECTION = re.compile(r"^Examples\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", re.DOTALL | re.MULTILINE)
PROGRAM = "tollbook"


class Example(NamedTuple):
    """A command line, and what it does."""

    command: str
    says: str


def examples_of(function: Callable[..., Any]) -> list[Example]:
    """The section `Examples` of a docstring: a command a line, and what it does indented below."""
    found = _SECTION.search(inspect.getdoc(function) or "")
    examples: list[Example] = []
    for line in found[1].splitlines() if found else ():
        if line.startswith(f"{PROGRAM} "):
            examples.append(Example(line, ""))
        elif line.strip() and examples:
            command, says = examples.pop()
            examples.append(Example(command, f"{says} {line.strip()}".strip()))
    return examples


def show_examples(console: Console, examples: Iterable[Example]) -> None:
    """The examples, each command on a line of its own, however long."""
    console.print("Examples:", highlight=False, markup=False)
    for command, says in examples:
        console.print(f"  {command}", style="bold", highlight=False, markup=False, emoji=False, soft_wrap=True)
        if says:
            console.print(f"      {says}", highlight=False, markup=False, emoji=False, soft_wrap=True)


def _load_commands(group: App) -> None:
    """Load commands that would be loaded when they are run: only then does the list say what they do."""
    for name, command in group.resolved_commands().items():
        if not name.startswith("-"):
            del group[name]
            group.command(command, name=name)


class HelpfulApp(App):
    """A command line that lists what its commands do before they are loaded, and shows examples below their flags."""

    def help_print(self, tokens: str | Iterable[str] | None = None, *, console: Console | None = None) -> None:
        """Print the help page of the command that the tokens lead to."""
        words = tokens if tokens is None or isinstance(tokens, str) else list(tokens)
        chain, apps, _ = self.parse_commands(words)
        asked = apps[-1]
        _load_commands(asked)
        super().help_print(words, console=console)
        screen = console or self.console
        examples = examples_of(asked.default_command) if asked.default_command else []
        if examples:
            show_examples(screen, examples)
        else:
            asked_for = " ".join([PROGRAM, *chain])
            told = f"`{asked_for} COMMAND --help` shows the flags of a command, and examples."
            screen.print(told, highlight=False, markup=False, soft_wrap=True)
