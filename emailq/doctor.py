"""Checks of the settings against the real servers: one function a check."""

from collections.abc import AsyncIterator, Iterable

from emailq.checks import Finding, check_database
from emailq.db import brief, connect
from emailq.errors import ConfigError, EmailqError, Unavailable
from emailq.settings import Settings, read_settings


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
    findings += [finding async for finding in outside(settings)]
    return findings


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


def worst_exit_code(findings: Iterable[Finding]) -> int:
    return next((f.exit_code or Unavailable.exit_code for f in findings if f.state == "fail"), 0)


async def _blobs(settings: Settings) -> Finding:
    from emailq.store.blobs import open_blobs

    where = settings.blob_dir if settings.blobs == "directory" else f"{settings.s3_endpoint}/{settings.s3_bucket}"
    try:
        await open_blobs(settings).check()
    except EmailqError as error:
        return Finding("blobs", "fail", str(error), error.exit_code)
    return Finding("blobs", "ok", f"{settings.blobs} {where} can be written")


async def outside(settings: Settings) -> AsyncIterator[Finding]:
    """The servers that handlers call: whether they answer at all."""
    import httpx

    async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
        targets = {
            "classifier": settings.llm_url if settings.classifier != "local" else None,
            "erp": settings.erp_url if settings.erp_adapter == "http" else None,
        }
        for name, url in targets.items():
            if url is None:
                chosen = settings.classifier if name == "classifier" else settings.erp_adapter
                yield Finding(name, "ok", f"{chosen}, needs no server")
                continue
            try:
                answer = await http.get(url)
            except httpx.HTTPError as error:
                text = f"{url} does not answer: {type(error).__name__} {brief(error)}"
                yield Finding(name, "fail", text, Unavailable.exit_code)
            else:
                yield Finding(name, "ok", f"{url} answers ({answer.status_code})")


def _shown(settings: Settings, sources: dict[str, str]) -> str:
    """Settings that are not the default, with their source; secrets masked."""
    values = settings.model_dump()
    return ", ".join(f"{key}={values[key]} (from {source})" for key, source in sorted(sources.items())) or "defaults"
