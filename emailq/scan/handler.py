"""The queue `virus_scan`: the raw message and each attachment go to the scanner before anything is done with them."""

from uuid import UUID

from emailq.app import App
from emailq.db import Connection
from emailq.errors import NotFound, Unavailable
from emailq.models import Job
from emailq.outcomes import Done, Effect, Next, Outcome, Reject, Release, Retry
from emailq.scan import clamd
from emailq.scan.clamd import ScanFailed, Verdict
from emailq.store.blobs import CorruptBlob

_LOAD = """
select encode(e.raw_sha256, 'hex'), e.parsed_at is not null, e.classified_at is not null,
       array(select distinct encode(a.sha256, 'hex') from attachments a where a.email_id = e.id)
from emails e
where e.id = %s
"""

_KNOWN = """
select encode(s.sha256, 'hex'), s.status, s.detail
from virus_scans s
where s.sha256 in (select decode(n, 'hex') from unnest(%s::text[]) n) and s.signatures = %s
"""


async def handle(job: Job, app: App) -> Outcome:
    """Scan one message. Infected mail stops here and waits for a person; other mail goes on to classification.

    A second run asks only for what these signatures have not judged yet. What the scanner could not look into is
    `failed`, never clean; while there is no scanner the items wait.
    """
    address = app.settings.clamd
    if address is None:
        return Release("no scanner is configured: set EMAILQ_CLAMD", pause_s=60)
    async with app.pool.connection() as conn:
        row = await (await conn.execute(_LOAD, (job.email_id,), prepare=True)).fetchone()
    if row is None:
        return Reject("the e-mail is gone")
    raw, is_parsed, is_classified, attachments = row
    if not is_parsed:
        return Retry("the e-mail is not parsed yet")
    names = [raw, *(name for name in attachments if name != raw)]
    try:
        signatures = await clamd.version(address)
        async with app.pool.connection() as conn:
            verdicts = await _known(conn, names, signatures)
        for name in names:
            if name not in verdicts:
                verdicts[name] = await _scan(job, app, address, name)
    except Unavailable as error:
        return Release(str(error), pause_s=5)
    except CorruptBlob as error:
        return Reject(str(error))
    except (NotFound, ScanFailed) as error:
        return Retry(str(error))
    return _outcome(job, signatures, verdicts, is_classified=is_classified)


async def _known(conn: Connection, names: list[str], signatures: str) -> dict[str, Verdict]:
    """What these signatures have said of the same bytes."""
    if not clamd.numbers_its_signatures(signatures):
        return {}
    rows = await (await conn.execute(_KNOWN, (names, signatures), prepare=True)).fetchall()
    return {name: Verdict(status, detail) for name, status, detail in rows}


async def _scan(job: Job, app: App, address: str, name: str) -> Verdict:
    content = await app.blobs.get(name)
    try:
        return await clamd.scan(address, content, timeout_s=app.settings.clamd_timeout_s)
    except ScanFailed as error:
        if job.attempt < job.max_attempts:
            raise
        return Verdict("failed", str(error))


def _outcome(job: Job, signatures: str, verdicts: dict[str, Verdict], *, is_classified: bool) -> Outcome:
    found = {name: {"status": verdict.status, "detail": verdict.detail} for name, verdict in verdicts.items()}
    effects = [Effect("record_virus_scan", (job.email_id, signatures, found))]
    infections = sorted({verdict.detail or "" for verdict in verdicts.values() if verdict.status == "infected"})
    if infections:
        return Done([*effects, _review(job.email_id, infections)])
    return Done(effects, [] if is_classified else [Next("classification", job.priority)])


def _review(email_id: UUID, infections: list[str]) -> Effect:
    return Effect("request_review", (email_id, f"infected: {', '.join(infections)}"[:500]))
