"""The whole road under the roles of the database: a worker's login works, and the API's."""

from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from emailq.migrate import migrate
from tests.api.conftest import address_of
from tests.commands import run_emailq, start_emailq

MAIL = (
    b"From: Ann <ann@example.com>\r\nTo: us@example.org\r\nSubject: Order\r\nMessage-ID: <1@example.com>\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nWe order 12 boxes of candles, please.\r\n'
    b"--b\r\nContent-Type: text/csv; name=a.csv\r\n\r\ncandles,12\r\n--b--\r\n"
)


def login(db: psycopg.Connection, dsn: str, role: str) -> str:
    """The DSN of a user who is in this group alone."""
    user = f"{role}_{db.info.dbname}"
    db.execute(f"create user {user} in role {role}")  # type: ignore[arg-type]
    parts = urlsplit(dsn)
    return parts._replace(netloc=f"{user}@{parts.hostname}:{parts.port}").geturl()


@pytest.fixture(params=["open", "hardened"])
def env(request: pytest.FixtureRequest, dsn: str, db: psycopg.Connection, tmp_path: Path) -> dict[str, str]:
    migrate(dsn, roles=True)
    if request.param == "hardened":
        db.execute("revoke all on schema public from public, emailq_worker, emailq_api, emailq_reader, emailq_migrate")
        db.execute("revoke execute on all functions in schema public from public")
        migrate(dsn, roles=True)
    return {"EMAILQ_BLOB_DIR": str(tmp_path / "blobs"), "EMAILQ_API_PORT": "0"}


def test_a_worker_needs_the_rights_of_a_worker_only(
    dsn: str, db: psycopg.Connection, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)
    env |= {"EMAILQ_DSN": login(db, dsn, "emailq_worker")}

    taken = run_emailq("ingest", tmp_path / "a.eml", env=env)
    worked = run_emailq("worker", "--drain", env=env)
    db.execute("insert into processing_queue (email_id, queue_name) select id, 'parsing' from emails")  # parsed again
    again = run_emailq("worker", "--drain", env=env)

    assert (taken.returncode, worked.returncode, again.returncode) == (0, 0, 0), worked.stderr + again.stderr
    assert db.execute("select distinct status from processing_queue").fetchall() == [("completed",)]


def test_who_may_only_read_is_told_what_a_worker_needs(dsn: str, db: psycopg.Connection, env: dict[str, str]) -> None:
    done = run_emailq("worker", "--drain", env=env | {"EMAILQ_DSN": login(db, dsn, "emailq_reader")})

    assert done.returncode == 78, done.stderr
    assert "permission denied" in done.stderr
    assert "emailq_worker" in done.stderr
    assert "Traceback" not in done.stderr


def test_who_may_not_use_the_schema_is_told_so(dsn: str, db: psycopg.Connection, tmp_path: Path) -> None:
    db.execute("revoke all on schema public from public")
    user = f"stranger_{db.info.dbname}"
    db.execute(f"create user {user}")  # type: ignore[arg-type]
    env = {"EMAILQ_BLOB_DIR": str(tmp_path), "EMAILQ_DSN": make_conninfo(dsn, user=user)}

    status, doctor = run_emailq("status", env=env), run_emailq("doctor", env=env)

    assert (status.returncode, doctor.returncode) == (78, 78)
    for text in (status.stderr, doctor.stdout):
        assert f"{user} may not use the schema public; as a superuser run: emailq migrate --roles" in " ".join(
            text.split()
        )


def test_the_api_needs_the_rights_of_the_api_only(dsn: str, db: psycopg.Connection, env: dict[str, str]) -> None:
    owner = login(db, dsn, "emailq_migrate") + "?options=-crole%3Demailq_owner"
    token = run_emailq("token", "create", "t", "--scope", "admin", env=env | {"EMAILQ_DSN": owner}).stdout.strip()
    env |= {"EMAILQ_DSN": login(db, dsn, "emailq_api")}

    with start_emailq("serve", env=env) as server:
        with httpx.Client(base_url=address_of(server), headers={"authorization": f"Bearer {token}"}) as api:
            taken = api.post("/parse", content=MAIL, headers={"content-type": "message/rfc822"})
            email_id = taken.json()["email"]["id"]
            answers = [
                taken,
                api.post("/classify", json={"email_id": email_id}),
                api.post("/queues/items", json={"queue": "archive", "email_ids": [email_id]}),
                api.post("/queues/archive/pause", json={}, headers={"idempotency-key": "a"}),
                api.get("/emails"),
                api.get("/stats"),
                api.get("/ui/"),
                api.get(f"/ui/mail/{email_id}"),
            ]
        server.terminate()
        server.communicate(timeout=20)

    assert [answer.status_code for answer in answers] == [200] * 8, [answer.text[:200] for answer in answers]
    assert db.execute("select count(*) >= 8 from api_metrics").fetchone() == (True,)
