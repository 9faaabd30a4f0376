"""Values in running text, in the languages that customers write."""

from typing import Any

import pytest

from emailq.extract.fields import extract_fields
from emailq.extract.parts import Part


def fields(text: str, subject: str = "") -> dict[str, Any]:
    return extract_fields([Part("subject", subject), Part("text", text)])


def lines(text: str) -> list[tuple[str | None, ...]]:
    return [(one["quantity"], one["unit"], one["item"], one["price"], one["currency"]) for one in fields(text)["lines"]]


def amounts(text: str) -> list[tuple[str, str | None, str | None]]:
    return [(one["value"], one["currency"], one["kind"]) for one in fields(text)["amounts"]]


def dates(text: str) -> list[tuple[str, str | None]]:
    return [(one["value"], one["kind"]) for one in fields(text)["dates"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Please send 12 boxes of candles.", [("12", "boxes", "candles", None, None)]),
        ("12 boxes of candles at 3.50 EUR each", [("12", "boxes", "candles", "3.50", "EUR")]),
        ("5 x soap @ 4.00 = 20.00. Delivery on Monday", [("5", None, "soap", "4.00", None)]),
        ("40 kg of flour, 2,20 EUR per kg, and 3 bags of salt", [
            ("40", "kg", "flour", "2.20", "EUR"),
            ("3", "bags", "salt", None, None),
        ]),
        ("Мыло лавандовое — 40 шт по 120 руб", [("40", "шт", "Мыло лавандовое", "120", "RUB")]),
        ("- Свечи, 10 шт\n- Мыло: 5 кор.", [("10", "шт", "Свечи", None, None), ("5", "кор", "Мыло", None, None)]),
        ("bitte liefern Sie 20 Kisten Äpfel zu 8,90 € je Kiste", [("20", "kisten", "Äpfel", "8.90", "EUR")]),
        ("60 lavender bars, 24 oat bars, 12 candles", [
            ("60", None, "lavender bars", None, None),
            ("24", None, "oat bars", None, None),
            ("12", None, "candles", None, None),
        ]),
        ("Leeks 25 kg, plums 60 kg. Delivery Monday before 7 h 30 by the back gate", [
            ("25", "kg", "Leeks", None, None),
            ("60", "kg", "plums", None, None),
        ]),
        ("Please send 152 boxes candles for delivery on Friday", [("152", "boxes", "candles", None, None)]),
        ("12 boxes of candles at 3.50 EUR each for delivery on Friday", [("12", "boxes", "candles", "3.50", "EUR")]),
        ("Мыло — 40 шт, свечи — 30 шт с доставкой в пятницу", [
            ("40", "шт", "Мыло", None, None),
            ("30", "шт", "свечи", None, None),
        ]),
        ("20 boxes for collection on Monday", [("20", "boxes", "for collection on Monday", None, None)]),
        ("Bring 18 kg, frozen at 7 in the morning; we have 240 guests here", []),
        ("Дверь «Лад», дуб, 80 см — 7 шт.; наличник — 14 компл.", [
            ("7", "шт", "Дверь «Лад», дуб, 80 см", None, None),
            ("14", "компл", "наличник", None, None),
        ]),
        ("Лосось охл. 5-6, 18 кг\nГребешок, 3 кг, если свежий", [
            ("18", "кг", "Лосось охл. 5-6", None, None),
            ("3", "кг", "Гребешок", None, None),
        ]),
        ("Возьмите сразу: собачья — 100 доз, кошачья — 60", [
            ("100", "доз", "собачья", None, None),
            ("60", None, "кошачья", None, None),
        ]),
        ("our order: 6 x cyan 2.5 kg, 4 x marble and 1 drum of plate wash", [
            ("6", None, "cyan 2.5 kg", None, None),
            ("4", None, "marble", None, None),
            ("1", "drum", "plate wash", None, None),
        ]),
        ("We order 40 candles K-100 at 2.50 EUR each and 5 lanterns L-20.", [
            ("40", None, "candles K-100", "2.50", "EUR"),
            ("5", None, "lanterns L-20", None, None),
        ]),
        ("40 pcs of candles, 2 of them red, and 2 men will collect them", [("40", "pcs", "candles", None, None)]),
        ("Sipariş: 40 adet mum K-100 ve 5 kutu sabun", [
            ("40", "adet", "mum K-100", None, None),
            ("5", "kutu", "sabun", None, None),
        ]),
        ("10 szt. świec, 12,50 zł", [("10", "szt", "świec", None, None)]),
        ("60 metres of 10 oz hessian (the brown one)", [("60", "metres", "10 oz hessian (the brown one)", None, None)]),
        ("1.000 Stück Dichtungen D-20, 8 Dezimalwaagen", [
            (None, "stück", "Dichtungen D-20", None, None),
            ("8", None, "Dezimalwaagen", None, None),
        ]),
        ("- K-15 ball valve, qty 40 @ EUR 12.50\n- кран К-16, кол-во: 6", [
            ("40", None, "K-15 ball valve", "12.50", "EUR"),
            ("6", None, "кран К-16", None, None),
        ]),
        ("Просим поставить: 20 шт. КШ-150", [("20", "шт", "КШ-150", None, None)]),
        ("Заказываем 20 шт. КШ-250.", [("20", "шт", "КШ-250", None, None)]),
        ("Заказываем 20 (двадцать) шт. КШ-150, 5 компл. КП-1 и 4 шт. М-1", [
            ("20", "шт", "КШ-150", None, None),
            ("5", "компл", "КП-1", None, None),
            ("4", "шт", "М-1", None, None),
        ]),
        ("Нужно мыло, 20 шт. Спасибо", [("20", "шт", "Нужно мыло", None, None)]),
        ("We need 20 (twenty) pcs. Hose H-1", [("20", "pcs", "Hose H-1", None, None)]),
        ("Дата: 23 ноября 2026 г.", []),
        ("Termin dostawy: 12 grudnia 2026", []),
        ("Заказ от 23 ноября 2026 г.\nМыло — 20 шт.", [("20", "шт", "Мыло", None, None)]),
        ("Просим до 15 декабря 2026 г.: мыло — 20 шт.", [("20", "шт", "мыло", None, None)]),
        ("Соль 2000 г, сода 500 г", [("2000", "г", "Соль", None, None), ("500", "г", "сода", None, None)]),
        ("40 bags of cement\n12 buckets of paint\n\n300 kg of plaster\n3 questions are left", [
            ("40", "bags", "cement", None, None),
            ("12", None, "buckets of paint", None, None),
            ("300", "kg", "plaster", None, None),
        ]),
        ("Nous commandons 12 pots de peinture\n40 sacs d'enduit", [
            ("12", "pots", "peinture", None, None),
            ("40", "sacs", "enduit", None, None),
        ]),
        ("We have 2 shops in Bern.\n40 bags of cement", [("40", "bags", "cement", None, None)]),
        ("40 Sack Zement\n5 m3 Kies\n20 m³ Sand\n2 Paletten Steine", [
            ("40", "sack", "Zement", None, None),
            ("5", "m3", "Kies", None, None),
            ("20", "m³", "Sand", None, None),
            ("2", "paletten", "Steine", None, None),
        ]),
        ("40 worków cementu\nStyropian EPS 100 - 15 m3\n- 3 palety bloczków\n- klej: 6 wiader\n12 ton piasku", [
            ("40", "worków", "cementu", None, None),
            ("15", "m3", "Styropian EPS 100", None, None),
            ("3", "palety", "bloczków", None, None),
            ("6", "wiader", "klej", None, None),
            ("12", "ton", "piasku", None, None),
        ]),
        ("vorremmo 20 sacchi di cemento, 15 mq di piastrelle e 6 secchi di colla", [
            ("20", "sacchi", "cemento", None, None),
            ("15", "mq", "piastrelle", None, None),
            ("6", "secchi", "colla", None, None),
        ]),
        ("20 мішків цементу\n15 м3 піску\n3 піддони цегли", [
            ("20", "мішків", "цементу", None, None),
            ("15", "м3", "піску", None, None),
            ("3", "піддони", "цегли", None, None),
        ]),
        ("Wir brauchen noch 80 Platten 12,5 mm und 6 Eimer Leim, außerdem 500 Schrauben 3,9x35.", [
            ("80", None, "Platten 12,5 mm", None, None),
            ("6", "eimer", "Leim", None, None),
            ("500", None, "Schrauben 3,9x35", None, None),
        ]),
        ("40 sacs de ciment, ainsi que 500 vis 3,9x35", [
            ("40", "sacs", "ciment", None, None),
            ("500", None, "vis 3,9x35", None, None),
        ]),
        ("1'200 Stk Backstein, 3’000 Stk Klinker", [
            ("1200", "stk", "Backstein", None, None),
            ("3000", "stk", "Klinker", None, None),
        ]),
        ("Zement, 25 kg – 200 Sack\nCiment, 25 kg – 20 sacs", [
            ("200", "sack", "Zement, 25 kg", None, None),
            ("20", "sacs", "Ciment, 25 kg", None, None),
        ]),
        ("40 rolls of felt, plus 800 nails 65 mm\n4 pallets of blocks as well as 600 wall ties", [
            ("40", "rolls", "felt", None, None),
            ("800", None, "nails 65 mm", None, None),
            ("4", "pallets", "blocks", None, None),
            ("600", None, "wall ties", None, None),
        ]),
        ("40 Sack Zement + 12 Eimer Farbe / 300 Schrauben & 2 Rollen Folie", [
            ("40", "sack", "Zement", None, None),
            ("12", "eimer", "Farbe", None, None),
            ("300", None, "Schrauben", None, None),
            ("2", "rollen", "Folie", None, None),
        ]),
        ("n. 20 pannelli cod. XP-100\nn. 300 tegole cod. TG-044", [
            ("20", None, "pannelli cod. XP-100", None, None),
            ("300", None, "tegole cod. TG-044", None, None),
        ]),
        ("8 шт. клапанов, один КШ-150", [("8", "шт", "клапанов", None, None)]),
        ("20 pcs K-15 to Acme, 12, rue des Lilas, 69003 Lyon", [("20", "pcs", "K-15 to Acme", None, None)]),
        ("12 rue des Lilas, 69003 Lyon", []),
        ("5 Lindenstraße, 70565 Stuttgart, 3. OG", []),
        ("12 Harbour Rd, 3 floor, 62701 Springfield", []),
        ("Calle Mayor 5, 2º B, 28013 Madrid", []),
        ("счет 902 (оплачен 6-го), счет 915 (оплачен 14-го)", []),
        ("I need 40 per cent up front, which is 1,716 pounds", []),
        ("Order within 5 working days, call 12 people at 10:30, 20 % off", []),
        ("Total 12 boxes", []),
        ("А если мы возьмём сразу 20 кг?", []),
    ],
)  # fmt: skip
def test_order_lines(text: str, expected: list[tuple[str | None, ...]]) -> None:
    assert lines(text) == expected


def test_a_quantity_that_may_mean_two_numbers_is_null() -> None:
    assert lines("1.500 kg of flour")[0][0] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Total: 1,234.50 EUR", [("1234.50", "EUR", "total")]),
        ("Gesamtbetrag 1.234,50 €", [("1234.50", "EUR", "total")]),
        ("Итого к оплате: 118 000,00 руб., в том числе НДС 20% 19 666,67 руб.", [
            ("118000.00", "RUB", "total"),
            ("19666.67", "RUB", "vat"),
        ]),
        ("Subtotal: 1,200.00\nVAT (20%): 240.00\nTotal due: GBP 1,440.00", [
            ("1200.00", "GBP", "net"),
            ("240.00", "GBP", "vat"),
            ("1440.00", "GBP", "total"),
        ]),
        ("montant total TTC : 99,90 EUR", [("99.90", "EUR", "total")]),
        ("Facture de 1 200,00 € TTC (1 000,00 € HT, TVA 20 % 200,00 €)", [
            ("1200.00", "EUR", "total"),
            ("1000.00", "EUR", "net"),
            ("200.00", "EUR", "vat"),
        ]),
        ("for GBP 1,200.00 incl. VAT (net 1,000.00, VAT 200.00)", [
            ("1200.00", "GBP", "total"),
            ("1000.00", "GBP", "net"),
            ("200.00", "GBP", "vat"),
        ]),
        ("por 1.210,00 € IVA incluido (base 1.000,00 €, IVA 21 % 210,00 €)", [
            ("1210.00", "EUR", "total"),
            ("1000.00", "EUR", "net"),
            ("210.00", "EUR", "vat"),
        ]),
        ("Razem do zapłaty: 1 230,00 zł", [("1230.00", "PLN", "total")]),
        ("Imponibile € 1.000,00\nTotale fattura € 1.220,00", [("1000.00", "EUR", "net"), ("1220.00", "EUR", "total")]),
        ("Всього до сплати: 1 250,00 грн", [("1250.00", "UAH", "total")]),
        ("Total Fr. 1'250.00", [("1250.00", "CHF", "total")]),
        ("Total exkl. MWST CHF 3'094.50", [("3094.50", "CHF", "net")]),
        ("Total inkl. 8.1% MWST CHF 1'621.50", [("1621.50", "CHF", "total")]),
        ("19 % MwSt. 190,00 EUR", [("190.00", "EUR", "vat")]),
        ("Menge  Preis CHF\n10  88.1  Stein", []),
        ("40 boxes at 3.50 EUR plus VAT", [("3.50", "EUR", None)]),
        ("We paid $40 and $40 again", [("40", "USD", None)]),
        ("version 1.2.3, room 1200", []),
        ("1.234.56 EUR", []),
        ("Art.-Nr. Preis Gesamt\n10 K-15 12,50 €", [("12.50", "EUR", None)]),
        ("Gesamt\n118,00\n12,50 €", [("118.00", "EUR", "total"), ("12.50", "EUR", None)]),
    ],
)  # fmt: skip
def test_amounts(text: str, expected: list[tuple[str, str | None, str | None]]) -> None:
    assert amounts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Invoice of 12 November 2026, due 30.11.2026", [("2026-11-12", "issued"), ("2026-11-30", "due")]),
        ("Счёт от 12.11.2026, оплатить до 30 ноября 2026", [("2026-11-12", "issued"), ("2026-11-30", "due")]),
        ("Rechnung vom 3. Oktober 2026, zahlbar bis 17.10.2026", [("2026-10-03", "issued"), ("2026-10-17", "due")]),
        ("Delivery on Dec 5th, 2026", [("2026-12-05", "delivery")]),
        ("Entrega antes del 15/12/2026", [("2026-12-15", "delivery")]),
        (
            "Faktura z dnia 3 listopada 2026, termin płatności: 17.11.2026",
            [
                ("2026-11-03", "issued"),
                ("2026-11-17", "due"),
            ],
        ),
        (
            "Ordine del 3 dicembre 2026, consegna entro il 15/12/2026",
            [
                ("2026-12-03", "issued"),
                ("2026-12-15", "delivery"),
            ],
        ),
        ("від 3 листопада 2026, доставка 15 грудня 2026", [("2026-11-03", "issued"), ("2026-12-15", "delivery")]),
        ("03/04/2026", []),
        ("31.02.2026", []),
        ("25/12/2026", [("2026-12-25", None)]),
    ],
)
def test_dates(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert dates(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("PO 2026-118 is attached", "order_number", "2026-118"),
        ("заказ № А-17", "order_number", "А-17"),
        ("PO 77-1 and PO 77-2", "order_number", None),
        ("we order 12 boxes", "order_number", None),
        ("create the order for 5000 bars", "order_number", None),
        ("we order 1500 candles", "order_number", None),
        ("Bestellung 1.500 Kerzen", "order_number", None),
        ("with reference to order 4711", "order_number", "4711"),
        ("our invoice EN-R1001", "invoice_number", "EN-R1001"),
        ("PO-77", "order_number", "PO-77"),
        ("Zamówienie nr ZAM/2026/118", "order_number", "ZAM/2026/118"),
        ("Ordine n. 4711 del 3 dicembre 2026", "order_number", "4711"),
        ("Замовлення № 77 від 03.11.2026", "order_number", "77"),
        ("Faktura VAT nr FV/123/2026", "invoice_number", "FV/123/2026"),
        ("Fattura n. 2026/114", "invoice_number", "2026/114"),
        ("Рахунок № 118", "invoice_number", "118"),
        ("Order RE 2026-1", "order_number", "RE 2026-1"),
        ("Bestellung-4711", "order_number", "4711"),
        ("Rechnung Nr. RE-2026-55", "invoice_number", "RE-2026-55"),
        ("счёт №4417 от 12.11.2026", "invoice_number", "4417"),
        ("Our reference: 88-A", "customer_reference", "88-A"),
        ("Kundennummer 55671", "customer_reference", "55671"),
        ("IBAN DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX", "iban", "DE89370400440532013000"),
        ("IBAN DE89 3704 0044 0532 0130 01", "iban", None),
        ("DE89-3704-0044-0532-0130-00", "iban", "DE89370400440532013000"),
        ("de 89.3704.0044.0532\n0130.00", "iban", "DE89370400440532013000"),
        ("DE89 3704 0044 0532 0130 00BIC COBADEFFXXX", "iban", "DE89370400440532013000"),
        ("CH93 0076 2011 6238 5295 7", "iban", "CH9300762011623852957"),
        ("LI21 0881 0000 2324 013A A", "iban", "LI21088100002324013AA"),
        ("СH93 0076 2011 6238 5295 7", "iban", "CH9300762011623852957"),
        ("at 10 units of soap and candles each", "iban", None),
        ("IBAN DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX", "bic", "COBADEFFXXX"),
        ("ИНН 7707083893", "inn", "7707083893"),
        ("ИНН 7707083894", "inn", None),
        ("ИНН/КПП 7707083893/773601001", "inn", "7707083893"),
        ("ИНН/КПП 7707083893/773601001", "kpp", "773601001"),
        ("ИНН 500100732259", "inn", "500100732259"),
        ("USt-IdNr. DE136695976", "vat_id", "DE136695976"),
        ("USt-IdNr. DE136695977", "vat_id", None),
        ("TVA FR83404833048", "vat_id", "FR83404833048"),
        ("VAT GB980780684", "vat_id", "GB980780684"),
    ],
)
def test_numbers_and_identifiers(text: str, name: str, expected: str | None) -> None:
    value = fields(text)[name]

    assert (value and value["value"]) == expected


def test_each_value_says_where_it_stands() -> None:
    found = fields("12 boxes of candles by 5 Dec 2026", subject="PO 77-1")

    assert found["order_number"] == {"value": "77-1", "span": "PO 77-1", "source": "subject"}
    assert found["lines"][0]["span"] == "12 boxes of candles"
    assert found["dates"][0]["source"] == "text"


@pytest.mark.parametrize(
    "seed", ["1 ", "12.", "PO 1 ", "EUR 1 ", "DE89 ", "1 x a, ", "1.2.", "a - 1 ", "1 boxes at 1 EUR "]
)
def test_hostile_text_costs_little_time(seed: str) -> None:
    import time

    began = time.process_time()

    fields(seed * 50_000)

    assert time.process_time() - began < 2
