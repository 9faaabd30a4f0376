r"""What mail systems and absent people write, by language: the data of `automation`.

Each table is a list of patterns, ignoring case, divided by a new line; those of subjects match at the begin.
"""

# Subjects that only mail systems write. Parcels are undeliverable and returned to sender too, hence the exactness.
BOUNCE_SUBJECTS = r"""
    undeliver(?:able|ed)(?:\s+(?:mail|message|e-?mail)\b|:|$)|undelivered mail returned
    unable to deliver (?:mail|message)|delivery (?:status|failure|delay(?:ed)?) (?:notification|report)
    delivery notification: delivery|delivery status$
    mail delivery (?:fail|status|error|report|problem|notification|(?:sub)?system\s*(?:$|[:(-]))
    mail (?:system error|undeliverable|could not be delivered|not delivered|failure)|e?mail delivery failure
    notice: mail delivery|failure notice\s*$|returned (?:mail|message|e-?mail)
    non[- ]?delivery (?:notif|report|notice)|nondeliverable|non-receipt notification
    message (?:undeliverable|not delivered|delivery (?:fail|delayed|status|report))|failed mail
    (?:your )?(?:message|mail|e-?mail) (?:could|can) ?not be delivered|delayed mail|rejected (?:mail|posting)
    warning: (?:message|could not send|e?-?mail)|could not send message|postmaster notify|nondelivery
    (?:unzustellbar|nicht zustellbar|unzustellbare (?:mail|nachricht|e-mail))\s*(?::|$)|unzustellbare (?:mail|e-mail)
    mailzustellung|zustellung der (?:mail|nachricht|e-mail)|(?:e-?)?mail konnte nicht zugestellt
    недоставленн(?:ое|ая) (?:сообщение|письмо|почта)|недоставлено:
    не уда(?:лось|[её]тся) доставить(?:\s*:| сообщение| письмо)|(?:ваше )?(?:сообщение|письмо) не (?:было )?доставлено
    ошибка доставки (?:почты|сообщени|письма)|уведомление о (?:не)?доставке (?:сообщ|письм|почт)
    отч[её]т о доставке (?:сообщ|письм|почт)|не доставлено:|не вдалося доставити(?:\s*:| лист| повідомлення)
    недоставлений лист|лист не доставлено|non remis\s*:|message non (?:distribué|remis)|échec de (?:la )?remise
    message you sent blocked by|courrier non distribué|avis de non-remise|no se puede entregar\s*:|no entregado\s*:
    correo (?:no entregado|devuelto)|error en la entrega del (?:mensaje|correo)|mensaje (?:no entregado|devuelto)
    notificación de estado de entrega|non recapitabile\s*:|messaggio non recapitato
    impossibile recapitare il messaggio|(?:não entregue|não é possível entregar)\s*:|mensagem não entregue
    falha na entrega d[ea] mensagem|onbestelbaar\s*:|kan inte leverera(?:s)?\s*:|kan ikke leveres\s*:|ikke leveret\s*:
    (?:niedostarczone|nie można dostarczyć)\s*:|nedoručiteln(?:é|á)\s*:|kézbesíthetetlen\s*:|teslim edilemedi\s*:
    メールエラー|配信不能|送信エラー|メール(?:を)?配信できません|送信できません|退信|系统退信|无法传递|无法投递:
    邮件(?:发送|投递)失败|메일 (?:전송|발송) 실패|반송된? 메일
"""

# What mail systems say of a failure, and nobody else.
BOUNCE_TEXTS = r"""
    no route found|delivery problems to the following
    unknown (?:user|recipient|local|address error|or illegal|virtual)|no such (?:user|recipient|mailbox|host|domain)
    (?:user|recipient|mailbox|address|domain|host)(?: name)? (?:is )?(?:not|un)(?: ?found|known|available|routeable)
    mailbox (?:is )?(?:full|disabled|over|exceed|size|inactive|does not exist)|recipient(?: address)? rejected
    (?:over|exceeded)[ -]?(?:the |his |its |their )?(?:storage |disk |mailbox )?quota|quota exceed
    permanent (?:fatal )?error|relay(?:ing)? (?:access )?(?:is )?denied
    address(?:es)? had (?:permanent|transient|delivery)
    your (?:message|email) (?:wasn.t|was not|couldn.t be|could not be) delivered|address couldn.t be found|qmail-send
    (?:host|server) (?:\S{1,100} )?(?:said|returned|respon)|retry time(?:out)? (?:exceeded|not reached)
    delivery to the following (?:recipient|address)
    the following (?:address|recipient)(?:es|s|\(s\)|\(es\))? (?:failed|had)|mailer-daemon
    mail delivery (?:sub)?system|did not reach (?:the following|(?:some|any|all|its)\b[^\n]{0,30}) recipient
    recipients? could not be reached|a message that you sent could not
    you are not (?:a )?member of this (?:mailing )?list|duplicated message-id
    original message (?:was received|follows|headers)
    (?:почтовый )?ящик (?:\S{1,60} )?(?:не существует|переполнен|недоступен|отключен|заблокирован)
    не может быть доставлено|(?:адресат|пользовател\w*|получател\w*|адрес) (?:\S{1,60} )?не (?:существует|найден)
    (?:сообщение|письмо) (?:\S{1,20} ){0,8}не (?:было )?доставлено
    empfänger(?:adresse)? (?:unbekannt|nicht gefunden|wurde)|blocked by our spam
    postfach (?:\S{1,80} ){0,3}(?:ist )?voll
    nachricht konnte nicht (?:zugestellt|an)|message n'a pas pu être (?:remis|distribué|livré)
    (?:mensaje|correo).{0,40}no (?:se pudo|se ha podido|pudo ser|ha (?:podido )?s(?:ido|er)) entrega
    \b[45]\d\d[ -]{1,3}#?[45]\.\d{1,3}\.\d{1,3}
    \b(?:smtp|diagnostic|status)[^\n]{0,60}\b[45](?:\.\d{1,3}\.\d{1,3}|\d\d)\b
    (?:said|respon\w*|error|code|reply)[^\n]{0,40}\b[45]\d\d\b|ユーザー?が(?:存在|見つか)
    宛先.{0,30}(?:存在|見つか|届|送信)|送信できません|配信できません|お届けできません|收件人.{0,20}不存在|无法送达
    邮箱.{0,20}(?:不存在|已满)
"""

# Subjects of such mail in other words: what was sent …
SENT_MAIL = r"""
    message|\be-?mails?\b|\bmail\b|nachricht|письм|сообщени|почт|повідомлен|\bлист|courriel|\bmél\b|mensaje|correo
    messaggi|mensagem|wiadomo|bericht|zpráv|správ|meddelande|melding|besked|viesti|üzenet|mesaj|ileti|e-?posta|съобщени
    \byour document\b|ihr dokument|votre document|su documento|il documento|uw document|ваш документ
    μήνυμ|poruk|邮件|郵件|メール|메일
"""
# … and that it did not arrive, or not yet.
UNDELIVERED = r"""
    \b(?:not|n['’]t|cannot|could ?not|unable|failed|failure)\b.{0,30}\bdeliver|undeliver
    \b(?:your|ihre|ваше|votre|su|tu|sua|la tua) .{0,30}(?:quarant|карантин|cuarent|quarent)
    возвращ[её]н[оы]|повернен[оы]|(?:message|mail) (?:\S{1,6} ){0,2}returned|zurück(?:gesandt|geschickt|gekommen)
    retournée?\b|devuelt|devolvid|restituit|zwrócon
    (?:consegna|recapito|invio) (?:fallit|non riuscit)[ao]|αποτυχία παράδοσης|помилк\S .{0,20}доставк
    (?:届け|配信|送信|配送)でき(?:ません|なかった)|未配信|不達
    \bverzögert|opóźnion|zadrž|livrar\w{1,2} (?:nu a )?(?:eșu|esu)|kézbesítési (?:hiba|késés)
    falha n[ao] (?:entrega|envio)
    retrasad|retardé|différé|ritardat|in ritardo|atrasad|vertraagd|försena|forsinket|zpožděn|geciktiril|延迟|遅延|遅れ
    deliver\S{0,3} .{0,20}(?:fail|delay|problem)|\bdelayed\b|returned to (?:the )?sender
    (?:did not|n['’]t|could not) (?:be )?reach|not accepted|nicht (?:\S{1,12} )?(?:zugestellt|zustellbar|ausgeliefert)
    nicht (?:\S{1,12} )?übermittelt|unzustellbar|zustellung.{0,30}(?:fehl|verzögert|nicht|gescheitert)
    zustell(?:fehler|problem)|verzögerte zustellung|не (?:\S{1,12} )?доставлен|недоставл
    не уда\S{1,4} (?:\S{1,12} )?достав|не мо\S{1,4} быть доставлен|не вдалося достав|не дошл[оа]
    доставк\S .{0,40}(?:не |невозмож|задерж|отлож|ошибк)|ошибк\S .{0,20}доставк|задержка .{0,20}доставк
    n['’](?:a|ont) (?:pas )?(?:encore )?(?:pas )?(?:pu |été |être ){1,3}(?:remis|distribu|livr|délivr|achemin)
    non[ -](?:remis|distribu|livr|délivr)|impossible (?:de|à) (?:remettre|distribuer|délivrer)
    (?:remise|distribution|livraison|acheminement|envoi)\b.{0,30}(?:impossible|échou|retard|différé)
    échec\b.{0,20}(?:remise|distribution|livraison|acheminement|envoi)|imposible entregar
    no (?:se )?(?:\S{1,8} ){0,2}(?:podido |pudo )?(?:ser )?entreg|mancat[ao] (?:consegna|recapito)
    non (?:\S{1,8} ){0,2}(?:possibile )?(?:recapitat|consegnat|consegnare|recapitare)
    impossibile (?:recapitare|consegnare)|não (?:\S{1,8} ){0,3}entreg|nie (?:\S{1,10} ){0,3}(?:doręcz|dostarcz)
    nie(?:dor[ęe]cz|dostarcz)|opóźnieni\S .{0,12}(?:doręcz|dostarcz)|onbestelbaar
    niet (?:\S{1,8} ){0,2}(?:afgelever|bezorg|besteld|geleverd)|nedoruč
    ne(?:bol|byl|podařil|podaril)\S{0,2} .{0,20}doruč
    ei voitu toimittaa|toimitus epäonnistui|не е доставен|δεν (?:παραδόθηκε|ήταν δυνατή η παράδοση)
    (?:ikke|inte) (?:\S{1,8} ){0,2}(?:lever|aflever)|nem (?:\S{1,10} )?kézbesít|nu a (?:fost|putut).{0,20}livrat
    \b(?:blocked|rejected|refused)\b|ab(?:gelehnt|gewiesen)|zurückgewiesen|verweigert|отклон[её]н|отвергнут|відхилен
    \brejet[ée]e?\b|\brefusée?\b|rechazad|rifiutat|respint|rejeitad|recusad|odrzucon|geweigerd
    teslim edile?m|iletilemedi|無法(?:傳遞|送達)|未能(?:送达|投递)|配信できません|전송.{0,6}못
"""

# Why a message is delayed, which monitoring says of other things too.
DELAY_TEXTS = r"""
    (?:still|remains?|waiting) in (?:the|our) (?:mail )?queue|retried for|next (?:delivery )?attempt|keep trying
    connection (?:refused|timed out)|greylist|stay in the queue
    (?:осталось|остаётся|остается|находится|стоит) в очереди|повторн\S{2,3} попыт|попытк\S .{0,20}доставк
    in der warteschlange|(?:weitere|nächste) zustellversuch|file d['’]attente|en la cola|intentos de entrega
    nella coda|in coda|na fila de|tentativas de entrega|w kolejce|prób\S{0,2} (?:doręcz|dostarcz)|in de wachtrij
"""
# The labels of the fields of a message, of which notices about one name some.
MAIL_LABELS = """
    from|to|sender|recipient|recipients|subject|message-id|von|an|absender|empfänger|betreff|от|кому|отправитель
    получатель
    тема|de|à|expéditeur|destinataire|objet|para|remitente|destinatario|asunto|da|mittente|oggetto|remetente
    destinatário|assunto|od|do|nadawca|adresat|odbiorca|temat|van|aan|afzender|ontvanger|onderwerp|від|відправник
    отримувач|одержувач|från|till|ämne|fra|til|emne|odesílatel|příjemce|předmět|gönderen|alıcı|kime|konu|发件人|收件人
    主题|差出人|宛先|件名|보낸 사람|받는 사람|제목
"""

# How people ask for help with what fails.
HELP_WORDS = r"""
    \bplease (?:help|look|advise|assist|investigate|have|fix|unblock|delist|whitelist|take a look)\b|\bany ideas?\b
    \bbitte (?:um hilfe|helfen|entsperren|schauen|kümmern)|помогите|разберитесь|\bпосмотрите|\bпочините|aidez|ayuda\b
    \baiuto\b|pomocy\b|\bproszę o (?:pomoc|sprawdz)|merci de (?:vérifier|regarder|débloquer)
"""

# Status codes (RFC 3463 §3) by what is said where no code is given; the first that fits.
STATUS_TEXTS = {
    "5.2.2": r"""
        mailbox size limit|mailbox (?:storage )?limit
        (?:mailbox|postfach|ящик) (?:\S{1,80} ){1,3}(?:is full|ist voll|переполнен)
        (?:mailbox|mailfolder|postfach|ящик)\W{1,3}(?:is |ist )?(?:full|voll|переполнен)|quota
        exceeded the local limit|exceed\S{0,3} storage allocation|postfach des empfängers ist voll|boîte.{0,40}pleine
        buzón.{0,40}llen|一杯|いっぱい|容量.{0,12}(?:上限|超え)|已满
    """,
    "5.2.1": r"""
        (?:account|mailbox|user) (?:is )?(?:locked|disabled|inactive|suspended|blocked)
    """,
    "5.2.3": r"""
        size limit|larger than|слишком большое|zu groß|(?:message|mail) (?:is )?too (?:large|big)
        (?:message|mail) size exceed
    """,
    "5.1.2": r"""
        (?:host|domain)(?: name)? (?:is )?(?:unknown|not found|does not exist)|unknown host|unknown domain|no mx record
        host [\w.-]{1,200} not found|(?<![\w.@-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,5} does not exist|name service error
        indicated no smtp service|unrouteable|could not find a gateway
    """,
    "5.6.7": r"""
        smtputf8
    """,
    "4.4.1": r"""
        timed out|connection refused|no answer from host|network error
    """,
    "4.4.7": r"""
        retry time(?:out)? (?:not reached|exceeded)|has been delayed|will be retried|(?:sent|delivered) for \d+ days
    """,
    "5.4.4": r"""
        mx records? point
    """,
    "5.7.1": r"""
        not (?:a )?member|relay|rejected by|spam|permission|(?:access )?denied|filter|権限|virus|infected|banned
        policy|policies|политик\w{1,3} безопасности|malware|prohibited|was blocked|blacklist|blocklist|blocked using
        (?:spf|dkim|dmarc) (?:check|fail|policy|record|verif)|спам|вирус|content checker
        (?:заблокирован|отклон[её]н)\S{0,2} (?:\S{1,12} )?(?:шлюз|защит|правил|фильтр)
    """,
    "5.1.1": r"""
        (?:user|recipient|mailbox|addressee|address|account)(?: name| <\S{3,100})? (?:is )?unknown
        (?:user|recipient|mailbox|address|account) [^\s@]{1,80}@\S{3,100} (?:is )?unknown
        (?:user|recipient|mailbox|addressee|address)(?: name)? (?:is )?not (?:found|known|listed|recognized)
        нет такого (?:пользователя|адреса|ящика|получателя)
        так(?:ого|ой) (?:пользовател|адрес|ящик)\S{0,2} (?:\S{1,20} ){0,3}(?:нет|не)\b
        (?:unknown|no such|invalid|no valid|not a valid) (?:user|recipient|mailbox|address|account|e-?mail)
    not listed in
        no mailbox here
        doesn.t have an? \S{1,80} account|does not exist|couldn.t be found|не существует|не найден|不存在|存在し
        (?:no|não|non|nie|n['’]) ?(?:existe|esiste|istnieje)|inesistent|inexistent|nieznan|unbekannt|inconnu
        desconocid|sconosciut|introuvable|no se encontró|nicht gefunden
    """,
}

# What everybody writes of a failure: it counts only where the sender is a mail system.
FAILURE_SUBJECTS = r"""
    deliver|fail|return|reject|bounce|warning|error|mail system|postmaster|доставк|доставлен|возврат|ошибк|zustell
    fehler|entrega|remise|consegna|recapit|niedoręcz|dostarcz|teslim|配信|无法|エラー|失败
"""
FAILURE_TEXTS = r"""
    (?:not|n't|unable to|failed to|cannot|could not)\b.{0,40}\bdeliver|delivery.{0,30}(?:fail|problem|error|attempts)
    undeliverable|returned to sender|following (?:address|recipient)|wasn.t found at|quota|mailbox|не существует
    не доставлен|не уда(?:лось|[её]тся) (?:выполнить )?достав|impossibile (?:recapitare|consegnare)
    non (?:recapitat|consegnat)|não foi (?:possível )?entreg|nie (?:mógł|mogła|można)
    (?:niet|ikke|inte|kunde inte) .{0,20}(?:bezorg|aflever|leverer|zugestellt)|iletilemedi|teslim edileme|配信|届け
    无法|退回|не вдалося|переполнен|nicht zugestellt|bounce|no se pudo entregar|宛先|不存在|スパム
"""

# Subjects that only programs write …
AUTO_REPLY_SUBJECTS = r"""
    \[?auto(?:matic|mated|mat)?[ -]?(?:reply|response|respond|responder|answer)\s*(?:[:\]()<-]|$|from\b|to\b|re\b)
    out of (?:the )?office(?: auto-?\s?reply)?\s*(?::|$|-|autoreply|auto-reply|reply|notification|message|response)
    abwesenheits(?:notiz|nachricht|meldung|assistent|benachrichtigung|agent)|abwesend\s*:|вне офиса\s*:
    автоматическое (?:уведомление|сообщение) об отсутствии|message d'absence|notification d'absence
    absence du bureau\s*(?::|$)|fuera de (?:la )?oficina\s*(?::|$)|fuori sede\s*:|ausência temporária\s*:
    automatische (?:abwesenheit|beantwoording)|afwezigheidsbericht|afwezig\s*:|autosvar|frånvaromeddelande
    [【[(〔(]?(?:自动回复|自動回覆|自動返信|自動応答|不在通知|不在のお知らせ|자동 ?응답|자동 ?회신|부재중)(?:\W|$)
    frav(?:æ|ae)rsmelding|frav(?:æ|ae)rsassistent|poissaoloviesti|poissaoloilmoitus|automatski odgovor
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
    auto:|automat|auto[ -]?(?:reply|respon)|автоматическ|ooo\b|out of (?:the )?office|away\b
    on (?:vacation|holiday|leave|annual leave)|vacation|holiday|.{0,60}\b(?:is|am|'m) (?:away|on|out|currently)\b
    abwesen|urlaub|nicht im büro|(?:я )?(?:в|на) отпуск|отпуск|отсутств|(?:меня )?нет (?:на месте|в офисе)|вне офиса
    не в офисе|у відпустці|absen(?:t|ce)|(?:en )?congés?\b|en (?:vacances|déplacement)|fuera de|de vacaciones|ausen
    assen|fuori ufficio|afwezig|frånvar|fravær|nieobecn|urlop|thank you for (?:your|contacting)|thanks for contacting
    (?:we(?: have|'ve)? )?(?:received|got) your
    your (?:message|e-?mail|request|enquiry|inquiry) (?:has been |was )?received|acknowledge?ment|(?:мы )?получили ваш
    (?:ваше |ваш )?(?:письмо|обращение|сообщение|запрос|заявка) (?:получен|принят|зарегистрирован)
    спасибо за (?:обращение|письмо)|ihre (?:nachricht|anfrage|e-?mail)|eingangsbestätigung|accusé de réception
    acuse de recibo|conferma (?:di )?ricezione|ricevuta|potwierdzenie|confirmaci[óo]n de|confirmaç[ãa]o de
    подтверждение получ|confirmation (?:of receipt|de réception)|receipt of your|alındı|不在
"""
# Absent people thank for mail before they have read it …
THANKS_TEXTS = r"""
    thank(?:s| you) for (?:your|the) (?:e-?mail|message)|спасибо за (?:ваше )?(?:письмо|сообщение)
    dank für (?:ihre|deine) (?:e-?mail|mail|nachricht)|merci (?:de|pour) votre (?:message|mail|e-?mail|courriel)
    gracias por (?:su|tu) (?:correo|mensaje|e-?mail)|grazie per (?:la sua|il suo|la tua)|obrigad[oa] pel
"""
# What programs say of themselves.
AUTOMATIC_TEXTS = r"""
    this (?:is an?|e-?mail is) auto\S{0,12}(?: \S{1,14})? (?:message|repl|respon|e-?mail|mail)
    this (?:is an?|e-?mail is|message is|reply (?:is|was)) auto\S{0,12}(?: \S{1,14})? (?:not|gener|ack|sent|conf)
    this (?:e-?mail|message|reply) (?:is|was) auto|auto(?:mated|matic(?:ally)?)[ -](?:reply|response|generated)
    automated (?:message|e-?mail|acknowledge?ment)|automatisch (?:generiert|erstellt|erzeugt)
    automatische (?:antwort|nachricht)
    автоматическ(?:ий ответ|ое сообщение|ое уведомление|ое письмо|и сгенерир|и создан|и сформир|и отправл)
    (?:создано|сформировано|сгенерировано|отправлено) автоматически|автоматичн|dies ist eine automat
    automatische (?:eingangs|empfangs)|(?:réponse|message) automatique|généré automatiquement
    (?:respuesta|mensaje) automátic|generado automáticamente|risposta automatica|resposta automática
    generat[ao] (?:automaticamente|dal sistema)|自動で送信|automatisch bericht|automatyczn|自動(?:送信|返信|配信)
    自动(?:回复|发送)
    automatick\S{1,3} (?:odpověď|odpoveď|zpráv|správ|potvrzen|potvrden|e-?mail)
    automaticky (?:gener|vygener|odesl|vytvoř)|(?:generován|odeslán|vytvořen|odoslan|vytvoren)\S? automaticky
    automatisk\S? (?:svar|besked|meddelande|melding|bekräft|bekræft|bekreft|kvitter|generer|skapa|skick|op?prett|send)
    otomatik (?:bir )?(?:yanıt|mesaj|cevap|e-?posta|olarak (?:gönder|oluştur|üret))
    automaattinen (?:vastaus|viesti|kuittaus)
    automatikus (?:válasz|üzenet|visszaigazol)|(?:mesaj|răspuns|e-?mail) (?:este )?(?:generat |trimis )?automat\b
    (?:wiadomość|mail) automatyczn
"""

# What filters on the way do with everybody's mail.
FILTERED_TEXTS = r"""
    automatically (?:\S{1,12} )?(?:scan|check|inspect|filter|archiv|encrypt|classif|label|tagg|screen)
    automatically (?:\S{1,12} )?(?:signed|forward|translat)
    (?:scan|check|inspect|filter|archiv|encrypt|classif|screen)\S{2,4} automatically
    automatisch (?:\S{1,20} ){0,4}(?:gepr|geschan|gescannt|überpr|untersuch|archiv|verschl|weitergel|signier|klassifiz)
    автоматически (?:проверен|просканир|переслан|перенаправ|зашифр|заархив|проходит)
    (?:проверен|просканирован|переслан)\S{0,2} автоматически|автоматично (?:перевірен|переслан)
    automatiquement (?:vérifi|analys|scann|contrôl|archiv|chiffr|transf)
    (?:vérifi|analys|scann|contrôl|archiv|chiffr|transf)\S{1,5} automatiquement
    automáticamente (?:analiz|verific|escane|revis|comprob|reenvi|cifr|archiv)
    (?:analizad|verificad|escanead|revisad|comprobad|reenviad|cifrad|archivad)[oa] automáticamente
    automaticamente (?:controllat|verificat|scansionat|analizzat|inoltrat|archiviat|verificad|analisad|encaminhad)
    (?:controllat|verificat|scansionat|analizzat|inoltrat|archiviat|verificad|analisad|encaminhad)[oa] automaticamente
    automatycznie (?:sprawdz|przeskan|zeskan|przekaz|zaszyfr|zarchiw)
    automatisch (?:gecontrol|gescand|doorgest|gearchiv|versleutel)
"""

# Read receipts of the old kind, without a report.
READ_SUBJECTS = r"""
    not read|read|gelesen|ungelesen|lu|non lu|leído|no leído|letto|non letto|lida|não lida|gelezen|läst|læst|lest
    przeczytano|прочитано|прочтено|не прочтено|(?:уведомление|подтверждение) (?:о )?прочтени[ия]|прочитане|開封済み
    已读|disposition notification|return receipt|lesebestätigung|accusé de lecture|confirmación de lectura
    conferma di lettura|potwierdzenie (?:przeczytania|odczytania|wyświetlenia)|confirmação de leitura|leesbevestiging
    läskvitto|läsbekräftelse|læsekvittering|lesebekreftelse|lukukuittaus|potvrzení o přečtení|přečteno
    okundu(?: bilgisi)?
    olvasási visszaigazolás|підтвердження (?:про )?прочитання|непрочитане|nieprzeczytan[aeo]|ulæst|oläst|ulest
    niet gelezen
    accusé de réception|acuse de recibo|ricevuta di ritorno|empfangsbestätigung|ontvangstbevestiging
    开封确认|開封確認|已读回执|未读|未開封
"""
READ_TEXTS = r"""
    (?:message|mail|nachricht).{0,120}\b(?:was|wurde|has been)\b.{0,80}\b(?:read(?! by)|displayed)
    (?:message|mail|nachricht).{0,120}\b(?:was|wurde|has been)\b.{0,80}\b(?:deleted without|opened)
    (?:message|mail|nachricht).{0,120}\bwurde\b.{0,80}\b(?:gelesen|gelöscht|angezeigt|geöffnet)
    \n\s{0,9}(?:was|wurde|has been)\b.{0,160}\b(?:read|displayed|deleted|opened|gelesen|gelöscht|angezeigt|geöffnet)
    (?:письмо|сообщение).{0,120}(?:прочтен|прочитан|просмотрен)|\n\s{0,9}(?:было )?(?:прочтен|прочитан|просмотрен)о
    wiadomość.{0,160}\b(?:przeczytana|wyświetlona|usunięta)|bericht.{0,160}\b(?:is|werd) (?:gelezen|geopend)
    \n\s{0,9}(?:(?:is|werd) (?:gelezen|geopend)|lästes|blev læst|ble lest)
    \bsans (?:avoir été|être) lu|\bsin (?:leer|haber sido leíd|ser leíd)|\bsenza essere (?:stat\S )?lett
    \bsem (?:ser|ter sido) lid|zonder (?:te zijn )?gelezen|ungelesen gelöscht|ohne gelesen|без прочтения
    bez (?:od|prze)czytania
    utan att (?:ha )?läs|uden at (?:være|blive) læst|uten å (?:bli|være) lest|bez přečtení|okunmadan silin
    \n\s{0,9}(?:byla? |bola? )(?:přečten|zobrazen|prečítan|odstraněn)|\n[^\n]{0,60}\bokundu\b|\n\s{0,9}on luettu
    (?:zpráv|správ)\S{0,2}.{0,160}\b(?:přečten|zobrazen|prečítan)|(?:повідомлення|лист).{0,120}(?:прочитан|переглянут)
    已?于 ?[^\n]{0,40}(?:阅读|读取)|已[^\n]{0,40}(?:讀取|閱讀)|읽(?:음|었습니다|혔습니다)
    a été (?:lu|affiché)|foi (?:lida|exibida)|(?:ileti|mesaj|e-?posta).{0,160}\bokundu
    (?:fue|ha sido) (?:leíd|mostrad|visualizad)|è stato (?:letto|visualizzato)|return receipt|开封|開封
"""

# Below what Google sends of meetings, where its calendar part is lost.
INVITATION_TEXTS = r"""
    (?:invit|einladung|приглашение|convite|zaproszenie|uitnodiging|запрош|pozvánka|davet)\S{0,6} (?:\S{1,9} ){0,3}google
    google (?:カレンダー|日历)
"""

# Sentences of a note that somebody is away, or works there no more: who says so of oneself or of the firm …
ABSENT_SENTENCES = r"""
    \bnot (?:be )?(?:reading|checking|answering) (?:my |the )?(?:e-?)?mail|away from (?:my |the )?(?:mail|computer|desk)
    ne (?:fais|fait) plus partie|ai quitté (?:la|l['’]|mes)|ya no (?:formo parte|pertenezco)|non facci[oa] più parte
    não faço (?:mais )?parte|werk (?:ik )?niet meer (?:bij|voor)|(?:už|již) (?:zde |tu )?nepracuj|arbetar inte längre
    nie jestem już pracown|(?:больше|уже) не (?:сотрудни|являюсь сотр)
    (?:nur|nicht)\b.{0,40}\bbesetzt\b|(?:čerpám|mám|budu mít) dovolen
    \booo (?:until|till|from)|\bв отъезде|\bi(?:['’]ve| have)? left\b
    (?:e-?mails?|inbox) (?:is|are|gets?) (?:only )?checked|de retour (?:le|lundi|à partir|dès|en)\b
    (?:contestar|responder)\S{0,6} .{0,30}(?:retraso|demora)|(?:sono|sarò) in (?:maternità|malattia)|\bвыходной\b
    nicht mehr (?:im unternehmen|in der firma|im haus)|\bi(?:['’]m| am)\b.{0,20}\bout (?:this|today|all|next|for|on)\b
    \b(?:is|are|be|remain) (?:\S{1,12} )?closed\b|\bi (?:only |usually )?work (?:part|mon|tue|wed|thu|only)
    my working days
    (?:mailbox|address|inbox|account)\b.{0,20}(?:no longer|not) (?:in use|monitored|active|checked|read|used)
    erreichen sie mich\b.{0,30}nicht|(?:genieße|habe|mache)\b.{0,30}urlaub
    (?:fermé|chius|cerrad|fechad)\S{0,2} (?:du|dal?|per|pour|por|del)\b
    (?:eingeschränkt|schwer|bedingt|schlecht) erreichbar|\boff the grid|\boffline\b|ne (?:travaille|suis) pas\b
    (?:письма|почту|почта) .{0,30}(?:нерегулярно|не (?:читаю|проверяю|просматриваю))|доступа к почте нет|нет доступа к
    \b(?:i|we)(?:['’]?(?:m|re|ll be)| am| are| will be)\b.{0,60}\b(?:out of (?:the )?(?:office|country)|away|absent)
    \b(?:i|we)(?:['’]?(?:m|re|ll be)| am)\b.{0,60}\bon (?:\S{1,12} ){0,2}(?:vacation|holidays?|leave|trip|pto)
    \b(?:i|we)(?: are| will be)\b.{0,60}\bon (?:\S{1,12} ){0,2}(?:vacation|holidays?|leave|trip|pto)
    \b(?:i|we)(?:['’]?(?:m|re|ll be)| am| are| will be)\b.{0,60}\b(?:off (?:work|sick|until)|travell?ing|unavailable)
    \b(?:i|we)(?:['’]?(?:m|re|ll be)| am| are| will be)\b.{0,60}\bnot (?:be )?(?:available|in the office)
    \b(?:i|we)(?:['’]?(?:m|re|ll be)| am| are| will be)\b.{0,60}\bnot (?:be )?(?:at my desk|checking)
    ^(?:out of|away from) (?:the |my )?(?:office|desk)
    \b(?:out of (?:the )?office|away) (?:until|till|from|through|and)
    (?:limited|no|little|sporadic) access to (?:my |the )?(?:e-?mails?|inbox|mail|messages)
    (?:intermittent|restricted|irregular) access to (?:my |the )?(?:e-?mails?|inbox|mail|messages)
    \bi(?:['’]?ve| have)? (?:no longer (?:work|with)|left (?:the )?(?:company|firm)|am no longer|retired)
    (?:office|company|warehouse|shop)(?: is| will be|s are)? (?:currently )?closed\b|maternity leave|parental leave
    (?:нахожусь|буду|находиться|сейчас)\b.{0,40}(?:отпуск|командировк|больничн|декрет|вне офиса)
    (?:\bя|уш[её]л|ушла|временно)\b.{0,40}(?:отпуск|командировк|больничн|декрет|вне офиса)
    (?:нахожусь|буду|сейчас|\bя)\b.{0,40}не (?:в офисе|на (?:рабочем )?месте|на работе|доступ)
    \b(?:в|на) (?:\S{1,20} )?(?:отпуске|командировке|больничном|декрете) (?:до|по|с)\b|не работаю|уволи(?:лся|лась)
    (?:в|из) (?:нашей )?(?:компании|фирме|организации)\b.{0,30}не работает|arbeitet nicht mehr (?:für|bei|in|im)\b
    no longer works? (?:for|at|here|with)|ya no trabaja|non lavora più|não trabalha mais
    \bon (?:\S{1,12} )?leave (?:until|till|from)|отсутству(?:ю|ем|ет)\b|(?:буду|будем) отсутств
    (?:меня|нас)(?: \S{1,20}){0,3} (?:нет|не будет)|ограничен\S{0,3} доступ
    (?:офис|компания|склад|мы) (?:\S{1,20} ){0,3}не работа|у відпустці|буду відсутн|не в офісі
    \b(?:bin|befinde|werde|sind)\b.{0,70}\b(?:abwesend|unterwegs(?! zu ))
    \b(?:bin|befinde|werde|sind)\b.{0,70}\b(?:im \S{0,12}urlaub|in (?:elternzeit|mutterschutz|urlaub))
    \b(?:bin|befinde|werde|sind)\b.{0,70}\bnicht (?:\S{1,12} )?im (?:büro|haus|betrieb|laden|dienst)
    \b(?:bin|befinde|werde|sind)\b.{0,70}\bnicht (?:\S{1,12} )?(?:erreichbar|da|am platz|zu erreichen)
    \b(?:bin|befinde|werde|sind)\b.{0,70}\b(?:außer haus|(?:dienst|geschäfts)reise|krank|nicht im dienst)
    (?:nicht mehr (?:für|bei|im)\b.{0,40}(?:tätig|beschäftigt)|betriebsferien|betriebsurlaub|urlaubsbedingt)
    (?:büro|betrieb|praxis|firma|geschäft)\b.{0,60}geschlossen
    (?:suis|serai|sommes|actuellement|étant)\b.{0,40}(?:absente?|en (?:congés?|vacances|déplacement|formation|arrêt))
    (?:suis|serai|sommes|actuellement)\b.{0,40}(?:indisponible|hors du bureau|injoignable)|ne (?:travaille|fais) plus
    (?:bureaux|société|entreprise|magasin) (?:sont|seront|est|sera) fermé
    (?:estoy|estaré|encuentro|estaremos|actualmente)\b.{0,40}(?:fuera|vacaciones|ausente|de baja|de viaje|de permiso)
    no (?:estaré|estoy|me encuentro)\b.{0,20}(?:disponible|oficina)|ya no trabajo|(?:oficina|empresa)\b.{0,40}cerrad
    (?:sono|sarò|siamo|saremo)\b.{0,40}(?:assente|fuori (?:ufficio|sede))
    (?:sono|sarò|siamo|saremo)\b.{0,40}in (?:ferie|vacanza|congedo|viaggio|trasferta)
    (?:non (?:sono|sarò)|sarò)\b.{0,20}(?:in ufficio|reperibil|disponibil)|non lavoro più|uffici\S?\b.{0,30}chius
    (?:estou|estarei|encontro-me|me encontro|estaremos)\b.{0,40}(?:fora|ausente|férias|viagem|licença)
    (?:já não trabalho|não trabalho mais)
    (?:jestem|będę|przebywam|jesteśmy)\b.{0,40}(?:nieobecn|urlop|poza biurem|zwolnieni|delegacji|niedostępn)
    nie ma mnie w|nie pracuję|biuro\b.{0,30}nieczynne
    \b(?:ben|zijn)\b.{0,40}(?:afwezig|vakantie|verlof|niet (?:aanwezig|op kantoor|bereikbaar))|izindeyim|izinde olaca
    izinde olduğ|ofis dışında|ofiste (?:değil|olmaya)|tatilde|seyahatte|izinli|işten ayrıl
    \bär (?:ledig|borta|frånvarande|på semester|inte på)|\ber (?:på ferie|bortreist|fraværende|ikke på kontor)
    \bolen (?:lomalla|poissa)|mimo kancelář|na dovolen|szabadság|în concediu|nincs az irodában|ziua liberă|不在|休暇
    休業|出張(?!費|料|旅費)|お休み|外出|休假|出差|度假|放假|年假|产假|請假|请假|離職|离职|退職|휴가|부재|출장
"""
# … and what else such a note says: thanks, until when, whom to ask, and what becomes of the message.
MEANWHILE_SENTENCES = r"""
    rispond(?:erò|eremo|erà)|wird\b.{0,30}(?:bearbeitet|beantwortet)
    (?:please )?reach out to|time.sensitive|обязанности исполня|если горит|遅れ|meldet sich
    expect (?:a|an|some)? ?(?:repl|respon|answer|delay|slow)|fino a|мои (?:задачи|дела|вопросы)
    \b(?:look|looking) after you|covered by|stands? in for me|when i(?:'m|’m| am) (?:next|back)|write back|reopen
    in touch|(?:update|amend) your (?:records|address)|erst wieder|(?:sera|seront) (?:lu|trait)
    (?:sarà|saranno) (?:lett|evas)|riapertura|(?:minha|meu) coleg|urgênc|jusqu|hasta el|исполня\S{1,3} обязанности
    не терпит|\b(?:will|shall|'ll|’ll|can) (?:only )?(?:be (?:back|able|returning|answered|read)|return|reply)
    \b(?:will|shall|'ll|’ll) (?:only )?(?:read|deal|attend|be in touch|check|come back)|until
    immediate (?:assistance|help|attention)|while i(?:'m| am) away
    (?:please|pls|kindly) (?:contact|call|write|direct|reach|e-?mail|refer)
    (?:please|pls|kindly) (?:get in touch|address|speak|turn|forward|feel free)
    (?:you (?:can|may) (?:contact|call|write|reach))|my colleague|will (?:help|assist) you
    back (?:on|in the office|at)
    (?:message|e-?mail)s? (?:will|is|are|has) (?:not )?(?:be )?(?:been )?(?:read|forwarded|deleted|monitored|answered)
    automat|delay(?:s|ed)? in (?:my )?(?:repl|respon)|отвечать|ответит|\bответ|обратиться
    по (?:возвращени|выход|всем вопрос)|связ(?:аться|ывайтесь|житесь)|до связи
    (?:письм|сообщени)\S{1,3} (?:не )?(?:будет |будут )?(?:прочита|прочт|рассмотр|переадрес|пересыла|обработ)
    приступлю|до \d|по \d|доступ|терміново|повернуся|звертайтесь|відповім
    (?:nicht|weder)\b.{0,40}(?:weitergeleitet|gelesen|bearbeitet)|wird\b.{0,30}weitergeleitet
    (?:wenden|kontaktieren|melden|schreiben|richten|erreichen) sie|um geduld|(?:mon|notre|dès) retour|responder[éeá]
    contest(?:ar|e)|dirigir|dirija|retorn|regresso|contat[eo]|odpowiedzi|spoed|terugkomst|beantwoord|acil
    dön(?:dü|üş|ece|üm)|yanıtla|cevapla|iletişime|yazabilir|brådskande|återkom|svarar|haster|svare|vastaan|kiireel
    (?:wordt|worden) niet (?:gelezen|doorgestuurd)|kunt u terecht|(?:mijn|een) collega
    zastup|vrát|sürgős|お問い合わせ|対応|来信|回覆|不便|긴급|회신|연락|답변
"""

# What is polite and says nothing.
POLITE_SENTENCES = r"""
    (?:\S{1,20} ){0,3}thank(?:s| you)\b.{0,40}(?:mail|message|note|contacting|writing|reaching|getting in touch)
    (?:\S{1,20} ){0,3}thank(?:s| you)\b.{0,40}(?:correspondence|letter|enquiry|understanding|patience|interest)
    спасибо,? что (?:написали|обратились)
    (?:спасибо|благодар\S{1,4}),? .{0,30}(?:письмо|сообщение|обращение|понимание|интерес|терпение|отклик)|дякую
    (?:vielen |herzlichen |besten )?(?:dank|danke)\b.{0,40}(?:mail|nachricht|verständnis|geduld)
    (?:vielen |herzlichen |besten )?(?:dank|danke)\b.{0,40}(?:interesse|kontakt|schreiben)
    merci\b.{0,40}(?:message|mail|courriel|compréhension|patience)|(?:muchas )?gracias (?:por|de antemano)|grazie\b
    (?:muito )?obrigad|dziękuj|bedankt|.{0,40}teşekkür|tack för|takk|kiitos|děkuj|köszön|mulțum
    .{0,40}(?:ありがとう|お世話に|ご不便|ご迷惑|ご了承|感谢|謝謝|谢谢|不便|감사)
    .{0,40}(?:apologi[sz]e|sorry for|извин|entschuldig|désol|disculp|(?:kind|best|warm) regards|с уважением)
    mit freundlichen|(?:bien )?cordialement|.{0,20}saludo|.{0,20}saluti|cumprimentos|pozdraw|saygı
"""

# Subjects of acknowledgements, beside those in which something sent meets what is said of it when it came in (`cues`).
RECEIPT_SUBJECTS = r"""
    (?:we(?:['’]ve| have)? )?(?:received|got) your
    (?:automatic |automated )?(?:acknowledge?ment|confirmation) (?:of|for)
    your (?:\S{1,20} )?(?:message|e-?mail|mail|request|en?quiry|inquiry|ticket|case)\b.{0,60}\b(?:logged|created)
    thank(?:s| you) for (?:e-?mailing|your (?:message|e-?mail|mail|request))|(?:ticket|request|case|message) created
    мы получили|подтверждение (?:получения|регистрации|при[её]ма)|уведомление о (?:получении|регистрации|при[её]ме)
    регистрация обращения|(?:eingangs|empfangs)bestätigung|wir haben ihre|bestätigung (?:ihrer|deiner|des eingangs)
    accusé de réception|(?:nous avons )?(?:bien )?reçu votre|confirmation de réception|acuse de recibo|hemos recibido
    recibimos|confirmación de recepción|conferma (?:di )?ricezione|abbiamo ricevuto|ricevuta di|avviso di ricevimento
    recebemos|confirmação de rece|otrzymaliśmy|potwierdzenie (?:otrzymania|przyjęcia|zgłoszenia|rejestracji|wpływu)
    potvrzení (?:o )?přijetí|potvrdenie (?:o )?prijat|bekräftelse (?:på|av)|tack för (?:ditt|din|att du)|bekræftelse på
    vi har (?:tagit emot|modtaget|mottatt)|tak for din henv|takk for (?:din henv|henv|at du)|visszaigazolás
    confirmare de primire
    (?:talebiniz|mesajınız|başvurunuz) (?:\S{1,12} )?(?:alın|ulaş)|ми отримали|підтвердження отримання
    ваш\S? (?:звернення|заявк\S) (?:\S{1,12} )?(?:прийнят|отриман)
    ontvangstbevestiging|受付完了|(?:已)?收到(?:了)?您的|您的.{0,12}(?:已收到|已受理|已提交)
"""
# Who says "I" writes by hand.
FIRST_PERSON = r"""
    \bi (?:put|sent?d?|found|spoke|asked|called|know|don['’]t|read|check|talked|went|also|only|still|forgot|left)\b
    \bi(?:['’](?:m|ve|d|ll)| (?:am|have|will|would|can|need|think|got|was|just|could|did|do|saw|want|hope|look))\b
    \bmy\b|\bя\b|\bмне\b|\bменя\b|\bмой|\bмоя|\bмоё|\bмою|\bich\b|\bmir\b|\bmein|\bje\b|\bj['’]ai\b
    \bmon (?=[a-zà-ÿ]{4})|\bmój\b|\bmoj[aąe][j]? (?!konto)|\bmnie\b|\byo\b|\bmi\b(?! piace)|\beu\b|\bmeu\b|\bminha\b
"""
# What notes ask for; other things people ask for.
PLEASE = r"""
    contact|call|write|direct|redirect|reach|e-?mail|mail|refer|get in|address|speak|turn|forward|feel|note|do not|don
    have (?:your|the) .{1,40}(?:ready|hand)|use|update|allow|bear|accept|expect|be\b|visit|include|keep
    see (?:our|the)|find|reply|phone|ring|send .{0,40}\S@
    ask\b|assume|try|rest|leave|quote (?:your|the|this|\S{0,12}\d)|add|remember|telephone|dial|text\b|consult|wait
"""
# Who asks for something is no program.
ASKING_WORDS = r"""
    \byour (?:order|booking|appointment|parcel|delivery|shipment|invoice|payment)\b
    \b(?:ihr termin|ihre (?:bestellung|lieferung|rechnung))|\bваш\S{0,3} (?:заказ|доставк|сч[её]т|оплат|бронь)
    \b(?:commande|livraison|consegna|ordine|pedido)\b|\banbei\b|во вложении
    \d ?(?:eur|usd|euros?|€|\$|£|руб|₽|zł|tl\b)|[€$£] ?\d|\battached\b|\bci-joint|\badjunt|in allegato|im anhang
    works for (?:me|us)|suits (?:me|us)|\bpasst (?:mir|uns|es)|me convient|me viene bien|mi va bene|подходит|удобно
    \bsiehe\b.{0,20}(?:anhang|anlage)|\byour (?:auto|out.of.office)|\bваш\S{0,3} автоответ|\bihre automatische
    votre réponse auto|(?:su|tu) respuesta auto|\b(?:could|can|would) you\b|\bso please\b|\blet me know\b|\bgo ahead\b
    \bi need\b|\bwe need\b|\bпрошу\b|\bпришлите|\bподтвердите|\bподпишите|\bотправьте|(?<!не )(?<!вам )\bнужн
    \bподготовьте|\bвышлите|\bотгру(?:зите|жайте)|\b(?:при)?(?:вез|воз)ите|\bдоставьте|\bвыстав(?:ьте|ляйте)
    \bзаб(?:е|и)р(?:и|ай)те|\bприезжайте|\b(?:с)?делайте|\b(?:по)?ставьте|\bзапускайте|\bзакажите|\bпроверьте
    \bbitte (?:senden|liefern|schicken|bestätigen|prüfen|bestellen|unterschreiben|geben sie mir)|\bkönnen sie\b
    \bkönnten sie\b|\bpouvez-vous\b|\benvoyez|\blivrez|\bconfirmez|\bpueden\b|\benvíe(?! de nuevo)|\bnecesit
    \bподтверждаю\b|\bсоглас(?:ен|на)\b|\bconfermo\b|\bbestätige (?:ich|den|die|das|hiermit)|\bich bestätige
    \bje confirme\b|\bconfirmo\b|\bpotwierdzam\b|\bzgadzam się|\bi (?:confirm|agree|approve)\b|\beinverstanden\b
    \b(?:daher|deshalb|darum) (?:schreibe|melde) ich|\bso i(?:['’]m| am) writing|поэтому пишу|\bdonc je vous écris
    \bpor eso (?:le )?escribo|\bвысыла(?:ю|ем)\b|\bприлага(?:ю|ем)\b|添付(?:いた|し|の)|同封|発注|添附|附件(?:是|为|中)
    见附件
    请(?:重新|开具|补|今后|更正|修改|尽快|查收)|汇款到
    いただけ(?:ます|ない|ません)(?:でしょう)?か
    \b(?:rue|route|straße|street|road|calle|strada)\b.{0,60}(?:ferm|gesperr|closed|cerrad|chius)
    \bpotete (?!chiam|contatt|rivolg|scriv)|\bho bisogno|請寄|请发|请寄|请报
"""

# What people ask somebody to do.
REQUESTS = r"""
    \b(?:could|can|would) you\b|\b(?:können|könnten|würden) sie\b|\bkönnte?t ihr\b|\bkannst du\b
    \bp(?:ouv|ourri)ez[- ]vous\b
    \bpot(?:ete|reste)\b|\bpuede[ns]?\b|\bpodr[íi]an?\b|\bpode(?:m|ria)?\b|\bmożecie\b|\bmogą państwo\b|\bkunt u\b
    \b(?:можете|могли бы|сможете)\b
"""

# What programs say at the begin of a sentence; one of PROGRAM_WORDS is in each.
PROGRAM_WORDS = """
    maschinell
    because|потому|так как|поскольку|, weil|parce|porque|perché|ponieważ|automat|reply|respond|monitored|if this
    if you did|if you do|atendid|unattended|scan date|was sent from|scanned|автомат|отвеча|если_|si has sido|si fue
    if it was|das waren|si c|se sei|se foi|jeśli|antwort|falls sie|wenn sie|répond|si vous n|si no_|si usted no
    se non_|rispond|se não_|se você|odpowiad|yanıt|otomatik|işlem|自動|自动|返信|回复|回覆|本人|不是|心当たり|送信専用
    generated by|created by|sent by|sent from|respond|reageren|antwoord|neodpov|svara inte|svar ikke|не відповідай
"""
PROGRAM_SENTENCES = r"""
    (?:dies\S{1,2}|das|die) (?:schreiben|brief|mahnung|rechnung|mitteilung|dokument) (?:wurde|ist|wird) maschinell
    you(?:['’]ve| have|['’]re| are)? (?:receiv\S{2,3}|got|getting) this (?:\S{1,20} ){1,3}because you(?:r acc| )
    you(?:['’]re| are) receiving this (?:\S{1,20} ){0,3}because (?:you |alerts|notif)
    вы (?:получили|получаете) (?:это|данное) (?:письмо|сообщение|уведомление),? (?:потому|так как|поскольку)
    sie (?:erhalten|bekommen) diese (?:e-?mail|nachricht|mail),? (?:weil|da)
    vous (?:recevez|avez reçu) (?:ce|cet) .{0,20}(?:car|parce)
    (?:ha recibido|has recibido|recibe|recibes) este (?:correo|mensaje|e-?mail) porque
    (?:ricevi|riceve|hai ricevuto) quest.{0,20}perché|(?:você recebeu|está a receber|recebeu) est.{0,20}porque
    otrzymujesz .{0,30}ponieważ|if (?:this|it) was(?:n['’]t| not) you(?! who)
    if you (?:did(?:n['’]t| not)|do(?:n['’]t| not)) (?:request|make|recogni|init|sign)|if (?:this|it) was you,
    si has sido tú|si fue usted|если это были вы|(?:wenn|falls) sie das waren|si c['’](?:était|est) (?:bien )?vous
    se sei stato tu|se foi você|jeśli to (?:ty|pan)
    если (?:это (?:были )?не вы|вы (?:этого )?не (?:запрашивали|совершали|регистрировались|входили))
    si (?:usted )?no (?:reconoce|fue usted|ha solicitado|has sido|solicitó)|si vous n['’](?:êtes|avez) pas
    (?:wenn|falls) sie (?:dies|das|diese\S{0,2})\b.{0,40}nicht\b|se non (?:sei stato|hai|riconosc)
    se (?:você )?não (?:foi|reconhece|solicit)|jeśli (?:to )?nie (?:ty|pan|wykon)|bu işlemi? siz|如非本人
    如果(?:这|您)不是|心当たり(?:の|が)ない|(?:dirección|buzón|cuenta)\b.{0,20}no atendid
    this (?:message|e-?mail) (?:was|is) sent by (?:atlassian|jira|redmine|bugzilla|youtrack|gitlab|github)
    this (?:message|e?-?mail|report) was (?:generated|created|sent) (?:by|from) (?:the |a )?\S{1,20} (?:daemon|script)
    this (?:message|e-?mail|mail|report) was (?:generated|created|sent) (?:by|from) (?:the |a )?cron
    unattended (?:mailbox|address)|this e-?mail was sent from \"|scan date:|scanned from a
    (?:please,? ){0,2}(?:do not|don['’]t|never) (?:reply|respond)(?: directly)? to this (?!thread|.{0,30}any)
    (?:please,? ){0,2}(?:do not|don['’]t|never) (?:reply|respond)(?: directly)? to the (?:e-?mail|message|address)
    (?:this|the above) (?:is|was) an? (?:\S{1,20} ){0,2}auto(?:mat|-gen)\S{0,14}(?: \S{1,20}){0,2} (?:message|mail)
    (?:this|the above) (?:is|was) an? (?:\S{1,20} ){0,2}system.generated(?: \S{1,20}){0,2} (?:message|mail)
    (?:this|the above) (?:is|was) an? (?:\S{1,20} ){0,2}auto(?:mat|-gen)\S{0,14}(?: \S{1,20}){0,2} (?:e-?mail|not)
    (?:this|the above) (?:is|was) an? (?:\S{1,20} ){0,2}auto(?:mat|-gen)\S{0,14}(?: \S{1,20}){0,2} (?:rec|rep)
    (?:this|the above) (?:is|was) an? (?:\S{1,20} ){0,2}auto(?:mat|-gen)\S{0,14}(?: \S{1,20}){0,2} (?:resp|conf)
    (?:this|the above) (?:is|was) an? (?:\S{1,20} ){0,2}auto(?:mat|-gen)\S{0,14}(?: \S{1,20}){0,2} (?:alert|inv)
    (?:this|the above) (?:is|was) an? (?:\S{1,20} ){0,2}system.generated(?: \S{1,20}){0,2} (?:e-?mail|not|rec|rep)
    (?:this|the above) (?:is|was) an? (?:\S{1,20} ){0,2}system.generated(?: \S{1,20}){0,2} (?:resp|conf|alert|inv)
    (?:this|the) (?:e-?mail|message|notification) (?:is|was|has been) (?:\S{1,12} )?(?:auto|system)\S{0,9}[ -]
    (?:this|the) (?:letter|mail|notice) (?:is|was|has been) (?:\S{1,12} )?(?:auto|system)\S{0,9}[ -]
    (?:this|the) (?:e-?mail|message|notification|letter|notice) (?:is|was|has been) (?:sent|generated|created) auto
    (?:this|the|our|replies to this) (?:e-?mail|mailbox|inbox)(?: address)? (?:is|are) (?:not|un)\s?monitored
    (?:this|the|our|replies to this) (?:address|message)(?: address)? (?:is|are) (?:not|un)\s?monitored
    (?:automated|automatic) (?:message|notification|e-?mail|notice|alert)(?! \S{1,20} (?!not |your ))
    automatically generated (?:message|notification|e-?mail|notice|alert)(?! \S{1,20} (?!not |your ))
    (?:replies|responses) to this (?:e-?mail|message|address)
    (?:пожалуйста,? |просим |убедительно просим |просьба ){0,2}не отвеча(?:йте|ть) на (?:это|данное|него)
    (?:это|данное|настоящее) (?:\S{1,20} )?(?:письмо|сообщение|уведомление) (?:\S{1,20} )?(?:автомат|отправлен)
    (?:это|данное|настоящее) (?:\S{1,20} )?(?:письмо|сообщение|уведомление) (?:\S{1,20} )?(?:сформирован|создан)
    (?:письмо|сообщение|уведомление) (?:\S{1,20} ){0,2}автоматически
    (?:это )?автоматическ\S{2,3} (?:письмо|сообщение|уведомление|рассылка)(?=\W{0,3}(?:$|[.,;:!\n-]|системы|с сайта))
    (?:bitte )?antworten sie (?:bitte )?nicht auf diese|auf diese (?:e-?mail|nachricht) kann nicht geantwortet
    (?:dies|das) ist eine automat|diese (?:e-?mail|mail|nachricht|mitteilung) (?:wurde|wird|ist) (?:\S{1,20} )?automat
    automatische (?:nachricht|mitteilung|benachr)
    (?:merci de |veuillez )?ne (?:pas|répondez)(?: pas)? (?:y )?(?:répondre )?(?:directement )?à (?:ce|cet)
    (?:merci|veuillez) (?:de )?ne pas (?:y )?répondre
    (?:ceci est un|ce) (?:message|courriel|e-?mail|mail) (?:est |a été )?(?:\S{1,20} )?(?:automat|envoyé automat)
    (?:ceci est un|ce) (?:message|courriel|e-?mail|mail) (?:est |a été )?(?:\S{1,20} )?généré automat
    (?:por favor,? )?no responda (?:a )?(?:este|directamente)
    este (?:mensaje|correo|e-?mail) (?:es|ha sido|fue|se ha) (?:\S{1,20} ){0,2}automát
    (?:si prega di |la preghiamo di )?non risponde(?:re|te) a quest
    quest[ao] (?:e-?mail|messaggio) (?:è|è stat[ao]) (?:\S{1,20} ){0,2}automat
    (?:por favor,? )?não responda (?:a )?est[ea]|est[ea] (?:é|e-?mail|mensagem|foi) (?:\S{1,20} ){0,3}automát
    (?:prosimy )?nie odpowiada(?:ć|j) na|(?:ta|ten|niniejsz\S) (?:wiadomość|mail|e-mail)\b.{0,30}automaty
    (?:lütfen )?bu (?:e-?posta|mesaj|ileti)\S{0,3} (?:\S{1,20} ){0,2}(?:otomatik|sistem taraf|yanıtla)
    (?:※)?(?:この|本)メール(?:は|に).{0,30}(?:自動|返信|送信専用)|此(?:邮件|郵件|信).{0,12}(?:自动|自動|勿回复|回覆)
    (?:messaggio|mail|comunicazione|mensaje|correo) (?:generat|inviat|generad|enviad)[oa] (?:\S{1,20} ){0,2}autom
    (?:mensagem|mail|message|courriel) (?:gerad[oa]|enviad[oa]|générée?|envoyée?) (?:\S{1,20} ){0,2}autom
    (?:wiadomość|mail) (?:została )?(?:wygenerowan|wysłan)\S (?:\S{1,20} ){0,2}automat|automatyczna wiadomość
    automatisch (?:generierte|erstellte|erzeugte|versandte) (?:nachricht|mail|e-?mail|mitteilung)
    automatisch (?:gegenereerd|verzonden|aangemaakt)\S? (?:bericht|e-?mail|mail)
    dit (?:bericht|e-?mail|is een) (?:\S{1,20} ){0,2}automat
    (?:gelieve )?(?:niet|geen) .{0,20}(?:antwoorden|reageren) op d(?:it|eze)
    (?:toto|tento|táto) (?:je |e-?mail |zpráv\S |správ\S )(?:\S{1,20} ){0,2}automat
    neodpovíd(?:ejte|ajte) (?:prosím )?na t
    (?:na tento|na tuto) (?:\S{1,12} )?(?:e-?mail|zprávu|správu) (?:prosím )?neodpov
    det(?:ta|te) (?:är|er) (?:et|en) automat|(?:detta|dette|denne) (?:\S{1,20} ){1,3}automatisk|svara inte på det
    svar ikke på den
    (?:це|цей|дане) (?:\S{1,20} ){0,2}автомат|(?:будь ласка, )?не відповідайте на (?:це|цей|лист)
    si prega di non rispondere|favor n(?:o|ão) respond|prière de ne pas répondre|prosimy nie odpowiadać
    请勿(?:直接)?回复|請勿(?:直接)?回覆|本邮件.{0,10}自动
"""
# Subjects that only programs write.
PROGRAM_SUBJECTS = r"""
    (?:down|up|offline|online|recovered|critical|degraded|unreachable): [\w-]{1,60}\.\w
    \[[\w./-]{1,80}\] (?:pipeline|build|job)\b|.{0,40}certificate expiration notice
    (?:problem|recovery|acknowledgement|flapping\S{0,6}|downtime\S{0,6})\b.{0,10}\b(?:service|host) alert|cron <
    \[(?:firing|resolved|alert(?:ing)?|problem)\b|(?:problem|recovery|resolved|acknowledgement):
    \*\* (?:problem|recovery)|build (?:failed|fixed|successful|still) |(?:failed|passed|fixed): |logwatch for
    (?:\[[\w. -]{1,30}\]:? )?new (?:message \d+ in mailbox|voice ?mail (?:message )?(?:from|in|for|\())
    (?:voice ?mail|missed call|fax|telefax|anruf|sprachnachricht|appel manqué) (?:from|von|de) \W{0,3}\d[\d ()/-]{4}
    (?:пропущенный (?:звонок|вызов)|голосовое сообщение|факс) (?:от|с номера) \W{0,3}\d[\d ()/-]{4}
    (?:down|up|recovery) alert\b|monitor is (?:down|up)\b|your receipt from .{1,60}#\d{4}
    backup (?:plan|job|task|set|of) .{1,60}\b(?:fail|succe|complet|finish|warn)
    security information for \S{1,60} \*|unattended-upgrades result
    (?:anacron|apticron|rkhunter|logcheck|arpwatch|mdadm)\b
    (?:degradedarray|fail|rebuildfinished) event on /|smart error \(|motion detected\b
"""
# How shops greet those who bought there, whoever that is.
CUSTOMER_GREETINGS = r"""
    (?:dear|hello|hi)[ ,]*(?:valued |our )?(?:customer|client|user|subscriber|member)\b
    уважаем\S{2,3} (?:клиент|покупател|пользовател|абонент|подписчик)|шановн\S{1,3} (?:клієнт|користувач|абонент)
    (?:sehr geehrte[rs]?|liebe[rs]?|guten tag,?) (?:damen und herren, liebe )?(?:kund|nutzer|abonnent)
    ch(?:er|ère) (?:client|abonné|utilisat)|estimad\S{1,4} (?:client|usuari|abonad)|gentil[ei] (?:client|utent|abbonat)
    prezad\S{1,4} (?:client|usuári|assinant)|szanown[iy] (?:klien|użytkownik|abonen)|drog[ia] (?:klien|użytkownik)
    (?:geachte|beste) (?:klant|gebruiker|abonnee)|sayın (?:müşteri|kullanıcı|abone)
"""
# What shops, carriers and accounts tell by themselves: of what, in the subject …
NOTICE_THINGS = r"""
    \bflight|\bflug\b|\bрейс|\bdomain|домен|dominio|\bdomen|domein|certificat|сертификат|zertifikat|certyfikat
    licen[cs]|лиценз|lizenz|hosting|хостинг
    \border\b|parcel|package|shipment|booking|reservation|payment|sign-?in|log-?in|\baccount|subscription|заказ|посылк
    отправлени|бронирован|плат[её]ж|оплат|парол|\bвход|аккаунт|подписк|bestellung|\bpaket|sendung|lieferung|buchung
    zahlung|passwor|anmeldung|\bkonto|commande|colis|livraison|réservation|paiement|mot de passe|connexion|compte
    pedido|envío|paquete|reserva\b|\bpago|contraseña|inicio de sesión|cuenta|ordine\b|pacco|spedizione|prenotazione
    pagamento|accesso|encomenda|senha|zamówieni|przesyłk|rezerwacj|płatnoś|\bhasł|sipariş|kargo|rezervasyon|ödeme
    şifre|注文|荷物|予約|支払|订单|包裹|快递|支付|验证码|登录
"""
# … and what became of it.
NOTICE_STATES = r"""
    expir|истека|истек(?:ло|ает|ла)?\b|заканчива|продл|läuft .{0,40}\bab\b|abgelaufen|renew|scad(?:e|enza|uto)
    vence\b|wygas|verloopt|спливає|закінчу|kommt (?:heute|morgen)|arriv|reschedul|verschoben|перенес|verspät|задерж
    shipped|dispatched|confirm|on its way|delivered|\bplaced|received|processed|cancel|reset|\bnew\b|reminder
    verif|\bready\b|передан|оформлен|отправлен|собран|доставлен|принят|подтвержд|отмен|готов|сброс|\bнов[ыо]
    измен[её]н|versandt|verschickt|unterwegs|bestätig|zugestellt|storniert|\bneue|zurücks|expédi|livré|annul
    réinitialis|nouve|enviad|entregad|restablec|\bnuev|spedit|consegnat|conferma|reimpost|\bnuov|expedid|wysłan
    potwierdz|dostarczon|anulowan|\bnow[ey]|onaylan|teslim|\byeni|発送|確認|確定|完了|发货|确认|成功
"""
# A code to sign in with, of which doors have none, and the minutes for which it holds.
SIGN_IN_WORDS = r"""
    verif|sicherheits|anmelde|bestätigung|einmal|log-?in|sign-?in|access|security|one-time|\botp\b|\bpin\b|confirm|authent
    подтвержд|\bвход|доступ|авториз|одноразов|autoriz|autentic|conferma|sécurité|connexion|potwierdz|logowani|ověř|overen
    doğrulama|onay|veriferings|inlogg|engangs|engång|kertakäyt|belépés|azonosít|認証|確認|验证|驗證|인증
"""
CODE_WORDS = r"""
    \bcode\b|\bкод|código|codice|\bkodu?\b|コード|验证码|kodunuz|\w(?:code|kod)\b|\bkoden?\b|\bkód|인증번호
"""
CODE_MINUTES = r"""
    (?:\bv[aá]l|expir|within|\bnext\b|gültig|\bgilt|läuft|innerhalb|verfällt)[^\n]{0,40}\d ?-?min
    (?:действ|истека|истеч|годен|в течение)[^\n]{0,40}\d ?-?мин
    (?:scad|\bentro\b|durante|ważn|wygas|ciągu|geldig|verloopt|pendant|чинн|дійсн|протягом)[^\n]{0,40}\d ?-?(?:min|хв)
    \d ?(?:dakika|分|분)|\d ?-?min\w{0,4} (?:lang )?(?:gültig|valid|giltig|ważny)
    (?:gäll|gæld|gjeld)\w{1,2} i[^\n]{0,20}\d ?-?min
    platí[^\n]{0,20}\d ?-?min
"""
# The labels of a form of a site; what visitors write stands behind them.
FORM_LABELS = """
    name|your name|full name|first name|last name|email|e-mail|email address|your email|message|your message|comment
    comments|phone|phone number|telephone|enquiry|inquiry|question|company|имя|ваше имя|фио|телефон|почта|эл. почта
    сообщение|комментарий|вопрос|текст|текст сообщения|контактное лицо|примечание|vorname|nachname|ihr name|nachricht
    ihre nachricht|telefon|telefonnummer|anfrage|nom|prénom|téléphone|votre message|courriel|nombre|teléfono|mensaje
    correo|correo electrónico|nome|telefono|messaggio|telefone|mensagem|imię|wiadomość|treść|お名前|氏名|電話|電話番号
    お問い合わせ内容|メールアドレス|姓名|电话|留言|ad|adınız|mesaj|mesajınız|e-posta|eposta
"""
# Who keeps mail until its sender proves to be a person: what becomes of it …
HELD_TEXTS = r"""
    (?:message|mail|letter) (?:\S{1,20} ){0,8}(?:is|was|has been|will be) (?:\S{1,12} )?(?:held|quarantined)
    (?:message|mail|letter) (?:\S{1,20} ){0,8}(?:is|was|has been|will be) (?:\S{1,12} )?(?:waiting|on hold)
    (?:not|n['’]t) (?:yet )?(?:\S{1,12} ){0,3}(?:on|in) (?:my|the|our|his|her) (?:\S{1,12} ){0,3}(?:list|contacts)
    (?:not|n['’]t) (?:yet )?(?:\S{1,12} ){0,3}(?:on|in) (?:my|the|our|his|her) (?:\S{1,12} ){0,3}address book
    approved senders|whitelist|unknown senders|\bheld (?:until|back)\b|spam (?:protection|filter)
    protect\S{0,3} .{0,40}spam|not a spam(?:mer| source)|real (?:live )?(?:human|person)
    (?:письмо|сообщение) .{0,40}(?:задержан|ожидает|не будет доставлен|карантин|не доставлен)|защит\S{0,3} от спама
    бел\S{2,3} спис|(?:nachricht|mail) (?:wird|wurde) .{0,40}(?:zurückgehalten|nicht zugestellt|erst)
    spam-?(?:schutz|filter)|(?:message|courriel) .{0,40}(?:en attente|bloqué|retenu)
    (?:mensaje|correo|mensagem) .{0,40}(?:reten?id|en espera)|messaggio .{0,40}(?:in attesa|trattenut|bloccat)
    wiadomość .{0,40}(?:wstrzyman|zatrzyman|oczekuje)|邮件.{0,20}(?:隔离|拦截)|anti-?spam
"""
# … and what the sender has to do.
CONFIRM_TEXTS = r"""
    (?:prove|confirm|verify) (?:that )?you(?:r|rself)?\b|(?:click|follow|use) .{0,60}(?:link|below|button|here)
    until .{0,30}confirm|(?:simply |just |please )?reply to this
    (?:перейд|нажм|пройд|кликн|откро).{0,60}(?:ссылк|кнопк)|ответьте на это|auf diese \S{1,12} antworten
    antworten sie .{0,20}auf diese|répondez à ce|respond[ae] a este|rispond\S{1,4} a quest|odpowie\S{1,3} na t
    potwierd|conferm[ai] |confirm[ae] |回复此|点击|подтверд.{0,60}(?:человек|отправ|адрес|письмо)
    (?:bestätigen|klicken|folgen) sie|confirme[zr]|haga clic|pulse|clicchi|clique
"""
# Words of notes of absence, of acknowledgements, and of those who let mail wait: a text without any is none.
ABSENT_WORDS = """
    ooo|sabbati|freisemester|forschungssemester|sabático|besetzt
    plus partie|quitté|ya no|più parte|faço parte|faço mais|niet meer|nepracuj|inte längre|już pracown|сотрудни
    reading my|отъезд|have left|checked|de retour|retraso|maternit|zwolnieni|on pto|nicht mehr|выходной|formation
    be back
    on my return|leave|out of_|vacation|holiday|away|travel|unavailable|not available|no longer|closed|access to
    absent|off work|retired|on a trip|отпуск|отсутств|командиров|больничн|не работа|в офис|на месте|декрет|уволи
    меня не|нас не|only work|i work|off the grid|offline|travaille|working days|in use|monitored|erreichen sie|доступ
    почту|abwesend|urlaub|büro|erreichbar|unterwegs|tätig|elternzeit|außer haus|dienstreise|geschlossen|congé|vacances
    déplacement|fermé|indisponible|bureau|vacaciones|fuera|ausente|de baja|cerrad|ferie|fuori|assente|trasferta|chius
    férias|viagem|patchy|on site|has my|am platz|trabaj|lavora|trabalh|pracuj|krank|malad|недоступ|на связи|sporadisch
    vertret|vertritt|nicht im_
    baustelle|messe|arrêt|feria|fiera|targach|delegacj|urlop|nieobecn|poza biur|nie pracuj|afwezig|vakantie|verlof
    izin|ofis|tatil|semester|bortreist|lomalla|dovolen|don't check|don’t check|en pause|udienza|riunione|slow to
    picking up emails|zu erreichen|betriebsferien|betriebsurlaub|kancel|відпуст|szabads|concediu|不在|休|出張|出差
    外出|度假|假|离职|退職|휴가|부재
"""
RECEIVED_WORDS = """
    reference|передан|received|got your|logged|been opened|been created|reached our|parvenu|wiadomość|angekommen
    eingetroffen|резюме|receipt|contacting|ticket|получ|принят|зарегистр|обращени|отримали|eingegangen|erhalten|reçu
    enregistr|recibi|ricevut|acquisit|recebe|otrzyma|przyjęt|ontvangen|alın|受け付け|受付|收到|已受理|thank you for
    thanks for|arrived|landed|safely|with our|with us|in our|acknowledg|added|review|queue|obrigad|in touch|hear from
    спасибо|благодар|поступил|создал|письмо у нас|liegt uns|liegen uns|geprüft|ihre anfrage|arrivé|registrad|acuse
    in carico|cadastrad|trafiła|nadano|dziękujemy|ulaş|お問い合わせ|ありがとう|gracias|merci|grazie|vielen dank
    herzlichen dank|registr|ответ|answer|inbox|mailbox|passed|offering|opened|доставлен|файлы|документы|bearbeitet
    ihre e-mail|pris en compte|presentado|reencaminhado|dotarła|iletil|お寄せ|投递|感谢|bedankt|agradec|submitted
    chamado|teşekkür|meddelande|mejl|modtaget|mottatt|tack för
    tak for|takk for|bekommen|звернен|отриман|děkuj|zuschrift|we have your
    megkap|beérkez|am primit|visszaigazol
    accus|remerci|vous inform|informiamo|informamos|informujemy|dziękuję|zgłoszeni|candidature
"""
CHALLENGE_WORDS = """
    confirm you|confirm that|confirms|confirmed|verify you|verify that|prove|whitelist|approved senders|подтвердит
    подтвержд|bestätigen|confirmez|confirme_|conferma_|potwierd|确认
"""
# What a mail system says of mail that arrived.
DELIVERED_SUBJECTS = r"""
    (?:delivered|relayed|zugestellt|übermittelt|remis|distribué|entregado|entregue)\s?:
    (?:recapitato|доставлено|ретрансляция|dostarczono|teslim edildi|已送达|配信済み)\s?:
    (?:successful )?mail delivery (?:report|receipt|success)|successful (?:mail )?deliver
    delivery (?:receipt|confirmation)|delivery (?:status )?notification:?.{0,30}(?:success|relay|complet)
    delivery status notification \((?:success|relay)|(?:письмо|сообщение) (?:успешно )?доставлен|доставлено
    уведомление о доставке|zustell(?:bestätigung|ung erfolgreich)
"""
DELIVERED_TEXTS = r"""
    (?:has been|was|were|have been) (?:successfully )?(?:delivered|relayed)|successfully (?:delivered|relayed)
    delivery to (?:these|the following) recipients? (?:or groups? )?is complete
    доставка .{0,60}(?:завершена|выполнена)|(?:успешно|было) доставлено
    (?:wurde|ist).{0,60}(?:erfolgreich )?(?:zugestellt|übermittelt)|a (?:bien )?été (?:remis|distribué|livré)
    (?:se ha|ha sido|fue) entregado|(?:foi|è stato) (?:entregue|recapitato|consegnato)|teslim edildi
"""
# Of the reader's own mailbox.
OWN_MAILBOX_TEXTS = r"""
    your (?:\S{1,30} )?(?:mailbox|account|storage|inbox)(?: \S{1,60})? (?:is|has|will|reached|exceed|uses|size)
    (?:в вашем|ваш) (?:почтов\S{2,3} )?ящик\S{0,2} (?:\S{1,60} )?(?:почти|заполн|переполн)
    (?:в вашем|ваш) (?:почтов\S{2,3} )?ящик\S{0,2} (?:\S{1,60} )?(?:заканчивается|осталось|достиг)
    ihr postfach (?:\S{1,60} )?(?:ist|hat)|votre boîte (?:aux lettres |de réception )?(?:\S{1,60} )?(?:est|a)\b
    su buzón (?:\S{1,60} )?(?:está|ha)
"""
# How people begin.
GREETINGS = """
    hi|hello|dear|hey|good (?:morning|afternoon|day)|здравствуйте|добрый|привет|уважаем|коллеги|hallo|guten
    sehr geehrt|liebe|bonjour|hola|buenos|ciao|buongiorno|gentile|olá|dzień|merhaba|您好|你好
"""
# How newsletters name themselves.
NEWSLETTER_SUBJECTS = r"""
    newsletter|rundbrief|infobrief|bulletin|mailing|digest|infolettre|lettre d['’]info|bolet[íi]n|boletim|notiziario
    рассылк|дайджест|вестник|biuletyn|nieuwsbrief|nyhetsbrev|nyhedsbrev|e-?bülten
"""
# How every newsletter ends.
UNSUBSCRIBE_TEXTS = r"""
    unsubscri|opt[ -]?out|mailing preferences|manage .{0,20}preferences|отпис|рассылк|abbestell|abmelden|désabonn
    désinscri|darse de baja|cancelar (?:su |la )?suscripci|disiscri|cancell.{0,20}iscrizione|descadastr
    cancelar .{0,20}inscri|wypis|uitschrijv|abonelik|配信停止|退订|取消订阅|no longer (?:wish|want) to receive
    stop receiving|non (?:vuo|desideri|vuole).{0,20}ricevere|ne (?:souhaite|voule).{0,20}recevoir
    no (?:dese|quier).{0,20}recibir|não (?:dese|quer|queir).{0,20}receber|nicht mehr (?:erhalten|bekommen)
    не (?:хотите|желаете).{0,20}получать|nie chc.{0,20}otrzymywać
"""
