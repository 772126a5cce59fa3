"""Bar charts as inline SVG, drawn by pygal and left to the page's style sheet: no script, no style of their own.

Floats are heights of bars in pixels; every figure stands beside the chart in a table, exact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from xml.etree import ElementTree

from markupsafe import Markup

_KEPT = frozenset({"g", "rect", "path", "text"})
_LEFT_OUT = frozenset({"background", "text-overlay", "titles"})
_ATTRIBUTES = ("d", "height", "transform", "width", "x", "y")
_CLASSES = frozenset({"axis", "guide", "guides", "line", "major", "plot", "x", "y"})
_FRACTION = re.compile(r"-?[0-9]+\.[0-9]+")
_MOST_TICKS = 5


class Series(NamedTuple):
    """Bars of one colour: the style sheet's class of it, and a number a bar."""

    style: str
    values: Sequence[int | Decimal]


def bar_chart(series: Sequence[Series], labels: Sequence[str], said: str, *, is_stacked: bool) -> Markup:
    """The bars as an SVG element; `said` is its text alternative. Same values, same bytes.

    An empty label writes nothing below its bars.
    """
    import pygal  # 80 ms, for who asks for a chart

    kind = pygal.StackedBar if is_stacked else pygal.Bar
    chart: Any = kind(
        width=480,
        height=220,
        js=[],
        css=[],
        show_legend=False,
        no_data_text="",
        margin=0,
        margin_top=8,
        margin_right=2,
        spacing=6,
        min_scale=3,
        max_scale=_MOST_TICKS,
        value_formatter=axis_text,
        style=pygal.style.Style(label_font_size=12, major_label_font_size=12, font_family="sans-serif"),
    )
    chart.x_labels = list(labels)
    for part in series:
        chart.add(part.style, [float(value) for value in part.values])  # heights in pixels, not figures
    root = chart.render_tree()
    _clean(root, [part.style for part in series])
    box = root.get("viewBox")
    root.attrib.clear()
    root.attrib.update({"viewBox": box, "class": "chart", "role": "img", "aria-label": said})
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - written by the XML library, escaped


def axis_text(value: float) -> str:
    """A value of the axis, short: `1,500`, `20k`, `3M`."""
    size, letter = next(((size, letter) for size, letter in ((1e6, "M"), (1e4, "k")) if abs(value) >= size), (0, ""))
    unit = {"M": 1e6, "k": 1e3, "": 1}[letter]
    return f"{value / unit:,.1f}".removesuffix(".0").replace("-", "\N{MINUS SIGN}") + letter if size or value else "0"


def _clean(element: ElementTree.Element, styles: Sequence[str]) -> None:
    """Shapes and labels with classes; comments, scripts, tooltips and shapes without a size are gone."""
    for child in list(element):
        classes = (child.get("class") or "").split()
        if _is_kept(child, classes):
            _clean(child, styles)
            _keep_attributes(child, classes, styles)
        if not _is_kept(child, classes) or (child.tag == "g" and len(child) == 0):
            element.remove(child)


def _is_kept(element: ElementTree.Element, classes: list[str]) -> bool:
    is_drawn = element.get("height") not in ("0", "0.0")
    is_label = element.tag != "text" or bool(element.text)
    return element.tag in _KEPT and not _LEFT_OUT & set(classes) and is_drawn and is_label


def _keep_attributes(element: ElementTree.Element, classes: list[str], styles: Sequence[str]) -> None:
    kept = {name: _FRACTION.sub(_tenth, element.get(name, "")) for name in _ATTRIBUTES if name in element.attrib}
    names = [name for name in classes if name in _CLASSES]
    names += [styles[int(name.removeprefix("serie-"))] for name in classes if name.startswith("serie-")]
    element.attrib.clear()
    element.attrib.update(kept | ({"class": " ".join(names)} if names else {}))


def _tenth(found: re.Match[str]) -> str:
    """A coordinate to a tenth of a unit."""
    return f"{float(found[0]):.1f}".removesuffix(".0")
