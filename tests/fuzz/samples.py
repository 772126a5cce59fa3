"""Good files to spoil: of each format of the canonical source, and of each source with a folder in tests/samples."""

from __future__ import annotations

import gzip
import io
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

SAMPLES = Path(__file__).parents[1] / "samples"
ENDINGS = (".csv", ".csv.gz", ".csv.zst", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")
CANONICAL = """\
call_id,account_id,direction,source_number,destination_number,start_time,end_time,duration_seconds,disposition,name
c01,A,outbound,+12125550100,+442071234567,2020-01-10T12:00:00Z,2020-01-10T12:01:00Z,60,answered,Ann
c02,A,outbound,12125550100,011442071234567,2020-01-10 12:00:00+01:00,,61,ANSWERED,Zoë
c03,A,,2001,2002,2020-01-10T12:00:00.5Z,,5,,"Smith, Bob"
c04,A,,2001,911,2020-01-10T12:00:00Z,,30,answered,"say ""hello"" twice"
c05,A,inbound,,+12125550100,2020-01-11T12:00:00Z,,0,no_answer,
c06,A,inbound,+33140205050,+12125550100,2020-01-11T12:00:00-0500,,3600,answered,日本
c07,,,+12125550100,+18005550199,2020-01-12T00:00:00Z,,12,answered,NULL
c08,,,+442071234567,+12125550100,2020-01-12T00:00:00Z,,7,busy,
c09,A,outbound,(212) 555-0100,1 (212) 555-0101,2020-01-13T08:30:00Z,,59,answered,dots...
c10,A,outbound,2001,*98,2020-01-13T08:31:00Z,,4,answered,
c10,A,outbound,2001,*98,2020-01-13T08:31:00Z,,4,answered,
c10,A,outbound,2001,*98,2020-01-13T08:31:00Z,,5,answered,
c11,A,outbound,2001,+80012345678,2020-01-31T23:59:59.999999Z,,90,answered,
c12,A,outbound,2001,+442071234567,2020-02-01T00:00:00Z,,91,answered,late
c13,nobody,outbound,2001,+442071234567,2020-01-14T00:00:00Z,,92,answered,
c14,A,sideways,2001,+442071234567,2020-01-14T00:00:00Z,,93,answered,
c15,A,outbound,2001,+442071234567,yesterday,,94,answered,
c16,A,outbound,2001,+442071234567,2020-01-14T00:00:00Z,,-95,answered,
c17,A,outbound,2001,nowhere,2020-01-14T00:00:00Z,,96,answered,
c18,A,outbound,2001
 c19 , A , outbound , 2001 , +442071234567 , 2020-01-14T00:00:00Z ,, 97 , answered ,

c20,A,outbound,2001,+442071234567,2020-01-14T00:00:00Z,2020-01-14T00:00:01Z,98,answered,odd
"""
ASTERISK = '''\
"A","12125550100","442071234567","office","""Ann"" <12125550100>","SIP/1-1","SIP/2-1","Dial","SIP/x,60",\
"2020-01-10 12:00:00","2020-01-10 12:00:05","2020-01-10 12:01:00",60,55,"ANSWERED","DOCUMENTATION","1.1",""
"A","2001","911","office","""Bob, jr."" <2001>","SIP/1-2","SIP/2-2","Dial","SIP/x,60",\
"2020-01-11 12:00:00","2020-01-11 12:00:00","2020-01-11 12:00:30",30,30,"ANSWERED","DOCUMENTATION","1.2",""
"A","anonymous","2001","office","anonymous","SIP/1-3","","Hangup","",\
"2020-01-12 12:00:00",,"2020-01-12 12:00:09",9,0,"NO ANSWER","DOCUMENTATION","1.3","","","1.3",0
"A","2001","s","office","","SIP/1-4","","Hangup","",\
"2020-01-12 12:00:00",,"2020-01-12 12:00:09",9,0,"BUSY","DOCUMENTATION","1.4","","","1.4",1
"A",2001,2002,office,,SIP/1-5,SIP/2-5,Dial,,\
2020-01-13 12:00:00,2020-01-13 12:00:00,2020-01-13 12:02:00,120,120,ANSWERED,DOCUMENTATION,1.5,
'''


class Sample(NamedTuple):
    """A good file: its source, its name, and its bytes without compression."""

    source: str
    name: str
    content: bytes

    @property
    def is_parquet(self) -> bool:
        """Whether the file is typed, and no text."""
        return self.name.endswith(".parquet")


def ending_of(name: str) -> str:
    """The ending that says what the file is; a sample of another is text that a clerk renames to `.csv`."""
    return next((ending for ending in sorted(ENDINGS, key=len, reverse=True) if name.endswith(ending)), ".csv")


def packed(content: bytes, ending: str) -> bytes:
    """The content as a file of that ending holds it."""
    if ending.endswith(".gz"):
        return gzip.compress(content, mtime=0)
    if ending.endswith(".zst"):
        stream = pa.BufferOutputStream()
        with pa.CompressedOutputStream(stream, "zstd") as compressed:
            compressed.write(content)
        return bytes(stream.getvalue().to_pybytes())
    return content


def unpacked(content: bytes, ending: str) -> bytes:
    """The text of a good file."""
    if ending.endswith(".gz"):
        return gzip.decompress(content)
    if ending.endswith(".zst"):
        return bytes(pa.CompressedInputStream(pa.BufferReader(content), "zstd").read())
    return content


def as_json(text: str) -> str:
    """Canonical CSV rows of full width as lines of JSON."""
    header, *rows = [line.split(",") for line in text.splitlines() if '"' not in line]
    return "".join(json.dumps(dict(zip(header, row, strict=False)), ensure_ascii=False) + "\n" for row in rows)


def as_parquet(text: str) -> bytes:
    """Canonical CSV rows of full width as a typed file, numbers and all."""
    lines = [line for line in text.splitlines(keepends=True) if line.count(",") == 9 and '"' not in line]
    strings = ["call_id", "account_id", "source_number", "destination_number", "start_time", "end_time", "disposition"]
    options = pa_csv.ConvertOptions(column_types=dict.fromkeys(strings, pa.string()), strings_can_be_null=False)
    # trimmed as the reader would: a number in a typed file has no spaces
    content = "".join(lines).replace(" , ", ",").replace(" ,", ",").replace(", ", ",")
    stream = io.BytesIO()
    pq.write_table(pa_csv.read_csv(io.BytesIO(content.encode()), convert_options=options), stream)
    return stream.getvalue()


@cache
def samples() -> tuple[Sample, ...]:
    """Every good file there is: a source with a folder in tests/samples is met without a word here."""
    own = [
        Sample("canonical", "calls.csv", CANONICAL.encode()),
        Sample("canonical", "calls.jsonl", as_json(CANONICAL).encode()),
        Sample("canonical", "calls.parquet", as_parquet(CANONICAL)),
        Sample("asterisk", "Master.csv", ASTERISK.encode()),
    ]
    paths = sorted(path for path in SAMPLES.glob("*/**/*") if path.is_file())
    return (
        *own,
        *(
            Sample(path.relative_to(SAMPLES).parts[0], path.name, unpacked(path.read_bytes(), ending_of(path.name)))
            for path in paths
        ),
    )
