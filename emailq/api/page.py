"""The web page: queues, mail, the review desk, ERP actions; made on the server, with one small script."""

import re
from datetime import timedelta
from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import nh3
from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from emailq.api.emails import attachment_link
from emailq.api.emails import emails as email_page
from emailq.api.html import html
from emailq.api.tokens import COOKIE, Reader, Token, Writer
from emailq.app import App
from emailq.classify.decisions import is_waiting, label_email, last_label
from emailq.db import Connection, fetch_rows, query
from emailq.erp import desk
from emailq.erp.payload import canonical, sha256
from emailq.erp.summary import fields_text
from emailq.errors import NotFound, UsageError
from emailq.models import Intent, Priority, Sentiment
from emailq.queue import jobs
from emailq.store.emails import show_email

router = APIRouter(prefix="/ui", include_in_schema=False)

_STATIC = {"emailq.css": "text/css", "emailq.js": "text/javascript"}
# what a message may do in its frame: be seen, and nothing else
_MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
_KEYS = [(Intent.ORDER, "o"), (Intent.INVOICE, "i"), (Intent.COMPLAINT, "c"), (Intent.INQUIRY, "q")]
_KEYS += [(Intent.NEWSLETTER, "n"), (Intent.SPAM, "s"), (Intent.OTHER, "x")]


async def same_site(request: Request) -> None:
    """A form that another site sends is refused; browsers tell (Fetch Metadata), and the cookie is SameSite=Strict."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "this form came from another site")


SameSite = Depends(same_site)


@router.get("/static/{name}")
async def static(name: str) -> Response:
    if name not in _STATIC:
        raise HTTPException(404, "no such file")
    content = files("emailq.api").joinpath("static", name).read_bytes()
    return Response(content, media_type=_STATIC[name], headers={"cache-control": "max-age=300"})


@router.get("/login")
async def login_form() -> Response:
    return html("login.html")


@router.post("/login", dependencies=[SameSite])
async def login(request: Request, token: Annotated[str, Form(max_length=500)]) -> Response:
    """The token itself becomes the cookie: it can be revoked, and scripts can't read it."""
    found = await request.app.state.tokens.find(request, token.strip())
    if found is None:
        return html("login.html", 401, problem="This token is not valid.")
    if not found.may("read"):
        return html("login.html", 403, problem="This token lacks the scope read, which every page wants.")
    answer = _back("/ui/")
    secure = request.url.scheme == "https"
    month_s = int(timedelta(days=30).total_seconds())
    answer.set_cookie(COOKIE, token.strip(), month_s, httponly=True, samesite="strict", secure=secure, path="/")
    return answer


@router.post("/logout", dependencies=[SameSite])
async def logout() -> Response:
    answer = _back("/ui/login")
    answer.delete_cookie(COOKIE, path="/")
    return answer


# ------------------------------------------------------------------------------------------ queues


@router.get("/")
async def queues(request: Request, token: Reader) -> Response:
    async with _pool(request).connection() as conn:
        shown = {
            "stats": (await fetch_rows(conn, "select * from api_stats"))[0],
            "queues": await jobs.status(conn),
            "workers": await fetch_rows(conn, "select * from queue_workers where alive"),
            "failures": await fetch_rows(conn, query("page_failures")),
            "intents": await fetch_rows(
                conn,
                "select intent, count(*) as n from emails where classified_at > now() - interval '1 day'"
                " and intent is not null group by intent order by n desc",
            ),
        }
        return await _page(request, conn, "queues.html", token, "/ui/", **shown)


@router.post("/queues/{what}", dependencies=[SameSite])
async def steer(what: str, request: Request, token: Writer, queue: Annotated[str, Form(max_length=50)]) -> Response:
    async with _pool(request).connection() as conn:
        if what == "pause":
            await jobs.pause(conn, queue, f"by {token.name}")
        elif what == "resume":
            await jobs.resume(conn, queue)
        else:
            raise HTTPException(404, "no such thing")
    return _back("/ui/")


@router.post("/items/{what}", dependencies=[SameSite])
async def item(
    what: str, request: Request, token: Writer, item: Annotated[UUID, Form()], back: Annotated[str, Form()] = "/ui/"
) -> Response:
    async with _pool(request).connection() as conn:
        if what == "retry":
            await jobs.requeue(conn, [item])
        elif what == "cancel":
            await jobs.cancel(conn, [item])
        else:
            raise HTTPException(404, "no such thing")
    return _back(back)


# ------------------------------------------------------------------------------------------ mail


@router.get("/mail")
async def mail(
    request: Request,
    token: Reader,
    search: Annotated[str, Query(max_length=1000)] = "",
    intent: Annotated[str, Query(max_length=50)] = "",
    review: bool = False,
    failed: bool = False,
    cursor: str | None = None,
) -> Response:
    asked = {"search": search.replace("\x00", ""), "intent": intent if intent in set(Intent) else ""}
    page = await email_page(
        request,
        token,
        intent=Intent(asked["intent"]) if asked["intent"] else None,
        search=asked["search"].strip() or None,
        review=review,
        failed=failed,
        cursor=cursor,
        limit=50,
    )
    flags = {name: "true" for name, is_set in (("review", review), ("failed", failed)) if is_set}
    following = urlencode({k: v for k, v in asked.items() if v} | flags | {"cursor": page.next}) if page.next else None
    async with _pool(request).connection() as conn:
        filters = {**asked, "review": review, "failed": failed}
        shown = {"emails": page.emails, "next": following, "asked": filters, "intents": list(Intent)}
        return await _page(request, conn, "mail.html", token, "/ui/mail", **shown)


@router.get("/mail/{email_id}")
async def one_email(email_id: UUID, request: Request, token: Reader) -> Response:
    async with _pool(request).connection() as conn:
        found = await show_email(conn, email_id)
        for action in found["erp_actions"]:
            action["seen"] = sha256(canonical(action["request_payload"])).hex()
        return await _page(request, conn, "email.html", token, "/ui/mail", **found)


@router.get("/mail/{email_id}/html")
async def email_html(email_id: UUID, request: Request, token: Reader) -> Response:
    """The message's HTML for its frame: no script, no form, nothing that is loaded from anywhere."""
    async with _pool(request).connection() as conn:
        rows = await fetch_rows(conn, "select left(body_html, 2000000) as html from emails where id = %s", email_id)
    if not rows:
        raise NotFound(f"no e-mail {email_id}")
    clean = nh3.clean(
        rows[0]["html"] or "",
        url_schemes={"mailto", "data"},
        attribute_filter=_without_pages,
        link_rel="noopener noreferrer nofollow",
    )
    return HTMLResponse(clean, headers={"content-security-policy": _MAIL_POLICY, "x-frame-options": "SAMEORIGIN"})


def _without_pages(tag: str, attribute: str, value: str) -> str | None:
    """`data:` is for pictures: behind a link it would be a page of the sender's in ours."""
    is_data = re.sub(r"[\x00-\x20]", "", value).lower().startswith("data:")
    return None if is_data and attribute != "src" else value


@router.get("/mail/{email_id}/raw")
async def email_raw(email_id: UUID, request: Request, token: Reader) -> Response:
    async with _pool(request).connection() as conn:
        query = "select encode(raw_sha256, 'hex') as name from emails where id = %s and raw_sha256 <> sha256('')"
        rows = await fetch_rows(conn, query, email_id)
    if not rows:
        raise NotFound(f"no e-mail {email_id} that came as a message")
    app: App = request.app.state.app
    headers = {"content-disposition": f'attachment; filename="{email_id}.eml"', "cache-control": "private, no-store"}
    return Response(await app.blobs.get(rows[0]["name"]), headers=headers, media_type="application/octet-stream")


@router.get("/attachments/{attachment_id}")
async def attachment(attachment_id: UUID, request: Request, token: Reader) -> Response:
    return RedirectResponse((await attachment_link(attachment_id, request, token)).url, 303)


# ------------------------------------------------------------------------------------------ people decide


@router.get("/review")
async def review(request: Request, token: Reader, skip: str = "", email: UUID | None = None) -> Response:
    skipped = _ids(skip)
    async with _pool(request).connection() as conn:
        rows = await fetch_rows(
            conn,
            "select * from review_queue where email_id <> all(%s) and (%s::uuid is null or email_id = %s) limit 1",
            skipped,
            email,
            email,
        )
        return await _page(
            request,
            conn,
            "review.html",
            token,
            "/ui/review",
            mail=rows[0] if rows else None,
            skipped=",".join(map(str, skipped)),
            keys=_KEYS,
            priorities=list(Priority),
            sentiments=list(Sentiment),
        )


@router.post("/review/{email_id}", dependencies=[SameSite])
async def decide(
    email_id: UUID,
    request: Request,
    token: Writer,
    intent: Annotated[Intent, Form()],
    priority: Annotated[str, Form()] = "",
    sentiment: Annotated[str, Form()] = "",
    skip: Annotated[str, Form()] = "",
) -> Response:
    async with _pool(request).connection() as conn:
        if not await is_waiting(conn, email_id):
            told = f"Nothing was changed, the message waits no more: {await last_label(conn, email_id)}"
            return _back(f"/ui/review?skip={','.join(map(str, _ids(skip)))}", told=told)
        await label_email(
            conn,
            email_id,
            intent=intent,
            sentiment=Sentiment(sentiment) if sentiment else None,
            priority=Priority(priority) if priority else None,
            person=token.name,
        )
    return _back(f"/ui/review?skip={','.join(map(str, _ids(skip)))}")


@router.get("/actions")
async def actions(
    request: Request, token: Reader, status: Annotated[str, Query(max_length=20)] = "needs_review"
) -> Response:
    async with _pool(request).connection() as conn:
        found = await fetch_rows(
            conn,
            "select x.*, e.subject, e.from_address from erp_actions x join emails e on e.id = x.email_id"
            " where x.status = %s order by x.created_at desc limit 100",
            status,
        )
        for action in found:
            action["values"] = fields_text(action["request_payload"].get("fields") or {})
        counts = {row["status"]: row["n"] for row in await fetch_rows(conn, "select * from open_work")}
        return await _page(
            request, conn, "actions.html", token, "/ui/actions", actions=found, chosen=status, counts=counts
        )


@router.post("/actions/{action_id}", dependencies=[SameSite])
async def decide_action(
    action_id: UUID,
    request: Request,
    token: Writer,
    decision: Annotated[str, Form()],
    seen: Annotated[str, Form()],
    back: Annotated[str, Form()] = "/ui/actions",
) -> Response:
    """`seen`: the SHA-256 of the payload that the person looked at; a yes to another one would not be theirs."""
    async with _pool(request).connection() as conn, conn.transaction():
        try:
            if decided := await desk.decided(conn, action_id):
                return _back(back, told=f"Nothing was changed: {decided}")
            if decision == "approve":
                await desk.approve_as_seen(conn, action_id, bytes.fromhex(seen), token.name)
            else:
                await desk.reject(conn, action_id, token.name, None)
        except (UsageError, ValueError) as error:
            return _back(back, told=str(error))
    return _back(back)


# ------------------------------------------------------------------------------------------ shared


async def _page(request: Request, conn: Connection, name: str, token: Token, here: str, **shown: Any) -> Response:
    waiting = (await fetch_rows(conn, "select n from open_work where kind = 'review'"))[0]["n"]
    told = request.query_params.get("told", "")[:300]
    return html(name, token=token, here=here, waiting=waiting, told=told, **shown)


def _back(path: str, told: str | None = None) -> RedirectResponse:
    """To a page of our own, whatever the form says."""
    own = path if path.startswith("/ui/") and "\\" not in path else "/ui/"
    if told:
        own += ("&" if "?" in own else "?") + urlencode({"told": told[:300]})
    return RedirectResponse(own, 303)


def _ids(text: str) -> list[UUID]:
    try:
        return [UUID(one) for one in text.split(",") if one][:200]
    except ValueError:
        raise HTTPException(422, "skip: ids with commas between them") from None


def _pool(request: Request) -> Any:
    return request.app.state.app.pool
