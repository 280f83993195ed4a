"""Chart reading: what a chart's source says that it shows: kinds, numbers, texts, colours, layout. Nothing is run.

Read are matplotlib programs (their syntax tree: calls, with names that stand for literals) and Vega-Lite
specifications with their data inside.

>>> read_chart("plt.bar(['a', 'b'], [1, 2], color='red'); plt.xlabel('Year')")
Chart(kinds=('bar',), numbers=(1.0, 2.0), texts=('a', 'b', 'Year'), colours=('red',), layout=None)
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

#: What a source may have: characters, and numbers or texts that are read from it.
MAX_CHARS, MAX_ITEMS = 50_000, 5_000
#: Items that are looked at in all: a list of lists of one list is long in few characters.
_WORK = 100_000
_MAX_DEPTH = 60

_KINDS = {
    **{kind: kind for kind in ("bar", "barh", "scatter", "pie", "hist", "errorbar", "contour", "quiver", "step")},
    "plot": "line",
    "boxplot": "box",
    "violinplot": "violin",
    "imshow": "heatmap",
    "pcolormesh": "heatmap",
    "matshow": "heatmap",
    "heatmap": "heatmap",
    "fill_between": "area",
    "stackplot": "area",
    "contourf": "contour",
    "barplot": "bar",
    "lineplot": "line",
    "scatterplot": "scatter",
    "histplot": "hist",
    "hist2d": "hist",
}
_MARKS = {
    "point": "scatter",
    "circle": "scatter",
    "square": "scatter",
    "rect": "heatmap",
    "arc": "pie",
    "boxplot": "box",
}
_TEXTS = frozenset(
    (
        *("title", "set_title", "suptitle", "xlabel", "set_xlabel", "ylabel", "set_ylabel", "text", "annotate"),
        *("legend", "figtext", "set_xticklabels", "set_yticklabels", "set_label"),
    )
)
_TEXT_KEYWORDS = ("label", "labels", "tick_label", "title", "ylabel", "xlabel")
_COLOUR_KEYWORDS = ("color", "c", "colors", "facecolor", "cmap", "palette")


class ChartError(ValueError):
    """A source from which no chart can be read; its message is a reason."""


class Chart(NamedTuple):
    """What a chart's source says.

    Attributes:
        kinds: what it draws, in order: bar, barh, line, scatter, pie, hist, box, violin, heatmap, area, ...
        numbers: its data, in order.
        texts: titles, labels, legend, categories, in order.
        colours: as they are written, in lower case.
        layout: (rows, columns) of its parts; None where it says nothing of parts.
    """

    kinds: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    layout: tuple[int, int] | None = None


def read_chart(source: str) -> Chart:
    """Read a chart from a matplotlib program, or from a Vega-Lite specification in JSON.

    Raises:
        ChartError: it is neither, it draws nothing, or it is too large.
    """
    if len(source) > MAX_CHARS:
        raise ChartError(f"longer than {MAX_CHARS:,} characters")
    chart = _from_spec(_json(source)) if source.lstrip().startswith("{") else _from_program(source)
    if not chart.kinds:
        raise ChartError("no chart is drawn")
    if max(len(chart.numbers), len(chart.texts)) > MAX_ITEMS:
        raise ChartError(f"a chart of more than {MAX_ITEMS:,} numbers or texts")
    return chart


def chart_of(given: Mapping[str, Any]) -> Chart:
    """Make a chart of its attributes by name; all but ``kinds`` may be missing.

    Raises:
        ChartError: an attribute is unknown or of the wrong type.
    """
    unknown = set(given) - set(Chart._fields)
    if unknown:
        raise ChartError(f"unknown attribute {min(map(str, unknown))[:40]!r}; known: {', '.join(Chart._fields)}")
    parts: dict[str, Any] = {}
    for name, value in given.items():
        if name == "layout":
            fits = value is None or (isinstance(value, list | tuple) and len(value) == 2)
            parts[name] = value if value is None or not fits else tuple(value)
        else:
            kind = int | float if name == "numbers" else str
            fits = isinstance(value, list | tuple) and all(isinstance(item, kind) for item in value)
            parts[name] = tuple(value) if fits else ()
        if not fits:
            raise ChartError(f"attribute {name} is a {type(value).__name__}; expected a list")
    return Chart(**parts)


# ---- matplotlib -------------------------------------------------------------------------------------------------


def _from_program(source: str) -> Chart:
    try:
        tree = ast.parse(source)
        reader = _Reader()
        reader.visit(tree)
    except ChartError:
        raise
    except (SyntaxError, ValueError) as error:
        raise ChartError(f"not Python: {str(error).encode('utf-8', 'backslashreplace').decode()[:120]}") from None
    except (RecursionError, MemoryError):
        raise ChartError("nested too deep") from None
    return Chart(tuple(reader.kinds), tuple(reader.numbers), tuple(reader.texts), tuple(reader.colours), reader.layout)


class _Unknown(Exception):  # noqa: N818 - no error: an expression that is not a literal
    """An expression whose value only running it would tell."""


class _Reader(ast.NodeVisitor):
    """Visits a program from top to bottom, keeping the literals that names stand for."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.kinds: list[str] = []
        self.numbers: list[float] = []
        self.texts: list[str] = []
        self.colours: list[str] = []
        self.layout: tuple[int, int] | None = None
        self.left = _WORK

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                try:
                    self.names[target.id] = self._value(node.value)
                except _Unknown:
                    self.names.pop(target.id, None)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        if called in ("subplots", "subplot", "add_subplot"):
            self._subplots(called, node.args, keywords)
        elif called in _KINDS and isinstance(node.func, ast.Attribute):
            self.kinds.append(_KINDS[called])
            for argument in [
                *node.args,
                *(keywords[name] for name in ("x", "y", "height", "width") if name in keywords),
            ]:
                self._data(argument)
        elif called in ("xticks", "yticks"):
            for argument in [*node.args[1:], *([keywords["labels"]] if "labels" in keywords else [])]:
                self.texts += _strings(self._known(argument))
        elif called in _TEXTS:
            for argument in node.args:
                self.texts += _strings(self._known(argument))
        for name in _TEXT_KEYWORDS if called not in ("xticks", "yticks") else ():
            if name in keywords:
                self.texts += _strings(self._known(keywords[name]))
        for name in _COLOUR_KEYWORDS:
            if name in keywords:
                self.colours += [colour.lower() for colour in _strings(self._known(keywords[name]))]
        self.generic_visit(node)

    def _subplots(self, called: str, arguments: Sequence[ast.expr], keywords: Mapping[str, ast.expr]) -> None:
        given = [self._known(argument) for argument in arguments[:2]]
        given += [self._known(keywords[name]) for name in ("nrows", "ncols") if name in keywords and len(given) < 2]
        if called != "subplots" and len(given) == 1 and isinstance(given[0], int):  # subplot(211)
            given = [given[0] // 100, given[0] // 10 % 10]
        given += [1] * (2 - len(given))
        if all(isinstance(side, int) and 0 < side < 100 for side in given) and (called == "subplots" or arguments):
            self.layout = (given[0], given[1])

    def _data(self, argument: ast.expr) -> None:
        value = self._known(argument)
        if isinstance(value, list):
            self.numbers += _numbers(value)
            self.texts += _strings(value)

    def _known(self, node: ast.expr) -> Any:
        try:
            value = self._value(node)
        except _Unknown:
            return None
        self._spend(value)
        return value

    def _spend(self, value: Any) -> None:
        inside = [value]
        while inside:
            self.left -= 1
            if self.left < 0:
                raise ChartError("a chart of too many items")
            item = inside.pop()
            if isinstance(item, list):
                inside += item

    def _value(self, node: ast.expr, depth: int = 0) -> Any:
        """Return what a literal, or a name or simple call of literals, stands for."""
        if depth > _MAX_DEPTH:
            raise _Unknown
        match node:
            case ast.Constant():
                return node.value
            case ast.Name() if node.id in self.names:
                return self.names[node.id]
            case ast.List() | ast.Tuple() | ast.Set():
                return [self._value(item, depth + 1) for item in node.elts]
            case ast.Dict() if all(node.keys):
                keys = [self._value(key, depth + 1) for key in node.keys if key is not None]
                if all(isinstance(key, str | int | float) for key in keys):
                    return dict(zip(keys, (self._value(item, depth + 1) for item in node.values), strict=True))
            case ast.UnaryOp(op=ast.USub()):
                value = self._value(node.operand, depth + 1)
                if isinstance(value, int | float):
                    return -value
            case ast.Call(
                func=ast.Attribute(attr="array" | "asarray") | ast.Name(id="list" | "tuple"), args=[inner, *_]
            ):
                return self._value(inner, depth + 1)
            case ast.Call(func=ast.Attribute(value=held, attr="keys" | "values" as which), args=[]):
                mapping = self._value(held, depth + 1)
                if isinstance(mapping, dict):
                    return list(mapping.keys() if which == "keys" else mapping.values())
            case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(n))]) if 0 <= n <= MAX_ITEMS:
                self.left -= n
                return list(range(n))
            case ast.Subscript(value=held, slice=ast.Constant(value=str(key))):
                mapping = self._value(held, depth + 1)
                if isinstance(mapping, dict) and key in mapping:
                    return mapping[key]
        raise _Unknown


# ---- Vega-Lite --------------------------------------------------------------------------------------------------


def _json(source: str) -> Any:
    try:
        return json.loads(source)
    except RecursionError:
        raise ChartError("nested too deep") from None
    except ValueError as error:
        raise ChartError(f"not JSON: {str(error)[:120]}") from None


def _from_spec(spec: Any, data: Any = None, depth: int = 0) -> Chart:
    if not isinstance(spec, dict) or depth > _MAX_DEPTH:
        raise ChartError("not a Vega-Lite specification")
    data = spec.get("data", data)
    inner: list[Chart] = []
    layout = None
    for name in ("layer", "hconcat", "vconcat", "concat"):
        if isinstance(spec.get(name), list) and spec[name]:
            inner += [_from_spec(piece, data, depth + 1) for piece in spec[name]]
            count = len(spec[name])
            layout = {"layer": None, "vconcat": (count, 1)}.get(name, (1, count))
    own = _unit(spec, data)
    pieces = [own, *inner]
    return Chart(
        tuple(kind for piece in pieces for kind in piece.kinds),
        tuple(number for piece in pieces for number in piece.numbers),
        tuple(text for piece in pieces for text in piece.texts),
        tuple(colour for piece in pieces for colour in piece.colours),
        layout or next((piece.layout for piece in inner if piece.layout), None),
    )


def _unit(spec: Mapping[str, Any], data: Any) -> Chart:
    """Read the mark, the encoding and the title of one view."""
    mark = spec.get("mark")
    kind = mark.get("type") if isinstance(mark, dict) else mark
    encoding = spec.get("encoding") if isinstance(spec.get("encoding"), dict) else {}
    title = spec.get("title")
    texts = _strings(title.get("text") if isinstance(title, dict) else title)
    colours = _strings(mark.get("color")) if isinstance(mark, dict) else []
    rows = data.get("values") if isinstance(data, dict) else None
    numbers: list[float] = []
    assert isinstance(encoding, dict)
    for channel, how in encoding.items():
        if not isinstance(how, dict):
            continue
        field = how.get("field")
        texts += _strings(how.get("title", field))
        if channel in ("color", "fill"):
            scale = how.get("scale")
            colours += _strings(how.get("value")) + (_strings(scale.get("range")) if isinstance(scale, dict) else [])
        column = [row.get(field) for row in rows if isinstance(row, dict)] if isinstance(rows, list) and field else []
        numbers += _numbers(column)
        texts += list(dict.fromkeys(_strings(column)))
    kinds = (_MARKS.get(kind, kind),) if isinstance(kind, str) else ()
    return Chart(kinds, tuple(numbers), tuple(texts), tuple(colour.lower() for colour in colours))


# ---- both -------------------------------------------------------------------------------------------------------


def _flat(value: Any, depth: int = 0) -> Iterator[Any]:
    if isinstance(value, list) and depth < _MAX_DEPTH:
        for item in value:
            yield from _flat(item, depth + 1)
    else:
        yield value


def _numbers(value: Any) -> list[float]:
    plain = [item for item in _flat(value) if isinstance(item, int | float) and not isinstance(item, bool)]
    return [float(item) for item in plain if abs(item) < 1e300 and math.isfinite(item)]


def _strings(value: Any) -> list[str]:
    return [text for item in _flat(value) if isinstance(item, str) and (text := " ".join(item.split()))]
