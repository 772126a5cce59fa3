"""`tollbook token`: who may download what."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Annotated

from cyclopts import App, Parameter

from flows.options import DONE, WAREHOUSE, Warehouse, console, console_of_tables
from schemas.faults import Fault, InputRefusedError

token = App(name="token", help="Access tokens of the download page: one opens one account.")


def _refuse_without(warehouse: Warehouse) -> None:
    if not warehouse.is_dir():
        raise InputRefusedError(Fault(str(warehouse), "there is no such folder", "name the warehouse with --warehouse"))


def _shown(moment: str) -> str:
    """To the minute."""
    return moment[:16].replace("T", " ")


@token.command
def create(account: str, /, *, expires: str = "90d", warehouse: Warehouse = WAREHOUSE) -> int:
    """Make a token of an account and show it, this once: only its hash is kept.

    Standard output has the token alone, so that it can be piped to where it is sent from.

    Parameters
    ----------
    account
        Account id.
    expires
        How long it opens the account: 90d, 12h, 4w; a year at most.

    Examples
    --------
    tollbook token create A00001 --expires 30d
        Shown this once: give it to the customer.
    """
    from flows.download_page.books import language_of
    from flows.download_page.tokens import create_token, parse_lifetime

    lifetime = parse_lifetime(expires)
    _refuse_without(warehouse)
    if language_of(warehouse, account) is None:
        remedy = "look the id up in the table invoices; an account is known once a month of it was billed"
        raise InputRefusedError(
            Fault("account", "no contract or invoice of this account is known", remedy, value=account)
        )
    made = create_token(warehouse, account, lifetime, dt.datetime.now(dt.UTC))
    screen = console(is_error=True)
    facts = f"Token {made.kept.token_id} opens account {account} until {made.kept.expires_at}."
    screen.print(
        f"{facts} It is shown this once; `tollbook token revoke {made.kept.token_id}` ends it.", soft_wrap=True
    )
    sys.stdout.write(f"{made.text}\n")
    return DONE


@token.command(name="list")
def list_tokens(
    *,
    account: Annotated[str | None, Parameter(help="Only the tokens of this account.")] = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """List the tokens: whose they are, until when, and whether they open anything now.

    Examples
    --------
    tollbook token list --account A00001
        Those of one account; of all where none is named.
    """
    from rich.table import Table

    from flows.download_page.tokens import read_tokens

    _refuse_without(warehouse)
    tokens = [kept for kept in read_tokens(warehouse).values() if account in (None, kept.account_id)]
    screen, now = console_of_tables(), dt.datetime.now(dt.UTC)
    if not tokens:
        screen.print("No tokens. `tollbook token create ACCOUNT` makes one.", soft_wrap=True)
        return DONE
    table = Table("id", "account", "state", "created (UTC)", "by", "expires (UTC)")
    for kept in tokens:
        created, expires = _shown(kept.created_at), _shown(kept.expires_at)
        table.add_row(kept.token_id, kept.account_id, kept.state(now), created, kept.created_by, expires)
    screen.print(table)
    return DONE


@token.command
def revoke(token_id: str, /, *, warehouse: Warehouse = WAREHOUSE) -> int:
    """End a token now. Sessions that were begun with it end too, also in a server that is running.

    Parameters
    ----------
    token_id
        Its id, as `tollbook token list` shows it.

    Examples
    --------
    tollbook token revoke 3f2a9c1e07bd
        The id is the one that `tollbook token list` shows.
    """
    from flows.download_page.tokens import revoke_token

    _refuse_without(warehouse)
    kept = revoke_token(warehouse, token_id, dt.datetime.now(dt.UTC))
    console().print(f"Token {kept.token_id} of account {kept.account_id} opens nothing any more.", soft_wrap=True)
    return DONE
