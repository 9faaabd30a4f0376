"""How a page is made: templates, and what a browser may do with it."""

from typing import Any

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader

_POLICY = "; ".join(
    (
        *("default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src data:", "connect-src 'self'"),
        *("frame-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    )
)
# characters that turn the direction of what follows, so that a name ends in .jpg that does not
_TURNS = {code: f"\\u{code:04x}" for code in range(0x202A, 0x202F)}


def _steady(value: Any) -> Any:
    return value.translate(_TURNS) if type(value) is str else value


_templates = Environment(
    loader=PackageLoader("emailq.api"), autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_steady
)


def html(name: str, status: int = 200, headers: dict[str, str] | None = None, **shown: Any) -> Response:
    text = _templates.get_template(name).render(**shown)
    own = {"content-security-policy": _POLICY, "cache-control": "no-store"}
    return HTMLResponse(text.encode("utf-8", "replace"), status, own | (headers or {}))
