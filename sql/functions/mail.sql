-- What happens to messages: accepted (raw bytes are safe in the blob store before), parsed, linked to threads and
-- contacts, labelled. Python passes plain values; text is free of NUL and lone surrogates when it arrives here.

-- Accepts messages: e-mail row, delivery row and a `parsing` item, in one transaction, once each.
-- p_messages: [{content_sha256, raw_sha256 (hex), message_id, from_address, from_name, to, cc, subject, sent_at,
-- received_at, size_bytes, account, folder, uidvalidity, uid, flags, source}, …].
-- Returns a row for each, in order: new = first time seen, delivered = this delivery is new. A message that was erased
-- here does not come back: its row has no e-mail.
create or replace function accept_emails(p_messages jsonb)
returns table (n bigint, email_id uuid, is_new boolean, is_new_delivery boolean) language plpgsql as $$
#variable_conflict use_column
declare
    v_new uuid[];
    v_delivered bigint[];
    v_erased bigint[];
begin
    create temp table if not exists accepting (
        n bigint, content_sha256 bytea, raw_sha256 bytea, message_id text, from_address text, from_name text,
        "to" text[], cc text[], subject text, sent_at timestamptz, received_at timestamptz, size_bytes bigint,
        account text, folder text, uidvalidity bigint, uid bigint, flags text[], source text
    ) on commit delete rows;
    delete from accepting;
    insert into accepting
    select r.n, decode(r.content_sha256, 'hex'), decode(r.raw_sha256, 'hex'), r.message_id, r.from_address, r.from_name,
           coalesce(r."to", '{}'), coalesce(r.cc, '{}'), r.subject, r.sent_at, r.received_at, r.size_bytes,
           r.account, coalesce(r.folder, 'INBOX'), r.uidvalidity, r.uid, coalesce(r.flags, '{}'), r.source
    from rows from (jsonb_to_recordset(p_messages) as (
        content_sha256 text, raw_sha256 text, message_id text, from_address text, from_name text, "to" text[],
        cc text[], subject text, sent_at timestamptz, received_at timestamptz, size_bytes bigint, account text,
        folder text, uidvalidity bigint, uid bigint, flags text[], source text
    )) with ordinality r (content_sha256, raw_sha256, message_id, from_address, from_name, "to", cc, subject, sent_at,
                          received_at, size_bytes, account, folder, uidvalidity, uid, flags, source, n);

    v_erased := array(
        select a.n from accepting a
        where exists (select from erased_emails r where r.mark = erasure_mark(a.content_sha256)));
    delete from accepting a where a.n = any (v_erased);

    -- sorted by the unique key, so that two sessions that accept the same mail can't deadlock
    with added as (
        insert into emails (content_sha256, raw_sha256, message_id, from_address, from_name, to_addresses,
                            cc_addresses, subject, sent_at, received_at, size_bytes, imap_uid, imap_folder, flags)
        select a.content_sha256, a.raw_sha256, a.message_id, a.from_address, a.from_name, a."to",
               a.cc, a.subject, a.sent_at, a.received_at, a.size_bytes, a.uid, a.folder, a.flags
        from accepting a order by a.content_sha256, a.n
        on conflict (content_sha256) do nothing
        returning id
    )
    select array_agg(id) into v_new from added;

    -- another message with the same Message-ID: both are kept, the later one is marked
    update emails e set message_id_conflict = true
    where e.id = any (v_new)
      and exists (select from emails o where o.message_id = e.message_id and o.id <> all (v_new));
    update emails e set message_id_conflict = true
    from (
        select a.content_sha256, min(a.n) > min(min(a.n)) over (partition by a.message_id) as is_later
        from accepting a group by a.content_sha256, a.message_id
    ) message
    where message.is_later and e.content_sha256 = message.content_sha256 and e.id = any (v_new);

    with added as (
        insert into email_deliveries (email_id, account, folder, uidvalidity, uid, raw_sha256, source, flags,
                                      delivered_at)
        select e.id, a.account, a.folder, a.uidvalidity, a.uid, a.raw_sha256, a.source, a.flags, a.received_at
        from accepting a join emails e on e.content_sha256 = a.content_sha256
        order by a.account, a.folder, a.raw_sha256, a.n
        on conflict do nothing
        returning account, folder, raw_sha256, uidvalidity, uid
    )
    select array_agg(first_n) into v_delivered
    from (
        select min(a.n) as first_n
        from added d
        join accepting a on a.account = d.account and a.folder = d.folder and a.raw_sha256 = d.raw_sha256
         and a.uidvalidity is not distinct from d.uidvalidity and a.uid is not distinct from d.uid
        group by d.account, d.folder, d.raw_sha256, d.uidvalidity, d.uid
    ) d;

    insert into processing_queue (email_id, queue_name)
    select e.id, 'parsing'
    from emails e
    where e.id = any (v_new)
    order by e.content_sha256
    on conflict do nothing;

    return query
    select a.n, e.id,
           e.id = any (coalesce(v_new, '{}')) and a.n = min(a.n) over (partition by e.id),
           a.n = any (coalesce(v_delivered, '{}'))
    from accepting a join emails e on e.content_sha256 = a.content_sha256
    union all
    select u.n, null, false, false from unnest(v_erased) u (n)
    order by 1;
end $$;

-- ---------------------------------------------------------------------------------------------- parsed

-- Stores what the parser found in these messages: content, attachments, threads and contacts. A second call (a reparse)
-- replaces content and attachments, counts nothing twice, and keeps identity, deliveries, labels and history.
-- p_parsed: for each message a JSON object with columns of `emails`, and besides: search_names, attachments (columns of
-- `attachments`, sha256 in hex), people {domains: {address: registered domain}, names: {address: name}, own: [addresses
-- that are ours]}. The large texts stand beside it ('' for none), since PostgreSQL reads JSON letter by letter; those who
-- don't know that yet (workers of before an upgrade) have them in the JSON.
-- What needs no lock comes first, then the mail graph is ours until the commit, and each row is written once.
-- (Every lookup is by a key: the settings keep the planner from reading whole tables before they were analyzed, and from
-- planning each call anew, which costs more than the call.)
drop function if exists store_parsed_emails(uuid[], text[]);  -- else a call with two arguments fits both
create or replace function store_parsed_emails(
    p_email_ids uuid[], p_parsed text[],
    p_body_texts text[] default null, p_body_htmls text[] default null, p_new_texts text[] default null
) returns void language plpgsql
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
    v_parsed jsonb[] := p_parsed::jsonb[];
    v_emails emails[];
    e emails;
begin
    if exists (select from emails x where x.id = any (p_email_ids) and x.thread_id is not null) then
        perform lock_mail_graph();
        for e in select * from emails x where x.id = any (p_email_ids) and x.thread_id is not null loop
            perform unlink_email(e);
        end loop;
    end if;

    -- the rows as they shall be; what the parser does not say stays as it is
    v_emails := array(
        select jsonb_populate_record(x, p.parsed)
        from unnest(p_email_ids, v_parsed) p (id, parsed) join emails x on x.id = p.id);

    insert into email_search (email_id, search)
    select n.id, setweight(search_vector(left(n.subject, 2000)), 'A')
                 || setweight(search_vector(p.parsed ->> 'search_names'), 'B')
                 || search_vector(left(coalesce(p.body_text, n.body_text), 100000))
    from unnest(v_emails) n
    join unnest(p_email_ids, v_parsed, p_body_texts) p (id, parsed, body_text) on p.id = n.id
    on conflict (email_id) do update set search = excluded.search;

    -- an attachment that is still there keeps its id, and what the scanner said of the same bytes
    delete from attachments a using unnest(v_emails) n
    where a.email_id = n.id and a.position >= n.attachment_count;
    insert into attachments as a (email_id, position, part_id, filename, content_type, sniffed_type, size_bytes, md5_hash,
                                  sha256, s3_bucket, s3_key, is_inline, content_id, virus_scan_status)
    select p.id, f.position, f.part_id, f.filename, f.content_type, f.sniffed_type, f.size_bytes, f.md5_hash,
           decode(f.sha256, 'hex'), f.s3_bucket, f.s3_key, f.is_inline, f.content_id,
           coalesce(f.virus_scan_status, 'pending')
    from unnest(p_email_ids, v_parsed) p (id, parsed)
    cross join jsonb_to_recordset(p.parsed -> 'attachments') as f (
        position integer, part_id text, filename text, content_type text, sniffed_type text, size_bytes bigint,
        md5_hash text, sha256 text, s3_bucket text, s3_key text, is_inline boolean, content_id text,
        virus_scan_status text)
    on conflict (email_id, position) do update set
        part_id = excluded.part_id, filename = excluded.filename, content_type = excluded.content_type,
        sniffed_type = excluded.sniffed_type, size_bytes = excluded.size_bytes, md5_hash = excluded.md5_hash,
        sha256 = excluded.sha256, s3_bucket = excluded.s3_bucket, s3_key = excluded.s3_key,
        is_inline = excluded.is_inline, content_id = excluded.content_id,
        virus_scan_status = case when a.sha256 = excluded.sha256 and a.virus_scan_status in ('clean', 'infected', 'failed')
                                 then a.virus_scan_status else excluded.virus_scan_status end,
        virus_scan_result = case when a.sha256 = excluded.sha256 then a.virus_scan_result end;

    perform lock_mail_graph();
    perform count_contacts(v_emails, array(
        select p.parsed -> 'people' from unnest(v_emails) n join unnest(p_email_ids, v_parsed) p (id, parsed) on p.id = n.id));
    perform link_message_ids(v_emails);
    update emails x set
        from_address = n.from_address, from_name = n.from_name, to_addresses = n.to_addresses,
        cc_addresses = n.cc_addresses, bcc_addresses = n.bcc_addresses, reply_to = n.reply_to, headers = n.headers,
        subject = n.subject, body_text = nullif(coalesce(p.body_text, n.body_text), ''),
        body_html = nullif(coalesce(p.body_html, n.body_html), ''),
        new_text = nullif(coalesce(p.new_text, n.new_text), ''), language = n.language,
        in_reply_to = n.in_reply_to, "references" = n."references",
        thread_subject = n.thread_subject, is_orphan_reply = n.is_orphan_reply, automation = n.automation,
        automation_details = n.automation_details, authentication = n.authentication, sent_at = n.sent_at,
        defects = n.defects, attachment_count = n.attachment_count, has_attachments = n.attachment_count > 0,
        thread_id = k.thread_id, sender_trust = t.trust, trust_reasons = t.reasons,
        -- two that were accepted at the same moment did not see each other
        message_id_conflict = x.message_id_conflict or exists (
            select from emails o
            where o.message_id = n.message_id and o.created_at < n.created_at and o.id <> n.id),
        parsed_at = now()
    from unnest(v_emails) n
    join unnest(p_email_ids, v_parsed, p_body_texts, p_body_htmls, p_new_texts)
         p (id, parsed, body_text, body_html, new_text) on p.id = n.id
    join thread_message_ids k on k.message_id_sha256 = sha256(convert_to(n.message_id, 'UTF8'))
    cross join lateral judge_sender(n, n.trust_reasons, p.parsed -> 'people' -> 'domains' ->> n.from_address,
                                    coalesce(p.parsed -> 'people' -> 'own' ? n.from_address, false)) t
    where x.id = n.id;
    perform join_conversations(p_email_ids);
    perform count_in_threads(p_email_ids);
end $$;

-- The words of a text as they are indexed. `russian` stems Cyrillic words as Russian and Latin ones as English. What
-- parts numbers and compound words is a space, so that INV-2026/17 is found by any of its parts, and no compound is
-- indexed twice. (Six calls of replace take a quarter of the time of one of translate.)
create or replace function search_vector(p_text text) returns tsvector
language sql immutable parallel safe as $$
    select to_tsvector('russian', replace(replace(replace(replace(replace(replace(
        coalesce(p_text, ''), 'ё', 'е'), 'Ё', 'Е'), '-', ' '), '_', ' '), '/', ' '), '\', ' '))
$$;

-- What people type: words, "a phrase", or, -without. A compound word is a phrase of its parts, as they are indexed.
create or replace function search_query(p_words text) returns tsquery
language sql immutable parallel safe as $$
    select websearch_to_tsquery('russian', translate(regexp_replace(string_agg(
        case when n % 2 = 0 then piece  -- between quotes already
             else regexp_replace(piece, '(^|\s)(-?)(\S*[[:alnum:]][-_/\\]+[[:alnum:]]\S*)', '\1\2"\3"', 'g') end, '"' order by n),
        '([[:alnum:]])[-_/\\]+(?=[[:alnum:]])', '\1 ', 'g'), 'ёЁ', 'еЕ'))
    from string_to_table(p_words, '"') with ordinality pieces (piece, n)
$$;

-- ---------------------------------------------------------------------------------------------- threads, contacts

-- Enqueues messages to be parsed again from their raw bytes: these, those with a defect, or all; after mail that comes in.
-- Those without raw bytes (made by hand in SQL) are left alone. Returns how many.
create or replace function reparse_emails(p_ids uuid[] default null, p_defect text default null) returns bigint
language sql as $$
    with added as (
        insert into processing_queue (email_id, queue_name, priority)
        select e.id, 'parsing', 9
        from emails e
        where (p_ids is null or e.id = any (p_ids))
          and (p_defect is null or e.defects @> array[p_defect])
          and e.raw_sha256 <> sha256('')
        on conflict do nothing
        returning email_id
    ), outdated as (  -- what comes of it now counts, not how it failed before
        update processing_queue q set acknowledged_at = queue_now()
        from added
        where q.email_id = added.email_id and q.queue_name = 'parsing'
          and q.failed_at is not null and q.acknowledged_at is null
    )
    select count(*) from added
$$;

-- Threads and contacts are one small graph that nearly every message touches (the mailbox's own address is a contact
-- of each), so changes to it take turns: one lock until the commit, no deadlocks, exact counts. A worker commits many
-- messages together, so that it holds the lock for a fraction of a millisecond each.
create or replace function lock_mail_graph() returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(7716, 0);
end $$;

-- Takes a message out of its thread's and contacts' counts (before a reparse, or when it is erased).
create or replace function unlink_email(e emails) returns void language plpgsql as $$
begin
    perform lock_mail_graph();
    update threads set email_count = email_count - 1 where id = e.thread_id;
    update contacts set
        emails_sent_count = emails_sent_count - (email = coalesce(e.from_address, ''))::integer,
        emails_received_count = emails_received_count
            - (email = any (e.to_addresses || e.cc_addresses || e.bcc_addresses))::integer,
        -- its name gives way to that of any other message
        is_own_name = is_own_name and named_at <> least(e.sent_at, e.received_at),
        named_at = case when named_at = least(e.sent_at, e.received_at) then '-infinity' else named_at end
    where email = any (e.from_address || e.to_addresses || e.cc_addresses || e.bcc_addresses);
    update emails set thread_id = null where id = e.id;
end $$;

-- Sees to it that thread_message_ids has each Message-ID that a message bears or names, all of a message in one thread:
-- the one that knows them, a new one, or several merged into one. The result is the same for every order of arrival.
create or replace function link_message_ids(p_emails emails[]) returns void language plpgsql as $$
declare
    v_keys bytea[];
begin
    -- nearly all messages: no thread knows their ids, or one; and no id is new with two messages
    with named as (
        select m.n, m.key, k.thread_id,
               k.thread_id is null and count(*) over (partition by m.key) > 1 as is_new_twice
        from message_id_keys(p_emails) m left join thread_message_ids k on k.message_id_sha256 = m.key
    ), simple as materialized (
        select array_agg(key) as keys, array_agg(distinct thread_id) filter (where thread_id is not null) as threads,
               gen_random_uuid() as new_thread
        from named
        group by n
        having count(distinct thread_id) <= 1 and not bool_or(is_new_twice)
    ), made as (
        insert into threads (id) select new_thread from simple where threads is null
    )
    insert into thread_message_ids
    select key, coalesce(threads[1], new_thread) from simple cross join unnest(keys) key
    on conflict (message_id_sha256) do nothing;

    for v_keys in
        select array_agg(m.key)
        from message_id_keys(p_emails) m left join thread_message_ids k on k.message_id_sha256 = m.key
        group by m.n
        having count(distinct k.thread_id) <> 1 or count(*) > count(k.thread_id)
    loop
        perform thread_of(v_keys);
    end loop;
end $$;

create or replace function message_id_keys(p_emails emails[]) returns table (n bigint, key bytea)
language sql immutable parallel safe as $$
    select distinct e.ordinality, sha256(convert_to(named.id, 'UTF8'))
    from unnest(p_emails) with ordinality e
    cross join unnest(array[e.message_id] || e."references" || e.in_reply_to) named (id)
$$;

-- The one thread of these Message-IDs; made, or merged from several, where it has to be.
create or replace function thread_of(p_keys bytea[]) returns uuid language plpgsql as $$
declare
    v_thread uuid := merged_threads(array(
        select k.thread_id from thread_message_ids k where k.message_id_sha256 = any (p_keys)));
begin
    if v_thread is null then
        insert into threads default values returning id into v_thread;
    end if;
    insert into thread_message_ids
    select key, v_thread from unnest(p_keys) key
    on conflict (message_id_sha256) do nothing;
    return v_thread;
end $$;

-- Joins messages that belong together although none names the other: a reply without a parent is joined by subject, and
-- only between people who wrote to each other in these weeks: a stranger who quotes a subject stays apart. The 100
-- nearest before and after of each sender are looked at: a flood under one subject must not cost its square.
create or replace function join_conversations(p_email_ids uuid[]) returns void language plpgsql as $$
declare
    v_ids uuid[];
begin
    for v_ids in
        select array_agg(distinct o.id) || e.id
        from emails e
        cross join lateral (
            select distinct unnest(e.from_address || e.to_addresses[:30] || e.cc_addresses[:30]) as address) sender
        cross join (values (true), (false)) orphan (is_orphan)
        cross join lateral (
            (select * from emails b
             where subject_key(b.thread_subject, b.from_address) = subject_key(e.thread_subject, sender.address)
               and b.is_orphan_reply = orphan.is_orphan
               and coalesce(b.sent_at, b.received_at) between coalesce(e.sent_at, e.received_at) - interval '30 days'
                                                          and coalesce(e.sent_at, e.received_at)
             order by coalesce(b.sent_at, b.received_at) desc limit 100)
            union all
            (select * from emails a
             where subject_key(a.thread_subject, a.from_address) = subject_key(e.thread_subject, sender.address)
               and a.is_orphan_reply = orphan.is_orphan
               and coalesce(a.sent_at, a.received_at) > coalesce(e.sent_at, e.received_at)
               and coalesce(a.sent_at, a.received_at) <= coalesce(e.sent_at, e.received_at) + interval '30 days'
             order by coalesce(a.sent_at, a.received_at) limit 100)
        ) o
        where e.id = any (p_email_ids) and e.thread_subject is not null
          and (orphan.is_orphan or e.is_orphan_reply)
          and o.thread_subject = e.thread_subject and o.thread_id <> e.thread_id
          and (o.from_address = e.from_address
               or (o.from_address = any (e.to_addresses || e.cc_addresses)
                   and e.from_address = any (o.to_addresses || o.cc_addresses)))
        group by e.id
    loop
        perform merged_threads(array(select x.thread_id from emails x where x.id = any (v_ids)));
    end loop;
end $$;

-- These threads as one: the largest takes in the others.
create or replace function merged_threads(p_threads uuid[]) returns uuid language plpgsql as $$
declare
    v_threads uuid[] := array(
        select t.id from threads t where t.id = any (p_threads) order by t.email_count desc, t.id);
begin
    if cardinality(v_threads) > 1 then
        perform merge_threads(v_threads[1], v_threads[2:]);
    end if;
    return v_threads[1];
end $$;

-- Adds messages to the counts of the threads that they are in by now. A thread has the subject of its first message.
create or replace function count_in_threads(p_email_ids uuid[]) returns void language plpgsql as $$
begin
    update threads t set
        subject = (
            select o.subject from emails o where o.thread_id = t.id and o.subject is not null
            order by coalesce(o.sent_at, o.received_at), o.id limit 1),
        participant_emails = array(
            select p from (
                select unnest(t.participant_emails) as p
                union
                select unnest(n.from_address || n.to_addresses || n.cc_addresses) from emails n
                where n.id = any (p_email_ids) and n.thread_id = t.id
            ) s where p is not null order by p limit 1000),
        email_count = t.email_count + added.email_count,
        last_email_at = greatest(t.last_email_at, added.last_email_at)
    from (
        select n.thread_id, count(*) as email_count, max(n.received_at) as last_email_at
        from emails n where n.id = any (p_email_ids) group by n.thread_id
    ) added
    where t.id = added.thread_id;
end $$;

create or replace function merge_threads(p_into uuid, p_from uuid[]) returns void language plpgsql as $$
begin
    update emails set thread_id = p_into where thread_id = any (p_from);
    update thread_message_ids set thread_id = p_into where thread_id = any (p_from);
    update threads t set
        email_count = t.email_count + f.email_count,
        last_email_at = greatest(t.last_email_at, f.last_email_at),
        subject = (
            select o.subject from emails o where o.thread_id = p_into and o.subject is not null
            order by coalesce(o.sent_at, o.received_at), o.id limit 1),
        intent = (
            select o.intent from emails o where o.thread_id = p_into and o.intent is not null
            order by coalesce(o.sent_at, o.received_at), o.id limit 1),
        participant_emails = array(
            select p from (
                select distinct p from unnest(t.participant_emails) p
                union
                select p from threads x cross join unnest(x.participant_emails) p where x.id = any (p_from)
            ) s order by p limit 1000)
    from (select sum(x.email_count) as email_count, max(x.last_email_at) as last_email_at
          from threads x where x.id = any (p_from)) f
    where t.id = p_into;
    delete from threads where id = any (p_from);
end $$;

-- Counts messages for their senders and for each recipient; p_people goes with each, as above. The name is what people
-- call themselves in their newest message, else what others call them in theirs; a message that is known to be forged
-- tells no more than others do. A message of ours that nobody can have forged (our servers vouch for it, or it lies in a
-- folder of sent mail) makes its recipients partners.
create or replace function count_contacts(p_emails emails[], p_people jsonb[]) returns void language plpgsql as $$
begin
    insert into contacts as c (email, is_own_name, named_at, name, domain, domain_looks, is_internal, written_to_at,
                               vouched_at, emails_sent_count, emails_received_count, last_email_at)
    select s.email, s.is_own_name, s.named_at, s.name, s.domain, coalesce(looks_of(s.domain), '{}'), s.is_internal,
           s.written_to_at, s.vouched_at, s.sent, s.received, s.last_email_at
    from (
        select p.email,
               bool_or(n.is_own_name) as is_own_name,
               (array_agg(n.named_at order by n.is_own_name desc, n.named_at desc))[1] as named_at,
               (array_agg(n.name order by n.is_own_name desc, n.named_at desc, n.name desc))[1] as name,
               max(m.people -> 'domains' ->> p.email) as domain,
               bool_or(m.own ? p.email) as is_internal,
               min(m.received_at) filter (where m.is_by_us and p.received > 0) as written_to_at,
               min(m.received_at) filter (where m.is_vouched_for and p.sent > 0) as vouched_at,
               sum(p.sent) as sent, sum(p.received) as received, max(m.received_at) as last_email_at
        from (
            select e.*, m.people, coalesce(m.people -> 'own', '[]') as own,
                   v.is_vouched_for,
                   coalesce(m.people -> 'own' ? e.from_address, false) and (
                       v.is_vouched_for
                       or exists (
                           select from email_deliveries d
                           where d.email_id = e.id
                             and d.folder ~* '(^|[/. ])(sent|[Оо]тправленные|gesendet|envoyés|enviados)')) as is_by_us
            from unnest(p_emails) with ordinality e
            join unnest(p_people) with ordinality m (people, n) on m.n = e.ordinality
            cross join lateral (
                values (e.trust_reasons && '{dmarc-pass,dkim-aligned,spf-aligned}')) v (is_vouched_for)
        ) m
        cross join lateral (
            select m.from_address as email, 1 as sent, 0 as received
            union all
            select distinct r, 0, 1 from unnest(m.to_addresses || m.cc_addresses || m.bcc_addresses) r
        ) p
        cross join lateral (
            select t.name, t.name is not null and p.sent > 0
                           and not m.trust_reasons && '{dmarc-fail,own-domain-unverified}' as is_own_name,
                   case when t.name is null then '-infinity' else least(m.sent_at, m.received_at) end as named_at
            from (values (m.people -> 'names' ->> p.email)) t (name)
        ) n
        where p.email <> ''
        group by p.email
    ) s
    order by s.email
    on conflict (email) do update set
        (is_own_name, named_at, name) = (
            select n.*
            from (values (c.is_own_name, c.named_at, c.name),
                         (excluded.is_own_name, excluded.named_at, excluded.name)) n (is_own_name, named_at, name)
            order by n.is_own_name desc, n.named_at desc, n.name desc nulls last limit 1),
        is_internal = c.is_internal or excluded.is_internal,
        written_to_at = least(c.written_to_at, excluded.written_to_at),
        vouched_at = least(c.vouched_at, excluded.vouched_at),
        emails_sent_count = c.emails_sent_count + excluded.emails_sent_count,
        emails_received_count = c.emails_received_count + excluded.emails_received_count,
        last_email_at = greatest(c.last_email_at, excluded.last_email_at);
end $$;

-- ---------------------------------------------------------------------------------------------- housekeeping

create or replace function update_updated_at_column() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end $$;

create or replace trigger trg_emails_updated_at before update on emails
    for each row execute function update_updated_at_column();
create or replace trigger trg_attachments_updated_at before update on attachments
    for each row execute function update_updated_at_column();
create or replace trigger trg_contacts_updated_at before update on contacts
    for each row execute function update_updated_at_column();
create or replace trigger trg_threads_updated_at before update on threads
    for each row execute function update_updated_at_column();

-- Makes the partitions of this month and the next two, and moves rows there that came while they were missing. The only
-- dynamic SQL: a partition's name holds its month. It runs as the owner: the cleanup of a worker, who may make no
-- tables, calls it.
create or replace function ensure_api_metrics_partitions() returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    v_from timestamptz;
    v_to timestamptz;
    v_name text;
begin
    for i in 0..2 loop
        v_from := (date_trunc('month', queue_now() at time zone 'UTC') + make_interval(months => i)) at time zone 'UTC';
        v_to := ((v_from at time zone 'UTC') + interval '1 month') at time zone 'UTC';
        v_name := 'api_metrics_' || to_char(v_from at time zone 'UTC', 'YYYY_MM');
        continue when to_regclass(v_name) is not null;
        lock table api_metrics in share update exclusive mode;  -- workers clean up together at the turn of a month
        continue when to_regclass(v_name) is not null;
        execute format('create table %I (like api_metrics including all)', v_name);
        execute format(
            'with moved as (delete from api_metrics_default where created_at >= %L and created_at < %L returning *)'
            ' insert into %I select * from moved', v_from, v_to, v_name);
        execute format(
            'alter table api_metrics attach partition %I for values from (%L) to (%L)', v_name, v_from, v_to);
    end loop;
end $$;
