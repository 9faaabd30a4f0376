-- Erasing messages: for a person who wants to be forgotten, and when their time is up. What stays is a keyed hash of each.

create or replace function erasure_mark(p_content_sha256 bytea) returns bytea language sql stable as $$
    select sha256(k.key || p_content_sha256) from erasure_key k
$$;

-- Messages that name a text (in lower case) anywhere: in their own fields or in what hangs on them. Reads whole tables.
create or replace function emails_that_name(p_text text) returns setof uuid language sql stable as $$
    select e.id from emails e where position(p_text in lower(e::text)) > 0
    union
    select a.email_id from attachments a where position(p_text in lower(a::text)) > 0
    union
    select d.email_id from email_deliveries d where position(p_text in lower(d::text)) > 0
    union
    select h.email_id from classification_history h where position(p_text in lower(h::text)) > 0
    union
    select x.email_id from erp_actions x where position(p_text in lower(x::text)) > 0
    union
    select x.email_id from erp_actions x join erp_action_attempts t on t.action_id = x.id
    where position(p_text in lower(t::text)) > 0
    union
    select x.email_id from erp_actions x join erp_action_decisions t on t.action_id = x.id
    where position(p_text in lower(t::text)) > 0
    union
    select q.email_id from processing_queue q where position(p_text in lower(q.last_error)) > 0
$$;

-- No new work begins for these messages. Returns how many items are still being worked on: wait for those.
create or replace function stop_work(p_email_ids uuid[]) returns bigint language plpgsql as $$
begin
    update processing_queue set status = 'cancelled', completed_at = queue_now()
    where email_id = any (p_email_ids) and status = 'pending';
    return (select count(*) from processing_queue q where q.email_id = any (p_email_ids) and q.status = 'processing');
end $$;

-- Removes messages with all that hangs on them; they do not come back. Returns the blobs (hex) that no row names any more.
create or replace function erase_emails(p_email_ids uuid[]) returns setof text language plpgsql as $$
declare
    e emails;
    v_blobs bytea[];
    v_threads uuid[];
    v_people text[];
begin
    perform lock_mail_graph();
    v_blobs := array(
        select x.raw_sha256 from emails x where x.id = any (p_email_ids)
        union select d.raw_sha256 from email_deliveries d where d.email_id = any (p_email_ids)
        union select a.sha256 from attachments a where a.email_id = any (p_email_ids));
    v_threads := array(
        select distinct x.thread_id from emails x where x.id = any (p_email_ids) and x.thread_id is not null);
    v_people := array(
        select distinct p from emails x
        cross join unnest(x.from_address || x.to_addresses || x.cc_addresses || x.bcc_addresses) p
        where x.id = any (p_email_ids) and p is not null);

    insert into erased_emails (mark, erased_at)
    select erasure_mark(x.content_sha256), queue_now() from emails x where x.id = any (p_email_ids)
    on conflict do nothing;
    perform leave_out_imap_message(d.account, d.folder, d.uidvalidity, d.uid, 'erased', null)
    from email_deliveries d where d.email_id = any (p_email_ids) and d.uid is not null;

    for e in select * from emails x where x.id = any (p_email_ids) and x.thread_id is not null loop
        perform unlink_email(e);
    end loop;
    delete from erp_actions where email_id = any (p_email_ids);
    delete from classification_history where email_id = any (p_email_ids);
    delete from emails where id = any (p_email_ids);

    delete from threads t where t.id = any (v_threads) and not exists (select from emails x where x.thread_id = t.id);
    update threads t set
        participant_emails = array(
            select distinct p from emails x
            cross join unnest(x.from_address || x.to_addresses || x.cc_addresses) p
            where x.thread_id = t.id and p is not null order by p limit 1000),
        subject = (
            select x.subject from emails x where x.thread_id = t.id and x.subject is not null
            order by coalesce(x.sent_at, x.received_at), x.id limit 1)
    where t.id = any (v_threads);
    delete from contacts c
    where c.email = any (v_people) and c.emails_sent_count <= 0 and c.emails_received_count <= 0;

    return query select * from unnamed_blobs(v_blobs);
end $$;

-- Those of these blobs that no row names; what the scanner said of them goes too.
create or replace function unnamed_blobs(p_blobs bytea[]) returns setof text language plpgsql as $$
declare
    v_unnamed bytea[];
begin
    v_unnamed := array(
        select b from unnest(p_blobs) b
        where not exists (select from emails e where e.raw_sha256 = b)
          and not exists (select from email_deliveries d where d.raw_sha256 = b)
          and not exists (select from attachments a where a.sha256 = b));
    delete from virus_scans where sha256 = any (v_unnamed);
    return query select encode(b, 'hex') from unnest(v_unnamed) b;
end $$;

-- What outlives messages and may name a person: contacts, and answers of the HTTP API that are kept for repeats.
create or replace function forget_contact(p_address text) returns void language sql as $$
    delete from contacts where position(p_address in lower(email)) > 0;
    update contacts set name = null, is_own_name = default, named_at = default
    where position(p_address in lower(name)) > 0;
    delete from api_answers where position(convert_to(p_address, 'UTF8') in body) > 0;
$$;

-- Messages whose time is up at a moment, by state; what is being worked on or waits for it stays.
create or replace function emails_past_retention(p_at timestamptz)
returns table (email_id uuid, state text) language sql stable as $$
    select s.id, s.state
    from (
        select e.id, e.received_at,
               case
                   when exists (select from processing_queue q
                                where q.email_id = e.id and q.failed_at is not null and q.acknowledged_at is null)
                       then 'failed'
                   when e.review_reason is not null then 'review'
                   else 'done'
               end as state
        from emails e
        where not exists (select from processing_queue q where q.email_id = e.id and q.completed_at is null)
    ) s
    join email_retention r on r.state = s.state
    where s.received_at < p_at - r.keep
$$;

-- Prompts and raw answers of models whose time is up are emptied; the decisions stay. Returns how many.
create or replace function empty_old_prompts(p_at timestamptz) returns bigint language plpgsql as $$
declare
    v_count bigint;
begin
    update classification_history h set llm_prompt = null, llm_response = null
    from email_retention r
    where r.state = 'prompts' and h.classified_at < p_at - r.keep
      and (h.llm_prompt is not null or h.llm_response is not null);
    get diagnostics v_count = row_count;
    return v_count;
end $$;
