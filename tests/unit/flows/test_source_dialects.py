"""Files as they are: quotes, escapes, encodings, header lines, comments, columns by place, keys in objects."""

from __future__ import annotations

import tomllib
from pathlib import Path

import polars as pl
import pytest

from flows.record_files import read_blocks, read_raw_records
from flows.source_check import record_file
from schemas.faults import InputRefusedError
from schemas.source_toml import parse_source
from transforms.source_fields import canonical_text

FIELDS = """
[fields]
call_id = "{id}"
source_number = "{from}"
destination_number = "{to}"
start_time = "{at}"
duration_seconds = "{secs}"
"""
NAMES = '[dialect]\nheader = false\ncolumns = ["id", "from", "to", "at", "secs"]\n'


def _read(folder: Path, content: bytes, toml: str, name: str = "calls.csv") -> pl.DataFrame:
    (folder / name).write_bytes(content)
    source = parse_source("x.toml", "x", tomllib.loads(toml))
    record = record_file(folder / name, "x")
    return pl.concat([canonical_text(block.rows(), source) for block in read_blocks(record, source)])


def _texts(folder: Path, content: bytes, toml: str, name: str = "calls.csv") -> list[tuple[object, ...]]:
    columns = ("source_line", "is_malformed", "call_id", "source_number", "destination_number")
    return _read(folder, content, toml, name).select(columns).rows()


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (b'1,"100",200,t,5', (False, "1", "100", "200")),
        (b'1,""Ann" <100>",200,t,5', (False, "1", '"Ann" <100>', "200")),
        (b'1,""Ann, B" <100>",200,t,5', (False, "1", '"Ann, B" <100>', "200")),
        (b'1,""" <100>",200,t,5', (False, "1", '" <100>', "200")),
        (b'1,"",200,t,5', (False, "1", "", "200")),
        (b'1,"a""b", "200" ,t,5', (False, "1", 'a"b', "200")),
        (b'1,a"b,200,t,5', (False, "1", 'a"b', "200")),
        (b'1,"never closed,200,t,5', (True, "", "", "")),
        (b'1,"100,200",t,5', (True, "", "", "")),
        (b"1,100,200,t,5,6", (True, "", "", "")),
    ],
)
def test_a_loosely_quoted_field_ends_at_the_quote_before_a_delimiter(
    tmp_path: Path, line: bytes, read: tuple[object, ...]
) -> None:
    assert _texts(tmp_path, line + b"\n", NAMES + 'quoting = "loose"\n' + FIELDS) == [(1, *read)]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (rb"1,Ann\, B,200,t,5", (False, "1", "Ann, B", "200")),
        (rb"1,a\\b,200,t,5", (False, "1", r"a\b", "200")),
        (rb"1,100,200,t,5\\", (False, "1", "100", "200")),
        (b"1,100,200,t,5\\", (True, "", "", "")),  # what is escaped is not there
        (rb"1,Ann, B,200,t,5", (True, "", "", "")),
        (rb'1,"100",200,t,5', (False, "1", '"100"', "200")),
    ],
)
def test_an_escaped_delimiter_is_a_character_of_its_field(
    tmp_path: Path, line: bytes, read: tuple[object, ...]
) -> None:
    assert _texts(tmp_path, line + b"\n", NAMES + 'quote = ""\nescape = "\\\\"\n' + FIELDS) == [(1, *read)]


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("latin-1", "latin-1"),
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16", "utf-16-le"),
        ("utf-8", "utf-8-sig"),
    ],
)
def test_a_file_is_read_in_the_encoding_that_its_source_names(tmp_path: Path, encoding: str, written: str) -> None:
    content = "id,from,to,at,secs\n1,Zoé,200,t,5\n2,José,201,t,6".encode(written)
    assert _texts(tmp_path, content, f'[dialect]\nencoding = "{encoding}"\n{FIELDS}') == [
        (2, False, "1", "Zoé", "200"),
        (3, False, "2", "José", "201"),
    ]


def test_utf_16_with_its_bytes_turned_round_is_told_by_its_mark(tmp_path: Path) -> None:
    content = b"\xfe\xff" + "id,from,to,at,secs\r\n1,Zoé,200,t,5\r\n".encode("utf-16-be")
    read = _texts(tmp_path, content, f'[dialect]\nencoding = "utf-16"\n{FIELDS}')
    assert read == [(2, False, "1", "Zoé", "200")]


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("cp1252", b"id,from,to,at,secs\n1,a\x81b,200,t,5\n2,c,201,t,6\n"),
        ("utf-16", "id,from,to,at,secs\n1,a\ud800b,200,t,5\n2,c,201,t,6\n".encode("utf-16-le", "surrogatepass")),
    ],
)
def test_a_row_with_what_is_no_character_is_malformed_and_no_other(
    tmp_path: Path, encoding: str, content: bytes
) -> None:
    read = _texts(tmp_path, content, f'[dialect]\nencoding = "{encoding}"\n{FIELDS}')
    assert read == [(2, True, "", "", ""), (3, False, "2", "c", "201")]


def test_half_a_character_at_the_end_of_a_file_makes_its_row_malformed(tmp_path: Path) -> None:
    content = "id,from,to,at,secs\n1,a,200,t,5\n2,b,201,t,6".encode("utf-16-le") + b"\x31"
    read = _texts(tmp_path, content, f'[dialect]\nencoding = "utf-16"\n{FIELDS}')
    assert read == [(2, False, "1", "a", "200"), (3, True, "", "", "")]


def test_raw_records_of_another_encoding_are_found_again(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_bytes("1,Zoé,200,t,5\n2,José,201,t,6\n".encode("utf-16"))
    record = record_file(tmp_path / "calls.csv", "x")
    assert read_raw_records(record, pl.Series([2]), [], "utf-16") == ["2,José,201,t,6"]


def test_a_line_of_types_is_passed_over_and_lines_are_counted_on(tmp_path: Path) -> None:
    content = b"id,from,to,at,secs\nINT,TEXT,TEXT,INT,INT\n1,100,200,t,5\n"
    toml = '[dialect]\nheader_lines = 2\nheader_begins = ["id", "INT"]\n'
    assert _texts(tmp_path, content, toml + FIELDS) == [(3, False, "1", "100", "200")]


def test_a_file_without_its_line_of_types_is_refused_before_a_record_is_lost(tmp_path: Path) -> None:
    toml = '[dialect]\nheader_lines = 2\nheader_begins = ["id", "INT"]\n'
    with pytest.raises(InputRefusedError, match="line 2: the header line does not begin with INT"):
        _texts(tmp_path, b"id,from,to,at,secs\n1,100,200,t,5\n", toml + FIELDS)


def test_a_header_may_be_passed_over_for_names_by_position(tmp_path: Path) -> None:
    toml = NAMES.replace("header = false", "header_lines = 1") + FIELDS
    assert _texts(tmp_path, b"A,A,,x y,\n1,100,200,t,5\n", toml) == [(2, False, "1", "100", "200")]


def test_comments_are_no_rows_wherever_they_stand(tmp_path: Path) -> None:
    content = b"# made by a script\nid,from,to,at,secs\n#1,100,200,t,5\n2,101,201,t,6\n# end\n"
    toml = '[dialect]\ncomment = "#"\n'
    assert _texts(tmp_path, content, toml + FIELDS) == [(4, False, "2", "101", "201")]


def test_columns_may_be_called_by_their_place(tmp_path: Path) -> None:
    toml = (
        "[dialect]\nheader = false\nfewest_columns = 4\n"
        '[fields]\ncall_id = "{#1}"\nsource_number = "{#2}"\ndestination_number = "{#3}"\n'
        'start_time = "{#4}"\nduration_seconds = "{#5}"\n'
    )
    content = b"1,100,200,t,5,x,y\n2,101,201,t\n3,102,202\n"
    assert _texts(tmp_path, content, toml) == [
        (1, False, "1", "100", "200"),
        (2, False, "2", "101", "201"),
        (3, True, "", "", ""),
    ]


def test_a_headed_file_may_have_some_columns_by_place(tmp_path: Path) -> None:
    toml = FIELDS.replace("{from}", "{#2}")
    assert _texts(tmp_path, b"id,caller!,to,at,secs\n1,100,200,t,5\n", toml) == [(2, False, "1", "100", "200")]


@pytest.mark.parametrize(
    ("header", "template"), [(b"id,from,to,at,secs,#2", "{#2}"), (b"id,from,to,at,secs,x", "{#3}")]
)
def test_a_column_read_by_name_and_by_place_is_refused(tmp_path: Path, header: bytes, template: str) -> None:
    toml = FIELDS.replace("{from}", template)
    with pytest.raises(InputRefusedError, match="the column is read by its name and by its place"):
        _texts(tmp_path, header + b"\n1,100,200,t,5,6\n", toml)


def test_words_for_nothing_are_empty_in_every_column(tmp_path: Path) -> None:
    content = b"id,from,to,at,secs\n1,NULL,NULLS,t,5\n"
    read = _texts(tmp_path, content, 'empty_words = ["NULL"]\n' + FIELDS)
    assert read == [(2, False, "1", "", "NULLS")]


def test_a_test_on_a_column_that_the_file_lacks_is_refused(tmp_path: Path) -> None:
    toml = FIELDS + '[[set_aside]]\nreason = "other_leg"\nwhen = { leg = "b" }\n'
    with pytest.raises(InputRefusedError, match="column leg: the file lacks a column"):
        _texts(tmp_path, b"id,from,to,at,secs\n1,100,200,t,5\n", toml)


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (b'{"id":"1","from":{"user":["x","100"]},"to":"200"}', (False, "1", "100", "200")),
        (b'{"id":"1","from.user.1":"101","from":{"user":["x","100"]},"to":"200"}', (False, "1", "101", "200")),
        (b'{"id":"1","from":{"user":["x"]},"to":200}', (False, "1", "", "200")),
        (b'{"id":"1","from":"x","to":"%2B200"}', (False, "1", "", "+200")),
        (b'{"id":"1","from":{"user":["x",{"y":1}]},"to":"200"}', (True, "", "", "")),
        (b'{"id":"%ff","to":"200"}', (True, "", "", "")),
    ],
)
def test_a_key_may_be_a_path_into_objects_and_lists(tmp_path: Path, line: bytes, read: tuple[object, ...]) -> None:
    toml = "[dialect]\npercent_encoded = true\n" + FIELDS.replace("{from}", "{from.user.1}")
    assert _texts(tmp_path, line + b"\n", toml, "calls.jsonl") == [(1, *read)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("sip:+12125550100@sp.example.com;user=phone", "+12125550100"),
        ('"Ann" <sip:100@pbx.example.com>', "100"),
        ("tel:+12125550100;ext=5", "+12125550100"),
        ("100@acme.example.com", "100"),
        ("+1 (212) 555-0100", "+1 (212) 555-0100"),
        ("anonymous@anonymous.invalid", "anonymous"),
        ("", ""),
    ],
)
def test_the_number_of_an_address_is_its_user(tmp_path: Path, text: str, number: str) -> None:
    toml = "number_uris = true\n" + NAMES.replace("[dialect]", '[dialect]\ndelimiter = "|"\nquote = ""') + FIELDS
    read = _texts(tmp_path, f"1|{text}|200|t|5\n".encode(), toml)
    assert read == [(1, False, "1", number, "200")]


def test_the_account_of_a_text_is_the_one_that_the_source_means(tmp_path: Path) -> None:
    toml = 'account_id = "rest"\n' + FIELDS + 'account_id = "{to}"\n[account_words]\n200 = "acme"\n'
    accounts = _read(tmp_path, b"id,from,to,at,secs\n1,100,200,t,5\n2,100,201,t,5\n3,100,,t,5\n", toml)["account_id"]
    assert accounts.to_list() == ["acme", "201", "rest"]


def test_the_control_of_rows_counts_no_comments(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_bytes(b"1,100,200,t,5\n#2\n\n #3,1,1,t,5\n#\xff\n")
    source = parse_source("x.toml", "x", tomllib.loads(NAMES + 'comment = "#"\n' + FIELDS))
    [block] = read_blocks(record_file(tmp_path / "calls.csv", "x"), source)
    assert block.rows().height == block.row_count() == 3
