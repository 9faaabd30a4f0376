r"""Words by which messages order, put an order in doubt or speak of bills: the data of `doubts` and `bills`.

In English, Russian, German, French and Spanish; what is in doubt, or no bill, also in Polish, Italian and Ukrainian, in
which no words order, so a person is asked. Each table is a list of patterns, ignoring case, divided by a new line; they
match from the begin of a word, in a text that is one row.
"""

import re


def any_of(*tables: str) -> re.Pattern[str]:
    """A pattern of which each line of the tables is an alternative."""
    patterns = "|".join(line.strip() for table in tables for line in table.strip().splitlines())
    return re.compile(rf"(?<!\w)(?:{patterns})", re.IGNORECASE)


# Not, or not yet.
NOT_YET = r"""
    (?:do not|don['’]?t|please not|not to|hold off|stop) (?:\w+ ){0,2}?(?:order|ship|suppl)\w*(?! (?:before|later))
    (?:do not|don['’]?t|please not|not to|hold off|stop) (?:\w+ ){0,2}?(?:deliver|d[ei]spatch)\w*(?! (?:before|later))
    (?:do not|don['’]?t|please not|not to|hold off|stop) (?:\w+ ){0,2}?(?:process|produc|book)\w*(?! (?:before|later))
    (?:do not|don['’]?t|please not|not to|hold off|stop) (?:\w+ ){0,2}?(?:invoic|execut|manufac)\w*(?! (?:before|later))
    (?:not yet|on hold|hold (?:off|back)|put (?:\S+ ){1,3}on ice)(?!\w)
    nicht (?!vor\b|später\b|per\b|an\b)[^.,;:!?]{0,20}?\w*(?:bestell|liefer|versend|verschick|ausführ)\w*
    nicht (?!vor\b|später\b|per\b|an\b)[^.,;:!?]{0,20}?\w*(?:auslös|produzier|fertig|buch)\w*
    (?:noch|vorerst|vorläufig) nicht(?!\w)|zurückstellen|zurückgestellt|auf eis(?!\w)
    не (?:нужно |надо )?(?:отгру|постав|достав|отправ|высыла|заказ|оформля|запуска|производ|обрабат)\w*
    приостанов\w*|придерж\w*|отложи(?:ть|те)|ставим на паузу
    ne (?:pas|\w+ pas) (?:encore )?(?:expédi|livr|command|envoy|trait|lanc|produi|factur)\w*|pas encore|en attente d
    mett\w+ en attente|suspend\w+
    no (?:\w+ )?(?:env[ií]e|entregue|pida|despache|suministre|procese|tramite|fabrique)\w*|todavía no|aún no
    en espera(?!\w)
    nie (?:wysyła|realizu|dostarcza|zamawia|wysyłać|realizować|dostarczać)\w*|jeszcze nie|wstrzyma\w*|na razie nie
    non (?:\w+ )?(?:sped|consegn|ordin|eva|invi|procede)\w*|non ancora|in sospeso|sospend\w+
    не (?:треба |потрібно )?(?:відвантаж|постав|достав|відправ|надсила|замовля|оформля)\w*|поки (?:що )?не|призупин\w*
    (?:laissez|laisser) tomber|forget it|vergessen sie es|не надо(?!\w)
"""

# Only to be known.
ONLY_TOLD = r"""
    (?:just|only)? ?for your (?:information|records|planning)|no firm (?:order|commitment)|non-binding
    not (?:an|a firm) order
    (?:nur )?zur (?:info|information|kenntnis|planung)(?!\w)|unverbindlich\w*|keine (?:verbindliche )?bestellung
    (?:для (?:информации|сведения)|к сведению|не является заказом)
    (?:pour|à titre d['’]) ?(?:votre )?information|à titre indicatif|para su (?:información|conocimiento)
    a título informativo
    (?:tylko )?do wiadomości|informacyjnie|nie jest zamówieniem
    solo per (?:conoscenza|informazione)|a titolo informativo
    для (?:інформації|відома)
"""

# Sent again.
SENT_AGAIN = r"""
    re-?sen[dt]\w*|sen[dt]\w* (?:\S+ ){0,5}?(?:again|once more)|once again|duplicate of
    in case (?:the|my|our|it) (?:\w+ ){0,3}(?:first|not|did|last|previous)
    noch ?(?:ein)?mals?(?!\w)(?! (?:vielen|herzlich|danke|besten))|nochmalig\w*|erneut\w*
    (?:die|der|erste\w*|letzte\w*) (?:e-?)?mail nicht
    дублир\w*|повторн\w*|ещ[её] раз|на всякий случай|не (?:дошло|дошёл|дошел|дошла)
    (?:de|à) nouveau|encore une fois|renv(?:oi|oy)\w*|de nuevo|otra vez|nuevamente|reenv[ií]\w*|por si no
    (?:copy|copie|copia) (?:of|de|del)? ?(?:the |our |my |la |notre |nuestro )?(?:po|order|commande|pedido)(?!\w)
    (?:kopie|копия|копию) (?:der|unserer|нашего|нашей)? ?(?:bestellung|заказа|заявки)(?!\w)
    ponowni\w*|jeszcze raz|na wszelki wypadek|kopi[aę] zamówienia|di nuovo|nuovamente|ancora una volta|re-?inoltr\w*
    copia (?:dell['’]|del nostro )?ordine|повторн\w*|ще раз|про всяк випадок|дублю\w*|копі[яю] замовлення
    relance(?!\w)|rappel ?:|erinnerung(?!\w)|reminder|напомина\w*
"""

# A trial, or a slip.
TRIALS_AND_SLIPS = r"""
    (?:please|bitte|пожалуйста,?) (?:ignore|disregard|ignorieren|игнорируйте|не обращайте)
    (?:veuillez|merci d['’]) ?ignorer|ignor(?:en|ar|e) (?:este|esta|por)
    test ?-?(?:order|mail|e-?mail|message|bestellung|nachricht)(?!\w)
    тестов(?:ое|ый|ая) (?:письмо|заказ|сообщение|заявка)|(?:commande|pedido) de (?:test|prueba)|prueba,
    make (?:that|it) \d|correction(?!\w)|korrektur|stattdessen|doch lieber|поправка|mejor dicho|by mistake
    versehentlich|по ошибке|par erreur|por error|finalement|plutôt(?! vite)|rectificatif|erratum
    proszę (?:zignorować|pominąć)|(?:wiadomość|zamówienie) testow\w+|przez pomyłkę|omyłkow\w*|korekta|jednak
    ignor(?:are|ate)|(?:ordine|messaggio) di prova|per errore|correzione|anzi(?!\w)
    тестов(?:ий|е|а) (?:лист|замовлення)|помилков\w*|виправлення|не звертайте
    erreur de|oubli(?:é|és|ée)?(?!\w)|my mistake|mein fehler
"""

# Not. (Before a date or beyond a number is a wish.)
NEGATIONS = r"""
    (?:not(?! (?:before|later|exceed|only|more|less|to exceed))|never|\w+n['’]t)(?!\w)
    (?:nicht(?! (?:vor|später|mehr als|nur))|kein(?:e[nmrs]?)?)(?!\w)
    не (?!позднее|позже|ранее|раньше|менее|более|больше|меньше|только|пізніше|раніше|більше|менше|лише|тільки)
    (?:pas(?! (?:avant|plus|moins))|ne pas)(?!\w)|no (?:env|entreg|ped|proces|despach|suministr)\w*
    no longer|ya no|больше не|more than enough|hinfällig|gegenstandslos|obsolete|неактуальн\w*|caduc\w+|sans objet
    nie (?!później|wcześniej|więcej|mniej)|bez zamówienia|nieaktualn\w*
    non (?:serv\w+|occorr\w+|vogliamo|abbiamo|avete|ci|ne|sono|è)(?!\w)|niente
    (?:ne (?:\S+ )?|n['’]\S+ )que(?!\w)
"""

# If.
CONDITIONS = r"""
    if(?! (?:possible|that['’]?s (?:ok|okay|fine|all right)))(?!\w)|unless|provided|subject to|in case|depending on
    as soon as|until (?:we|i|our|further)
    (?:wenn|falls|sofern)(?! (?:möglich|vorhanden\?))(?!\w)|sollte[nt]? (?:sie|es|der|die|das)|vorausgesetzt
    vorbehaltlich|sobald|bis (?:wir|ich|zur freigabe)|freigabe
    если(?! возможно)(?!\w)|при условии|в случае|как только|после того|до тех пор|пока(?!\w)
    (?:si(?! (?:possible|es posible))|s['’]il(?! (?:vous|te) pla[iî]t))(?!\w)|à condition|sous réserve|dès que
    siempre que|a condición|en caso de|hasta que
    jeśli(?! możliwe)|jeżeli|o ile|pod warunkiem|gdyby|dopóki|w przypadku|jak tylko|dopiero po
    se (?:il|i|gli|ci|è|avete|fosse|non)(?!\w)
    a condizione|qualora|nel caso|non appena|finché|якщо(?! можливо)|за умови|у разі|як тільки|після того|доки(?!\w)
    jusqu['’]à (?:confirmation|accord|validation|nouvel)|bloquer
    bestellung folgt|commande (?:suit|suivra|à suivre)(?!\w)|order (?:follows|to follow|will follow)
"""

# Perhaps, later.
PLANS = r"""
    plan(?:s|ned|ning)?(?!\w)|intend\w*|expect(?:s|ed|ing)? to|forecast\w*|probably|maybe|perhaps
    (?:might|may) (?:order|need|buy)|consider(?:ing)?|thinking (?:of|about)
    voraussichtlich\w*|vermutlich|wahrscheinlich|(?:wir|ich) (?:\w+ )?planen?|planen? (?:wir|ich)|beabsichtig\w*
    eventuell\w*|evtl|vielleicht|(?:würden|könnten) (?:wir|ich) (?:\S+ ){0,8}?(?:bestellen|nehmen|abnehmen)
    планиру\w*|предполага\w*|возможно|предварительн\w*|ориентировочн\w*|вероятно|собираемся|рассматрива\w*
    может быть
    prévo\w*|envisag\w*|probablement|éventuellement|peut-être|prev(?:é|emos|isto)\w*|probablemente|quizás?|tal vez
    posiblemente
    planuj\w*|prawdopodobnie|być może|może(?:my)?(?!\w)|zamierza\w*|rozważa\w*|wstępn\w*|orientacyjn\w*
    prevediamo|probabilmente|forse|eventual\w*|intendiamo|pensiamo|valut(?:iamo|ando)|indicativ\w*
    плану\w*|можливо|ймовірно|попередн\w*|орієнтовн\w*|розгляда\w*
"""

# Or, about, at which price?
CHOICES = r"""
    (?:or|oder|или|либо|ou|alternativ\w*|ersatzweise)(?!\w)
    (?<=\w )o(?= (?!(?:dostaw|realiz|wys|przes|potwierdz|termin|faktur|odbi|przygot))\w)
    (?:ca|circa|approx\w*|roughly|about|etwa|ungefähr|около|примерно|порядка)\.? (?=\d)
    (?:environ|aprox\w*|alrededor de|unos|unas)\.? (?=\d)
    (?<!-)\d+(?:[-–—]| (?:bis|to|до|à) )\d+(?= ?(?:pcs|pieces|units|boxes|kg|st|stk|stück|шт|кг|pièces|uds)(?!\w))
    (?<!-)\d+(?:[-–—]| (?:bis|to|до|à) )\d+(?= ?(?:unidades|piezas)(?!\w))
    (?:the|th[eo]se|die|diese|[lc]es|l[ao]s|est[ao]s) \d+ (?!(?:[kcm]?m|k?g|lb|oz|inch|zoll|bar|tage|days|jours|días)\b)
    (?:um|ein) angebot|dann(?!\w)|quote|quotation|prices? for|preise? für|цен[ау] (?:на|за)|prix pour|precios? para
    pro-?forma|so that|before (?:we|i) |bevor|прежде чем|коммерческое|devis|presupuesto|proforme
    (?:lub|albo|względnie|oppure|або|чи)(?!\w)|(?:około|circa|приблизно|близько)\.? (?=\d)
    ofert[aęy]|wycen\w*|cen[aęy] (?:za|na)|przed (?:za|z)|offerta|preventiv\w*|prezz[oi] (?:per|di)|пропозиці\w*
    цін[иу] (?:на|за)
    (?:meilleur|votre|vos) (?:prix|tarif)\w*|chiffr(?:er|age|ez)|best price|beste[rn]? preis\w*|лучш\w+ цен\w+
"""

# Back, missing, not to be paid; or it was ordered before.
PAST = r"""
    to (?:return|send back|exchange|give back)|(?:we|i) (?:are |have )?return\w*|send\w* (?:\S+ ){1,8}?back
    tak\w+ (?:\S+ ){0,8}?back|missing|short of|free of charge|free (?:\w+ )?samples?|received|arrived|got(?!\w)
    instead|defective|damaged|faulty|broken
    zurück(?:geb|send|schick|nehm|zu)?\w*|retour\w*|rücksend\w*|reklam\w*|umtausch\w*|fehlt\w*|fehlen\w*
    kostenlos\w*|kostenfrei\w*|nachliefer\w*|beschädigt\w*|defekt\w*|erhalten|bekommen|kamen?|angekommen
    geliefert bekommen|damals|zuletzt|wie am \d|doch(?!\w)
    верн(?:уть|[её]м|ите|ули)|возвра(?:т|та|щ\w+)(?!\w)|обменя\w*|не хватает|недоста[её]т|недопостав\w*|брак\w*
    бесплатн\w*|поврежд\w*|получили|пришл[оиа](?!\w)|придерж\w*|как в прошлый
    (?:nous|vous|à|de) (?:\w+ )?(?:retourn|renvo|rendr|repren)\w*|manqu\w+|gratuit\w*|défectueu\w*|devol\w+|faltan?
    faltaron|faltaban|gratis|sin cargo|defectuos\w*|reçu\w*|recib\w+|como la última|comme la dernière|last time
    as before
    (?:we|i) (?:have |had |already )*(?:ordered|bought|purchased)|haben wir (?:\S+ ){0,8}?bestellt
    (?:wir|ich) haben? (?:\S+ ){0,8}?bestellt|мы (?:\S+ )?(?:заказывали|заказали|купили)|avons commandé|hemos pedido
    zwr(?:ot|ac|óc)\w*|odda(?:ć|jemy|m)|brak(?:uje|owało|ło)?(?!\w)|gratis\w*|bezpłatn\w*|uszkodz\w*|wadliw\w*
    otrzyma(?:li|łem|łam)\w*|dosta(?:li|łem|łam)\w*|przysz(?:ło|ły|edł|ła)(?!\w)|zamówi(?:li|łem|łam)\w*|reklam\w*
    rend(?:ere|iamo)|restitu\w*|manc(?:a|ano|ava\w*)(?!\w)|mancant\w*|gratuit\w*|danneggiat\w*|difettos\w*
    ricevut\w*|arrivat\w*|abbiamo (?:già )?ordinato|come (?:l['’]ultima|la scorsa)|jak ostatnio
    повер[нт]\w*|бракує|не вистача\w*|безкоштовн\w*|пошкодж\w*|отримали|прийшл[ои](?!\w)|замовляли|замовили|як минулого
    same as|(?:as|like) last|wie letzte\w*|comme (?:la semaine|le mois|d['’]habitude)|как (?:на )?прошл\w*
    de plus(?! en plus)(?!\w)|en (?:plus|complément)(?!\w)|supplémentaires?
    replac(?:e|ed|ing)(?!\w)|rempla[cç]\w*|ersetz\w*|замени\w*|reempla[zc]\w*|wymie[nń]\w*|sostitui\w*
"""

# A part of the order stands elsewhere.
ELSEWHERE = r"""
    (?:see|per|as|in) (?:the |our )?attach\w*|(?:the )?rest (?:is|as|see|in)
    (?:laut|siehe|gemäß|s\.|in|aus) (?:der |dem |beigefügt\w* )?(?:anhang|anlage|beilage|datei|liste|foto)
    rest siehe|auf dem (?:foto|bild)|und mehr
    (?:согласно|см\.?|по|в) (?:приложени|вложени|файл|списк)\w*|остальное
    (?:voir|selon|cf\.?) (?:la |le )?(?:pi[eè]ce|fichier|liste|document)\w*|ci-joint\w*
    (?:según|ver|en) (?:el |la )?(?:adjunt|archivo|lista)\w*
    (?:w |według |zgodnie z )(?:załącz\w*|plik\w*|list\w*)|reszta|(?:in|vedi|come da) (?:allegat|list)\w*|il resto
    (?:у|в|згідно з?) (?:додат|вкладен|файл|списк)\w*|решта(?!\w)
"""

# The writer orders.
ORDERS = r"""
    (?:please|pls|kindly)(?!,? (?:find|note|see|confirm|let|check|advise|be|tell|inform|quote|contact))(?!\w)
    bitte(?!,? (?:um|beachten|prüfen|teilen|geben|finden|bieten|nennen|rufen))(?!\w)
    пожалуйста(?!,? (?:сообщите|уточните|подтвердите|проверьте|подскажите))|s['’]il (?:vous|te) pla[iî]t|lütfen
    call(?:ing)? off|rufen (?:\S+ ){1,8}?ab(?!\w)|abruf\w*|il (?:me|nous) fau\w+|(?:mánda|pon|envía)(?:me|nos)(?!\w)
    (?:we|i)(?:['’](?:ll|d)| (?:will|would|wish|want|shall|hereby|also|like|to))* (?:order|buy|purchase|take)(?!\w)
    (?:we|i)(?:['’](?:ll|d)| (?:will|would|wish|want|shall|hereby|also|like|to))* (?:need|require|request)(?!\w)
    place (?:\S+ ){0,3}order|order for|put (?:us|me) down
    (?:please|kindly|could you|can you) (?:\S+ ){0,3}?(?:order|send|ship|suppl|deliver|dispatch|enter|book|bring)\w*
    (?:please|kindly|could you|can you) (?:\S+ ){0,3}?(?:provide|add|reserve|pack)\w*
    (?:send|ship|deliver|supply|bring) (?:us|me)|^(?:\w+, )?(?:send|ship|deliver|supply|bring|order)(?!\w)
    (?:wir|ich) (?:\S+ ){0,10}?(?:bestell|order|abnehm|kauf|benötig|brauch)(?:en?|n)(?!\w)
    (?:bestelle|bestellen|ordern?|nehmen?|benötigen?|brauchen?) (?:wir|ich)|bestellen (?:möchten|wollen)
    unsere bestellung
    bitte (?:\S+ ){0,10}?(?:bestell|liefer|send|schick|versend|buch|reservier|bring|notier|leg)\w*
    (?:liefern|senden|schicken|bringen) sie|möchten? (?:\S+ ){1,12}?bestellen
    закаж(?:ем|у)|заказыва(?:ем|ю)|заказать|купим|купить|возьм[её]м|нужн[оаы]?|нам надо|требу[ею]тся
    (?:прос(?:им|ьба|ю)|пожалуйста,?|прошу) (?:\S+ ){0,3}?(?:поста|отгру|достав|отправ|присл|выслать|привез)\w*
    (?:прос(?:им|ьба|ю)|пожалуйста,?|прошу) (?:\S+ ){0,3}?(?:приня|оформ|выста)\w*
    отгрузите|поставьте|доставьте|отправьте|пришлите|привезите|везите|вышлите|оформите|примите|возьмите|дайте
    добавьте|(?:под|при)готовьте|соберите|запишите|забронируйте
    заявка на|(?:наш )?заказ ?[:—–-]
    (?:nous|je) (?:\w+ ){0,2}?(?:command|passons|souhait|voul|désir|prend)\w+
    (?:veuillez|merci de|pri[eè]\w* de|pouvez-vous) (?:\w+ ){0,2}?(?:livr|expédi|envoy|command|réserv|prépar)\w*
    commande (?:de|ferme|pour)
    (?:pediremos|pediríamos|pedimos|pido|pedir|encargamos|compraremos|compramos|necesitamos)(?!\w)
    (?:queremos|quisiéramos|deseamos|solicitamos)(?!\w)
    (?:por favor,?|rogamos|ruego) (?:nos |me )?(?:env|entreg|mand|suministr|sirv|pong|prepar)\w*
    (?:env[ií]en(?:nos|me)?|mánden\w+|sírvan\w+)
"""

# A bill is credited, cancelled, corrected …
CORRECTED_BILLS = r"""
    credit (?:note|memo)|cancellation (?:of )?invoice|(?:corrected|amended|revised|replacement) invoice
    gutschrift(?! auf\b)(?:en|s)?(?!\w)|storno\w*|stornier\w*|(?:korrigierte?|berichtigte?) (?:\S+ )?rechnung
    rechnungs(?:korrektur|berichtigung)|кредит-?нот\w*|корректировочн\w*|исправленн\w+ (?:сч[её]т|накладн)\w*
    аннулир\w*|note de crédit|(?:facture (?:d['’])?|d['’])avoir(?!\w)|facture (?:rectificative|corrigée)
    (?:nota|factura) de (?:crédito|abono)|factura (?:rectificativa|corregida)
    faktur\w+ kory\w*|korekt\w+ (?:do )?faktur\w*|not[aęy] (?:kredytow|uznaniow|korygując)\w*|anulowan\w*
    nota di (?:credito|accredito)|fattura (?:rettificativa|corretta)|storn[oi]|rettific\w*
    кредитов\w+ нот\w*|коригув\w*|скасов\w*|анульов\w*
    (?:l['’]|un |notre |votre )avoir(?! (?:reçu|été|à|pu|lieu))(?!\w)|avoir (?:n|[a-z]{1,4}-?\d|\d)|annule et remplace
    remplace (?:la|notre) facture|ersetzt (?:die|unsere) rechnung|replaces (?:the |our )?invoice|заменяет сч[её]т
    zastępuje faktur\w*|sostituisce la fattura|замінює рахунок
    dupli[ck]at\w*|(?:cop(?:ie|y|ia)|kopi[aeęi]|копи[яю]) (?:\S+ ){0,3}?(?:invoice|rechnung|f[au][ck]tur|fattur)
    rechnungskopie|(?:копи[яюи]|копі[яюї]) (?:сч[её]та|рахунк)
"""

# … chased …
CHASED_BILLS = r"""
    (?:payment|friendly|first|second|third|final|last) reminder|overdue|dunning
    (?:is|still|remains) (?:unpaid|outstanding|open)|mahnung(?!\w)|zahlungserinnerung
    (?:noch|weiterhin) (?:offen|unbezahlt)(?!\w)|überfällig\w*|напомина\w*|просроч\w*|задолженност\w*
    (?:lettre de )?relance|mise en demeure|impayée?s?|recordatorio|vencid[ao]s?(?!\w)|impagad[ao]s?
    wezwani\w+ do zapłaty|ponagleni\w*|przypomnieni\w*|zaległ\w*|nieopłacon\w*|przeterminow\w*
    sollecit\w*|scadut[aeio](?!\w)|insolut\w*|(?:ancora|tuttora) apert\w*|нагаду\w*|простроч\w*|заборгован\w*
    rappel(?!\w)|reste (?:due|impayée)(?!\w)|n['’](?:est|a) (?:toujours )?pas (?:encore |été )?(?:réglée?|payée?)
    (?:letzte|freundliche) erinnerung|en souffrance
"""

# … listed …
LISTED_BILLS = r"""
    statement of accounts?|account statement|open items|kontoauszug|offene[nr]? posten|saldenbestätigung
    акт\w* сверки|relevé de compte|extracto
    potwierdzeni\w+ salda|zestawieni\w+ należności|wyciąg\w*|estratto conto|partite aperte|акт\w* звірки
"""

# … paid, asked about, disputed …
ANSWERED_BILLS = r"""
    thank\w* (?:\S+ ){0,2}for (?:your|the) payment|payment (?:was |has been )?received
    (?:danke?|dank) (?:\S+ ){0,2}für (?:ihre|die) (?:zahlung|überweisung)
    zahlung (?:\S+ ){0,3}(?:erhalten|eingegangen)|спасибо за (?:\S+ )?оплату|оплат\w+ (?:получена|поступила)
    merci (?:\S+ ){0,2}pour (?:votre|le) (?:paiement|règlement)|gracias por (?:su|el) pago
    (?:did|have) you (?:\S+ )?receive\w*|haben sie (?:\S+ ){0,10}?(?:erhalten|bekommen)|получили ли
    avez-vous (?:bien )?reçu|han recibido|ha recibido|(?:is|was|are) (?:wrong|incorrect|not correct)
    ist (?:\S+ ){0,2}(?:falsch|fehlerhaft|nicht (?:korrekt|richtig))|stimmt nicht
    (?:bitte (?:um )?|zu )korr(?:igier|ektur)\w*|(?:please )(?:correct|reissue|re-issue)|ошибк\w+ в сч[её]т\w*
    неверн\w*|est (?:fausse|erronée|incorrecte)|es incorrecta|está mal
    dzięku\w+ za (?:\S+ )?(?:wpłat|płatnoś|zapłat)\w*|otrzyma(?:li|ł)\w* (?:\S+ )?(?:wpłat|płatnoś)\w*
    (?:błęd\w+|pomyłk\w+) (?:w|na) faktur\w*|czy (?:\S+ ){0,3}otrzyma\w*
    grazie per (?:il|la|i) (?:\S+ )?(?:pagament|bonific)\w*|pagamento (?:è stato )?ricevuto
    avete ricevuto|errat[ao](?!\w)
    дяку\w+ за (?:\S+ )?оплат\w*|оплат\w+ (?:отриман|надійш)\w*|чи отримали|помилк\w+ (?:в|у) рахунк\w*
    contest(?:ons|er|ation)(?!\w)|(?:renvoyer|resend) (?:\S+ ){0,3}?(?:facture|invoice)|a été (?:payée?|réglée?)(?!\w)
    (?:has been|was) paid(?!\w)
"""

# … or only offered.
OFFERED_BILLS = r"""
    pro-?forma\w*|проформ\w*|(?:our|unser) (?:offer|quotation|quote|angebot)|bei auftrag
    наше (?:коммерческое )?предложение|notre (?:offre|devis)|nuestr[oa] (?:oferta|presupuesto)
    (?:nasza|naszą) ofert\w*|faktur\w+ (?:zaliczkow|próbn)\w*|(?:la )?nostra offerta|preventivo
    наша (?:комерційна )?пропозиція
"""
