"""Settings: where they come from, which one wins, and how wrong ones are refused."""

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from emailq.errors import ConfigError
from emailq.settings import Settings, load_settings, read_settings


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def secret(path: Path, text: str, mode: int = 0o600) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_without_anything_the_defaults_hold() -> None:
    settings = load_settings({})

    assert (settings.blobs, settings.classifier, settings.erp_adapter) == ("directory", "local", "dry_run")
    assert settings.dsn is None


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_environment_sets_by_name() -> None:
    settings = load_settings({"EMAILQ_POOL_SIZE": "3", "EMAILQ_ACCOUNT": "shop", "EMAILQ_GRACE_S": "1.5"})

    assert (settings.pool_size, settings.account, settings.grace_s) == (3, "shop", 1.5)


def test_database_url_is_the_dsn_where_emailq_dsn_is_not_given() -> None:
    both = {"DATABASE_URL": "postgresql:///one", "EMAILQ_DSN": "postgresql:///two"}

    assert load_settings({"DATABASE_URL": "postgresql:///one"}).require_dsn() == "postgresql:///one"
    assert load_settings(both).require_dsn() == "postgresql:///two"


@pytest.mark.parametrize(
    ("dsn", "mode"),
    [
        ("postgresql://db.example.com/emailq", "verify-full"),
        ("host=127.0.0.1,10.0.0.7 dbname=emailq", "verify-full"),
        ("postgresql://db.example.com/emailq?sslmode=require", "require"),
        ("postgresql://u@localhost/emailq", None),
        ("postgresql://u@/emailq?host=/run/postgresql", None),
        ("host=127.0.0.1,::1 dbname=emailq", None),
    ],
)
def test_a_database_elsewhere_is_reached_by_verified_tls_unless_the_dsn_says_otherwise(
    dsn: str, mode: str | None
) -> None:
    used = conninfo_to_dict(load_settings({"EMAILQ_DSN": dsn}).require_dsn())

    assert used.get("sslmode") == mode


def test_a_later_source_wins(tmp_path: Path) -> None:
    (tmp_path / "emailq.toml").write_text("pool_size = 1\ngrace_s = 1\naccount = 'file'\n")
    environ = {"EMAILQ_POOL_SIZE": "2", "EMAILQ_GRACE_S": "2"}

    settings, sources = read_settings(environ, pool_size=3)

    assert (settings.pool_size, settings.grace_s, settings.account) == (3, 2.0, "file")
    assert sources == {"pool_size": "command line", "grace_s": "EMAILQ_GRACE_S", "account": "emailq.toml"}


def test_an_option_that_was_not_given_overrides_nothing() -> None:
    assert load_settings({"EMAILQ_CONCURRENCY": "7"}, concurrency=None).concurrency == 7


def test_an_empty_variable_is_no_setting() -> None:
    assert load_settings({"EMAILQ_POOL_SIZE": ""}).pool_size == 8


def test_another_settings_file_is_named_by_the_environment(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("pool_size = 5\n")

    assert load_settings({"EMAILQ_CONFIG": str(tmp_path / "my.toml")}).pool_size == 5


def test_a_named_settings_file_must_exist() -> None:
    with pytest.raises(ConfigError, match=r"EMAILQ_CONFIG: no such file: nowhere\.toml"):
        load_settings({"EMAILQ_CONFIG": "nowhere.toml"})


@pytest.mark.parametrize("content", [b"pool_size = ", b"\xff\xfe", b"[[["])
def test_a_settings_file_that_is_no_toml_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "emailq.toml").write_bytes(content)

    with pytest.raises(ConfigError, match=r"emailq\.toml: can't be read as TOML"):
        load_settings({})


@pytest.mark.parametrize(
    ("environ", "file", "message"),
    [
        ({"EMAILQ_POOLSIZE": "1"}, "", r"EMAILQ_POOLSIZE: unknown setting 'poolsize'; did you mean 'pool_size'\?"),
        ({}, "pol_size = 1", r"emailq.toml: unknown setting 'pol_size'; did you mean 'pool_size'\?"),
        ({"EMAILQ_XYZZY": "1"}, "", r"EMAILQ_XYZZY: unknown setting 'xyzzy'$"),
        ({}, "[worker]\npool_size = 1", r"emailq.toml: unknown setting 'worker'"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest_name(
    tmp_path: Path, environ: dict[str, str], file: str, message: str
) -> None:
    (tmp_path / "emailq.toml").write_text(file)

    with pytest.raises(ConfigError, match=message):
        load_settings(environ)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pool_size", "0"),
        ("pool_size", "many"),
        ("poll_interval_s", "0"),
        ("poll_interval_s", "61"),
        ("review_below", "1.1"),
        ("job_timeout_s", "-1"),
        ("job_timeout_s", "5 minutes"),
        ("blobs", "ftp"),
        ("metrics_port", "65536"),
        ("log_level", "LOUD"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_meaning(name: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({f"EMAILQ_{name.upper()}": text})

    message = str(caught.value)
    assert message.startswith(f"EMAILQ_{name.upper()}: {name}: ")
    assert Settings.model_fields[name].description in message
    assert "\n" not in message


def test_a_wrong_secret_is_not_in_the_message() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({"EMAILQ_POOL_SIZE": "hunter2", "EMAILQ_DSN": "postgresql://u:hunter3@h/d"})

    assert "hunter" not in str(caught.value)


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = load_settings(
        {
            "EMAILQ_DSN": "postgresql://u:hunter2@h/d",
            "EMAILQ_S3_SECRET_KEY": "hunter2",
            "EMAILQ_ERP_TOKEN": "hunter2",
            "EMAILQ_ERP_HMAC_KEY": "hunter2",
            "EMAILQ_LLM_API_KEY": "hunter2",
        }
    )

    assert "hunter2" not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    path = secret(tmp_path / "dsn", "postgresql://u:p@localhost/d\n")

    settings, sources = read_settings({"EMAILQ_DSN_FILE": path})

    assert settings.require_dsn() == "postgresql://u:p@localhost/d"
    assert sources == {"dsn": "EMAILQ_DSN_FILE"}


def test_a_secret_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    path = secret(tmp_path / "dsn", "postgresql://u:hunter2@h/d", mode=0o644)

    with pytest.raises(ConfigError, match=r"EMAILQ_DSN_FILE: .* can be read by everybody; run: chmod o-rwx") as caught:
        load_settings({"EMAILQ_DSN_FILE": path})

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_secret_file_that_is_missing_or_empty_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        secret(path, content)

    with pytest.raises(ConfigError, match=f"EMAILQ_ERP_TOKEN_FILE: .*{path}"):
        load_settings({"EMAILQ_ERP_TOKEN_FILE": str(path)})


def test_a_command_that_needs_a_database_says_how_to_name_one() -> None:
    with pytest.raises(ConfigError, match=r"set EMAILQ_DSN .* to try emailq without a server: emailq demo"):
        load_settings({}).require_dsn()


def test_lists_of_words_are_divided_by_commas_or_spaces_and_in_lower_case() -> None:
    settings = load_settings(
        {"EMAILQ_OWN_ADDRESSES": "Example.org, Ann@gmail.example", "EMAILQ_AUTHSERV_IDS": "mx1 mx2"}
    )

    assert settings.own_addresses == ("example.org", "ann@gmail.example")
    assert settings.authserv_ids == ("mx1", "mx2")


@pytest.mark.parametrize("given", ["a.example;b.example", "@a.example", "Ann <ann@a.example>"])
def test_what_is_no_address_or_domain_is_not_taken_for_one_of_ours(given: str) -> None:
    with pytest.raises(ConfigError, match=r"EMAILQ_OWN_ADDRESSES: .* divide them by commas or spaces"):
        load_settings({"EMAILQ_OWN_ADDRESSES": given})


def test_accounts_that_are_addresses_are_ours() -> None:
    settings = load_settings({}, account="Shop@example.org", own_addresses="example.net")

    assert settings.own == {"shop@example.org", "example.net"}
