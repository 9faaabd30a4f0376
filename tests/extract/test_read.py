"""Requests of stored messages: real rows, real blobs, a real child process."""

from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from emailq.app import App
from emailq.errors import NotFound
from emailq.extract.read import read_requests
from emailq.parse.child import ChildPool, Late
from tests.extract.files import UBL, pdf
from tests.mails import add_email


def mail(*files: tuple[str, str, bytes], text: str = "See the files.", subject: str = "PO 31-A") -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@example.com", subject
    message.set_content(text)
    for name, type_, content in files:
        main, sub = type_.split("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


async def test_values_come_from_subject_text_and_attachments(app: App) -> None:
    raw = mail(("order.csv", "text/csv", b"item,qty\nSoap,12\nCandle,5\n"), text="Delivery on 5 Dec 2026, please.")
    email_id = await add_email(app, raw, intent="order")
    await app.blobs.put([b"item,qty\nSoap,12\nCandle,5\n"])

    [(_, _, _, found)] = await read_requests(app, email_id)

    assert found["order_number"] == {"value": "31-A", "span": "PO 31-A", "source": "subject"}
    assert [(one["item"], one["quantity"], one["source"]) for one in found["lines"]] == [
        ("Soap", "12", "attachment:2"),
        ("Candle", "5", "attachment:2"),
    ]
    assert [(one["value"], one["kind"], one["source"]) for one in found["dates"]] == [
        ("2026-12-05", "delivery", "text")
    ]
    assert (found["problems"], found["unread"]) == ([], [])


async def with_html(app: App, text: str, html: str) -> dict[str, Any]:
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@example.com", "PO 31-A"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    [(_, _, _, found)] = await read_requests(app, await add_email(app, message.as_bytes(), intent="order"))
    return found


async def test_a_table_that_only_the_html_form_has(app: App) -> None:
    table = "<table><tr><td>Art.-Nr.<td>Artikel<td>Menge<tr><td>K-15<td>Hahn<td>20<tr><td>K-16<td>Rohr<td>3</table>"

    found = await with_html(
        app, "Bestellung\n\nArt.-Nr.\n\nArtikel\n\nMenge\n\nK-15\n\nHahn\n\n20\n", f"Bestellung {table}"
    )

    assert [(one["article"], one["item"], one["quantity"], one["source"]) for one in found["lines"]] == [
        ("K-15", "Hahn", "20", "html"),
        ("K-16", "Rohr", "3", "html"),
    ]
    assert (found["problems"], found["unread"]) == ([], [])


async def test_what_the_html_form_quotes_is_not_ordered(app: App) -> None:
    table = "<table><tr><td>Artikel<td>Menge<tr><td>Hahn<td>20</table>"

    found = await with_html(app, "Danke!", f'Danke!<div class="gmail_quote"><blockquote>{table}</blockquote></div>')

    assert found["lines"] == []


@pytest.mark.parametrize("text", ["", "20 pcs K-15\n30 pcs K-16\n"])
async def test_lines_that_are_struck_through_need_a_person(app: App, text: str) -> None:
    found = await with_html(app, text, "<p><s>20 pcs K-15</s></p><p>30 pcs K-16</p>")

    assert found["problems"] == ["crossed out: ~~20 pcs K-15~~"]
    assert {"item": "K-16", "quantity": "30"}.items() <= found["lines"][-1].items()


async def test_two_attached_invoices_are_two_results(app: App) -> None:
    second = UBL.replace("INV-9001", "INV-9002").encode()
    files = [("a.xml", "application/xml", UBL.encode()), ("b.xml", "application/xml", second)]
    email_id = await add_email(app, mail(*files, subject="Invoices"), intent="invoice")
    await app.blobs.put([UBL.encode(), second])

    found = [one.fields for one in await read_requests(app, email_id)]

    assert [one["invoice_number"]["value"] for one in found] == ["INV-9001", "INV-9002"]
    assert [one["invoice_number"]["source"] for one in found] == ["attachment:2", "attachment:3"]


async def test_a_reader_that_had_no_cpu_time_is_asked_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    email_id = await add_email(app, mail(("order.csv", "text/csv", b"item,qty\nSoap,12\n")), intent="order")
    await app.blobs.put([b"item,qty\nSoap,12\n"])
    run, tries = ChildPool.run, []

    async def late_once(pool: ChildPool, raw: bytes) -> Any:
        tries.append(raw)
        if len(tries) == 1:
            raise Late("parsing took more than 30 s")
        return await run(pool, raw)

    monkeypatch.setattr(ChildPool, "run", late_once)
    [(_, _, _, found)] = await read_requests(app, email_id)

    assert [one["item"] for one in found["lines"]] == ["Soap"]
    assert found["unread"] == []


async def test_a_file_that_can_not_be_read_is_told_and_stops_nothing(app: App) -> None:
    files = [("a.pdf", "application/pdf", b"%PDF-1.4 broken"), ("b.pdf", "application/pdf", pdf("12 x soap"))]
    email_id = await add_email(app, mail(*files), intent="order")
    await app.blobs.put([content for _, _, content in files])

    [(_, _, _, found)] = await read_requests(app, email_id)

    assert [one["source"] for one in found["unread"]] == ["attachment:2"]
    assert [one["item"] for one in found["lines"]] == ["soap"]


@pytest.mark.parametrize(
    ("name", "type_", "content", "is_told"),
    [
        ("order.docx", "application/octet-stream", b"PK\x03\x04 word/document.xml", True),
        ("order.ods", "application/vnd.oasis.opendocument.spreadsheet", b"PK\x03\x04", True),
        ("order.xls", "application/vnd.ms-excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", True),
        ("order.zip", "application/zip", b"PK\x03\x04", True),
        ("photo.jpg", "image/jpeg", b"\xff\xd8\xff" + bytes(20_000), True),
        ("logo.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(2_000), False),
        ("ann.vcf", "text/vcard", b"BEGIN:VCARD", False),
        ("smime.p7s", "application/pkcs7-signature", b"0", False),
    ],
)
async def test_an_attachment_that_is_not_read_is_told_if_it_may_hold_something(
    app: App, name: str, type_: str, content: bytes, is_told: bool
) -> None:
    email_id = await add_email(
        app, mail((name, type_, content), text="12 x soap, the rest as attached"), intent="order"
    )

    [(_, _, _, found)] = await read_requests(app, email_id)

    told = [{"source": "attachment:2", "reason": f"{name} is of a kind that is not read"}] if is_told else []
    assert found["unread"] == told


async def test_an_infected_attachment_is_not_opened(app: App, conn: psycopg.AsyncConnection) -> None:
    email_id = await add_email(app, mail(("b.pdf", "application/pdf", pdf("12 x soap"))), intent="order")
    await app.blobs.put([pdf("12 x soap")])
    await conn.execute("update attachments set virus_scan_status = 'infected'")

    [(_, _, _, found)] = await read_requests(app, email_id)

    assert found["lines"] == []


async def test_mail_that_is_gone_is_not_found(app: App) -> None:
    with pytest.raises(NotFound):
        await read_requests(app, uuid4())


async def test_an_order_and_a_complaint_are_two_results_of_their_own_sentences(app: App) -> None:
    text = "Please send 12 boxes of soap. They are for Leeds.\n\nOf the last order 3 candles were broken."
    requests = [
        {"intent": "complaint", "confidence": 0.9, "sentences": [2]},
        {"intent": "order", "confidence": 0.8, "sentences": [0, 1]},
    ]
    email_id = await add_email(
        app, mail(text=text, subject="Hello"), intent="complaint", confidence_score=0.95, requests=Jsonb(requests)
    )

    complaint, order = await read_requests(app, email_id)

    assert (complaint.intent, complaint.confidence, order.intent, order.confidence) == ("complaint", 0.95, "order", 0.8)
    assert [line["quantity"] for line in order.fields["lines"]] == ["12"]
    assert "12" not in [line["quantity"] for line in complaint.fields["lines"]]
