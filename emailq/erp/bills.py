"""Words by which a message speaks of a bill and is none: it credits, cancels, corrects, chases, disputes or thanks.

Booked as a bill it would be paid, some a second time. In English, Russian, German, French and Spanish. What
suppliers print at the foot of their bills must not be among them.
"""

import re

from emailq.extract.parts import in_one_row, span_of

_NONE = re.compile(
    r"(?<!\w)(?:"
    # credited, cancelled, corrected
    r"credit\s(?:note|memo)|cancellation\s(?:of\s)?invoice|(?:corrected|amended|revised|replacement)\sinvoice"
    r"|gutschrift(?!\sauf\b)(?:en|s)?(?!\w)|storno\w*|stornier\w*|(?:korrigierte?|berichtigte?)\s(?:\S+\s)?rechnung|rechnungs(?:korrektur|berichtigung)"
    r"|кредит-?нот\w*|корректировочн\w*|исправленн\w+\s(?:сч[её]т|накладн)\w*|аннулир\w*|note\sde\scrédit|(?:facture\s(?:d['’])?|d['’])avoir(?!\w)"
    r"|facture\s(?:rectificative|corrigée)|(?:nota|factura)\sde\s(?:crédito|abono)|factura\s(?:rectificativa|corregida)"
    # chased
    r"|(?:payment|friendly|first|second|third|final|last)\sreminder|overdue|dunning|(?:is|still|remains)\s(?:unpaid|outstanding|open)"
    r"|mahnung(?!\w)|zahlungserinnerung|(?:noch|weiterhin)\s(?:offen|unbezahlt)(?!\w)|überfällig\w*|напомина\w*|просроч\w*|задолженност\w*"
    r"|(?:lettre\sde\s)?relance|mise\sen\sdemeure|impayée?s?|recordatorio|vencid[ao]s?(?!\w)|impagad[ao]s?"
    # listed
    r"|statement\sof\saccounts?|account\sstatement|open\sitems|kontoauszug|offene[nr]?\sposten|saldenbestätigung|акт\w*\sсверки|relevé\sde\scompte|extracto"
    # paid, asked about, disputed
    r"|thank\w*\s(?:\S+\s){0,2}for\s(?:your|the)\spayment|payment\s(?:was\s|has\sbeen\s)?received|(?:danke?|dank)\s(?:\S+\s){0,2}für\s(?:ihre|die)\s(?:zahlung|überweisung)|zahlung\s(?:\S+\s){0,3}(?:erhalten|eingegangen)"
    r"|спасибо\sза\s(?:\S+\s)?оплату|оплат\w+\s(?:получена|поступила)|merci\s(?:\S+\s){0,2}pour\s(?:votre|le)\s(?:paiement|règlement)|gracias\spor\s(?:su|el)\spago"
    r"|(?:did|have)\syou\s(?:\S+\s)?receive\w*|haben\ssie\s(?:\S+\s){0,10}?(?:erhalten|bekommen)|получили\sли|avez-vous\s(?:bien\s)?reçu|han\srecibido|ha\srecibido"
    r"|(?:is|was|are)\s(?:wrong|incorrect|not\scorrect)|ist\s(?:\S+\s){0,2}(?:falsch|fehlerhaft|nicht\s(?:korrekt|richtig))|stimmt\snicht|(?:bitte\s(?:um\s)?|zu\s)korr(?:igier|ektur)\w*"
    r"|(?:please\s)(?:correct|reissue|re-issue)|ошибк\w+\sв\sсч[её]т\w*|неверн\w*|est\s(?:fausse|erronée|incorrecte)|es\sincorrecta|está\smal"
    # offered
    r"|pro-?forma\w*|проформ\w*|(?:our|unser)\s(?:offer|quotation|quote|angebot)|bei\sauftrag|наше\s(?:коммерческое\s)?предложение|notre\s(?:offre|devis)|nuestr[oa]\s(?:oferta|presupuesto)"
    r")",
    re.IGNORECASE,
)


def speaks_of_no_new_bill(subject: str, text: str) -> str | None:
    """The words that say so, in the subject or the newest text; None if it may well be a new bill."""
    match = _NONE.search(subject) or _NONE.search(in_one_row(text))
    return span_of(match[0]) if match else None
