"""Each role does its work, and nothing else."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from emailq.migrate import ROLES, migrate

VIEWS = ("queue_status", "queue_workers", "email_stats_by_sender", "erp_action_stats", "open_work", "api_stats")
FORBIDDEN = {
    "emailq_reader": [
        "insert into processing_queue (email_id, queue_name) select id, 'parsing' from emails",
        "update emails set subject = 'x'",
        "delete from emails",
        "select token_sha256 from api_tokens",
        "select body from api_answers",
        "select pause_queue('parsing', 'x')",
        "create table mine (n integer)",
        "drop table emails",
        "truncate processing_queue",
    ],
    "emailq_worker": [
        "delete from emails",
        "update classification_history set intent = 'spam'",
        "delete from classification_history",
        "update erp_action_decisions set decision = 'approved'",
        "delete from erp_actions",
        "insert into erp_policy (rule, position, intent, action_type) values ('x', 1, 'order', 'create_order')",
        "update erp_policy set approval = 'never'",
        "select token_sha256 from api_tokens",
        "insert into api_tokens (name, token_sha256, scopes) values ('x', '', '{admin}')",
        "alter table emails add column mine integer",
        "drop function queue_now()",
        "create table mine (n integer)",
        "truncate emails",
        "create role mine",
    ],
    "emailq_api": [
        "delete from emails",
        "delete from processing_queue",
        "insert into api_tokens (name, token_sha256, scopes) values ('x', '', '{admin}')",
        "update api_tokens set scopes = '{admin}'",
        "update api_tokens set revoked_at = null",
        "update classification_history set intent = 'spam'",
        "update erp_policy set approval = 'never'",
        "delete from api_metrics",
        "insert into schema_migrations (name, checksum) values ('x', 'x')",
        "alter table emails disable trigger all",
        "create table mine (n integer)",
        "drop view queue_status",
    ],
}


@pytest.fixture
def roles(dsn: str) -> Iterator[None]:
    migrate(dsn, roles=True)
    return


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reads_what_people_read_and_may_do_no_more_than_its_work(
    roles: None, db: psycopg.Connection, role: LiteralString
) -> None:
    db.execute("set role " + role)

    for view in VIEWS:
        db.execute(sql.SQL("select * from {}").format(sql.Identifier(view)))
    for statement in FORBIDDEN[role]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute(statement)  # type: ignore[arg-type]


def test_functions_that_run_as_their_owner_have_a_fixed_search_path(db: psycopg.Connection) -> None:
    loose = db.execute(
        "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = 'public' and p.prosecdef"
        " and not coalesce('search_path=public, pg_temp' = any (p.proconfig), false)"
    ).fetchall()

    assert loose == []
