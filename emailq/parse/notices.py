r"""What mail systems and absent people write, by language: the data of `automation`.

Each table is a list of patterns, ignoring case, divided by a new line; those of subjects match at the begin.
"""

# Subjects that only mail systems write. Parcels are undeliverable and returned to sender too, hence the exactness.
BOUNCE_SUBJECTS = r"""
    undeliver(?:able|ed)(?:\s+(?:mail|message|e-?mail)|:|$)|undelivered mail returned
    unable to deliver (?:mail|message)|delivery (?:status|failure|delay(?:ed)?) (?:notification|report)
    delivery notification: delivery|delivery status$
    mail delivery (?:fail|status|error|report|problem|notification|(?:sub)?system\s*(?:$|[:(-]))
    mail (?:system error|undeliverable|could not be delivered|not delivered|failure)|e?mail delivery failure
    notice: mail delivery|failure notice\s*$|returned (?:mail|message|e-?mail)|non[- ]?delivery (?:notif|report|notice)
    nondeliverable|non-receipt notification
    message (?:undeliverable|not delivered|delivery (?:fail|delayed|status|report))|failed mail
    (?:your )?(?:message|mail|e-?mail) (?:could|can) ?not be delivered|delayed mail|rejected (?:mail|posting)
    warning: (?:message|could not send|e?-?mail)|could not send message|postmaster notify|nondelivery
    (?:unzustellbar|nicht zustellbar|unzustellbare (?:mail|nachricht|e-mail))\s*(?::|$)
    unzustellbare (?:mail|e-mail)|mailzustellung|zustellung der (?:mail|nachricht|e-mail)
    (?:e-?)?mail konnte nicht zugestellt|недоставленн(?:ое|ая) (?:сообщение|письмо|почта)|недоставлено:
    не уда(?:лось|[её]тся) доставить(?:\s*:| сообщение| письмо)|(?:ваше )?(?:сообщение|письмо) не (?:было )?доставлено
    ошибка доставки (?:почты|сообщени|письма)|уведомление о (?:не)?доставке (?:сообщ|письм|почт)
    отч[её]т о доставке (?:сообщ|письм|почт)|не доставлено:|не вдалося доставити(?:\s*:| лист| повідомлення)
    недоставлений лист|лист не доставлено|non remis\s*:|message non (?:distribué|remis)|échec de (?:la )?remise
    courrier non distribué|avis de non-remise|no se puede entregar\s*:|no entregado\s*:
    correo (?:no entregado|devuelto)|error en la entrega del (?:mensaje|correo)|mensaje (?:no entregado|devuelto)
    notificación de estado de entrega|non recapitabile\s*:|messaggio non recapitato
    impossibile recapitare il messaggio|(?:não entregue|não é possível entregar)\s*:|mensagem não entregue
    falha na entrega d[ea] mensagem|onbestelbaar\s*:|kan inte leverera(?:s)?\s*:|kan ikke leveres\s*:
    ikke leveret\s*:|(?:niedostarczone|nie można dostarczyć)\s*:|nedoručiteln(?:é|á)\s*:|kézbesíthetetlen\s*:
    teslim edilemedi\s*:|メールエラー|配信不能|送信エラー|メール(?:を)?配信できません|送信できません|退信|系统退信
    无法传递|无法投递:|邮件(?:发送|投递)失败|메일 (?:전송|발송) 실패|반송된? 메일
"""

# What mail systems say of a failure, and nobody else.
BOUNCE_TEXTS = r"""
    user unknown|unknown (?:user|recipient|local|address error|or illegal|virtual)
    no such (?:user|recipient|mailbox|host|domain)
    (?:user|recipient|mailbox|address|domain|host)(?: name)? (?:is )?(?:not|un)(?: ?found|known|available|routeable)
    mailbox (?:is )?(?:full|disabled|over|exceed|size|inactive|does not exist)|recipient(?: address)? rejected
    (?:over|exceeded)[ -]?(?:the |his |its |their )?(?:storage |disk |mailbox )?quota|quota exceed|is over quota
    permanent (?:fatal )?error|relay(?:ing)? (?:access )?(?:is )?denied
    address(?:es)? had (?:permanent|transient|delivery)
    your (?:message|email) (?:wasn.t|was not|couldn.t be|could not be) delivered|address couldn.t be found
    qmail-send|(?:host|server) (?:\S{1,100} )?(?:said|returned|respon)|retry time(?:out)? (?:exceeded|not reached)
    delivery to the following (?:recipient|address)
    the following (?:address|recipient)(?:es|s|\(s\)|\(es\))? (?:failed|had)|mailer-daemon
    mail delivery (?:sub)?system|did not reach the following recipient|a message that you sent could not
    you are not (?:a )?member of this (?:mailing )?list|duplicated message-id
    original message (?:was received|follows|headers)
    (?:почтовый )?ящик (?:\S{1,60} )?(?:не существует|переполнен|недоступен|отключен|заблокирован)
    не может быть доставлено|(?:адресат|пользовател\w*|получател\w*|адрес) (?:\S{1,60} )?не (?:существует|найден)
    сообщение не (?:было )?доставлено|empfänger(?:adresse)? (?:unbekannt|nicht gefunden|wurde)
    postfach (?:ist )?voll|nachricht konnte nicht (?:zugestellt|an)
    message n'a pas pu être (?:remis|distribué|livré)
    (?:mensaje|correo).{0,30}no (?:se pudo|se ha podido|pudo ser) entrega
    \b[45]\d\d[ -]{1,3}#?[45]\.\d{1,3}\.\d{1,3}
    \b(?:smtp|diagnostic|status)[^\n]{0,60}\b[45](?:\.\d{1,3}\.\d{1,3}|\d\d)\b
    (?:said|respon\w*|error|code|reply)[^\n]{0,40}\b[45]\d\d\b|ユーザー?が(?:存在|見つか)
    宛先.{0,30}(?:存在|見つか|届|送信)|送信できません|配信できません|お届けできません|收件人.{0,20}不存在|无法送达
    邮箱.{0,20}(?:不存在|已满)
"""

# Status codes (RFC 3463 §3) by what is said where no code is given; the first that fits.
STATUS_TEXTS = {
    "5.2.2": r"""
        (?:mailbox|mailfolder|postfach|ящик)\W{1,3}(?:is |ist )?(?:full|voll|переполнен)|quota|exceeded the local limit
        postfach des empfängers ist voll|boîte.{0,40}pleine|buzón.{0,40}llen
        一杯|いっぱい|已满
    """,
    "5.2.1": r"""
        (?:account|mailbox|user) (?:is )?(?:locked|disabled|inactive|suspended|blocked)
    """,
    "5.2.3": r"""
        size limit|(?:message|mail) (?:is )?too (?:large|big)|(?:message|mail) size exceed
    """,
    "5.1.2": r"""
        (?:host|domain) (?:is )?(?:unknown|not found|does not exist)|unknown host|unknown domain|no mx record
        host [\w.-]{1,200} not found|(?<![\w.@-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,5} does not exist
        name service error|indicated no smtp service|unrouteable|could not find a gateway
    """,
    "5.6.7": r"""
        smtputf8
    """,
    "4.4.7": r"""
        retry time(?:out)? (?:not reached|exceeded)|has been delayed|will be retried|(?:sent|delivered) for \d+ days
    """,
    "4.4.1": r"""
        timed out|connection refused|no answer from host
    """,
    "5.7.1": r"""
        not (?:a )?member|relay|rejected by|spam|permission|(?:access )?denied|filter|権限|policy
    """,
    "5.1.1": r"""
        (?:user|recipient|mailbox|addressee|address)(?: name)? (?:is )?(?:unknown|not (?:found|known|listed|recognized))
        (?:unknown|no such|invalid|no valid) (?:user|recipient|mailbox|address|e-?mail)|not listed in|no mailbox here
        doesn.t have an? \S{1,80} account|does not exist|couldn.t be found|не существует|не найден|不存在|存在し
        unbekannt|inconnu|desconocid|sconosciut|introuvable|no se encontró|nicht gefunden
    """,
}

# What everybody writes of a failure: it counts only where the sender is a mail system.
FAILURE_SUBJECTS = r"""
    deliver|fail|return|reject|bounce|warning|error|mail system|postmaster|доставк|доставлен|возврат|ошибк|zustell
    fehler|entrega|remise|エラー|失败
"""
FAILURE_TEXTS = r"""
    (?:not|n't|unable to|failed to|cannot|could not)\b.{0,40}\bdeliver
    delivery.{0,30}(?:fail|problem|error|attempts)|undeliverable|returned to sender|following (?:address|recipient)
    wasn.t found at|quota|mailbox|не существует|не доставлен|не уда(?:лось|[её]тся) (?:выполнить )?достав
    не вдалося|переполнен|nicht zugestellt|bounce|no se pudo entregar|宛先|不存在|スパム
"""

# Subjects that only programs write …
AUTO_REPLY_SUBJECTS = r"""
    \[?auto(?:matic|mated|mat)?[ -]?(?:reply|response|respond|responder|answer)\s*(?:[:\]()<-]|$|from\b|to\b|re\b)
    out of (?:the )?office(?: auto-?\s?reply)?\s*(?::|$|-|autoreply|auto-reply|reply|notification|message|response)
    abwesenheits(?:notiz|nachricht|meldung|assistent|benachrichtigung|agent)|abwesend\s*:|вне офиса\s*:
    автоматическое (?:уведомление|сообщение) об отсутствии|message d'absence|notification d'absence
    absence du bureau\s*(?::|$)|fuera de (?:la )?oficina\s*(?::|$)|fuori sede\s*:|ausência temporária\s*:
    automatische (?:abwesenheit|beantwoording)|afwezigheidsbericht|afwezig\s*:|autosvar|frånvaromeddelande
    (?:自动回复|自動回覆|自動返信|自動応答|不在通知|不在のお知らせ|자동 ?응답|자동 ?회신|부재중)(?:\W|$)
    frav(?:æ|ae)rsmelding|frav(?:æ|ae)rsassistent|poissaoloviesti|poissaoloilmoitus|autosvar|automatski odgovor
"""
# "Automatic reply" in other languages: people write of such a reply too, but say more of it than its name.
AUTO_REPLY_TITLES = r"""
    automatisch(?:e|es)? antwort|автоответ(?:чик)?|автоматический ответ|автовідповідь|автоматична відповідь
    réponse automatique|respuesta autom[áa]tica|risposta automatica|resposta autom[áa]tica|automatisch antwoord
    automatiskt? svar|autoodpowiedź|automatyczna odpowiedź|odpowiedź automatyczna|automatická odpověď
    otomatik (?:yanıt|cevap)|automaattinen vastaus|automatikus válasz|răspuns automat|αυτόματη απάντηση
    automatski odgovor|automatická odpoveď|автоматичен отговор|автоматски одговор|аўтаматычны адказ|automaatvastus
    automatinis atsakymas|automātiska atbilde|samodejni odgovor|מענה אוטומטי|תשובה אוטומטית|رد تلقائي|پاسخ خودکار
    ตอบกลับอัตโนมัติ|trả lời tự động|balasan otomatis|resposta automàtica
"""
# … and those of people too.
MAYBE_AUTO_REPLY_SUBJECTS = r"""
    auto:|automat|auto[ -]?(?:reply|respon)|автоматическ|ooo\b
    out of (?:the )?office|away\b|on (?:vacation|holiday|leave|annual leave)|vacation|holiday
    .{0,60}\b(?:is|am|'m) (?:away|on|out|currently)\b|abwesen|urlaub|nicht im büro|(?:я )?(?:в|на) отпуск|отпуск
    отсутств|(?:меня )?нет (?:на месте|в офисе)|вне офиса|не в офисе|у відпустці|absen(?:t|ce)
    (?:en )?congés?\b|en (?:vacances|déplacement)|fuera de|de vacaciones|ausen|assen|fuori ufficio|afwezig|frånvar
    fravær|nieobecn|urlop|thank you for (?:your|contacting)|thanks for contacting
    (?:we(?: have|'ve)? )?(?:received|got) your
    your (?:message|e-?mail|request|enquiry|inquiry) (?:has been |was )?received|acknowledge?ment
    (?:ваше |ваш )?(?:письмо|обращение|сообщение|запрос|заявка) (?:получен|принят|зарегистрирован)
    спасибо за (?:обращение|письмо)|ihre (?:nachricht|anfrage|e-?mail)|eingangsbestätigung|accusé de réception
    acuse de recibo|不在
"""
# The text of absent people …
AUTO_REPLY_TEXTS = r"""
    \booo (?:until|till|from)|\bi(?:'m| am| will be|'ll be)(?: currently| now)? away
    \bi(?:'m| am| will be|'ll be)(?: currently| now)? (?:out of (?:the )?office|on (?:vacation|holiday|leave|annual))
    out of (?:the )?office (?:until|from|and|till)|limited access to (?:my )?e-?mail
    will (?:reply|respond|answer|get back).{0,40}(?:return|back)|wird nicht (?:weitergeleitet|gelesen)
    (?:derzeit|momentan|zurzeit|bis|bin|aktuell).{0,40}(?:nicht im (?:büro|haus)|abwesend|im urlaub|in elternzeit)
    (?:нахожусь|буду|находиться|сейчас|я) (?:в отпуске|в командировке|на больничном|вне офиса|не в офисе)
    буду отсутствовать|\bотсутствую|отвечу .{0,40}(?:возвращени|после|когда)|у відпустці|буду відсутн
    (?:je suis|serai|actuellement).{0,30}(?:absent|en congé|en déplacement|en vacances)
    (?:estoy|estaré|me encuentro|actualmente).{0,30}(?:fuera|de vacaciones|ausente|de baja)
    (?:sono|sarò).{0,30}(?:assente|fuori|in ferie)|(?:estou|estarei).{0,30}(?:fora|ausente|de férias)|afwezig
    jestem nieobecn|jestem na urlopie|不在
"""
# … who say when they are back, and whom to ask until then …
BACK_TEXTS = r"""
    \b(?:will|shall|'ll) (?:be back|return|reply|respond|answer|get back|read)|when (?:i(?:'m| am) )?back|\burgent
    (?:on|after|upon) my return|back (?:on|in the office)|(?:вернусь|отвечу|срочн|обращайтесь|по возвращени)
    dringend|wieder (?:erreichbar|im büro|da)|wird nicht (?:weitergeleitet|gelesen)|(?:mon|notre) retour|urgen(?:t|ce)
    (?:mi|a la) (?:vuelta|regreso)|al mio (?:rientro|ritorno)|spoed|повернуся|відповім|терміново|powroc|pilnych
"""
# … who thank for mail before they have read it …
THANKS_TEXTS = r"""
    thank(?:s| you) for (?:your|the) (?:e-?mail|message)|спасибо за (?:ваше )?(?:письмо|сообщение)
    dank für (?:ihre|deine) (?:e-?mail|mail|nachricht)|merci (?:de|pour) votre (?:message|mail|e-?mail|courriel)
    gracias por (?:su|tu) (?:correo|mensaje|e-?mail)|grazie per (?:la sua|il suo|la tua)|obrigad[oa] pel
"""
# … of those who have received something …
RECEIVED_TEXTS = r"""
    (?:received|got) your|has been (?:received|logged|registered|created)|thank(?:s| you) for (?:contacting|your)
    (?:обращение|заявк\w|письмо|запрос) (?:\S{1,20} ){0,2}(?:получен|принят|зарегистрирован)|получили ваш|присвоен номер
    (?:ist|sind) (?:bei uns )?eingegangen|(?:nachricht|anfrage|e-?mail) erhalten|bien reçu|hemos recibido
    abbiamo ricevuto|recebemos|ontvangen|otrzymaliśmy|отримали ваш
"""
# … and of programs.
AUTOMATIC_TEXTS = r"""
    this (?:is an?|e-?mail is|message is|reply (?:is|was)) auto
    auto(?:mated|matic(?:ally)?)[ -](?:reply|response|generated)|automated (?:message|e-?mail|acknowledge?ment)
    automatisch (?:generiert|erstellt|erzeugt)|automatische (?:antwort|nachricht)
    автоматическ(?:ий ответ|ое сообщение|ое уведомление|ое письмо|и сгенерир|и создан|и сформир|и отправл)
    (?:создано|сформировано|сгенерировано|отправлено) автоматически|автоматичн
    dies ist eine automat|automatische (?:eingangs|empfangs)
    (?:réponse|message) automatique|généré automatiquement|(?:respuesta|mensaje) automátic|generado automáticamente
    risposta automatica|resposta automática|automatisch bericht|automatyczn|自動(?:送信|返信|配信)|自动(?:回复|发送)
"""

# Read receipts of the old kind, without a report.
READ_SUBJECTS = r"""
    not read|read|gelesen|ungelesen|lu|non lu|leído|no leído|letto|non letto|lida|não lida|gelezen|läst|læst|lest
    przeczytano|прочитано|прочтено|не прочтено|уведомление о прочтении|прочитане|開封済み|已读
    disposition notification|return receipt|lesebestätigung|accusé de lecture|confirmación de lectura
    conferma di lettura
"""
READ_TEXTS = r"""
    (?:message|mail|nachricht).{0,120}\b(?:was|wurde|has been)\b.{0,80}\b(?:read|displayed|deleted without|opened)
    (?:message|mail|nachricht).{0,120}\bwurde\b.{0,80}\b(?:gelesen|gelöscht|angezeigt|geöffnet)
    \n\s{0,9}(?:was|wurde|has been)\b.{0,80}\b(?:read|displayed|deleted|opened|gelesen|gelöscht|angezeigt|geöffnet)
    (?:письмо|сообщение).{0,120}(?:прочтен|прочитан|просмотрен)|\n\s{0,9}(?:было )?(?:прочтен|прочитан|просмотрен)о
    a été lu|(?:fue|ha sido) (?:leíd|mostrad|visualizad)|è stato (?:letto|visualizzato)
    return receipt|开封|開封
"""
