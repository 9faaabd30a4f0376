"""Checks of the settings against the real servers: one function a check."""

from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING
from uuid import uuid4

from emailq.checks import Finding, check_database
from emailq.db import brief, connect
from emailq.errors import ConfigError, EmailqError, Unavailable
from emailq.settings import Settings, read_settings

if TYPE_CHECKING:
    import httpx

    from emailq.app import App


async def diagnose() -> list[Finding]:
    """Everything worth knowing before a worker is started."""
    try:
        settings, sources = read_settings()
        dsn = settings.require_dsn()
    except ConfigError as error:
        return [Finding("settings", "fail", str(error), error.exit_code)]
    findings = [Finding("settings", "ok", _shown(settings, sources))]
    try:
        conn = await connect(dsn, "doctor")
    except Unavailable as error:
        findings.append(Finding("database", "fail", str(error), error.exit_code))
    else:
        async with conn:
            findings += [finding async for finding in check_database(conn, dsn)]
    findings.append(await _blobs(settings))
    findings.append(await _scanner(settings))
    findings += [finding async for finding in _mailboxes(settings)]
    findings += [finding async for finding in outside(settings)]
    if settings.erp_adapter != "dry_run" and findings[-1].state != "fail":
        from emailq.app import open_app

        async with open_app(settings) as app:
            findings.append(await log_in(app))
    return findings


def worst_exit_code(findings: Iterable[Finding]) -> int:
    return next((f.exit_code or Unavailable.exit_code for f in findings if f.state == "fail"), 0)


async def outside(settings: Settings) -> AsyncIterator[Finding]:
    """The servers that handlers call: whether they answer at all."""
    import httpx

    async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
        yield await _classifier(settings, http)
        yield await _erp(settings, http)


def _shown(settings: Settings, sources: dict[str, str]) -> str:
    """Settings that are not the default, with their source; secrets masked."""
    values = settings.model_dump() | {"imap": " ".join(settings.imap)}
    return ", ".join(f"{key}={values[key]} (from {source})" for key, source in sorted(sources.items())) or "defaults"


async def _blobs(settings: Settings) -> Finding:
    from emailq.app import open_blobs

    where = settings.blob_dir if settings.blobs == "directory" else f"{settings.s3_endpoint}/{settings.s3_bucket}"
    try:
        await open_blobs(settings).check()
    except EmailqError as error:
        return Finding("blobs", "fail", str(error), error.exit_code)
    return Finding("blobs", "ok", f"{settings.blobs} {where} can be written")


async def _scanner(settings: Settings) -> Finding:
    from emailq.scan import clamd

    if settings.clamd is None:
        return Finding("scanner", "ok", "none: attachments count as skipped, and ERP policy decides (EMAILQ_CLAMD)")
    try:
        version = await clamd.version(settings.clamd)
        admits = await clamd.admits_its_limits(settings.clamd)
    except EmailqError as error:
        return Finding("scanner", "fail", str(error), Unavailable.exit_code)
    if not admits:
        return Finding("scanner", "warn", f"{version} calls what exceeds its limits clean; set AlertExceedsMax yes")
    if not clamd.numbers_its_signatures(version):
        return Finding("scanner", "warn", f"{version} has no signatures of ClamAV's own; run freshclam")
    return Finding("scanner", "ok", version)


async def _mailboxes(settings: Settings) -> AsyncIterator[Finding]:
    """Whether each can be read; a look changes nothing there."""
    from emailq.app import open_app
    from emailq.ingest.imap import opened

    async with open_app(settings) as app:
        for name, account in settings.imap.items():
            try:
                async with opened(app, account) as imap:
                    counts = [
                        f"{folder} has {(await imap.select(folder, read_only=True)).exists} messages"
                        for folder in account.folders
                    ]
                    push = "" if "IDLE" in imap.capabilities else f"; no IDLE, so a look each {account.poll_s:g} s"
            except EmailqError as error:
                yield Finding(f"mailbox {name}", "fail", str(error), error.exit_code)
            else:
                yield Finding(f"mailbox {name}", "ok", f"{account.where}: {', '.join(counts)}{push}")


async def _classifier(settings: Settings, http: "httpx.AsyncClient") -> Finding:
    """Whether the LLM server is there and has the model."""
    if settings.classifier == "local":
        return Finding("classifier", "ok", "local, needs no server")
    from emailq.classify.llm import list_models, open_llm

    wanted, where = settings.llm_model, f"{settings.llm_api} at {settings.llm_url}"
    try:
        names = await list_models(open_llm(settings, http))
    except EmailqError as error:
        return Finding("classifier", "fail", str(error), error.exit_code)
    if wanted in names or f"{wanted}:latest" in names:
        return Finding("classifier", "ok", f"{where} has {wanted}")
    has = ", ".join(names[:5]) or "none"
    if settings.llm_api == "ollama":
        text = f"{where} has no model {wanted}; run: ollama pull {wanted} (it has {has})"
        return Finding("classifier", "fail", text, ConfigError.exit_code)
    return Finding("classifier", "warn", f"{where} does not name {wanted} among its models ({has})")


async def _erp(settings: Settings, http: "httpx.AsyncClient") -> Finding:
    """Whether there is such an adapter, and whether its server answers at all."""
    import httpx

    from emailq.erp.adapters import load_adapter
    from emailq.erp.outbox import DRY_RUN

    if settings.erp_adapter == DRY_RUN:
        return Finding("erp", "ok", "dry_run, needs no server")
    try:
        load_adapter(settings.erp_adapter)
        if not settings.erp_url:
            raise ConfigError(f"erp_adapter = {settings.erp_adapter} needs EMAILQ_ERP_URL")
        answer = await http.get(settings.erp_url)
    except ConfigError as error:
        return Finding("erp", "fail", str(error), error.exit_code)
    except httpx.HTTPError as error:
        text = f"{settings.erp_url} does not answer: {type(error).__name__} {brief(error)}"
        return Finding("erp", "fail", text, Unavailable.exit_code)
    answers = f"{settings.erp_adapter}: {settings.erp_url} answers ({answer.status_code})"
    if not settings.authserv_ids:
        text = "without EMAILQ_AUTHSERV_IDS nothing vouches for a sender, and nearly each action waits for a person"
        return Finding("erp", "warn", f"{answers}; {text}")
    return Finding("erp", "ok", answers)


async def log_in(app: "App") -> Finding:
    """Whether the ERP takes our credentials: it is asked for a document that nobody made."""
    from emailq.erp.adapters import load_adapter
    from emailq.erp.outbox import Action
    from emailq.erp.result import Stopped

    name = app.settings.erp_adapter
    nothing = Action(
        uuid4(), uuid4(), "create_order", "order", None, name, "pending", uuid4().hex, {}, b"", template=None
    )
    try:
        await load_adapter(name).find(nothing, app)
    except NotImplementedError:
        asked = "without EMAILQ_ERP_LOOKUP it" if name == "http" else name
        return Finding("erp log-in", "ok", f"not tried: {asked} can't be asked, so the first action will tell")
    except Stopped as stopped:
        why = (stopped.result.error or "").partition("; then: emailq resume")[0]
        code = ConfigError.exit_code if stopped.result.then == "pause" else Unavailable.exit_code
        return Finding("erp log-in", "fail", f"{name}: {why}", code)
    except Exception as error:  # of an adapter that somebody wrote
        text = f"{name} failed: {type(error).__name__}: {brief(error)}"
        return Finding("erp log-in", "fail", text, Unavailable.exit_code)
    return Finding("erp log-in", "ok", f"{name} lets us in")
