"""What README and docs show works as printed: its commands and SQL run in the order of the page, beside a
small mailbox.

A page's blocks say what they are: `sh` and `sql` are run, `output` is what the command before it prints (`…` stands for
anything), a `python` block that begins with `# name.py` is that file, `toml` and `json` are read, `text` is for people.
"""

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from emailq.cli import cli
from emailq.migrate import migrate
from emailq.settings import Settings
from tests.commands import EMAILQ, run_emailq
from tests.conftest import chosen_installations
from tests.mail_server import PASSWORD, have_dovecot
from tests.mails import message
from tests.servers import PostgresServer, S3Server, free_ports, start_postgresql

ROOT = Path(__file__).parents[1]
TEXTS = {
    path.name: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}

# Commands that are not run here, each as it stands in the docs, and why.
NOT_RUN = {
    "scripts/demo": "tests/scenarios/test_demo.py runs it",
    "scripts/demo --erp": "tests/erp/test_demo.py runs it",
    "scripts/test": "it runs this",
    "pip install .": "tests/test_wheel.py installs the package",
    "pip install '.[api]'": "the same",
    "scripts/bench queue": "takes an hour",
    "scripts/bench queue --quick": "takes minutes, and packages of others",
    "scripts/bench queue --only drain": "the same",
    "scripts/bench queue --docs docs/benchmarks.md": "the same",
    "scripts/bench mail": "the same",
    "scripts/bench mail FOLDER": "the same",
    "scripts/bench mail --docs docs/benchmarks.md": "the same",
    "EMAILQ_DSN='postgresql://emailq@db1,db2/emailq?target_session_attrs=read-write'": "wants two servers",
    "for doctype in": "wants an ERPNext",
}
# Commands that stay until they are told to end, and what they say once they are at work.
STAYS = {
    "emailq worker": "session.registered",
    "emailq imap": "imap.waiting",
    "emailq serve": "api.listening",
    "emailq lmtp": "lmtp.listening",
    "emailq erp-sim": "ERP simulator",
    "emailq top": "classification",
    "emailq review": "skip",
}
LANGUAGES = {"sh", "sql", "output", "python", "toml", "json", "text"}


@dataclass(frozen=True)
class Block:
    language: str
    text: str


def blocks(text: str) -> list[Block]:
    return [Block(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)]


def commands(block: str) -> list[str]:
    """Each command of a block without its comment; a loop or a continued line is one."""
    found: list[str] = []
    for line in block.splitlines():
        goes_on = found and (found[-1].endswith("\\") or (found[-1].startswith("for ") and "\ndone" not in found[-1]))
        line = re.sub(r"(^|\s+)#\s.*$", "", line)
        if goes_on:
            found[-1] += "\n" + line
        elif line:
            found.append(line)
    return found


def is_run_here(command: str) -> bool:
    if any(command == one or (one.endswith(" in") and command.startswith(one)) for one in NOT_RUN):
        return False
    return have_dovecot() or not re.match("emailq (imap|reconcile)", command)


ALL_COMMANDS = [
    one for text in TEXTS.values() for block in blocks(text) if block.language == "sh" for one in commands(block.text)
]


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """As an operator has it: nothing is switched off that keeps data."""
    [installation, *_] = chosen_installations(request.config)
    with start_postgresql(installation, fsync="on", full_page_writes="on") as running:
        yield running


@pytest.fixture(scope="module")
def worked(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `mail/`, and blobs; the database `worked` has the demo's mailbox, parsed, labelled and acted on."""
    folder = tmp_path_factory.mktemp("worked")
    shutil.copytree(ROOT / "emailq/demo/mailbox", folder / "mail")
    (folder / "mail/ann.eml").write_bytes(
        message("An order", "We order 12 boxes of candles.", sender="ann@example.com")
    )
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute("create database worked")
    migrate(server.dsn("worked"), roles=True)
    env = {"EMAILQ_DSN": server.dsn("worked"), "EMAILQ_BLOB_DIR": str(folder / "emailq-blobs")}
    for command in (["ingest", folder / "mail"], ["worker", "--drain"]):
        done = run_emailq(*command, env=env)
        assert done.returncode == 0, done.stderr
    return folder


@dataclass
class Desk:
    """Where the commands of one page run: a folder, a database, and what stands for the names in capitals."""

    folder: Path
    dsn: str
    env: dict[str, str]
    exported: list[str] = field(default_factory=list)

    def run(self, command: str) -> str:
        """What it prints; it must end well, or stay until it is told to end."""
        if command.startswith("export "):
            self.exported.append(self._filled(command))
            return ""
        script = "\n".join([*self.exported, self._filled(command)])
        if sign := next((sign for name, sign in STAYS.items() if _stays(command, name)), None):
            return self._visit(script, sign, interactive=command == "emailq review")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.env,
            input="y\n",
            text=True,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _visit(self, script: str, sign: str, *, interactive: bool) -> str:
        """Start it on a terminal, wait until it says `sign`, and end it as a person would."""
        terminal, its_end = pty.openpty()
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.env | {"COLUMNS": "150", "LINES": "50", "TERM": "xterm"},
            stdin=its_end,
            stdout=its_end,
            stderr=its_end,
            start_new_session=True,
        )
        os.close(its_end)
        try:
            seen = _read_until(terminal, sign)
            if interactive:
                os.write(terminal, b"q")
            else:
                os.killpg(process.pid, signal.SIGINT)
            _read_until(terminal, None)
            assert process.wait(20) in (0, 130, -signal.SIGINT), f"{script}\n{seen}"
        finally:
            process.kill()
            process.wait()
            os.close(terminal)
        return seen

    def _filled(self, command: str) -> str:
        for pattern, replacement in (
            ("postgresql://user@localhost/emailq", self.dsn),
            (r"127\.0\.0\.1:2424", f"127.0.0.1:{free_ports(1)[0]}"),
            (r"--port 9000", "--port 0"),
            (r"emailq erp-sim$", "emailq erp-sim --port 0"),
        ):
            command = re.sub(pattern, replacement, command)
        return re.sub(r"\b(EMAIL|HISTORY|ACTION)_ID\b", lambda found: self.id_of(found[1]), command)

    def id_of(self, what: str) -> str:
        statement = {
            "EMAIL": "select email_id from attachments order by filename limit 1",
            "HISTORY": "select id from classification_history where decided_by = 'model' order by id limit 1",
            "ACTION": "select id from erp_actions where status = 'needs_review'"
            " order by jsonb_array_length(request_payload -> 'fields' -> 'lines') limit 1",
        }[what]
        with psycopg.connect(self.dsn) as conn:
            row = conn.execute(statement).fetchone()  # type: ignore[call-overload]
        assert row, what
        return str(row[0])


def _stays(command: str, name: str) -> bool:
    return (command + " ").startswith(name + " ") and not re.search(r"--(drain|once|help)\b", command)


def _read_until(terminal: int, sign: str | None) -> str:
    """What is shown until `sign` is there; None: until the end."""
    seen, deadline = b"", time.monotonic() + 30
    while sign is None or sign.encode() not in seen:
        left_s = deadline - time.monotonic()
        assert left_s > 0, f"no {sign!r} within 30 s:\n{seen.decode(errors='replace')}"
        if select.select([terminal], [], [], left_s)[0]:
            try:
                more = os.read(terminal, 65_536)
            except OSError:  # nobody holds the other end any more
                more = b""
            if not more:
                assert sign is None, f"it ended without {sign!r}:\n{seen.decode(errors='replace')}"
                break
            seen += more
    return seen.decode(errors="replace")


@pytest.fixture
def desk(request: pytest.FixtureRequest, server: PostgresServer, worked: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(worked, tmp_path, dirs_exist_ok=True)
    (tmp_path / "inbox.mbox").write_bytes(
        b"From a@example.com Thu Jan  1 00:00:00 2026\n" + message("One more", "Hello")
    )
    name = "page"
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute(f"create database {name} template worked")  # type: ignore[arg-type]
    programs = os.pathsep.join((str(EMAILQ.parent), str(server.installation.bin), os.environ["PATH"]))
    env = os.environ | {"EMAILQ_DSN": server.dsn(name), "PATH": programs, "EDITOR": "touch", "EMAILQ_API_PORT": "0"}
    desk = Desk(tmp_path, server.dsn(name), env)
    with psycopg.connect(desk.dsn) as conn:
        _write_labels(conn, tmp_path)
    try:
        yield desk
    finally:
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            conn.execute(f"drop database {name} with (force)")  # type: ignore[arg-type]


def _write_labels(conn: psycopg.Connection, folder: Path) -> None:
    """LABELS.jsonl: the messages of `mail/`, labelled as they are here."""
    rows = conn.execute(
        "select d.source, e.intent from email_deliveries d join emails e on e.id = d.email_id"
    ).fetchall()
    labels = [{"file": f"mail/{Path(source).name}", "intent": intent} for source, intent in rows if intent]
    (folder / "LABELS.jsonl").write_text("\n".join(map(json.dumps, labels)))


@contextmanager
def surroundings(name: str, text: str, desk: Desk, request: pytest.FixtureRequest) -> Iterator[None]:
    """What a page counts on besides a database with mail."""
    with ExitStack() as stack:
        if "emailq imap" in text and have_dovecot():
            mailbox = request.getfixturevalue("mail_server").mailbox()
            mailbox.append(message("From a mailbox", "Hello"))
            (desk.folder / "password").write_text(PASSWORD)
            (desk.folder / "password").chmod(0o600)
            given = mailbox.settings(password_file=str(desk.folder / "password"))
            del given["password"]
            lines = [f"{key} = {json.dumps(value)}" for key, value in given.items()]
            (desk.folder / "emailq.toml").write_text("\n".join(["[imap.shop]", *lines]))
        if "--url" in text:  # which only S3 has
            _move_to_s3(desk, request.getfixturevalue("s3"), request.getfixturevalue("s3_bucket"))
        if "emailq train" in text:  # which learns from people
            with psycopg.connect(desk.dsn) as conn:
                conn.execute("select label_email(id, intent, sentiment, priority, 'ann', null) from emails")
        if "emailq health" in text:
            stack.enter_context(_worker(desk))
        yield


def _move_to_s3(desk: Desk, s3: S3Server, bucket: str) -> None:
    blobs = desk.folder / "emailq-blobs"
    for file in filter(Path.is_file, blobs.rglob("*")):
        s3.client().fput_object(bucket, str(file.relative_to(blobs)), str(file))
    given = {"endpoint": f"http://{s3.endpoint}", "bucket": bucket, "access_key": s3.access_key}
    given |= {"secret_key": s3.secret_key}
    desk.env |= {f"EMAILQ_S3_{key.upper()}": value for key, value in given.items()} | {"EMAILQ_BLOBS": "s3"}


@contextmanager
def _worker(desk: Desk) -> Iterator[None]:
    with subprocess.Popen(
        [EMAILQ, "worker"], cwd=desk.folder, env=desk.env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr
        next(line for line in process.stderr if "session.registered" in line)
        yield
        process.terminate()


@pytest.mark.parametrize(
    "name", [name for name, text in TEXTS.items() if re.search(r"^```(sh|sql)$", text, re.MULTILINE)]
)
def test_each_command_and_sql_block_runs(name: str, desk: Desk, request: pytest.FixtureRequest) -> None:
    printed = ""
    for block in blocks(TEXTS[name]):
        if block.language == "python" and (named := re.match(r"# (\w+\.py)\n", block.text)):
            (desk.folder / named[1]).write_text(block.text)
    with surroundings(name, TEXTS[name], desk, request):
        for block in blocks(TEXTS[name]):
            if block.language == "sql":
                with psycopg.connect(desk.dsn, autocommit=True) as conn:
                    conn.execute(block.text.replace("EMAIL_ID", desk.id_of("EMAIL")))  # type: ignore[arg-type]
            elif block.language == "sh":
                for command in filter(is_run_here, commands(block.text)):
                    printed = desk.run(command)
            elif block.language == "output":
                assert re.fullmatch(_pattern(block.text), printed), printed


def _pattern(shown: str) -> str:
    return ".*?".join(re.escape(part) for part in shown.rstrip().split("…")) + r"\s*"


def test_what_parse_prints_is_jmaps_or_documented() -> None:
    jmap = "messageId inReplyTo references from sender replyTo to cc bcc subject size textBody htmlBody bodyValues"
    shown = json.loads(run_emailq("parse", "--json", "-", input="From: ann@example.com\n\nHello.\n").stdout)
    documented = TEXTS["mail.md"].partition("## For programs")[2]

    assert [
        key for key in shown if key not in f"{jmap} hasAttachment preview".split() and f"`{key}`" not in documented
    ] == []


def test_every_documented_defect_is_one_that_the_parser_has() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "emailq/parse").glob("*.py"))
    table = TEXTS["mail.md"].partition("| codes in `defects` |")[2]
    codes = re.findall(r"`([a-z0-9-]+)`", table)

    assert len(codes) > 40
    assert [one for one in codes if f'"{one}"' not in code] == []


def test_what_is_not_run_stands_in_the_docs() -> None:
    assert [one for one in NOT_RUN if not any(command.startswith(one) for command in ALL_COMMANDS)] == []
    assert [one for one in STAYS if not any(_stays(command, one) for command in ALL_COMMANDS)] == []


@pytest.mark.parametrize("name", TEXTS)
def test_each_block_says_what_it_is(name: str) -> None:
    assert {block.language for block in blocks(TEXTS[name])} <= LANGUAGES
    assert re.findall(r"(?:\A|\n)\n( {4}.*)", re.sub(r"^```.*?^```$", "", TEXTS[name], flags=re.DOTALL | re.M)) == []


@pytest.mark.parametrize("name", TEXTS)
def test_each_file_that_is_shown_can_be_read(name: str, tmp_path: Path) -> None:
    for block in blocks(TEXTS[name]):
        if block.language == "json":
            json.loads(block.text)
        elif block.language == "python":
            compile(block.text, name, "exec")
            done = subprocess.run([sys.executable, "-c", block.text], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        elif block.language == "toml" and "imap" in tomllib.loads(block.text):
            text = re.sub(r"/run/secrets", str(tmp_path), block.text)
            for secret in re.findall(r'file = "(.*)"', text):
                Path(secret).write_text("secret")
                Path(secret).chmod(0o600)
            (tmp_path / "emailq.toml").write_text(text)
            done = run_emailq("imap", "nobody", env={"EMAILQ_CONFIG": str(tmp_path / "emailq.toml")})
            assert "no account 'nobody'" in done.stderr or "nobody" in done.stderr, done.stderr


@pytest.mark.parametrize("name", TEXTS)
def test_each_command_that_is_named_exists(name: str) -> None:
    named = set(re.findall(r"`emailq ([a-z][a-z-]*)", TEXTS[name]))

    assert named <= cli.commands.keys()


@pytest.mark.parametrize("name", TEXTS)
def test_each_setting_exists(name: str) -> None:
    named = {one.lower().removesuffix("_file") for one in re.findall(r"\bEMAILQ_([A-Z0-9_]+)\b", TEXTS[name])}

    known = Settings.model_fields.keys() | {"config", "demo_command"}
    assert {one for one in named if one.strip("_") and not one.startswith("imap_")} <= known


@pytest.mark.parametrize("name", TEXTS)
def test_each_link_leads_somewhere(name: str) -> None:
    folder = ROOT if name == "README.md" else ROOT / "docs"
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", TEXTS[name]) if "://" not in link]

    assert [link for link in links if link and not (folder / link).exists()] == []


def test_the_site_has_every_page_and_anchor_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path]

    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.https?://", (tmp_path / "index.html").read_text())
