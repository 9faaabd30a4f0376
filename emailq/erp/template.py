"""The small language in which an action of the adapter `http` is written for an ERP: JSON with places to fill.

"{fields.order_number.value}" alone becomes the value with its type, null where there is none; inside a longer text it
becomes text. {"$each": "fields.lines", "$item": …} becomes a list, with {item.quantity} inside; {"$omit_null": {…}}
drops what is null. There are no conditions and no code.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

_PLACE = re.compile(r"\{([a-z_][a-z0-9_.]*)\}", re.IGNORECASE)


def render(template: Any, values: Mapping[str, Any]) -> Any:
    """`template` with its places filled from `values`; pure."""
    if isinstance(template, str):
        if whole := _PLACE.fullmatch(template):
            return look_up(values, whole[1])
        return _PLACE.sub(lambda place: _text(look_up(values, place[1])), template)
    if isinstance(template, list):
        return [render(one, values) for one in template]
    if isinstance(template, dict):
        if "$each" in template:
            items = look_up(values, template["$each"])
            return [render(template["$item"], {**values, "item": one}) for one in items or []]
        if "$omit_null" in template:
            return {k: v for k, v in render(template["$omit_null"], values).items() if v is not None}
        return {name: render(one, values) for name, one in template.items()}
    return template


def render_path(path: str, *, entity_id: str | None, key: str) -> str:
    """A path with {entity_id} and {key} and nothing else: no text of a message gets into an URL."""
    known = {"entity_id": quote(entity_id or "", safe=""), "key": quote(key, safe="")}
    return _PLACE.sub(lambda place: known.get(place[1], place[0]), path)


def look_up(values: Any, path: str) -> Any:
    """What a dotted path leads to; None where it leads nowhere. Numbers count in lists, from 0."""
    for name in path.split("."):
        if isinstance(values, Mapping):
            values = values.get(name)
        elif isinstance(values, list) and name.isdecimal() and int(name) < len(values):
            values = values[int(name)]
        else:
            return None
    return values


def _text(value: Any) -> str:
    return "" if value is None else str(value)
