"""A real Tryton: trytond from a virtual environment of its own, on a copy of a database that is made once.

Making that database takes minutes; it stays beside the programs, so only the first run waits for it.
"""

import base64
import json
import os
import sqlite3
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emailq.process import die_with_parent
from tests.servers import free_ports
from tests.waiting import wait_until

HOME = Path(__file__).parents[2] / ".venv-tryton"
PASSWORD = "for-tests-only"
_MODULES = ("party", "sale", "account_invoice", "sale_complaint", "sale_opportunity")


def is_installed() -> bool:
    return (HOME / "bin/trytond").exists()


@dataclass
class TrytonServer:
    """`url` and `database` are what emailq's settings want; `rpc` looks at it from outside."""

    url: str
    database: str
    authorization: str = ""

    def rpc(self, method: str, *params: Any) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": [*params]}).encode()
        headers = {"content-type": "application/json", "authorization": self.authorization}
        request = urllib.request.Request(f"{self.url}/{self.database}/rpc/", body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = json.load(answer)
        if content.get("error"):
            raise RuntimeError(f"{method}: {content['error']}")
        return content["result"]

    def records(self, model: str, *fields: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.rpc(
            f"model.{model}.search_read", [], 0, None, [["id", "ASC"]], list(fields), {"company": 1}
        )
        return found

    def log_in(self) -> None:
        user, token, *_ = self.rpc("common.db.login", "admin", {"password": PASSWORD}, "en")
        self.authorization = "Session " + base64.b64encode(f"admin:{user}:{token}".encode()).decode()


@contextmanager
def start_tryton() -> Iterator[TrytonServer]:
    template = HOME / "template.sqlite"
    if not template.exists():
        _make_template(template)
    with tempfile.TemporaryDirectory(prefix="emailq-tryton", dir="/tmp") as folder:
        _copy(template, Path(folder) / "test.sqlite")
        with _trytond(Path(folder)) as server:
            yield server


@contextmanager
def _trytond(folder: Path) -> Iterator[TrytonServer]:
    port = free_ports(1)[0]
    config = folder / "trytond.conf"
    config.write_text(
        f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n"
        "[session]\nauthentications = password\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [HOME / "bin/trytond", "-c", config, "-d", "test"], stdout=log, stderr=log, preexec_fn=die_with_parent
        )
    server = TrytonServer(f"http://127.0.0.1:{port}", "test")
    try:
        wait_until(lambda: _logs_in(server, process, folder), 60)
        yield server
    finally:
        process.terminate()
        process.wait()


def _logs_in(server: TrytonServer, process: "subprocess.Popen[bytes]", folder: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"trytond did not start:\n{(folder / 'log').read_text()[-2000:]}")
    try:
        server.log_in()
    except (urllib.error.URLError, RuntimeError, ConnectionError):
        return False
    return True


def _make_template(template: Path) -> None:
    """A database with a company, a chart of accounts and a type of complaint: what an office has before us."""
    with tempfile.TemporaryDirectory(prefix="emailq-tryton", dir="/tmp") as name:
        folder = Path(name)
        (folder / "test.sqlite").touch()
        (folder / "password").write_text(PASSWORD)
        (folder / "trytond.conf").write_text(f"[database]\nuri = sqlite://\npath = {folder}\n")
        admin = [HOME / "bin/trytond-admin", "-c", folder / "trytond.conf", "-d", "test", "--all"]
        subprocess.run(
            [*admin, "--email", "a@example.com", "-l", "en", "--activate-dependencies", "-u", *_MODULES],
            env=os.environ | {"TRYTONPASSFILE": str(folder / "password")},
            check=True,
            capture_output=True,
        )
        with _trytond(folder) as server:
            _furnish(server)
        _copy(folder / "test.sqlite", template.with_suffix(".new"))
    template.with_suffix(".new").rename(template)


def _copy(source: Path, target: Path) -> None:
    """The database with what still stands in its write-ahead log."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _furnish(server: TrytonServer) -> None:
    rpc = server.rpc
    euro = {"name": "Euro", "code": "EUR", "symbol": "€", "rounding": _decimal("0.01"), "digits": 2}
    [currency] = rpc("model.currency.currency.create", [euro], {})
    [party] = rpc("model.party.party.create", [{"name": "Marigold Soapworks", "addresses": [["create", [{}]]]}], {})
    [company] = rpc("model.company.company.create", [{"party": party, "currency": currency}], {})
    [user] = rpc("model.res.user.search", [["login", "=", "admin"]], 0, 1, None, {})
    rpc("model.res.user.write", [user], {"companies": [["add", [company]]], "company": company}, {})
    context = {"company": company}

    [chart] = rpc("model.account.account.template.search", [["parent", "=", None]], 0, 1, None, context)
    [session, *_] = rpc("wizard.account.create_chart.create", context)
    made = {"account": {"company": company, "account_template": chart}}
    rpc("wizard.account.create_chart.execute", session, made, "create_account", context)
    chosen = {"company": company}
    for kind in ("receivable", "payable"):
        domain = [[f"type.{kind}", "=", True], ["closed", "!=", True]]
        [chosen[f"account_{kind}"]] = rpc("model.account.account.search", domain, 0, 1, None, context)
    rpc("wizard.account.create_chart.execute", session, {"properties": chosen}, "create_properties", context)

    [sale] = rpc("model.ir.model.search", [["name", "=", "sale.sale"]], 0, 1, None, context)
    rpc("model.sale.complaint.type.create", [{"name": "By mail", "origin": sale}], context)


def _decimal(text: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": text}
