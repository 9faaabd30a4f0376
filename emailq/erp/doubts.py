"""Words by which a message takes an order back, puts it off, or makes it depend on something: then it is none yet.

Shipped all the same, it would have to be fetched back. In English, Russian, German, French and Spanish. A needless
question costs a person one key, so in doubt there is one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emailq.extract.fields import TEXT_LIMIT
from emailq.extract.parts import in_one_row, span_of

_CLAUSE = r"[^.,;:!?]"  # what may stand between two words of one clause
_WRAPPED_FROM = 45  # a row this long without an end goes on in the next one


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})", re.IGNORECASE)


_SHIPS = r"(?:order|ship|deliver|suppl|dispatch|despatch|process|produc|manufactur|invoic|book|execut)\w*"
_SHIPS_DE = r"\w*(?:bestell|liefer|versend|verschick|ausführ|auslös|produzier|fertig|buch)\w*"
_SHIPS_RU = r"(?:отгру|постав|достав|отправ|высыла|заказ|оформля|запуска|производ|обрабат)\w*"
_SHIPS_FR = r"(?:expédi|livr|command|envoy|trait|lanc|produi|factur)\w*"

# wherever these stand, the whole message is in doubt
_ANYWHERE = _any(
    # not, or not yet
    rf"(?:do\snot|don['’]?t|please\snot|not\sto|hold\soff|stop)\s(?:\w+\s){{0,2}}?{_SHIPS}(?!\s(?:before|later))",
    r"(?:not\syet|on\shold|hold\s(?:off|back)|put\s(?:\S+\s){1,3}on\sice)(?!\w)",
    rf"nicht\s(?!vor\b|später\b|per\b|an\b){_CLAUSE}{{0,20}}?{_SHIPS_DE}",
    rf"{_SHIPS_DE}\s{_CLAUSE}{{0,60}}?(?:noch|vorerst|vorläufig)\snicht(?!\w)",
    r"(?:noch|vorerst|vorläufig)\snicht(?!\w)|zurückstellen|zurückgestellt|auf\seis(?!\w)",
    rf"не\s(?:нужно\s|надо\s)?{_SHIPS_RU}|приостанов\w*|придерж\w*|отложи(?:ть|те)|ставим\sна\sпаузу",
    rf"ne\s(?:pas|\w+\spas)\s(?:encore\s)?{_SHIPS_FR}|pas\sencore|en\sattente\sd|mett\w+\sen\sattente|suspend\w+",
    r"no\s(?:\w+\s)?(?:env[ií]e|entregue|pida|despache|suministre|procese|tramite|fabrique)\w*|todavía\sno|aún\sno|en\sespera(?!\w)",
    # only to be known
    r"(?:just|only)?\s?for\syour\s(?:information|records|planning)|no\sfirm\s(?:order|commitment)|non-binding|not\s(?:an|a\sfirm)\sorder",
    r"(?:nur\s)?zur\s(?:info|information|kenntnis|planung)(?!\w)|unverbindlich\w*|keine\s(?:verbindliche\s)?bestellung",
    r"(?:для\s(?:информации|сведения)|к\sсведению|не\sявляется\sзаказом)",
    r"(?:pour|à\stitre\sd['’])\s?(?:votre\s)?information|à\stitre\sindicatif|para\ssu\s(?:información|conocimiento)|a\stítulo\sinformativo",
    # sent again
    r"re-?sen[dt]\w*|sen[dt]\w*\s(?:\S+\s){0,5}?(?:again|once\smore)|once\sagain|duplicate\sof|in\scase\s(?:the|my|our|it)\s(?:\w+\s){0,3}(?:first|not|did|last|previous)",
    r"noch\s?(?:ein)?mals?(?!\w)(?!\s(?:vielen|herzlich|danke|besten))|nochmalig\w*|erneut\w*|(?:die|der|erste\w*|letzte\w*)\s(?:e-?)?mail\snicht",
    r"дублир\w*|повторн\w*|ещ[её]\sраз|на\sвсякий\sслучай|не\s(?:дошло|дошёл|дошел|дошла)",
    r"(?:de|à)\snouveau|encore\sune\sfois|renv(?:oi|oy)\w*|de\snuevo|otra\svez|nuevamente|reenv[ií]\w*|por\ssi\sno",
    r"(?:copy|copie|copia|kopie|копия|копию)\s(?:of|de|del|der|unserer|нашего|нашей)?\s?(?:the\s|our\s|my\s|la\s|notre\s|nuestro\s)?"
    r"(?:po|order|commande|pedido|bestellung|заказа|заявки)(?!\w)",
    # a trial, or a slip
    r"(?:please|bitte|пожалуйста,?)\s(?:ignore|disregard|ignorieren|игнорируйте|не\sобращайте)|(?:veuillez|merci\sd['’])\s?ignorer|ignor(?:en|ar|e)\s(?:este|esta|por)",
    r"test\s?-?(?:order|mail|e-?mail|message|bestellung|nachricht)(?!\w)|тестов(?:ое|ый|ая)\s(?:письмо|заказ|сообщение|заявка)|(?:commande|pedido)\sde\s(?:test|prueba)|prueba,",
    r"make\s(?:that|it)\s\d|correction(?!\w)|korrektur|stattdessen|doch\slieber|поправка|mejor\sdicho|by\smistake|versehentlich|по\sошибке|par\serreur|por\serror",
)

# these count in a sentence that orders something
_WHERE_IT_ORDERS = _any(
    # not
    r"(?:not(?!\s(?:before|later|exceed|only|more|less|to\sexceed))|never|\w+n['’]t)(?!\w)",
    r"(?:nicht(?!\s(?:vor|später|mehr\sals|nur))|kein(?:e[nmrs]?)?)(?!\w)",
    r"не\s(?!позднее|позже|ранее|раньше|менее|более|больше|меньше|только)",
    r"(?:pas(?!\s(?:avant|plus|moins))|ne\spas)(?!\w)|no\s(?:env|entreg|ped|proces|despach|suministr)\w*",
    r"no\slonger|ya\sno|больше\sне|more\sthan\senough|hinfällig|gegenstandslos|obsolete|неактуальн\w*|caduc\w+|sans\sobjet",
    # if
    r"if(?!\s(?:possible|that['’]?s\s(?:ok|okay|fine|all\sright)))(?!\w)|unless|provided|subject\sto|in\scase|depending\son|as\ssoon\sas|until\s(?:we|i|our|further)",
    r"(?:wenn|falls|sofern)(?!\s(?:möglich|vorhanden\?))(?!\w)|sollte[nt]?\s(?:sie|es|der|die|das)|vorausgesetzt|vorbehaltlich|sobald|bis\s(?:wir|ich|zur\sfreigabe)|freigabe",
    r"если(?!\sвозможно)(?!\w)|при\sусловии|в\sслучае|как\sтолько|после\sтого|до\sтех\sпор|пока(?!\w)",
    r"(?:si(?!\s(?:possible|es\sposible))|s['’]il(?!\s(?:vous|te)\spla[iî]t))(?!\w)|à\scondition|sous\sréserve|dès\sque|siempre\sque|a\scondición|en\scaso\sde|hasta\sque",
    # perhaps, later
    r"plan(?:s|ned|ning)?(?!\w)|intend\w*|expect(?:s|ed|ing)?\sto|forecast\w*|probably|maybe|perhaps|(?:might|may)\s(?:order|need|buy)|consider(?:ing)?|thinking\s(?:of|about)",
    r"voraussichtlich\w*|vermutlich|wahrscheinlich|(?:wir|ich)\s(?:\w+\s)?planen?|planen?\s(?:wir|ich)|beabsichtig\w*|eventuell\w*|evtl|vielleicht|(?:würden|könnten)\s(?:wir|ich)\s(?:\S+\s){0,8}?(?:bestellen|nehmen|abnehmen)",
    r"планиру\w*|предполага\w*|возможно|предварительн\w*|ориентировочн\w*|вероятно|собираемся|рассматрива\w*|может\sбыть",
    r"prévo\w*|envisag\w*|probablement|éventuellement|peut-être|prev(?:é|emos|isto)\w*|probablemente|quizás?|tal\svez|posiblemente",
    # or, about
    r"(?:or|oder|или|либо|ou|alternativ\w*|ersatzweise)(?!\w)|(?<=\w\s)o(?=\s\w)",
    r"(?:ca|circa|approx\w*|roughly|about|etwa|ungefähr|около|примерно|порядка|environ|aprox\w*|alrededor\sde|unos|unas)\.?\s(?=\d)",
    r"(?<!-)\d+(?:[-–—]|\s(?:bis|to|до|à)\s)\d+(?=\s?(?:pcs|pieces|units|boxes|kg|st|stk|stück|шт|кг|pièces|uds|unidades|piezas)(?!\w))",
    r"(?:the|these|those|die|diese|les|ces|las|los|estas|estos)\s\d+(?!\s?(?:mm|cm|m|km|kg|g|lb|oz|inch|zoll|bar|%|\"|tage|days|jours|días)\b)\s",
    r"(?:um|ein)\sangebot|dann(?!\w)|quote|quotation|prices?\sfor|preise?\sfür|цен[ау]\s(?:на|за)|prix\spour|precios?\spara|pro-?forma|so\sthat|before\s(?:we|i)\s|bevor|прежде\sчем|коммерческое|devis|presupuesto|proforme",
    # back, missing, not to be paid; or it was ordered before
    r"to\s(?:return|send\sback|exchange|give\sback)|(?:we|i)\s(?:are\s|have\s)?return\w*|send\w*\s(?:\S+\s){1,8}?back|tak\w+\s(?:\S+\s){0,8}?back|missing|short\sof|free\sof\scharge|free\s(?:\w+\s)?samples?|received|arrived|got(?!\w)|instead|defective|damaged|faulty|broken",
    r"zurück(?:geb|send|schick|nehm|zu)?\w*|retour\w*|rücksend\w*|reklam\w*|umtausch\w*|fehlt\w*|fehlen\w*|kostenlos\w*|kostenfrei\w*|nachliefer\w*|beschädigt\w*|defekt\w*|erhalten|bekommen|kamen?|angekommen|geliefert\sbekommen|damals|zuletzt|wie\sam\s\d|doch(?!\w)",
    r"верн(?:уть|[её]м|ите|ули)|возвра(?:т|та|щ\w+)(?!\w)|обменя\w*|не\sхватает|недоста[её]т|недопостав\w*|брак\w*|бесплатн\w*|поврежд\w*|получили|пришл[оиа](?!\w)|придерж\w*|как\sв\sпрошлый",
    r"(?:nous|vous|à|de)\s(?:\w+\s)?(?:retourn|renvo|rendr|repren)\w*|manqu\w+|gratuit\w*|défectueu\w*|devol\w+|faltan?|faltaron|faltaban|gratis|sin\scargo|defectuos\w*|reçu\w*|recib\w+|como\sla\súltima|comme\sla\sdernière|last\stime|as\sbefore",
    r"(?:we|i)\s(?:have\s|had\s|already\s)*(?:ordered|bought|purchased)|haben\swir\s(?:\S+\s){0,8}?bestellt|(?:wir|ich)\shaben?\s(?:\S+\s){0,8}?bestellt|мы\s(?:\S+\s)?(?:заказывали|заказали|купили)|avons\scommandé|hemos\spedido",
)
# a part of the order stands elsewhere
_ELSEWHERE = _any(
    r"(?:see|per|as|in)\s(?:the\s|our\s)?attach\w*|(?:the\s)?rest\s(?:is|as|see|in)|(?:laut|siehe|gemäß|s\.|in|aus)\s(?:der\s|dem\s|beigefügt\w*\s)?(?:anhang|anlage|beilage|datei|liste|foto)|rest\ssiehe|auf\sdem\s(?:foto|bild)|und\smehr",
    r"(?:согласно|см\.?|по|в)\s(?:приложени|вложени|файл|списк)\w*|остальное|(?:voir|selon|cf\.?)\s(?:la\s|le\s)?(?:pi[eè]ce|fichier|liste|document)\w*|ci-joint\w*|(?:según|ver|en)\s(?:el\s|la\s)?(?:adjunt|archivo|lista)\w*",
)
# the writer orders
_ORDERS = _any(
    r"(?:please|pls|kindly)(?!,?\s(?:find|note|see|confirm|let|check|advise|be|tell|inform|quote|contact))(?!\w)|bitte(?!,?\s(?:um|beachten|prüfen|teilen|geben|finden|bieten|nennen|rufen))(?!\w)"
    r"|пожалуйста(?!,?\s(?:сообщите|уточните|подтвердите|проверьте|подскажите))|s['’]il\s(?:vous|te)\spla[iî]t|lütfen",
    r"call(?:ing)?\soff|rufen\s(?:\S+\s){1,8}?ab(?!\w)|abruf\w*|il\s(?:me|nous)\sfau\w+|(?:mánda|pon|envía)(?:me|nos)(?!\w)",
    r"(?:we|i)(?:['’](?:ll|d)|\swill|\swould|\swish|\swant|\sshall|\shereby|\salso)*(?:\slike)?(?:\sto)?\s(?:order|buy|purchase|take|need|require|request)(?!\w)|place\s(?:\S+\s){0,3}order|order\sfor|put\s(?:us|me)\sdown",
    r"(?:please|kindly|could\syou|can\syou)\s(?:\S+\s){0,3}?(?:order|send|ship|suppl|deliver|dispatch|enter|book|bring|provide|add|reserve|pack)\w*|(?:send|ship|deliver|supply|bring)\s(?:us|me)|^(?:\w+,\s)?(?:send|ship|deliver|supply|bring|order)(?!\w)",
    r"(?:wir|ich)\s(?:\S+\s){0,10}?(?:bestell|order|abnehm|kauf|benötig|brauch)(?:en?|n)(?!\w)|(?:bestelle|bestellen|ordern?|nehmen?|benötigen?|brauchen?)\s(?:wir|ich)|bestellen\s(?:möchten|wollen)|unsere\sbestellung",
    r"bitte\s(?:\S+\s){0,10}?(?:bestell|liefer|send|schick|versend|buch|reservier|bring|notier|leg)\w*|(?:liefern|senden|schicken|bringen)\ssie|möchten?\s(?:\S+\s){1,12}?bestellen",
    r"закаж(?:ем|у)|заказыва(?:ем|ю)|заказать|купим|купить|возьм[её]м|нужн[оаы]?|нам\sнадо|требу[ею]тся|(?:прос(?:им|ьба|ю)|пожалуйста,?|прошу)\s(?:\S+\s){0,3}?(?:поста|отгру|достав|отправ|присл|выслать|привез|приня|оформ|выста)\w*"
    r"|(?:отгрузите|поставьте|доставьте|отправьте|пришлите|привезите|везите|вышлите|оформите|примите|возьмите|дайте|добавьте|(?:под|при)готовьте|соберите|запишите|забронируйте)|заявка\sна|(?:наш\s)?заказ\s?[:—–-]",
    r"(?:nous|je)\s(?:\w+\s){0,2}?(?:command|passons|souhait|voul|désir|prend)\w+|(?:veuillez|merci\sde|pri[eè]\w*\sde|pouvez-vous)\s(?:\w+\s){0,2}?(?:livr|expédi|envoy|command|réserv|prépar)\w*|commande\s(?:de|ferme|pour)",
    r"(?:pediremos|pediríamos|pedimos|pido|pedir|encargamos|compraremos|compramos|necesitamos|queremos|quisiéramos|deseamos|solicitamos)(?!\w)|(?:por\sfavor,?|rogamos|ruego)\s(?:nos\s|me\s)?(?:env|entreg|mand|suministr|sirv|pong|prepar)\w*|(?:env[ií]en(?:nos|me)?|mánden\w+|sírvan\w+)",
)
_ORDER = re.compile(
    r"(?<![^\W_])(?:(?:re-?)?order|purchase|p\.?o\.?|buy\w*|\w*bestell\w*|auftrag\w*|order|abruf\w*|bedarf|заказ\w*|заявк\w*|закуп\w*|commande\w*|pedido\w*|compra\w*)(?![^\W_])",
    re.IGNORECASE,
)
# above a message that is passed on or answered
_QUOTED = re.compile(
    r"^[ \t]*(?:>|[-_=*]{3,20}[ ]?[^\W_][^\n]{2,60}?[-_=*]{3,20}[ ]*$"
    r"|(?:from|von|от|de|da|expéditeur|отправитель|absender)\s?:[^\n@]{1,100}@)",
    re.IGNORECASE | re.MULTILINE,
)
_LEAD_IN = re.compile(r".{2,150}:\s*\Z")
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+(?=[^\W\d_a-zа-яё]|¿|¡)")
_WORD = re.compile(r"[^\W\d_]{3,}")
_WORDS_OF_A_ROW = 2  # besides the items: "dazu", "and also"


def speaks_of_a_doubt(subject: str, text: str, lines: Sequence[Mapping[str, Any]]) -> str | None:
    """The words for which an order with these lines may be none, in the subject or the newest text; None: it is one.

    They put it in doubt, tell of the items and do not order them, or stand above a message that was only passed on.
    """
    text = text[:TEXT_LIMIT]
    match = _ANYWHERE.search(subject) or _ANYWHERE.search(in_one_row(text))
    if match:
        return span_of(match[0])
    spans = [line["span"] for line in lines if line["source"] == "text"]
    passed_on = _QUOTED.search(text)
    if passed_on and any(span in in_one_row(text[passed_on.end() :]) for span in spans):
        return span_of(passed_on[0])
    says_so = bool(_ORDER.search(subject)) or not spans
    unplaced = {span for span in spans if " | " not in span}  # that of a row of a table does not stand there so
    for sentence in _sentences(text, spans):
        named = [span for span in spans if span in sentence]
        unplaced.difference_update(named)
        orders = _ORDERS.search(sentence)
        says_so = says_so or bool(orders or _ORDER.search(sentence))
        if not (named or orders or _LEAD_IN.fullmatch(sentence)):
            continue
        if match := _WHERE_IT_ORDERS.search(sentence):
            return span_of(match[0])
        if named and (match := _ELSEWHERE.search(sentence)):
            return span_of(match[0])
        if named and not orders and len(_WORD.findall(_without(named, sentence))) > _WORDS_OF_A_ROW:
            return span_of(sentence)
    return None if says_so and not unplaced else span_of(min(unplaced, default=spans[0]))


def _without(spans: Sequence[str], sentence: str) -> str:
    for span in spans:
        sentence = sentence.replace(span, " ")
    return sentence


def _sentences(text: str, spans: Sequence[str]) -> Iterator[str]:
    """Sentences, and rows of lists; a sentence that was wrapped is whole, and so is a line such as "20 шт. КШ-150"."""
    whole = ""
    for row in (*text.splitlines(), ""):
        row = " ".join(row.split())
        goes_on = len(whole) >= _WRAPPED_FROM and whole[-1] not in ".!?:;" and row and not re.match(r"[-*•–—\d]", row)
        if goes_on:
            whole = f"{whole} {row}"
            continue
        before = ""
        for piece in _SENTENCE_END.split(whole):
            both = f"{before} {piece}" if before else piece
            if before and not any(span in both and span not in before and span not in piece for span in spans):
                yield before
                both = piece
            before = both
        yield before
        whole = row
