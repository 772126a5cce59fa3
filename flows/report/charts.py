"""Bar charts as inline SVG, drawn by pygal and left to the page's style sheet: no script, no style of their own.

Floats are heights of bars in pixels; every figure stands beside the chart in a table, exact.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple
from xml.etree import ElementTree

from markupsafe import Markup

_KEPT = frozenset({"g", "rect", "path", "text"})
_LEFT_OUT = frozenset({"background", "text-overlay", "titles"})
_ATTRIBUTES = ("d", "height", "transform", "width", "x", "y")
_CLASSES = frozenset({"axis", "guide", "guides", "line", "major", "plot", "x", "y"})
_FRACTION = re.compile(r"-?[0-9]+\.[0-9]+")
_MOST_STEPS = 5


def drawing_library() -> ModuleType:
    """pygal, loaded when it is first asked for (80 ms); it has no types."""
    return import_module("pygal")


class Series(NamedTuple):
    """Bars of one colour: the style sheet's class of it, and a number a bar."""

    style: str
    values: Sequence[int | Decimal]


def stacked_bars(series: Sequence[Series], labels: Sequence[str], said: str) -> Markup:
    """Bars on top of one another as an SVG element; `said` is its text alternative. An empty label writes nothing."""
    heights = [sum(bars) for bars in zip(*(part.values for part in series), strict=True)]
    return _drawn("StackedBar", 480, series, labels, said, heights)


def paired_bars(series: Sequence[Series], labels: Sequence[str], said: str) -> Markup:
    """Bars beside one another, as `stacked_bars`."""
    return _drawn("Bar", 360, series, labels, said, [value for part in series for value in part.values])


def _drawn(
    kind: str,
    width: int,
    series: Sequence[Series],
    labels: Sequence[str],
    said: str,
    heights: Sequence[int | Decimal],
) -> Markup:
    """The SVG element; its axis reaches all heights. Same values, same bytes."""
    pygal = drawing_library()
    lowest = math.floor(min(0, *heights))
    ticks = axis_ticks(lowest, math.ceil(max(1, *heights)))
    chart: Any = getattr(pygal, kind)(
        width=width,
        height=200,
        js=[],
        css=[],
        show_legend=False,
        no_data_text="",
        truncate_label=-1,
        margin=0,
        margin_top=8,
        margin_right=2,
        spacing=6,
        range=(lowest, ticks[-1]),
        style=pygal.style.Style(label_font_size=14, major_label_font_size=14, font_family="sans-serif"),
    )
    chart.x_labels = list(labels)
    chart.y_labels = [{"value": tick, "label": axis_text(tick, max(-ticks[0], ticks[-1]))} for tick in ticks]
    for part in series:
        chart.add(part.style, [float(value) for value in part.values])  # heights in pixels, not figures
    root = chart.render_tree()
    _clean(root, [part.style for part in series])
    box = str(root.get("viewBox"))
    root.attrib.clear()
    root.attrib.update({"viewBox": box, "class": "chart", "role": "img", "aria-label": said})
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # escaped by the XML library


def axis_ticks(lowest: int, highest: int) -> list[int]:
    """Round values for the axis, none below the lowest, the last one at or above the highest; 0 is one of them.

    Needs: lowest <= 0 < highest.
    """
    steps = (size * 10**power for power in range(40) for size in (1, 2, 5))
    step = next(step for step in steps if -(-highest // step) - lowest // step <= _MOST_STEPS)
    return list(range(-(-lowest // step) * step, highest + step, step))


def axis_text(value: int, greatest: int) -> str:
    """A value of an axis that goes as far as the greatest, short: `1,500`, `20k`, `3M`."""
    unit, letter = next(((unit, sign) for unit, sign in ((10**6, "M"), (10**3, "k")) if greatest >= 10 * unit), (1, ""))
    digits = f"{Decimal(value) / unit:,f}".replace("-", "\N{MINUS SIGN}")
    return digits + letter if value else "0"


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
