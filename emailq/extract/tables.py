"""Order lines in tables: rows of cells under a heading that names the columns, in any order and several languages."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from emailq.extract.lines import LIMIT, UNIT
from emailq.extract.numbers import CURRENCY, currency, money, plain, quantity
from emailq.extract.parts import found

Row = Sequence[str]

_KIND = r"(?:article|item|product|prod|part|art|artikel|material|mat|teile?|codice|articolo|prodotto)"
# "Qty, pcs", "Ilość zamówiona"; not what is there, was delivered, or is in a box
_NOT_ORDERED = (
    r"stock|avail|dispo|lager|magaz|deliv|livr|liefer|dost|conseg|rest|backord|\bmin|\bper\b|/|остат|налич|склад"
)
_OF = rf"(?:[,\s(](?!.*(?:{_NOT_ORDERED})).{{0,16}})?"
_COLUMNS = {
    "article": rf"{_KIND}\.?[\s-]{{0,2}}(?:no|nr|number|nummer|code|id|art)\.?|sku|ref\.?|ean|gtin"
    r"|(?:codes?|cod\.?|codice|réf(?:\.|érences?)?|n°)\s(?:article|produit|articolo|prodotto)|code|codice|réf(?:\.|érence)?"
    r"|артикул|арт\.?|код(?: товару?а?)?|bestell-?(?:nr\.?|nummer)|código|cód\.?|referencia"
    r"|indeks|kod(?: (?:towaru|produktu))?|nr (?:kat\.?|katalogowy|artykułu)|symbol",
    "item": r"items?|products?|description.*|goods|name|article|(?:item|product|part|material) (?:name|description)"
    r"|товар\w*|наименование.*|номенклатура|название|описание|найменування.*|назва.*|опис"
    r"|(?:artikel|material|produkt|waren)?(?:bezeichnung|beschreibung)|artikel|produkt|material|kurztext|text|bauteil"
    r"|désignation.*|libellé.*|article|produits?|matériaux?|descripción|producto|artículo"
    r"|nazwa.*|towar\w*|opis.*|produkt\w*|materiał\w*|asortyment|descrizione.*|articolo|prodott[oi]|material[ei]",
    "quantity": rf"(?:order(?:ed)? |required |requested )?(?:q(?:uanti)?ty|qnty)\.?{_OF}|pcs|count|ordered"
    rf"|(?:кол-?во|количество|кількість|к-?сть){_OF}|(?:bestell|auftrags)?-?menge{_OF}|anzahl{_OF}|anz\.?|stück(?:zahl)?"
    rf"|(?:qté|quantités?){_OF}|nombre|nb\.?|cantidad{_OF}|cant\.?|iloś[ćc]{_OF}|liczba{_OF}|(?:q\.?tà|quantità){_OF}",
    "unit": r"u\.?|un\.?|units?|uom|u\.?m\.?|unit of measure|eh|einh\.?|ve|(?:mengen)?einheit|me|ед\.?(?: ?изм\.?)?"
    r"|единица.*|од\.?(?: ?вим\.?)?|одиниця.*|unité.*|unidad|uds?\.?|j\.? ?m\.?|jedn\.?.*|jednostka.*|unità.*",
    "price": r"(?:unit |net )?price.*|price/unit|rate|цена.*|ціна.*|(?:einzel|stück|netto|e)?-?preis.*|prix.*"
    r"|p\.?u\.?(?: ht)?|precio.*|cena.*|prezz[oi].*",
    "amount": r"(?:line )?(?:amount|total|sum|net).*|value|сумма.*|стоимость.*|сума.*|вартість.*"
    r"|betrag.*|gesamt.*|(?:positions|netto)wert|g-?preis|montant.*|total.*|importe.*|wartość.*|razem|importo.*",
    "currency": r"currency|curr?\.?|валюта|währung|devise|moneda|waluta|valuta",
}
_NAMES = {name: re.compile(rf"\s*(?:{pattern})\s*", re.IGNORECASE) for name, pattern in _COLUMNS.items()}
_SUM_ROW = re.compile(
    r"(?:sub-?|grand )?total|sum|итого|всего|в том числе|gesamt|summe|zwischensumme|importe"
    r"|razem|suma|ogółem|разом|усього",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?P<number>[-−–]?\s?\d(?:[\d\s\u00a0.,]|['’]\d)*)\s*(?P<unit>\D*|[cdk]?m[23])", re.IGNORECASE)
_NUMBER_START = re.compile(r"(?:[^\w\s]|(?:ca|approx|about|etwa|env|circa|около|ок)\b\.?)?\s?\d", re.IGNORECASE)
_HEADING_REACH = 50  # rows in which the heading is looked for


def table_lines(rows: Sequence[Row], source: str) -> list[dict[str, Any]]:
    """The order lines of a table; [] where no heading names a quantity and what is ordered."""
    for number, row in enumerate(rows[:_HEADING_REACH]):
        columns = _columns(row)
        if "quantity" in columns and ("item" in columns or "article" in columns):
            code = _currency_of(row)
            lines = [_line(one, columns, code, source) for one in rows[number + 1 :]]
            return [line for line in lines if line][:LIMIT]
    return []


def text_tables(text: str) -> list[list[Row]]:
    """Tables that are drawn in text: runs of lines whose cells are parted by tabs, bars, or wide gaps."""
    tables: list[list[Row]] = [[]]
    for line in text.splitlines():
        cells = _cells(line[:2000])
        if len(cells) > 1:
            tables[-1].append(cells)
        elif tables[-1] and not re.fullmatch(r"[\s|+=_-]*", line):
            tables.append([])
    return [_without_edge(table) for table in tables if len(table) > 1]


def _without_edge(table: list[Row]) -> list[Row]:
    """Rows that all begin with a bar are drawn so; where only some do, their first cell is empty."""
    return [row[1:] for row in table] if not any(row[0] for row in table) else table


def _cells(line: str) -> Row:
    for gap in ("\t", "|"):
        if line.count(gap):
            return [cell.strip() for cell in line.rstrip("| ").split(gap)]
    return [cell.strip() for cell in re.split(r" {2,}", line.strip())]


def _columns(row: Row) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, cell in enumerate(row):
        name = next((name for name, pattern in _NAMES.items() if pattern.fullmatch(cell[:100])), None)
        if name == "item" in columns and "article" not in columns:  # "Artikel", then "Bezeichnung"
            columns["article"] = columns.pop("item")
        if name and name not in columns:
            columns[name] = index
    return columns


def _currency_of(row: Row) -> str | None:
    """Of a heading such as "Price, EUR"."""
    codes = {currency(match[0]) for cell in row for match in re.finditer(rf"(?<!\w)(?:{CURRENCY})(?!\w)", cell)}
    return codes.pop() if len(codes) == 1 else None


def _line(row: Row, columns: dict[str, int], code: str | None, source: str) -> dict[str, Any] | None:
    cells = {name: row[index].strip() if index < len(row) else "" for name, index in columns.items()}
    item, article = cells.get("item", ""), cells.get("article", "")
    if not (item or article) or _SUM_ROW.match(item or article):
        return None
    price, amount = _money(cells.get("price")), _money(cells.get("amount"))
    counted = _COUNTED.fullmatch(cells["quantity"])
    if not counted and not _is_unclear(cells["quantity"], cells.get("unit"), price):
        return None
    return {
        "item": item or None,
        "article": article or None,
        "quantity": plain(_quantity(counted["number"], price, amount)) if counted else None,
        "unit": (cells.get("unit") or (counted["unit"].strip() if counted else "")).lower() or None,
        "price": price,
        "amount": amount,
        "currency": currency(cells.get("currency")) or _currency_of(row) or code,
        **found(source, " | ".join(cell for cell in row if cell.strip())),
    }


def _is_unclear(quantity: str, unit: str | None, price: str | None) -> bool:
    """Whether this may well be a quantity, which only a person can read: left out, its line would be lost."""
    if not any(map(str.isalnum, quantity)) or _NAMES["quantity"].fullmatch(quantity):
        return False
    return bool(_NUMBER_START.match(quantity) or price or (unit and UNIT.fullmatch(unit)))


def _quantity(text: str, price: str | None, amount: str | None) -> Decimal | None:
    """Of "1.200" what makes the amount of the price."""
    sign, digits = (-1, text[1:].strip()) if text[0] in "-−–" else (1, text.strip())
    number = quantity(digits)
    if number is None and price and amount and re.fullmatch(r"\d+[.,]\d+", digits):
        readings = (Decimal(re.sub("[.,]", mark, digits)) for mark in ("", "."))
        number = next((one for one in readings if one * Decimal(price) == Decimal(amount)), None)
    return None if number is None else sign * number


def _money(cell: str | None) -> str | None:
    digits = re.sub(rf"(?:{CURRENCY})(?![^\W\d])", "", cell or "", flags=re.IGNORECASE).strip()
    return plain(money(digits)) if digits else None
