"""Words by which a message speaks of an order that is there already: it cancels, changes, ships or awaits one.

Made a new order of, each would be delivered a second time. In English, Russian, German, French, Spanish, Polish,
Italian and Ukrainian.
"""

import re

from emailq.extract.parts import span_of

_CLAUSE = r"[^.,;:!?]"  # what may stand between two words of one clause

_ORDER = r"(?:(?:purchase\s)?orders?|p\.?o\.?)(?![\w-])(?!\sto\s)"
_OWN = r"(?:our|my|the|this|that|above|previous|last)"
_BETWEEN = rf"(?:(?:{_OWN}|of|to|in|on|from|for|existing|whole|entire|quantit\w+|items?|lines?|following)\s){{0,5}}"
_ORDER_DE = r"(?:bestellung|auftrag|auftrages|auftrags|order)(?![\w-])"
_ORDER_RU = r"(?:заказ(?:а|у|е|ом|ы|ов)?|заявк[ауие])(?!\w)"

_EARLIER = re.compile(
    "|".join(
        (
            # whoever ships or confirms speaks of "your order"; who orders speaks of "your order form" at most
            r"\byour\s(?:purchase\s)?order(?![\w-])(?!\s(?:form|confirm|acknowl|desk|dep|team|system|page|portal|book|list))",
            r"\b(?:ihre[nrm]?|deine?[rnm]?|ihr)\s(?:bestellung|auftrag)(?![\w-])",
            r"(?<!\w)ваш(?:его|ему|им|е|у|а|ей)?\s(?:заказ(?:а|у|е|ом)?|заявк[ауие])(?!\w)",
            r"\bvotre\scommande\b|\b(?:su|tu|vuestro)\spedido\b",
            # cancelled
            rf"\b(?:cancel|withdraw|revok)\w*\s{_CLAUSE}{{0,80}}?\b{_ORDER}",
            rf"\b{_OWN}\s(?:\w+\s)?{_ORDER}{_CLAUSE}{{0,60}}?\b(?:cancel|withdrawn|revoked)",
            rf"\b(?:stornier|storno|widerruf)\w*\s{_CLAUSE}{{0,80}}?\b{_ORDER_DE}",
            rf"\b{_ORDER_DE}{_CLAUSE}{{0,60}}?\s(?:stornier|storno|widerruf|zurückzieh|zurückgezogen|zurücknehm)",
            rf"\bziehen\s{_CLAUSE}{{0,40}}?{_ORDER_DE}{_CLAUSE}{{0,40}}?\szurück\b",
            rf"(?<!\w)(?:отмен|аннулир|отозв|отзыва)\w*\s{_CLAUSE}{{0,80}}?\b{_ORDER_RU}",
            rf"(?<!\w){_ORDER_RU}{_CLAUSE}{{0,60}}?\s(?:отмен|аннулир|отозв|отзыва)",
            r"\bannul\w*\s(?:\S+\s){0,4}?commandes?\b|\bcommande\s(?:\S+\s){0,6}?(?:annul)",
            r"\b(?:cancel|anul)\w*\s(?:\S+\s){0,4}?pedidos?\b|\bpedido\s(?:\S+\s){0,6}?(?:cancel|anul)",
            # changed
            rf"\b(?:chang|amend|modif|updat|revis|reduc|increas|correct(?:ed|ion|ing))\w*\s{_BETWEEN}{_ORDER}",
            rf"\badd\w*\s{_CLAUSE}{{0,60}}?\sto\s{_OWN}\s(?:existing\s)?{_ORDER}",
            r"\binstead\sof\s(?:the\s)?\d",
            rf"\b(?:ab)?(?:änder|geändert|korrig|ergänz|reduzier|erhöh)\w*\s(?:\S+\s){{0,4}}?{_ORDER_DE}",
            rf"\b{_ORDER_DE}{_CLAUSE}{{0,60}}?\s(?:ab)?(?:ändern|geändert|korrigieren|korrigiert|ergänzen)\b",
            r"\b(?:statt|anstelle|anstatt)\s(?:der\s|von\s)?\d",
            rf"(?<!\w)(?:измен|исправ|скорректир|дополн)\w*\s(?:\S+\s){{0,4}}?{_ORDER_RU}",
            r"(?<!\w)(?:вместо|взамен)\s\d",
            r"\b(?:modifi|chang|rectifi)\w*\s(?:\S+\s){0,4}?commande\b|\bau\slieu\sde\s\d",
            r"\b(?:r?ajout|compl[ée]t|augment|rédui|diminu)\w*\s(?:\S+\s){0,8}?(?:notre|la|ma|cette)\scommande\b",
            r"\bsuite\sà\s(?:notre|ma)\scommande\b|\b(?:toujours\s(?:pas|rien)|pas\sencore|rien)\s(?:été\s)?(?:reçu|livré)",
            rf"\b{_ORDER_DE}{_CLAUSE}{{0,60}}?\s(?:erhöh|reduzier|aufstock|kürz)",
            # added to what will come
            r"\b(?:add|put)\w*\s(?:\S+\s){0,9}?(?:to|on|with)\s(?:\S+\s){0,2}?(?:delivery|shipment|truck|load)\b",
            r"\bzur\s(?:\S+\s){0,2}?lieferung\s(?:\S+\s){0,9}?(?:noch|dazu|hinzu|mit|ergänz)|\b(?:dazu|hinzu|mit)\S*\szur\s\S*\s?lieferung",
            r"\b(?:r?ajout|join)\w*\s(?:\S+\s){0,9}?(?:à|avec)\s(?:la|notre)\s(?:prochaine\s)?livraison",
            r"(?<!\w)(?:добав|допол|подвез|докин|догруз)\w*,?\s(?:\S+\s){0,9}?(?:к|в|с)\s(?:\S+\s){0,2}?(?:доставк|поставк|отгруз|машин|рейс|парти)",
            r"\b(?:doda|dorzuc|dołoż|dołącz)\w*\s(?:\S+\s){0,9}?do\s(?:\S+\s){0,2}?(?:dostaw|wysyłk|transport)",
            r"\b(?:aggiung|inseri)\w*\s(?:\S+\s){0,9}?(?:alla|nella)\s(?:\S+\s){0,2}?(?:consegna|spedizione)",
            r"(?<!\w)(?:дода|довез|докин)\w*,?\s(?:\S+\s){0,9}?(?:до|в)\s(?:\S+\s){0,2}?(?:доставк|постав|відвантаж|машин)",
            r"\bstill\s(?:not|nothing)\s(?:received|arrived|delivered)|\bnothing\s(?:\w+\s)?(?:received|arrived)\b",
            r"(?<!\w)(?:до\sсих\sпор|вс[её]\sещ[её])\s(?:ничего\s)?(?:не|нет)(?!\w)",
            r"\b(?:modific|cambi|rectific)\w*\s(?:\S+\s){0,4}?pedido\b|\ben\s(?:lugar|vez)\sde\s\d",
            # awaited
            rf"\b(?:still|been)\s(?:\w+\s){{0,2}}(?:wait|expect)\w*\s(?:\w+\s){{0,3}}?{_OWN}\s(?:\w+\s)?{_ORDER}",
            rf"\b(?:where\sis|status\sof|(?:not|never)\s(?:yet\s)?received)\s{_OWN}\s(?:\w+\s)?{_ORDER}",
            rf"\b{_OWN}\s(?:\w+\s)?{_ORDER}{_CLAUSE}{{0,60}}?\b(?:not|never)\s(?:yet\s)?(?:arriv|come|been|here|reached)",
            rf"\b(?:noch|wo\sbleibt|wann\skommt)\s(?:\S+\s){{0,3}}?(?:unsere?|meine?)\s{_ORDER_DE}",
            rf"\b(?:unsere?|meine?)\s{_ORDER_DE}{_CLAUSE}{{0,80}}?\snoch\s(?:immer\s)?nicht",
            rf"(?<!\w)(?:вс[её]\sещ[её]|до\sсих\sпор|где)\s(?:\S+\s){{0,4}}?{_ORDER_RU}",
            rf"(?<!\w){_ORDER_RU}{_CLAUSE}{{0,60}}?\s(?:ещ[её]\s)?не\s(?:приш|поступ|получ|доставл)",
            r"\b(?:toujours|encore|où\sen\sest)\s(?:\S+\s){0,3}?(?:notre|ma)\scommande\b",
            r"\b(?:seguimos|todavía|aún|dónde\sestá)\s(?:\S+\s){0,3}?(?:nuestro|mi)\spedido\b",
            # the same in Polish, Italian and Ukrainian
            r"\b(?:anul|zmie[nń]|zmian|popraw|uzupełn|koryg|doda|dopis)\w*\s(?:\S+\s){0,4}?zamówieni\w*|\bzamiast\s\d",
            r"\bzamówieni\w*\s(?:\S+\s){0,6}?(?:anul|zmie[nń]|popraw)|\b(?:wasze|państwa|twoje)\szamówieni",
            r"\b(?:gdzie\sjest|czekamy\sna|nie\sdotarło)\s(?:\S+\s){0,3}?zamówieni",
            r"\b(?:annull|modific|corregg|retific|aggiung|cambi)\w*\s(?:\S+\s){0,4}?ordin[ei]\b|\b(?:invece|al\sposto)\sdi\s\d",
            r"\bordine\s(?:\S+\s){0,6}?(?:annull|modific)|\b(?:vostro|suo|tuo)\sordine\b",
            r"\b(?:dov['’]è|attendiamo|aspettiamo)\s(?:\S+\s){0,3}?ordine\b",
            r"(?<!\w)(?:скас|анулю|змін|виправ|доповн|дода)\w*\s(?:\S+\s){0,4}?замовлення|(?<!\w)замість\s\d",
            r"(?<!\w)замовлення\s(?:\S+\s){0,6}?(?:скас|анулю|змін)|(?<!\w)ваш\w*\sзамовлення",
            r"(?<!\w)(?:де|чекаємо)\s(?:\S+\s){0,3}?замовлення",
        )
    ),
    re.IGNORECASE,
)
# what a seller calls his own papers; in a text a customer asks for one of them
_SUBJECT = re.compile(
    r"\b(?:order|purchase)\s(?:confirmation|acknowledge?ment|cancellation|change|status)"
    r"|\b(?:shipping|shipment|dispatch|despatch|delivery)\s(?:notice|advice|note|confirmation|notification)"
    r"|(?:auftrags|bestell|versand|liefer)(?:bestätigung|änderung|anzeige|avis|mitteilung|schein)|\bstorn(?:o|ier)"
    r"|подтверждени[ея]\sзаказа|уведомлени[ея]\sоб\sотгрузке|отмен[аы]\sзаказа|изменени[ея]\sзаказа"
    r"|(?:potwierdzenie|anulowanie|zmiana|korekta)\szamówienia|(?:conferma|annullamento|modifica)\s(?:d['’]|dell['’])?ordine"
    r"|(?:підтвердження|скасування|зміна)\sзамовлення"
    r"|(?:confirmation|annulation|modification)\sde\s(?:la\s)?commande|avis\sd['’]expédition"
    r"|(?:confirmación|cancelación|anulación|modificación)\s(?:de|del)\spedido|aviso\sde\senvío",
    re.IGNORECASE,
)


def speaks_of_an_earlier_order(subject: str, text: str) -> str | None:
    """The words that say so, in the subject or the newest text; None if it may well be a new order."""
    match = _SUBJECT.search(subject) or _EARLIER.search(f"{subject}\n{text}")
    return span_of(match[0]) if match else None
