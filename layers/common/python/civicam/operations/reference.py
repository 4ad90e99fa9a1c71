"""An OpenAPI document as a page for people: no script, nothing from outside."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code{font-size:.95em}h2{margin-top:2.5rem}table{border-collapse:collapse}"
    "td,th{padding:.2rem 1rem .2rem 0;text-align:left;vertical-align:top}"
)
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def reference_page(document: Mapping[str, Any], document_path: str) -> str:
    """The page: every operation with its parameters, its body and its answers, in the document's order."""
    info = document["info"]
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in sorted(document["paths"].items())
        for method, operation in methods.items()
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info.get('description', ''))}</p>"
        f'<p>For programs: <a href="{escape(document_path)}">OpenAPI {escape(document["openapi"])}</a>.</p>'
        f"{operations}</html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    name = f"{method.upper()} {path}"
    return (
        f'<h2 id="{escape(operation["operationId"])}"><code>{escape(name)}</code></h2>'
        f"<p>{escape(operation.get('description', operation.get('summary', '')))}</p>"
        f"<table>{''.join(_rows(operation))}</table>"
    )


def _rows(operation: Mapping[str, Any]) -> Iterator[str]:
    for parameter in operation.get("parameters", []):
        need = "required" if parameter.get("required") else "optional"
        yield _row(parameter["name"], f"{parameter['in']}, {need}", parameter.get("description", ""))
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield _row("body", media_type, _shape(content.get("schema", {})))
    for status, answer in sorted(operation["responses"].items()):
        shapes = [_shape(content.get("schema", {})) for content in answer.get("content", {}).values()]
        yield _row(str(status), " or ".join(filter(None, shapes)), answer["description"])


def _row(name: str, kind: str, text: str) -> str:
    return f"<tr><th><code>{escape(name)}</code></th><td>{escape(kind)}</td><td>{escape(text)}</td></tr>"


def _shape(schema: Mapping[str, Any]) -> str:
    """The name of a schema, or of each that it may be."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    return " or ".join(filter(None, (_shape(part) for part in schema.get("anyOf", []))))
