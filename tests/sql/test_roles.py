"""Each role does its work, and nothing else."""

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from emailq.migrate import ROLES, migrate

VIEWS = ("queue_status", "queue_workers", "email_stats_by_sender", "erp_action_stats", "open_work", "api_stats")
# What nobody may who comes to work: not even the owner, whose rights end with this database's tables.
NOBODY_MAY = [
    "create role mine",
    "create database mine",
    "create schema mine",
    "alter role emailq_worker superuser",
    "alter role postgres nologin",
    "grant emailq_owner to emailq_reader",
    "grant pg_read_server_files to emailq_reader",
    "set role postgres",
    "set session authorization postgres",
    "alter system set fsync = off",
    "alter database postgres set search_path = mine",
    "create extension file_fdw",
    "create function mine() returns integer language c as '/tmp/mine'",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('/')",
    "select lo_import('/etc/passwd')",
    "copy emails to program 'cat'",
    "copy emails to '/tmp/mine'",
    "select pg_reload_conf()",
    "select rolpassword from pg_authid",
    "create event trigger mine on ddl_command_end execute function update_updated_at_column()",
    "set session_replication_role = replica",
]
NO_WORK_MAY = [
    "create table mine (n integer)",
    "create view mine as select 1",
    "create function mine() returns integer language sql as 'select 1'",
    "alter table emails add column mine integer",
    "alter table emails disable trigger all",
    "alter table emails owner to current_user",
    "drop table emails",
    "drop view queue_status",
    "drop function queue_now()",
    "truncate emails",
    "create index on emails (subject)",
    "create trigger mine before insert on emails for each row execute function update_updated_at_column()",
    "insert into schema_migrations (name, checksum) values ('x', 'x')",
    "set role emailq_owner",
    "update classification_history set intent = 'spam'",
    "delete from classification_history",
    "update erp_action_decisions set decision = 'approved'",
    "update erp_policy set approval = 'never'",
    "insert into api_tokens (name, token_sha256, scopes) values ('x', '', '{admin}')",
    "delete from emails",
]
FORBIDDEN = {
    "emailq_reader": [
        *NO_WORK_MAY,
        "insert into processing_queue (email_id, queue_name) select id, 'parsing' from emails",
        "update emails set subject = 'x'",
        "select token_sha256 from api_tokens",
        "select body from api_answers",
        "select pause_queue('parsing', 'x')",
        "select cleanup_old_queue_items()",
    ],
    "emailq_worker": [
        *NO_WORK_MAY,
        "delete from erp_actions",
        "insert into erp_policy (rule, position, intent, action_type) values ('x', 1, 'order', 'create_order')",
        "select token_sha256 from api_tokens",
        "delete from email_deliveries",
    ],
    "emailq_api": [
        *NO_WORK_MAY,
        "delete from processing_queue",
        "update api_tokens set scopes = '{admin}'",
        "update api_tokens set revoked_at = null",
        "delete from api_metrics",
        "delete from erp_actions",
    ],
    "emailq_migrate": [
        *(one for one in NO_WORK_MAY if one != "set role emailq_owner"),
        "select from emails",
        "select from queue_status",
        "select token_sha256 from api_tokens",
        "update emails set subject = 'x'",
    ],
    "emailq_owner": [],
}


@pytest.fixture
def roles(dsn: str) -> None:
    migrate(dsn, roles=True)


def test_each_role_reads_what_people_read(roles: None, db: psycopg.Connection) -> None:
    refused = []

    for role in ROLES:
        db.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        for view in VIEWS:
            try:
                db.execute(sql.SQL("select * from {}").format(sql.Identifier(view)))
            except psycopg.errors.InsufficientPrivilege:
                refused.append((role, view))

    assert refused == []


def test_no_role_may_do_more_than_its_work(roles: None, db: psycopg.Connection, dsn: str) -> None:
    allowed = []

    for role, of_its_own in FORBIDDEN.items():
        login = f"{role}_{db.info.dbname}"
        db.execute(f"create user {login} in role {role}")  # type: ignore[arg-type]
        with psycopg.connect(dsn, user=login, autocommit=True) as conn:
            if role == "emailq_owner":  # as `emailq migrate` does
                conn.execute("set role emailq_owner")
            for statement in [*NOBODY_MAY, *of_its_own]:
                try:
                    conn.execute(statement)  # type: ignore[arg-type]
                    allowed.append((role, statement))
                except psycopg.errors.InsufficientPrivilege:
                    pass

    assert allowed == []


def test_who_deploys_migrates_as_the_owner_and_has_no_rights_otherwise(
    roles: None, db: psycopg.Connection, dsn: str
) -> None:
    login = f"deploy_{db.info.dbname}"
    db.execute(f"create user {login} in role emailq_migrate")  # type: ignore[arg-type]
    db.execute(
        "drop view queue_status; drop function queue_why; delete from schema_migrations where name = 'functions'"
    )

    migrate(make_conninfo(dsn, user=login))

    owners = db.execute(
        "select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'public'::regnamespace"
        " union select pg_get_userbyid(proowner) from pg_proc where pronamespace = 'public'::regnamespace"
    ).fetchall()
    assert owners == [("emailq_owner",)]
    assert db.execute("select from queue_status").rowcount > 0


def test_without_the_roles_who_migrates_is_the_owner(dsn: str, db: psycopg.Connection) -> None:
    db.execute("delete from schema_migrations where name = 'functions'")

    migrate(dsn)

    assert db.execute("select tableowner from pg_tables where tablename = 'emails'").fetchone() == ("postgres",)


def test_functions_that_run_as_their_owner_have_a_fixed_search_path(db: psycopg.Connection) -> None:
    loose = db.execute(
        "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = 'public' and p.prosecdef"
        " and not coalesce('search_path=public, pg_temp' = any (p.proconfig), false)"
    ).fetchall()

    assert loose == []
