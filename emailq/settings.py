"""All settings: name, type, default and meaning. The only reader of environment, settings file and secret files."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from emailq.errors import ConfigError

SETTINGS_FILE = "emailq.toml"
_PREFIX = "EMAILQ_"


def _words(value: object) -> object:
    return value.lower().replace(",", " ").split() if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]  # divided by commas or spaces; lower case


def _addresses(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if not re.fullmatch(r"(?:[^@\s;:<>]+@)?[\w-]+(?:\.[\w-]+)*", word):
            raise ValueError(f"{word!r} is no address or domain; divide them by commas or spaces")
    return words


class ImapAccount(BaseModel):
    """A table [imap.NAME] of the settings file; NAME is the account of its messages. KEY_file reads KEY from a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(description="name of the IMAP server")
    port: int | None = Field(None, ge=1, le=65_535, description="default: 993 for tls, else 143")
    security: Literal["tls", "starttls", "none"] = Field("tls", description="none only on this host")
    ca_file: Path | None = Field(None, description="PEM file of a certificate authority, beside the system's own")
    user: str = Field(description="who logs in")
    password: SecretStr | None = Field(None, description="password, unless OAuth2 is used")
    oauth_token_url: str | None = Field(None, description="where a refresh token becomes an access token (RFC 6749 §6)")
    oauth_client_id: str | None = Field(None, description="OAuth2 client id")
    oauth_client_secret: SecretStr | None = Field(None, description="OAuth2 client secret, where there is one")
    oauth_refresh_token: SecretStr | None = Field(None, description="OAuth2 refresh token")
    folders: tuple[str, ...] = Field(("INBOX",), min_length=1, description="folders to read")
    after: Literal["nothing", "flag", "move"] = Field(
        "nothing", description="what happens on the server once it is here"
    )
    flag: str = Field("\\Seen", pattern=r"^\\?[A-Za-z0-9$._-]+$", description="flag or keyword, for after = flag")
    move_to: str = Field("Processed", description="folder, made if missing, for after = move")
    poll_s: float = Field(2.0, gt=0, le=3600, description="time between looks at a server without IDLE, seconds")

    @property
    def actual_port(self) -> int:
        return self.port or (993 if self.security == "tls" else 143)

    @property
    def where(self) -> str:
        return f"IMAP server {self.host}:{self.actual_port}"

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if any(c in "\r\n\0" for name in (*self.folders, self.move_to, self.user) for c in name):
            raise ValueError("names of folders and users have no line breaks")
        if self.after == "move" and self.move_to in self.folders:
            raise ValueError("move_to must not be one of the folders that are read")
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("security = none would send the password in the clear; use tls or starttls")
        if (self.password is None) == (self.oauth_refresh_token is None):
            raise ValueError("give password (or password_file) or oauth_refresh_token, one of them")
        if self.oauth_refresh_token and not (self.oauth_token_url and self.oauth_client_id):
            raise ValueError("oauth_refresh_token needs oauth_token_url and oauth_client_id")
        return self


class Settings(BaseModel):
    """Each is read from EMAILQ_<NAME>, else EMAILQ_<NAME>_FILE (first line of a file), else emailq.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dsn: SecretStr | None = Field(None, description="PostgreSQL connection string; DATABASE_URL works too")
    pool_size: int = Field(8, ge=1, le=200, description="connections for handlers, in each process")

    blobs: Literal["directory", "s3"] = Field("directory", description="where raw messages and attachments are kept")
    blob_dir: Path = Field(Path("emailq-blobs"), description="directory of the blobs, for blobs = directory")
    s3_endpoint: str | None = Field(None, description="host:port or URL of the S3 server, for blobs = s3")
    s3_bucket: str = Field("emailq", description="bucket of the blobs")
    s3_access_key: str | None = Field(None, description="S3 access key")
    s3_secret_key: SecretStr | None = Field(None, description="S3 secret key")
    s3_region: str | None = Field(None, description="S3 region, where the server asks for one")

    account: str = Field("default", description="mailbox that ingested messages belong to")
    own_addresses: Annotated[Words, AfterValidator(_addresses)] = Field(
        (), description="our addresses and domains: mail from such an address is our own, such contacts are internal"
    )
    authserv_ids: Words = Field(
        (),
        description="servers of ours whose Authentication-Results are believed (RFC 8601); - for fields that name none,"
        " as Microsoft 365 writes them",
    )
    imap: dict[str, ImapAccount] = Field(
        {}, description="mailboxes to read, as tables [imap.NAME] in the settings file"
    )
    clamd: str | None = Field(
        None, description="virus scanner: host:port or socket of clamd; without one, none is scanned"
    )
    clamd_timeout_s: float = Field(120.0, gt=0, description="longest scan of one message or attachment, seconds")
    max_message_bytes: int = Field(26_214_400, ge=1024, description="largest message accepted, bytes")

    concurrency: int | None = Field(
        None, ge=1, le=10_000, description="jobs of one queue at the same time, in each worker; default: by handler"
    )
    job_timeout_s: float = Field(300.0, gt=0, description="longest run of one attempt, seconds")
    grace_s: float = Field(30.0, ge=0, description="time to finish running jobs after SIGTERM, seconds")
    poll_interval_s: float = Field(  # with what a look takes, within a second
        0.9, gt=0.01, le=60, description="longest sleep without looking at the queue, seconds"
    )
    retry_base_s: float = Field(2.0, ge=0, description="upper bound of the first retry's delay, seconds; doubles")
    retry_max_s: float = Field(600.0, ge=0, description="upper bound of any retry's delay, seconds")
    parser_processes: int = Field(2, ge=1, le=64, description="child processes that parse mail, in each worker")

    classifier: Literal["local", "llm", "cascade"] = Field(
        "local", description="who labels a message: the model in the package, an LLM, or the LLM where that is unsure"
    )
    local_model: Path | None = Field(None, description="weights that emailq train wrote, instead of the package's")
    llm_api: Literal["ollama", "openai"] = Field("ollama", description="protocol of the LLM server")
    llm_url: str = Field("http://127.0.0.1:11434", description="base URL of the LLM server")
    llm_model: str = Field("llama3.1:8b", description="model name, as the LLM server knows it")
    llm_api_key: SecretStr | None = Field(None, description="bearer token of an OpenAI-compatible server")
    llm_timeout_s: float = Field(120.0, gt=0, description="deadline of one LLM call in all, seconds")
    llm_concurrency: int = Field(4, ge=1, le=256, description="LLM calls at the same time, in each worker")
    llm_calls_per_hour: int | None = Field(
        None,
        ge=0,
        description="messages that the LLM may label in an hour, over all workers; beyond it a person decides",
    )
    llm_remote_host: str | None = Field(
        None,
        validate_default=True,
        description="host outside this network that may be sent the text of messages; must be that of llm_url",
    )
    log_content: bool = Field(
        True, description="keep prompts and answers of an LLM in the history; else only the prompt's SHA-256"
    )
    review_below: float | None = Field(
        None, ge=0, le=1, description="confidence below which a person decides; default: as calibrated, else 0.6"
    )
    sure_from: float | None = Field(
        None, ge=0, le=1, description="confidence from which no LLM is asked; default: as calibrated, else 0.85"
    )

    erp_adapter: str = Field("dry_run", description="where ERP actions go: dry_run, http, tryton, odoo, erpnext …")
    erp_url: str | None = Field(
        None, description="base URL of the ERP; for erp_adapter = http the one that takes actions"
    )
    erp_database: str | None = Field(None, description="database of the ERP, for tryton and odoo")
    erp_user: str | None = Field(None, description="login (tryton, odoo_xmlrpc) or API key (erpnext)")
    erp_token: SecretStr | None = Field(None, description="bearer token, password, API key or secret for the ERP")
    erp_hmac_key: SecretStr | None = Field(None, description="key of the HMAC-SHA256 signature, for erp_adapter = http")
    erp_company: str | None = Field(
        None, description="company in the ERP that documents belong to; default: the user's"
    )
    erp_item: str | None = Field(None, description="ERP item for order lines that name none the ERP knows")
    erp_lookup: str | None = Field(
        None, description="path below erp_url that answers with the document of {key}, or 404; for erp_adapter = http"
    )
    erp_timeout_s: float = Field(30.0, gt=0, description="deadline of one ERP call, seconds")
    erp_key_hours: float = Field(24.0, gt=0, description="time for which the ERP remembers idempotency keys, hours")
    erp_settle_s: float = Field(
        120.0, ge=0, description="time after which a call without answer can't make its document any more, seconds"
    )

    metrics_port: int | None = Field(
        None, ge=0, le=65_535, description="port of a process's Prometheus metrics; 0 = any"
    )
    metrics_host: str = Field("127.0.0.1", description="address that the metrics port listens on")
    api_host: str = Field("127.0.0.1", description="address that emailq serve listens on")
    api_port: int = Field(8025, ge=0, le=65_535, description="port that emailq serve listens on; 0 = any")
    api_rate_per_s: float = Field(50.0, gt=0, description="requests a second of one API token; twice as many at once")
    api_docs: bool = Field(False, description="whether emailq serve shows its description at /docs")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe log line written")
    log_format: Literal["text", "json"] = Field("text", description="form of the log lines on stderr")

    @property
    def own(self) -> frozenset[str]:
        """own_addresses, and the accounts that are addresses."""
        accounts = (self.account, *self.imap, *(one.user for one in self.imap.values()))
        return frozenset((*self.own_addresses, *(one.lower() for one in accounts if "@" in one)))

    @field_validator("llm_remote_host")
    @classmethod
    def _mail_leaves_only_to_a_named_host(cls, name: str | None, info: ValidationInfo) -> str | None:
        host = urlsplit(info.data.get("llm_url", "")).hostname or ""
        if info.data.get("classifier") != "local" and not _is_of_this_network(host) and name != host:
            raise ValueError(f"llm_url names {host}, which would be sent mail: set it to that host to allow this")
        return name

    def require_dsn(self) -> str:
        if self.dsn is None:
            raise ConfigError(
                "no database: set EMAILQ_DSN (or DATABASE_URL), for example postgresql://user@localhost/emailq;"
                " to try emailq without a server: emailq demo"
            )
        return _with_tls(self.dsn.get_secret_value())


def _with_tls(dsn: str) -> str:
    """A DSN that leaves this host without a word about TLS gets `sslmode=verify-full`, with the system's authorities.

    https://www.postgresql.org/docs/current/libpq-ssl.html: without, anybody in between could read and change it.
    """
    try:
        options = conninfo_to_dict(dsn)
    except ProgrammingError:
        raise ConfigError(  # the driver's own words would quote it, with its password
            "EMAILQ_DSN (or DATABASE_URL): not a connection string; write postgresql://user@host:port/database"
        ) from None
    hosts = f"{options.get('host') or os.environ.get('PGHOST', '')},{options.get('hostaddr') or ''}".split(",")
    if options.get("sslmode") or "PGSSLMODE" in os.environ or all(_is_local(host) for host in hosts):
        return dsn
    own = (
        options.get("sslrootcert")
        or "PGSSLROOTCERT" in os.environ
        or Path("~/.postgresql/root.crt").expanduser().exists()
    )
    return make_conninfo(dsn, sslmode="verify-full", **({} if own else {"sslrootcert": "system"}))


def _is_local(host: str) -> bool:
    return not host or host.startswith(("/", "@", "127.")) or host in ("localhost", "::1")


def _is_of_this_network(host: str) -> bool:
    """Loopback, private addresses, and names that are not those of the internet; a guess, without asking any server."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".localhost", ".home.arpa"))


def load_settings(environ: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
    """Settings in force: overrides (command-line options; None = not given), environment, then the settings file.

    Raises ConfigError naming the wrong key and its source; unknown keys get the nearest name.
    """
    return read_settings(environ, **overrides)[0]


def read_settings(environ: Mapping[str, str] = os.environ, **overrides: Any) -> tuple[Settings, dict[str, str]]:
    """Settings and, for each one that is not the default, where it came from."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    given = {k: v for k, v in overrides.items() if v is not None}
    for source, found in (
        *_from_file(environ),
        ("DATABASE_URL", {"dsn": environ["DATABASE_URL"]} if environ.get("DATABASE_URL") else {}),
        *_from_environment(environ),
        ("command line", given),
    ):
        for key, value in found.items():
            if key not in Settings.model_fields:
                raise ConfigError(f"{source}: unknown setting {key!r}{_nearest(key, Settings.model_fields)}")
            values[key] = value
            sources[key] = source
    try:
        return Settings(**values), sources
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
        first = min(errors, key=lambda one: one["type"] != "extra_forbidden")  # a misspelt key is missing too
        key = str(first["loc"][0])
        meaning = Settings.model_fields[key].description
        path = ".".join(str(part) for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":  # only tables can have one by now
            problem = f"unknown setting{_nearest(str(first['loc'][-1]), ImapAccount.model_fields)}"
        raise ConfigError(f"{sources.get(key, key)}: {path}: {problem} ({meaning})") from None


def _from_file(environ: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    named = environ.get("EMAILQ_CONFIG")
    path = Path(named or SETTINGS_FILE)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            raise ConfigError(f"EMAILQ_CONFIG: no such file: {path}") from None
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: can't be read as TOML: {error}") from None
    return [(str(path), {key: _with_secrets(f"{path}: {key}", value) for key, value in found.items()})]


def _with_secrets(name: str, value: Any) -> Any:
    """Tables within the settings file: KEY_file becomes KEY with the first line of that file."""
    if not isinstance(value, dict):
        return value
    known = ImapAccount.model_fields
    return {
        key.removesuffix("_file") if (is_secret := key not in known and key.removesuffix("_file") in known) else key: (
            _read_secret(f"{name}.{key}", Path(str(inner))) if is_secret else _with_secrets(f"{name}.{key}", inner)
        )
        for key, inner in value.items()
    }


def _from_environment(environ: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, value in sorted(environ.items()):
        if not name.startswith(_PREFIX) or name == "EMAILQ_CONFIG" or value == "":
            continue
        key = name.removeprefix(_PREFIX).lower()
        if key not in Settings.model_fields and key.removesuffix("_file") in Settings.model_fields:
            found.append((name, {key.removesuffix("_file"): _read_secret(name, Path(value))}))
        else:
            found.append((name, {key: value}))
    return found


def _read_secret(name: str, path: Path) -> str:
    try:
        if path.stat().st_mode & 0o007:
            raise ConfigError(f"{name}: {path} can be read by everybody; run: chmod o-rwx {path}")
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: can't read {path}: {error.__class__.__name__}") from None
    if not text:
        raise ConfigError(f"{name}: {path} is empty")
    return text


def _nearest(key: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
