"""Attachments → values, and what broken or hostile ones cost."""

import zipfile
from datetime import date, datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from emailq.extract.documents import Document, kind_of, packed, read_document
from emailq.extract.requests import find_requests
from emailq.models import Intent
from emailq.parse.child import ChildPool, Crashed
from tests.extract.files import CII, UBL, pdf, xlsx

WORK = "emailq.extract.documents:read_document"
CSV = """\
Artikel-Nr;Bezeichnung;Menge;Einheit;Preis
S-1;Seife;12;Stk;3,50 €
K-2;Kerze;5;Stk;4,00 €
Summe;;;;62,00
"""


def read(kind: str, content: bytes) -> Document:
    return read_document(packed("attachment:2", kind, None, content))


def requests(
    kind: str, content: bytes, intent: Intent = Intent.ORDER, text: str = "See the file."
) -> list[dict[str, Any]]:
    return find_requests(intent, "", text, [read(kind, content)])


def lines(fields: dict[str, Any]) -> list[tuple[str | None, ...]]:
    return [tuple(one[key] for key in ("article", "item", "quantity", "unit", "price")) for one in fields["lines"]]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_table_of_comma_separated_values(charset: str) -> None:
    [found] = requests("csv", CSV.encode(charset))

    assert lines(found) == [("S-1", "Seife", "12", "stk", "3.50"), ("K-2", "Kerze", "5", "stk", "4.00")]
    assert found["lines"][0]["currency"] == "EUR"
    assert found["lines"][0]["source"] == "attachment:2"
    assert found["lines"][0]["span"] == "S-1 | Seife | 12 | Stk | 3,50 €"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            "Pos  Art.-Nr.  Bezeichnung  Menge  EH  Preis\n1  K-15  Kugelhahn  20  Stk  12,50",
            ("K-15", "Kugelhahn", "20", "stk", "12.50"),
        ),
        ("Artikel  Bezeichnung  Anzahl\nK-15  Kugelhahn  20", ("K-15", "Kugelhahn", "20", None, None)),
        ("Ref.  Descripción  Cantidad\nK-15  Válvula  20", ("K-15", "Válvula", "20", None, None)),
        ("Artikel  Menge  Preis  Gesamt\nSeife  1.200  15,80  18.960,00", (None, "Seife", "1200", None, "15.80")),
        ("Artikel  Menge  Preis  Gesamt\nKugelhahn  1.200  15,80  18,96", (None, "Kugelhahn", "1.200", None, "15.80")),
        ("Artikel  Menge  Preis\nKugelhahn  1.200  15,80", (None, "Kugelhahn", None, None, "15.80")),
        ("Foto | Artikel | Menge | Preis\n| Hammer | 2 | 12,00", (None, "Hammer", "2", None, "12.00")),
        ("| Item | Qty |\n| Bolt | 2 |", (None, "Bolt", "2", None, None)),
        ("| Item | Qty | Price\n1 | Bolt | 2 | $101.00", (None, "Bolt", "2", None, "101.00")),
    ],
)
def test_columns_of_a_table(table: str, expected: tuple[str | None, ...]) -> None:
    [found] = find_requests(Intent.ORDER, "", table)

    assert lines(found) == [expected]


@pytest.mark.parametrize("quantity", ["-5", "−5", "0"])
def test_a_quantity_that_orders_nothing_needs_a_person(quantity: str) -> None:
    [found] = requests("csv", f"item;qty\nSoap;12\nCandle;{quantity}\n".encode())

    assert found["problems"] == [f"line 2: a quantity of {quantity.replace('−', '-')}"]


def test_a_sheet_that_is_hidden_is_not_read() -> None:
    content = BytesIO()
    book = openpyxl.load_workbook(BytesIO(xlsx(("item", "qty"), ("Soap", 12))))
    hidden = book.create_sheet("old")
    hidden.append(("item", "qty"))
    hidden.append(("Candle", 5))
    hidden.sheet_state = "hidden"
    book.save(content)

    [found] = requests("xlsx", content.getvalue())

    assert (lines(found), found["problems"]) == ([(None, "Soap", "12", None, None)], [])


def test_a_workbook_with_a_heading_further_down() -> None:
    content = xlsx(
        ("Заказ № 17",), (), ("Наименование", "Кол-во", "Ед.", "Цена, руб."), ("Мыло", 40, "шт", 120.5), ("Итого", 40)
    )

    [found] = requests("xlsx", content)

    assert lines(found) == [(None, "Мыло", "40", "шт", "120.5")]
    assert found["lines"][0]["currency"] == "RUB"


@pytest.mark.parametrize(
    "heading",
    [
        ("Item No.", "Description", "Order Qty", "UoM", "Unit Price"),
        ("Material", "Bezeichnung", "Bestellmenge", "Einheit", "Preis pro Einheit"),
        ("Art.-Nr.", "Text", "Anz.", "Mengeneinheit", "E-Preis"),
        ("Réf. article", "Désignation", "Qté commandée", "U", "P.U. HT"),
        ("Code article", "Libellé article", "Quantité", "Unité", "Prix unitaire HT"),
        ("Kod towaru", "Nazwa towaru", "Ilość zamówiona", "J.m.", "Cena netto"),
        ("Codice", "Descrizione", "Q.tà", "U.M.", "Prezzo unitario"),
        ("Артикул", "Найменування товару", "Кількість", "Од.", "Ціна без ПДВ"),
        ("Код", "Наименование", "Кол-во, шт", "Ед. изм.", "Цена"),
        ("Código", "Descripción", "Cantidad", "Ud.", "Precio"),
    ],
)
def test_a_heading_in_many_words_of_several_languages(heading: tuple[str, ...]) -> None:
    [found] = requests("xlsx", xlsx(("No", *heading), (1, "C-35", "Cement", 12, "bags", 8.5)))

    assert lines(found) == [("C-35", "Cement", "12", "bags", "8.5")]


@pytest.mark.parametrize("other", ["Qty in stock", "Qty (delivered)", "Menge Lager"])
def test_a_quantity_that_is_not_ordered_is_none(other: str) -> None:
    [found] = requests("xlsx", xlsx(("Item", other, "Qty"), ("Cement", 500, 12)))

    assert lines(found) == [(None, "Cement", "12", None, None)]


@pytest.mark.parametrize(
    ("quantity", "unit", "read_as"),
    [
        ("40 m2", "", ("40", "m2")),
        ("1'200 Stk", "", ("1200", "stk")),
        ("6,5 m3", "", ("6.5", "m3")),
        (date(2026, 12, 5), "", (None, None)),
        ("5 cartons of 10", "", (None, None)),
        ("10-12", "pcs", (None, "pcs")),
        ("ca. 20", "", (None, None)),
        ("as usual", "bags", (None, "bags")),
        ("", "bags", None),
        ("–", "bags", None),
        ("see below", "", None),
        ("Qty", "Unit", None),
    ],
)
def test_a_row_whose_quantity_is_not_clear_is_a_line_still(
    quantity: object, unit: str, read_as: tuple[str | None, str | None] | None
) -> None:
    content = xlsx(("Art. No", "Item", "Qty", "Unit"), ("C-35", "Cement", 12, "bags"), ("S-1", "Sand", quantity, unit))

    [found] = requests("xlsx", content)

    expected = [] if read_as is None else [("S-1", "Sand", *read_as, None)]
    assert lines(found) == [("C-35", "Cement", "12", "bags", None), *expected]


def test_a_date_in_a_cell_is_a_date() -> None:
    document = read("xlsx", xlsx(("Delivery", date(2026, 12, 5), datetime(2026, 12, 5, 16, 30))))

    assert document.tables == ((("Delivery", "2026-12-05", "2026-12-05 16:30:00"),),)


def test_the_text_of_a_pdf() -> None:
    content = pdf(
        "Invoice no. 2026-55 of 3 Nov 2026",
        "Item         Qty    Price",
        "Olive oil    40     2.50",
        "Total: EUR 100.00",
    )

    [found] = requests("pdf", content, Intent.INVOICE)

    assert found["invoice_number"] == {"value": "2026-55", "span": "Invoice no. 2026-55", "source": "attachment:2"}
    assert lines(found) == [(None, "Olive oil", "40", None, "2.50")]
    assert [(one["value"], one["currency"], one["kind"]) for one in found["amounts"]] == [("100.00", "EUR", "total")]
    assert found["problems"] == []


def test_a_message_that_was_forwarded_as_a_file() -> None:
    content = b"From: a@example.com\r\nSubject: PO 77-1\r\n\r\nFor the table: 48 honey bars, 20 gift tins.\r\n"

    [found] = requests("mail", content)

    assert found["order_number"]["value"] == "77-1"
    assert [(one["quantity"], one["item"]) for one in found["lines"]] == [("48", "honey bars"), ("20", "gift tins")]


def test_a_ubl_invoice() -> None:
    [found] = requests("xml", UBL.encode(), Intent.INVOICE)

    single = {
        key: found[key]["value"] for key in ("invoice_number", "order_number", "customer_reference", "iban", "vat_id")
    }
    assert single == {
        "invoice_number": "INV-9001",
        "order_number": "PO-31",
        "customer_reference": "MS-4",
        "iban": "DE89370400440532013000",
        "vat_id": "DE136695976",
    }
    assert lines(found) == [("OO-1", "Olive oil", "40", "kg", "2.50")]
    assert {one["kind"]: one["value"] for one in found["amounts"]} == {
        "net": "100.00",
        "vat": "19.00",
        "total": "119.00",
    }
    assert {one["kind"]: one["value"] for one in found["dates"]} == {"issued": "2026-11-03", "due": "2026-12-03"}
    assert found["problems"] == []


def test_a_factur_x_invoice_is_read_from_the_xml_in_its_pdf() -> None:
    [found] = requests("pdf", pdf("Rechnung RE-77", attached={"factur-x.xml": CII}), Intent.INVOICE)

    assert (found["invoice_number"]["value"], found["order_number"]["value"]) == ("RE-77", "B-5")
    assert lines(found) == [("K-9", "Kerze", "4.0", "pcs", "5.00")]
    assert [(one["value"], one["currency"], one["kind"]) for one in found["amounts"]] == [
        ("20.00", "EUR", "net"),
        ("3.80", "EUR", "vat"),
        ("23.80", "EUR", "total"),
    ]
    assert [(one["value"], one["kind"]) for one in found["dates"]] == [("2026-11-03", "issued")]


def test_a_sum_that_does_not_add_up_is_told() -> None:
    [found] = requests("xml", UBL.replace(">119.00<", ">129.00<").encode(), Intent.INVOICE)

    assert found["problems"] == ["net 100.00 and VAT 19.00 are not the total of 129.00"]


def test_two_attached_invoices_are_two_requests() -> None:
    documents = [read("xml", UBL.encode()), read("xml", UBL.replace("INV-9001", "INV-9002").encode())]

    found = find_requests(Intent.INVOICE, "Two invoices", "Attached.", documents)

    assert [one["invoice_number"]["value"] for one in found] == ["INV-9001", "INV-9002"]


def test_a_letter_that_lists_other_things_than_its_file_needs_a_person() -> None:
    [found] = requests("csv", CSV.encode(), text="12 boxes of soap\n6 boxes of candles")

    assert found["problems"] == ["attachment:2 and text list different things"]


@pytest.mark.parametrize("words", ["and three thousand tacks", "and two of the blue ones", "и две горелки"])
def test_a_quantity_in_words_beside_lines_in_digits_needs_a_person(words: str) -> None:
    [found] = find_requests(Intent.ORDER, "", f"Please send 12 boxes of soap {words}.")

    assert found["problems"][0].startswith("a quantity may stand there in words: ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Wir bestellen je 5 Stück von K-1, K-2 und K-3.", "so many of each of several things"),
        ("Please send 5 pcs each of K-1 and K-2.", "so many of each of several things"),
        ("Отгрузите по 5 шт. К-1 и К-2 каждого", "so many of each of several things"),
        ("100 Stück K-1, davon 40 Stück sofort", "a part of what is ordered"),
        ("100 pcs of K-1, of which 40 pcs now", "a part of what is ordered"),
        ("100 шт К-1, остальное в январе", "a part of what is ordered"),
        ("20 Stück K-1 oder, falls nicht lieferbar, 20 Stück K-2", "one or the other"),
        ("20 pcs of K-1 or K-2", "one or the other"),
        ("20 pcs of soap until 30 kg of it are gone", "a quantity is in no line"),
        ("40 bags of cement\ntiles 60x60 - 45 squares\n5 bags of grout", "a quantity is in no line"),
        ("40 bags of cement, and do put in 500 screws", "a quantity is in no line"),
        ("40 rolls of felt and 800 nails 65 mm. 4 pallets of blocks", "several things in one line"),
        ("40 bags of cement\n8045 Zürich", "a postcode or a quantity"),
    ],
)
def test_lines_that_may_mean_something_else_need_a_person(text: str, problem: str) -> None:
    [found] = find_requests(Intent.ORDER, "", text)

    assert [one.split(":")[0] for one in found["problems"]] == [problem]


@pytest.mark.parametrize(
    "text",
    [
        "№\tНаименование\tКол-во\tЕд.\n1\tМыло\t20\tшт.\n2\tСода\t5\tкг",
        "Заказ от 23 ноября 2026 г.\nМыло — 20 шт.",
    ],
)
def test_a_quantity_in_cells_of_its_own_and_a_year_are_no_quantity_without_a_line(text: str) -> None:
    [found] = find_requests(Intent.ORDER, "", text)

    assert found["problems"] == []


def test_numbers_in_words_that_count_time_need_nobody() -> None:
    [found] = find_requests(Intent.ORDER, "", "12 boxes of soap within two working days, or three weeks.")

    assert found["problems"] == []


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("order.csv", "application/octet-stream", None), "csv"),
        (("order.csv", "text/plain", None), "csv"),
        (("x", "application/pdf", "application/pdf"), "pdf"),
        (("invoice.pdf", "application/pdf", "application/x-msdownload"), None),
        (("invoice.xml", "text/plain", None), "xml"),
        (("order.eml", "message/rfc822", None), "mail"),
        (("photo.jpg", "image/jpeg", "image/jpeg"), None),
        (("letter.docx", "application/octet-stream", None), None),
    ],
)
def test_which_attachments_are_read(names: tuple[str, str, str | None], kind: str | None) -> None:
    assert kind_of(*names) == kind


def bomb() -> bytes:
    """A workbook of less than 3 MB that unpacks to 600 MB."""
    content = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(xlsx(("a",)))) as small,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as large,
    ):
        for name in small.namelist():
            with large.open(name, "w") as entry:
                if name != "xl/worksheets/sheet1.xml":
                    entry.write(small.read(name))
                    continue
                entry.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
                entry.write(b'<row><c r="A1" t="inlineStr"><is><t>')
                for _ in range(60):
                    entry.write(b"a" * 10_000_000)
                entry.write(b"</t></is></c></row></sheetData></worksheet>")
    return content.getvalue()


BROKEN = {
    "no PDF": ("pdf", b"%PDF-1.4\nnothing"),
    "no workbook": ("xlsx", b"PK\x03\x04nothing"),
    "no XML": ("xml", b"<a><b></a>"),
    "other XML": ("xml", b"<a/>"),
    "entities": ("xml", b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Invoice>&b;</Invoice>'),
    "a file of this machine": (
        "xml",
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Invoice><ID>&a;</ID></Invoice>',
    ),
    "huge number": ("xml", UBL.replace(">119.00<", ">1e999999<").encode()),
    "NUL": ("csv", b"item,qty\n\x00soap,1\n"),
    "nothing": ("csv", b""),
    "one long row": ("csv", b"a," * 1_000_000),
}


@pytest.mark.parametrize(("kind", "content"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_told_and_raises_nothing(kind: str, content: bytes) -> None:
    document = read(kind, content)

    found = find_requests(Intent.ORDER, "", "12 boxes of soap", [document])

    assert "root:" not in str(found)
    assert len(found) == 1


async def test_a_file_that_eats_memory_costs_a_child_and_no_more() -> None:
    pool = ChildPool(1, WORK)
    try:
        with pytest.raises(Crashed, match="512 MB"):
            await pool.run(packed("attachment:1", "xlsx", None, bomb()))
        document = await pool.run(packed("attachment:1", "csv", None, CSV.encode()))
    finally:
        await pool.close()

    assert len(document.tables[0]) == 4
