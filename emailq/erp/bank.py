"""Bank accounts that a message names, and whether it says that they changed (payment fraud by mail) or that it paid."""

import re

from emailq.extract.identifiers import LATIN, ibans
from emailq.extract.parts import Part, span_of

# Russian settlement accounts: 20 digits, the first three the kind of owner (405-408 …), 6-8 the currency
_RUSSIAN = re.compile(r"(?<!\d)4\d{2}[ \u00a0.-]?\d{2}[ \u00a0.-]?(?:810|643|840|978|156)(?:[ \u00a0.-]?\d){12}(?!\d)")
# an account number that a word announces
_NAMED = re.compile(
    r"(?<!\w)(?:account|acct|a/c|konto|compte|cuenta|р/с)(?:\s?(?:no|nr|number|nummer|n[°º])\b)?\.?\s?[:#№]?\s?"
    r"(?P<value>\d[\d \u00a0-]{5,24}\d)(?!\w)",
    re.IGNORECASE,
)
# what is called an IBAN, though it may have a slip in it
_CALLED_IBAN = re.compile(
    r"\biban\b[\s:.]{0,3}(?P<value>[a-z]{2}[ ]?\d{2}(?:[\s.-]{0,2}[a-z0-9]{2,4}){2,8})(?!\w)", re.IGNORECASE
)

_CHANGE = re.compile(
    r"(?:new|changed?|updated?|different|other|our\snew)\s(?:our\s|the\s|company\s|beneficiary\s)?(?:bank|banking|payment|account|remittance)\s(?:details?|account|information|coordinates|instructions)"
    r"|(?:bank|banking|payment|account|remittance)\s(?:details?|account|information|instructions)\s(?:\w+\s){0,4}(?:chang|updat|new\b)"
    r"|(?:chang|switch)\w*\s(?:our\s|the\s)?banks?\b|\b(?:house\s)?bank\s(?:has\s|was\s|is\s)?(?:changed|switched)"
    r"|\bhausbank\s(?:\S+\s){0,3}(?:gewechselt|geändert)|\bbank\s(?:\S+\s){0,2}gewechselt|\bwechsel\w*\s(?:der|unserer)\s(?:haus)?bank"
    # paid to somebody else, or in another way
    r"|\bfactor(?:ing)?\b|\babgetreten\b|\bassigned\sto\b|\bpaypal\b|\bwestern\sunion\b|\b(?:bitcoin|usdt|crypto\w*)\b"
    r"|(?<!\w)(?:факторинг|уступк\w+\sправ)\w*|\baffacturage\b|\bfactoraje\b|\bced(?:ée?|ido|ida)\sà?\b"
    r"|(?:нов\w+|измен\w+|смен\w+|друг\w+)\s(?:\w+\s){0,2}(?:банк\w*|реквизит\w*|расч[её]тн\w+\sсч[её]т\w*)"
    r"|(?:реквизит\w*|расч[её]тн\w+\sсч[её]т\w*)\s(?:\w+\s){0,3}(?:измен\w+|смен\w+|нов\w+)"
    r"|(?:neue|geänderte)\w*\s(?:bankverbindung|kontoverbindung|bankdaten|kontodaten|iban)"
    r"|(?:bankverbindung|kontoverbindung|bankdaten)\s(?:\w+\s){0,4}geändert"
    r"|nouve(?:au|lle|lles|aux)\s(?:coordonnées\sbancaires|rib|iban|compte\sbancaire)"
    r"|(?:coordonnées\sbancaires|rib|iban|compte\sbancaire)\s(?:\S+\s){0,4}(?:chang|modifi|nouve)"
    r"|(?:nuev[oa]s?\s(?:datos\sbancarios|cuenta\sbancaria|iban))"
    r"|\b(?:zmie[nń]|zmian|now[yeąa])\w*\s(?:\S+\s){0,4}?(?:kont(?:o|a|em)\b|rachun\w+\sbankow|bank\b|iban)"
    r"|\b(?:kont(?:o|a)|rachun\w+\sbankow\w+)\s(?:\S+\s){0,3}?(?:zmieni|uległ)"
    r"|\bnuov[oaie]\s(?:\S+\s){0,2}?(?:iban|coordinate\sbancarie|conto|banca)\b"
    r"|\b(?:iban|coordinate\sbancarie|conto\s(?:corrente|bancario))\s(?:\S+\s){0,4}?(?:cambiat|modificat|variat)"
    r"|(?<!\w)(?:нов|змін)\w*\s(?:\S+\s){0,3}?(?:банк\w*|реквізит\w*)|реквізит\w*\s(?:\S+\s){0,3}?(?:змін|нов)",
    re.IGNORECASE,
)

# A bill may ask for a "remittance advice" too: those words count as a subject.
_PAYMENT_SUBJECT = re.compile(
    r"(?:payment|remittance)\s(?:advice|notice|notification)|zahlungsavis|avis\sde\s(?:paiement|virement)"
    r"|aviso\sde\s(?:pago|transferencia)|уведомление\s(?:о\sплатеже|об\sоплате)",
    re.IGNORECASE,
)
_PAID = re.compile(
    r"\bwe(?:['’]ve|\shave)?(?:\s(?:today|this\s\w+|now|just|already|also))?\s(?:paid|transferred|remitted|wired)\b"
    r"|\bwir\shaben\s(?!nicht)[^.\n]{0,80}\s(?:überwiesen|beglichen|bezahlt)\b"
    r"|(?<!не\s)\b(?:оплатили|перечислили)\b"
    r"|\bnous\savons\s(?:\w+\s){0,2}(?:payé|réglé|viré)\b"
    r"|\bhemos\s(?:\w+\s){0,2}(?:pagado|transferido)\b"
    r"|\b(?:zapłaciliśmy|opłaciliśmy|przelaliśmy)\b|\babbiamo\s(?:\w+\s){0,2}(?:pagato|saldato|bonificato)\b"
    r"|(?<!не\s)\b(?:сплатили|перерахували)\b",
    re.IGNORECASE,
)


def bank_accounts(text: str) -> list[dict[str, str]]:
    """[{"value", "span"}], each account once, without blanks: also those that nobody can know."""
    found = {one["value"]: {"value": one["value"], "span": one["span"]} for one in ibans(Part("text", text))}
    for match in _RUSSIAN.finditer(text):
        value = re.sub(r"\D", "", match[0])
        found.setdefault(value, {"value": value, "span": span_of(match[0])})
    for match in (*_NAMED.finditer(text), *_CALLED_IBAN.finditer(text.translate(LATIN))):
        value = re.sub(r"[\W_]", "", match["value"]).upper()
        if not any(value in known or value.startswith(known) for known in found):
            found.setdefault(value, {"value": value, "span": span_of(match[0])})
    return list(found.values())[:20]


def speaks_of_a_change(text: str) -> str | None:
    """The words that say that bank details are other ones now, in the languages of `words`."""
    match = _CHANGE.search(text)
    return span_of(match[0]) if match else None


def speaks_of_a_payment(subject: str, text: str) -> str | None:
    """The words by which the sender says that they paid: then it is hardly a bill of theirs."""
    match = _PAYMENT_SUBJECT.search(subject) or _PAID.search(text)
    return span_of(match[0]) if match else None
