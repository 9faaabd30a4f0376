r"""What notes of desks and absent people are made of, by language: the data of `notes`.

Tables as in `notices`. None of them says much by itself: what counts is which of them meet in a sentence, and which
other sentences stand beside it.
"""

# People who write of somebody's automatic reply, which names itself otherwise.
SOMEBODYS_NOTE = r"""
    \b(?:my|your|his|her|their|that|the old) (?:out.of.office|auto|vacation (?:message|repl|respon))
    (?:тво|ваш|мо|сво)\S{0,3} автоответ|(?:mein|dein|ihr)e?\S? (?:abwesenheits|automatische)
    (?:ton|ta|votre|ma) (?:réponse automatique|message d['’]absence)|(?:tu|su|mi) respuesta automática
    (?:tua|sua|mia|minha) (?:risposta automatica|resposta automática)
"""

# What people send to a desk; orders and payments are answered by people too.
SENT = r"""
    message|mail\b|\bnote\b|request|enquir|inquir|query|question|application|ticket|\bcase\b|complaint|claim|report\b
    letter|correspondence|submission|feedback|\bform\b|\bcv\b|résumé|письм|обращени|заявк|заявлени|запрос|сообщени
    вопрос|жалоб|претензи|отзыв|отклик|резюме|анкет|тикет|корреспонденц|документы|nachricht|anfrage|schreiben|anliegen
    bewerbung|unterlagen|reklamation|beschwerde|antrag|meldung|vorgang|formular|demande|courriel|courrier|candidature
    réclamation|dossier|requête|formulaire|signalement|mensaje|correo|consulta|solicitud|queja|incidencia|petici
    candidatura|escrito\b|\bcaso\b|messaggio|richiesta|segnalazione|comunicazione|reclamo|domanda|istanza|pratica\b
    curriculum|mensagem|solicita[çc]|manifesta[çc]|reclama[çc]|contato\b|chamado|requerimento
    pedido de (?:info|contat|contact|ajuda)|wiadomoś|zgłoszeni|zapytani|reklamacj|wnios|pism[oa]|aplikacj
    korespondencj|spraw[aęie]|mesaj|talep|taleb|başvuru|e-?posta|iletiniz|şikayet|sorunuz|bericht|vraag|klacht
    sollicitatie|verzoek|問い?合わ?せ|メール|ご連絡|ご依頼|ご応募|ご質問|お便り|申し?込み?|邮件|郵件|来信|來信|留言
    咨询|諮詢|申请|申請|请求|工单|反馈|投诉|简历|문의|메일|comments?\b|\bdetails\b|\boffer(?:ing)?\b|documents?\b
    \bfiles?\b|photos?\b|referral|\bdropping us|webform|файл|фото|предложени|пожелани|обратн\S{2} связь|hinweis
    angaben|dokumente|mitteilung|eingabe|rückfrage|documents|pièces|commentaire|sollicitation|documentaci|comentario
    sugerencia|documentazione|osservazioni|e-?mail|contact[oe]\b|dokumenty|bildirim|öneri|görüşü|ご意見|ご要望|内容
    建议|意见|信息|\bpapers?\b|abstract|manuscript|zuschrift|brief\b|meddelande|mejl|ärende|förfrågan|ansökan
    henvendelse|forespørgsel|besked|e-?post\b|viesti|tiedustelu|звернення|\bлист\b|zpráv|dotaz|žádost|cererea|megkeres|solicitarea|mesajul|μήνυμ
"""
# … and what is said of it when it came in.
ARRIVED = r"""
    received|registered|logged|recorded|\barrived|reached (?:us|our|the)|landed|acknowledg|\bsafely\b
    (?:been|is|was|have|has|we) (?:now |been )?(?:created|opened|added|assigned|forwarded|passed|queued|allocated|filed)
    (?:been|was|is) (?:submitted|sent to)|\b(?:is|are|been) (?:now )?(?:with|in) (?:us|our|the) |\bqueue|under review
    being (?:reviewed|processed|handled|looked)|confirm.{0,30}receipt
    for (?:your|the) (?:message|e-?mail|mail|enquiry)|for your (?:inquiry|request|application|interest|letter)
    получ(?:ен|или\b)|принят|приняли|зарегистр|поступил|созда(?:н|ли)|передан|присвоен|дошл[оаи]|\bу нас\b|переслан
    направлен|в работ[уе]\b|на рассмотрени|рассматрива|зафиксир|в обработк|спасибо за|благодар\S{1,4} (?:вас )?за
    eingegangen|erhalten\b|angekommen|eingetroffen|registriert|erfasst|angelegt|aufgenommen
    (?:liegt|liegen) (?:bei )?uns|weitergeleitet|wird .{0,30}(?:geprüft|bearbeitet)|in bearbeitung
    (?:uns|unser\S{0,2} \S{1,20}) erreicht|danke? für (?:ihre|deine|eure|ihr|das|die)|reçue?s?\b|enregistr|parvenue?\b
    \barrivée?\b|transmise?\b|créée?\b|réception|prise? en (?:compte|charge)|ouvert[e ]|en cours de traitement
    merci (?:de|pour) (?:nous|votre)|recib(?:id[oa]|imos)|registrad|tramitaci|asignad|trasladad|remitid|entrado
    entrada|llegado|cread[oa]|acusamos|gracias por (?:su|tu)|ricevut|registrat|acquisit|protocollat|pres[ao] in carico
    pervenut|inoltrat|apert[ao]\b|grazie per (?:la|il)|recebemos|recebid|registad|cadastrad|encaminhad|abert[ao]\b
    protocolad|obrigad[oa] p|otrzymaliśmy|przyjęt|zarejestrowan|wpłyn|dotarł|trafił|nadano|przekazan|dziękujemy za
    bedankt voor|al(?:ındı|ınmış|dık)|ulaştı|ulaşmış|kayded|kayıt|oluşturul|iletil|teşekkür|ontvangen|geregistreerd
    aangemaakt|doorgestuurd|binnengekomen|受け付け|受付|承り|承っ|受信|受領|いただき|頂き|賜り|ありがとう|收到|受理
    已提交|创建|登记|转交|感谢|접수|passed to|(?:we|['’]ve) (?:opened|created|logged|raised|added|registered)
    we have your|made it to|c(?:a|o)me through|got through|found its way|dealt with|in our (?:system|inbox)|been noted
    handed (?:to|over)|routed|escalated|taken in|for (?:offering|dropping|submitting|completing|filling|sending)
    доставлен|попал|занесен|внесен|учт[её]н|взят\S? в работу|открыт|ist bei uns|zur kenntnis|entgegengenommen
    dokumentiert|hinterlegt|zugewiesen|liegt .{0,20}vor|für ihre (?:nachricht|anfrage|mail|e-?mail|bewerbung)
    bien noté|bonne note|affectée|dirigée?\b|nous avons votre|presentad|ingresad|recepcionad|derivad|en trámite
    tomado nota|giunt[oa]|smistat|assegnat|preso nota|chegou|em análise|abrimos|agradecemos|skierowan|odnotow
    przekazal|birimimize|sisteme|incelen|お寄せ|届き|伝え|已进入|已录入|收悉|已转|投递|bekommen|(?:tagit|har) emot
    mottag|registrerat|modtaget|mottatt|vastaanot|отримали|отримано|зареєстров|přijali|obdrželi|zaevidov
    submitted success|got your|megkaptuk|beérkezett|rögzít|\bam primit|înregistrat|παραλ[άή]
"""
# Thanks that say the same by themselves.
THANKS_FOR_WRITING = r"""
    thank(?:s| you) for (?:contacting|getting in touch|reaching out|writing|applying)
    (?:спасибо|благодарим)(?: вас)?,? (?:что (?:написали|обратились|связались)|за (?:ваше )?обращение)
    dank für ihre kontaktaufnahme|dass sie uns (?:schreiben|kontaktier|geschrieben)|merci de nous avoir
    gracias por (?:contactar|escribir|poner)|grazie per aver(?:ci|mi)? (?:contatt|scritt)
    obrigad[oa] por (?:contact|contat|entrar|escrever|nos)|dziękujemy za kontakt|bizimle iletişime geçtiğiniz
    bize ulaştığınız|bedankt voor het contact
    thank(?:s| you)(?: (?:so|very) much)? for (?:offering|dropping|submitting|completing|filling|your (?:int|app))
    (?:спасибо|благодарим) за (?:ваш )?(?:интерес|отклик)|dank für (?:ihr|dein|das) interesse
    merci de votre (?:intérêt|message)|gracias por (?:su|tu) interés|grazie per (?:il )?(?:suo|tuo|l['’]) ?interess
    agradecemos o seu (?:contact|interesse)|dziękujemy za (?:zainteresowanie|aplikacj)|お寄せいただき|感谢您投递
    merci de l['’]intérêt|tack för (?:ditt|att)|tak for din|takk for din|kiitos (?:viesti|yhteyden)
    děkujeme za (?:zprávu|dotaz)|дякуємо за (?:звернення|лист)|için teşekkür
"""
# What becomes of it …
ANSWER = r"""
    repl(?:y|ies|ied)|respon[ds]|answer|(?:get|got|come) back|in touch|\bcontact you|contacted|hear (?:from|back)
    \bdeal|pick (?:it|this|up)|review|process|look (?:at|into)|update|handle|turnaround|assist|\bhelp\b|attend|notif
    assigned|be read|ответ|свяж|перезвон|верн[её]|рассмотр|сообщ[иа]т|обработ|уведом|напишем|информир|исполнени|решени
    antwort|meld(?:et|en)|kümmer|bearbeit|in verbindung|rückmeldung|auf sie zu|zurückkommen|benachrichtig|informier
    geprüft|répon|trait|contacter|revenir|recontact|reviendr|prendre en charge|prise en charge|rappel|informer|tiendr
    respuesta|contest|contactar|atend|pondr|tramit|informar|rispond|rispost|provved|riscontro|evas|aggiornament
    informat|lavorazione|resposta|contat|retorn|analis|informad|odpowie|odpowiada|rozpatrz|rozpatrywan|udziel|poinform
    kontakt|dönüş|yanıt|cevap|iletişim|değerlendir|bilgilendir|döneceğ|reageren|antwoord|reactie|返信|回答|連絡|対応
    ご案内|返答|回复|答复|联系|处理|回覆|답변|svarar|svarer|återkommer|besvare|vender tilbage
    vastaamme|відповім|odpovíme|válaszol|răspund|απαντήσ
    escribir|comprobar
"""
# … and when.
SOON = r"""
    \bwithin\b|after \d{1,2} ?[ap]m|(?:working|business) (?:day|hour)|\d hours|\bdays\b|\bweeks?\b|\bshortly|\bsoon\b
    as soon|up to|end of|due course|promptly|earliest|in turn|order|once\b|\bhours\b|take (?:a|some|longer|us)|next
    в течение|\bдн(?:я|ей|ям)|час(?:а|ов|ы)?\b|ближайш|скор|срок|до конца|как только|по мере|порядк|дополнительно
    позже|дольше|быстрее|innert|innerhalb|binnen|\btage?n?\b|stunden|woche|schnellst|\bbald|zeitnah|umgehend|\bkürze|sobald
    nächsten|länger|geduld|momentan|derzeit|\bsous\b|dans les|délai|heures|jours|semaine|quinzaine|\bbref|rapidement
    dès (?:que|réception)|prochainement|vite|plazo|horas|días|\bbreve|pronto|enseguida|lo antes|cuanto antes|en cuanto
    posible|término|\bentro\b|\bore\b|giorni|presto|appena|possibile|tempi\b|termini|prazo|\bdias|assim que|possível
    \blogo\b|\baté \d|ciągu|\bdni\b|godzin|wkrótce|najszybciej|niezwłocznie|içinde|\bgün|saat|en kısa|yakında|sürede
    werkdag|spoedig|zo snel|dagen|以内|営業日|順次|後ほど|しばらく|追って|改めて|まで|小时|工作日|尽快|之内|日内|天内
    稍后|近期|时间|\binom\b|arbetsdag|snarast|inden for|indenfor|\binnen\b|hverdag|arkipäiv|протягом|найближч|\bdnů\b
    reihenfolge|pracovních|napon belül|munkanap|hamarosan|mielőbb|cel mai scurt|zile lucr|σύντομα|εργάσιμ
"""
# "We will answer": needs no time.
WE_WILL_ANSWER = r"""
    \b(?:we|team|us|someone|colleague|specialist|agent)\b.{0,20}(?:will|['’]ll|shall) .{0,24}(?:reply|respond|answer)
    \b(?:we|team|us|someone|colleague|specialist|agent)\b.{0,20}(?:will|['’]ll|shall) .{0,24}(?:in touch|contact you)
    \b(?:we|team|us|someone|colleague|specialist|agent)\b.{0,20}(?:will|['’]ll|shall) .{0,24}(?:get back|review|look)
    рассмотр(?:им|ит|ят)\b|ответ(?:им|ит|ят)\b|свяж(?:емся|ется|утся)|перезвон(?:им|ит|ят)|сообщим|верн[её]мся|напишем
    (?:werden|wird)\b.{0,80}(?:melden|bearbeiten|kümmern|antworten|prüfen|in verbindung setzen)|melden uns
    kommen .{0,30}auf sie zu|répondrons|traiterons|reviendrons|contacterons|vous (?:répondra|contactera|recontactera)
    responde(?:mos|remos)\b|contesta(?:mos|remos)|atenderemos|contactaremos|pondremos en contacto|entraremos em contat
    retornaremos|risponderemo|(?:ri)?contatteremo|provvederemo|odpowiemy|skontaktujemy|odezwiemy|döneceğiz
    yanıtlayacağız|yazacağız|ileteceğiz|\bwe (?:aim|try|strive|endeavou?r) to\b
    \bwe (?:usually|normally|generally|always) \S+|\bwe (?:answer|reply|respond|read)\b
    (?:will|['’]ll) (?:\S{1,12} )?(?:be in touch|read it|contact you|get back|come back to you)|hear from us
    обратную связь|изучим|постараемся|\bотвечаем|ответ будет|получите ответ|подготовим|ответ на ваш
    \bwir (?:antworten|melden|bemühen|kümmern)|(?:erhalten|bekommen) sie (?:\S{1,12} )?(?:antwort|rückmeldung)
    beantwort(?:et|ung)|nos délais|nous (?:répondons|traitons|efforçons)|(?:sera|seront) trait|recevrez
    vous sera (?:apporté|adressé)|recibirá|daremos|nos pondremos|riceverà|verrà (?:evas|contattat)
    sarà (?:ricontattat|evas|lavorat)|responderão|será respondid|odpisujemy|odpowiadamy|udzielimy|postaramy
    sonuçlandırıl|\bsize (?:dön|bilgi|ulaş)|streven|ne(?:emt|men) .{0,40}contact
    与您联系|为您处理|给您回复|お返事|ご返信
    ご回答|差し上げ|\b(?:someone|team|committee|colleague|we)(?: will|['’]ll) (?:ring|call|arrange|notify)
    ruft sie .{0,20}\ban\b|escribiremos|comprobaremos|geri dön|svarar (?:inom|så)
    (?:le|lo|la) (?:informar|contactar|atender|avisar)(?:á|emos)|(?:la|lo) (?:revisar|estudiar)(?:á|emos)
    verrà (?:informat|avvisat)|entrar(?:á|emos) em contato|(?:sera|serez) (?:informé|contacté|recontacté)
    werden (?:sie )?(?:informiert|benachrichtigt)
"""
# What desks talk of: hours, numbers, load, where to look, what not to do.
DESK_TALK = r"""
    (?:office|opening|business|working|support) hours|out.of.hours|\bopen\b|mon(?:day)?\b.{0,6}(?:-|–|to).{0,6}fri
    turnaround|(?:response|reply|waiting) times?|volume|demand\b|queue|in turn|same .{0,30}again|\bslow|emergenc
    can['’]?t wait|cannot wait|\bsooner\b
    (?:reference|ticket|case|request|file|claim|tracking|incident)(?: (?:number|no|id|ref)\b|:)
    (?:reference|ticket|case|request|file|claim|incident)\W{0,2}(?:is |#)|\bref\b|faq|help cent|knowledge base|portal
    online|\btrack|inbox|mailbox|monitored|patien|meantime|meanwhile|(?:quote|keep) (?:the|this|your|it)|assume
    unsuccessful|privacy|data protection|reply (?:above|to this)|(?:more|further|additional) (?:info|det|comm)
    ^(?:subject|priority|status|department|summary|category|created)\s?:|^(?:тема|приоритет|статус|категория)\s?:
    режим работы|график|часы работы|круглосуточн|понедельник|пн\W{1,3}пт|выходн|рабоч|очеред|нагрузк|объ[её]м|номер|№
    повторн|новых писем|срочн|аварии|аварийн|личн\S{2,3} кабинет|на сайте|статус|состояни|ссылк|терпени|портал
    специалист|сотрудник|оператор|менеджер|консультант|результат|вопросы и ответы|частые вопросы|öffnungszeit
    geschäftszeit|sprechzeit|servicezeit|(?:von|-|–|bis) ?\d[\d.:]{0,4} uhr\b|mo\W{1,3}fr|aufkommen|nachfragen
    bitte (?:sehen|haben)|(?<!sendungs)(?<!artikel)(?<!bestell)nummer|dringend|notf[aä]ll|website|webseite|status
    datenschutz|geduld|unser\S{0,2} (?:\S{1,20})?(?:team|mitarbeiter)|horaires?|ouvert|lundi|numéro|référence|urgen
    inutile|\bsite\b|suivi|affluence|conseiller|service (?:concerné|compétent)|de lunes|número|referencia
    (?:es|hace) (?:necesario|falta)|\bweb\b|seguimiento|nuestr\S equipo|orari|lunedì|\bn\. ?\d|riferimento
    è necessario|occorre|\bsito\b|ufficio (?:competente|preposto)|operatore|horário|segunda|protocolo|referência
    acompanh|nossa equip|godzin|poniedział|numer|piln|cierpliwoś|\bstroni?e|konsultant|pracownik|çalışma saat|numara
    \bacil|web site|temsilci|営業時間|受付時間|平日|番号|土日|お待ち|担当|緊急|工作时间|编号|耐心|热线|周一|客服|拨打
    专员|\bin the order\b|\ba tiny team|small team|(?:lot|number) of (?:offers|requests|enquiries|mails|messages)
    usually (?:in|within)|while you wait|in season|at this time of year|дежурн|zuständige|ausschließlich|per post\b
    compte tenu|nombre (?:important|élevé)|l['’]ordre|ordre d['’]arrivée|registro general|remitid|tramitaci|protocollo
    lavorativi|di solito|serviços|sezonie|zwykle|koncie|birim|筛选|流程
    (?:please )?allow (?:up to |at least )?\S{1,6} (?:working|business|days)|\bbusy (?:time|period)|staffed|need up to
    reihenfolge (?:des|ihres) eingangs
    keep an eye|medical advice|werktags|notdienst|sprechstunde|tiempo medio|tempo m[eé]dio|orden de llegada
    w kolejności|in ordine di arrivo|di norma|sportello|espace client|área de cliente|area clienti|mein konto
    kundenkonto|будни|kenmerk|\bsa[gk]snummer|ärendenummer|\b(?:112|911|999)\b
"""
# What programs say of themselves.
MACHINE_TALK = r"""
    (?:отвечать|писать|обращаться) .{0,30}не (?:нужно|надо|требуется)|    \bauto(?:mat|-)|автомат|autom[aá]t|自動|自动
    otomatik
    (?:do not|don['’]t|no need|not need|avoid|refrain)\b.{0,40}(?:re(?:pl|spon|sub)|write|send|e-?mail|again|duplic)
    не (?:отвечай|нужно (?:отвеч|писать|созд)|создавай|дублир|требует)|abzusehen
    (?:bitte )?antworten sie (?:bitte )?nicht|ne pas (?:y )?(?:répondre|renvoyer)
    no (?:responda|es necesario (?:que|volver|responder))|non (?:rispondere|è necessario)
    não (?:responda|é necessário)|nie (?:odpowiad|ma potrzeby|trzeba)|yanıtlama|返信(?:しない|できません|はご遠慮)
    请勿|無需回覆
    (?:unable to|cannot|can['’]?t|not able to) (?:reply|respond|answer)\b.{0,20}(?:individual|every|each|\ball\b)
    inutile de|no hace falta|无需|replying again|nicht (?:jede\S?|alle|einzeln)\b.{0,40}(?:antwort|eingehen)
    sans réponse de notre part|nichts von uns hören|(?:haven['’]t|not) heard (?:from us|by)|si no recibe respuesta
    без ответа
"""
# How desks address whom they don't know.
ANYBODY = r"""
    (?:dear|hello|hi|good (?:day|morning|afternoon))[ ,]*(?:valued |our )?(?:customer|client|sir|madam|user|there\b)
    (?:dear|hello|hi)[ ,]*(?:valued |our )?(?:applicant|candidate|student|guest|member|resident|patient|reader)
    уважаем\S{2,3} (?:заявител|клиент|покупател|пользовател|абонент|гражд|соискател|кандидат|посетител|гост|пациент)
    (?:sehr geehrte[rs]? |liebe[rs]? |guten tag )(?:damen|kund|bewerber|interessent|patient|gäste|gast|mitglied)
    (?:cher|chère|madame, monsieur|madame,? ?/? ?monsieur|bonjour madame, monsieur)
    estimad\S{1,4} (?:client|usuari|señor|ciudadan|candidat)|apreciad
    gentil[ei] (?:client|utent|signor[ei]?[, /]|cittadin)|spett|prezad\S{1,4} (?:client|senhor|usuári|cidad|candidat)
    prezado\(a\)|caro\(a\)|szanown[iy] (?:państwo|klien|kandyda)|sayın (?:müşteri|ilgili|kullanıcı|yetkili|aday)
    değerli (?:müşteri|misafir)|geachte (?:heer|klant|mevrouw)|beste klant|お客様|お客さま|ご担当者|尊敬的
    亲爱的(?:客户|用户|顾客)
"""
# How they sign.
TEAM = r"""
    team\b|\bdesk\b|department|\bservices?\b|support|\boffice\b|customer|reception|registry|administra|committee
    council|human resources|recruit|admissions|secretariat|helpdesk|команда|отдел|служба|при[её]мная|администрац
    поддержк|управлени|центр|секретариат|магазин|компания|дирекц|kundenservice|kundendienst|abteilung|verwaltung
    redaktion|sekretariat|équipe|accueil|secrétariat|mairie|le service|equipo|atención|departamento|secretaría|ufficio
    assistenza|servizio|segreteria|equip[ea]|atendimento|zespół|biuro|dział|obsług|ekibi|hizmetleri|müdürlüğü|destek
    窓口|センター|カスタマー|サポート|事務局|客服|中心|部$|团队
"""
# Where absent people are, beside what ABSENT_SENTENCES tell …
AWAY = r"""
    \b(?:on|in|at) (?:site|the road|court|clinic|surgery|a (?:\S{1,15} )?(?:conference|show|fair|course))\b
    sabbatical|freisemester|forschungssemester|sabático|sabbatique|творческ\S{2,3} отпуск
    \b(?:on|in|at) the \S{1,15} (?:show|fair|conference)\b|patchy|no signal|without (?:signal|internet)
    (?:^|[.,] )back (?:on |in the office |at (?:my desk|work) )?(?:mon|tue|wed|thu|fri|sat|sun|the |\d|from|in )
    \b(?:i|we)(?:['’]?(?:m|re|ll be)| am| are| will be)? (?:back|out)\b|недоступ|без связи|вне зоны|не на связи
    в отъезде|на (?:выставке|объекте|больничном)|в (?:декрете|отпуск|командировк)|нет на месте|im urlaub|abwesend
    außer haus|nicht besetzt|elternzeit
    auf (?:\S{1,12} )?(?:baustelle|montage|messe|reisen|fortbildung|dienstreise|tournee)
    nicht (?:am platz|im büro)|en (?:arrêt|congés?|vacances|déplacement|formation|tournée|voyage|salon)|absente?\b
    sur (?:un |le )?(?:chantier|salon)|de (?:viaje|vacaciones|baja|feria|permiso)|fuera de|ausente
    en (?:una feria|obra|un congreso)|fuori (?:ufficio|sede)
    in (?:ferie|fiera|viaggio|trasferta|malattia|maternità|congedo|cantiere)|assente|de férias|em viagem|fora do
    de licença|na (?:urlopie|zwolnieniu|targach|delegacji|szkoleniu)|nieobecn|poza biurem|izinde|tatilde|seyahatte
    ofis dışı|fuarda|不在|休暇|休業|出張|外出|お休み|休假|休年假|出差|请假|度假|휴가|출장
    \bi(?:['’]m| am) (?:only )?in (?:the office )?on
    bin (?:nur )?(?:montag|dienstag|mittwoch|donnerstag|freitag)s?\b.{0,40}im büro|en pause
    in (?:udienza|riunione|sala operatoria)|research leave|sabbatical|sur la route|w trasie
"""
# … their mail …
MAIL = r"""
    mails?\b|inbox|mailbox|message|почт|письм|сообщени|nachrichten|courriel|boîte|correo|mensaje|posta\b|messaggi
    wiadomoś|skrzyn|mesaj|メール|邮件|信\b|\bi see this|\bthis (?:account|address)|anfragen
    slow to (?:reply|respond|answer)
"""
# … which they seldom read …
SELDOM = r"""
    \bonly\b|rarely|seldom|sporadic|infrequent|irregular|occasional|(?:once|twice) a|limited|intermittent|delay|slow
    (?:not|won['’]?t) (?:be )?(?:see|read|check|monitor|look)|can['’]?t (?:see|read|check)|may be .{0,20}before
    unable to (?:read|check|acc)|не (?:смотрю|читаю|проверяю|вижу)|редко|нерегулярно|урывками|вечер|не сразу|ограничен
    задержк|\bnur\b|selten|\bkaum\b|sporadisch|unregelmäßig|nicht (?:gelesen|lesen|abgerufen)|eingeschränkt|verzöger
    \bne (?:lis|consulte|relève)|rarement|que le soir|par intermittence|retard|limité|\bs[óo]lo\b|rara vez|retraso
    demora|limitad|raramente|saltuari|ritardo|apenas|atraso|rzadko|opóźni|nadir|gecik|不定期|遅れ|確認ができ|不能及时
    无法及时|(?:don['’]t|do not) (?:check|read|see|monitor)|раз в (?:день|два|три|неделю)
    non (?:posso|riesco a) leggere|à mon retour|no (?:puedo|podré) (?:leer|ver)|não (?:consigo|posso) ler
    nie (?:czytam|sprawdzam)
"""
# … who stands in for them …
STAND_IN = r"""
    emergenc|sooner|before then|meantime|meanwhile|in my absence|can['’]?t wait|cannot wait|\bcover|has my
    \b(?:contact|call|ring|phone|text|e-?mail|write to|speak to|ask) \S{2,}|look(?:s|ing) after|(?:will|can) help
    helps? you|in charge|неотложн|пока меня нет|вместо меня|замеща|вопросам
    по (?:договорам|заказам|вопросам|отгрузк\S|сч[её]там)|обращайтесь|звоните|пишите|коллег|подмен|dringend|eilig
    notfall|vertret|wenden|hilft|helfen|kolleg|in der zwischenzeit|solange|urgen|entre-?temps|pendant ce temps
    collègue|remplace|suit mes|adresser|joindre|appeler|écrire|mientras|compañer|llam[ae]n?\b|contact|escrib|atiende
    nel frattempo|collega|contattare|rivolgersi|scrivere|chiamare|sostitu|entretanto|colega|enquanto|fal[ae] com|ligue
    substitu|piln|zastęp|kontakt|w tym czasie|\bacil|yerine|ulaşabil|arayabil|yardımcı|急|代わり|担当|联系|聯繫|打我
    拨打|致电|running my|\bbitte an\b|сроч|best way to|\bsee \S{2,}|\bnumber is|\buse \S{2,}@|\bfor .{3,40} use\b
"""
# … until when …
UNTIL = r"""
    \buntil\b|\btill\b|through\b|\bfrom\b.{1,20}\bto\b|\d\d?[./ ]\d
    \d (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|(?:this|next) week|monday|tuesday|wednesday|thursday|friday
    \bдо\b|\bпо \d|\bс \d|понедельник|вторник|сред[уы]|четверг|пятниц|январ|феврал|март|апрел|\bма[йя]\b|июн|июл
    август|сентябр|октябр|ноябр|декабр|неделе|\bbis\b|\bab dem|montag|dienstag|mittwoch|donnerstag|freitag|woche|jusqu
    \bdu \d|\bau \d|\ble \d|lundi|mardi|mercredi|jeudi|vendredi|semaine|hasta|\bdel? \d|lunes|martes|miércoles|jueves
    viernes|semana|\bfino|\bdal? \d|lunedì|martedì|venerdì|settimana|\baté\b|segunda|sexta|\bdo \d|\bod \d|tygodni
    poniedział|kadar|haftas|tarih|pazartesi|まで|月|日|から|至|号|周
"""
# … and what they will do then.
COMES_BACK = r"""
    \b(?:will|shall|['’]ll|can) (?:\S{1,12} ){0,3}(?:repl|respond|answer|read|deal|return|(?:get|come|be|write) back)
    (?:on|after|upon|until) my return|when i(?:['’]?m| am| get)? ?(?:back|return)|back (?:on|in|mon|tue|wed|thu|fri)
    expect a (?:delay|reply)|вернусь|отвечу|прочту|по возвращени|после выхода|выйду|свяжусь
    буду (?:\S{1,12} )?(?:на месте|на связи|в офисе)|melde mich|antworte|wieder (?:da|erreichbar|im|für|zurück)
    rückkehr|zurück|kümmere|répondrai|(?:mon|dès) retour|de retour|reviens|lirai|traiterai|consulterai
    respond(?:o|eré)|contest(?:o|aré)|(?:mi|la) (?:vuelta|regreso)|vuelvo|regreso|leeré|risponder[òo]|rientro|ritorno
    legger[òo]|\btorno|responder(?:ei|emos)|retorno|\bvolto\b|lerei|odpowiem|odpiszę|wrac|wróc|powro|odczytam
    dön(?:eceğ|dü|üş)|yanıtlayaca|cevaplayaca|戻り|返信|ご連絡|回复|回公司|返回|上班|恢复|lese\b|gelesen|traitée?s
    respondemos|odpisuj
"""
# Greetings …
HAIL = """
    hi|hello|hey|dear|hallo|liebe[rs]?|lieber|bonjour|salut|hola|ciao|caro|cara|olá|cześć|привет|девочки|коллеги|всем
"""
# … and what stands behind them instead of a name, which no note of absence has.
NO_NAME = r"""
    there|again|thank|and\b|je\b|ich\b|i\b|i['’]m|we\b|damen|kund|patient|gracias|grazie|merci|obrigad|у меня|я\b
    estoy|sono|estou|jestem|nous|vous|this|my\b|the\b|due|our|please|if\b|mein|wir|sie\b|esta|hoy|oggi|a esta|сегодня
"""
# Words before a comma with which nobody is called.
NO_CALL = r"""
    thank|спасибо|приветств|внимани|друзья|сейчас|увы|кстати|итак|коллеги|moin|servus|leider|danke|achtung|zurzeit
    derzeit|momentan|aktuell|salve|salut|merci|désol|actuellement|gracias|lo siento|grazie|obrigad|witam|witaj|dzięk
    niestety|cześć|sorry|unfortunately|currently|please|note|today|tomorrow|yes|however|also|ja\b|да\b|нет\b|oui|sí|sim
    hinweis|grüezi|grüß|tack|hej|dobr|ahoj|szia|merhaba|kolle|cher|estimad|gentil|spett|szanown|automat|автомат
    hei|heippa|moi\b|terve|bun[ăa]|γεια|здраво|kedves|tisztelt|kære|kära|goede|beste|god\b
"""
