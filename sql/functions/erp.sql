-- ERP actions: what is due, and the life of an action. The row with its idempotency key and payload is committed before
-- any call, and each call is in the log before it is made: whatever is killed when, it is known what may have happened.
--
--   propose_erp_action ──▶ pending ──begin_erp_attempt──▶ retrying ──finish_erp_action──▶ success | failed
--           │                 ▲                              │  ▲                             │
--           └─▶ needs_review ─┘ approve_erp_action           └──┘ one try after another       └─▶ needs_review
--                   └─▶ cancelled: reject_erp_action              with the same key
--
-- A dry run stays `pending`: proposed, not sent. Each function that changes an action brings its e-mail into line in the
-- same transaction. Locks are taken in this order: the sender (7720), the thread (7721), the action, the e-mail.

-- ---------------------------------------------------------------------------------------------- policy

-- Whether policy knows this intent at all, for mail of this kind. The rest is decided when the values are known.
create or replace function is_erp_action_due(p_email_id uuid, p_intent text) returns boolean language sql stable as $$
    select exists (
        select from erp_policy p join emails e on e.id = p_email_id
        where p.intent = p_intent and p.enabled and (e.automation is null or e.automation = any (p.automation)))
$$;

-- Each rule for this intent, in order, and why it does not fit; without misfits it fits. p_fields: the values that were
-- found in the message (docs/erp.md).
create or replace function check_erp_policy(
    p_email_id uuid, p_intent text, p_confidence double precision, p_fields jsonb
) returns table (
    "position" integer, rule text, action_type text, entity_type text, adapter text, approval text,
    takes_this_kind boolean, misfits text[]
) language sql stable as $$
    select p.position, p.rule, p.action_type, p.entity_type, p.adapter, p.approval,
           e.automation is null or e.automation = any (p.automation),
           array_remove(array[
               case when e.automation is not null and e.automation <> all (p.automation)
                   then format('it is automatic mail: %s', e.automation) end,
               case when coalesce(p_confidence, 0) < p.min_confidence
                   then format('its confidence is %s, not %s', coalesce(round(p_confidence::numeric, 2), 0),
                               p.min_confidence) end,
               case when coalesce(e.sender_trust, 'new') <> all (p.sender_trust)
                   then format('its sender is %s, not %s%s', coalesce(e.sender_trust, 'new'),
                               array_to_string(p.sender_trust, ' or '),
                               ' (' || nullif(array_to_string(e.trust_reasons, ', '), '') || ')') end,
               case when p.attachments <> 'any' and exists (
                        select from attachments a where a.email_id = e.id and a.virus_scan_status = 'infected')
                   then 'an attachment is infected' end,
               case when p.attachments = 'clean' and exists (
                        select from attachments a
                        where a.email_id = e.id and a.virus_scan_status not in ('clean', 'infected'))
                   then 'an attachment was not scanned' end,
               case when p.max_amount is not null then erp_amount_misfit(p_fields, p.max_amount, p.currency) end,
               case when e.message_id_conflict then 'an earlier message has the same Message-ID and other content' end
           ], null)
    from erp_policy p
    join emails e on e.id = p_email_id
    where p.intent = p_intent and p.enabled
    order by p.position
$$;

-- Why the amounts of a message do not stay within a limit, or null. An amount that is not known is not within it.
create or replace function erp_amount_misfit(p_fields jsonb, p_max numeric, p_currency text) returns text
language sql immutable as $$
    select case
        when not exists (select from erp_amounts(p_fields)) then 'it names no amount'
        when exists (select from erp_amounts(p_fields) a where a.currency is distinct from p_currency)
            then format('it names an amount that is not in %s', p_currency)
        when (select max(a.value) from erp_amounts(p_fields) a) > p_max
            then format('it names %s %s, more than %s', (select max(a.value) from erp_amounts(p_fields) a), p_currency,
                        p_max)
    end
$$;

create or replace function erp_amounts(p_fields jsonb) returns table (value numeric, currency text)
language sql immutable as $$
    select (a ->> 'value')::numeric, a ->> 'currency'
    from jsonb_array_elements(erp_list(p_fields -> 'amounts')) a
    where a ->> 'value' ~ '^-?[0-9]+(\.[0-9]+)?$'
$$;

create or replace function erp_list(p_value jsonb) returns jsonb language sql immutable as $$
    select case when jsonb_typeof(p_value) = 'array' then p_value else '[]' end
$$;

-- What policy wants done with a message. No row: nothing. `refusal`: no rule fits, so a person looks at the message.
-- `questions`: what a person has to answer before the action is sent; none: it is sent at once.
create or replace function plan_erp_action(
    p_email_id uuid, p_intent text, p_confidence double precision, p_fields jsonb
) returns table (
    rule text, action_type text, entity_type text, adapter text, entity_id text, questions text[], refusal text
) language plpgsql stable as $$
#variable_conflict use_column
declare
    r record;
    v_refusal text;
begin
    select * into r from check_erp_policy(p_email_id, p_intent, p_confidence, p_fields) c
    where c.misfits = '{}' order by c.position limit 1;
    if not found then
        select string_agg(format('%s: %s', c.rule, array_to_string(c.misfits, ', ')), '; ' order by c.position)
        into v_refusal
        from check_erp_policy(p_email_id, p_intent, p_confidence, p_fields) c where c.takes_this_kind;
        if v_refusal is not null then
            return query select null::text, null::text, null::text, null::text, null::text, null::text[],
                                left('no rule of the ERP policy fits: ' || v_refusal, 500);
        end if;
        return;
    end if;
    if r.action_type = 'create_invoice' then  -- a bill that is there already is changed, not made again
        select a.entity_id into entity_id
        from emails e
        join emails o on o.from_address = e.from_address
        join erp_actions a on a.email_id = o.id
        where e.id = p_email_id and o.id <> e.id and a.action_type = 'create_invoice' and a.status = 'success'
          and a.entity_id is not null
          and lower(a.request_payload #>> '{fields,invoice_number,value}') = lower(p_fields #>> '{invoice_number,value}')
        order by a.completed_at desc limit 1;
    end if;
    return query
    select r.rule, case when entity_id is null then r.action_type else 'update_invoice' end, r.entity_type, r.adapter,
           entity_id, erp_questions(p_email_id, r.action_type, r.approval, p_fields), null::text;
end $$;

-- What a person has to answer before an action of this type is sent.
create or replace function erp_questions(p_email_id uuid, p_action_type text, p_approval text, p_fields jsonb)
returns text[] language sql stable as $$
    select array_remove(array[
        case when p_approval = 'always' then 'policy asks for an approval' end,
        case when p_approval = 'first' and not exists (
                 select from emails o join erp_actions a on a.email_id = o.id
                 where o.from_address = e.from_address and a.status = 'success')
            then 'it is the first action for this sender' end,
        case when p_approval = 'first' and not e.trust_reasons && '{dmarc-pass,dkim-aligned,spf-aligned}'
            then 'nothing vouches for its sender: our servers saw no SPF, DKIM or DMARC that passed' end,
        case when 'reply-to-differs' = any (e.trust_reasons)
            then 'answers to it would go to another domain' end,
        case when exists (
                 select from emails o join erp_actions a on a.email_id = o.id
                 where o.thread_id = e.thread_id and o.id <> e.id and a.action_type = p_action_type
                   and a.status not in ('cancelled', 'failed'))
            then 'another message of its thread led to this already' end,
        case when p_action_type = 'create_order' and erp_list(p_fields -> 'lines') = '[]'
            then 'no order lines were found' end,
        case when p_action_type = 'create_order' and exists (
                 select from jsonb_array_elements(erp_list(p_fields -> 'lines')) line
                 where line ->> 'quantity' is null)
            then 'an order line has no clear quantity' end,
        case when p_action_type = 'create_order' and exists (
                 select from emails o join erp_actions a on a.email_id = o.id
                 where o.from_address = e.from_address and o.id <> e.id and a.action_type = 'create_order'
                   and a.status not in ('cancelled', 'failed')
                   and erp_bare_number(a.request_payload #>> '{fields,order_number,value}')
                       = erp_bare_number(p_fields #>> '{order_number,value}'))
            then 'an order with this number came from this sender before' end,
        case when p_action_type = 'create_order' and p_fields ->> 'earlier_order' is not null
            then format('it may be about an order that is there already: "%s"', p_fields ->> 'earlier_order') end,
        case when exists (select from contacts c where c.email = e.from_address and c.is_internal)
            then 'a colleague sent it: whose is it?' end,
        case when p_action_type = 'create_order' and p_fields ->> 'doubt' is not null
            then format('it may be no order, or none yet: "%s"', p_fields ->> 'doubt') end,
        case when p_action_type = 'create_order' and exists (
                 select from emails o join erp_actions a on a.email_id = o.id
                 where o.from_address = e.from_address and o.id <> e.id and a.action_type = 'create_order'
                   and a.status not in ('cancelled', 'failed')
                   and o.received_at between e.received_at - interval '5 days' and e.received_at + interval '5 days'
                   and erp_same_order(a.request_payload -> 'fields', p_fields))
            then 'an order of the same lines came from this sender within five days' end,
        case when erp_list(p_fields -> 'problems') <> '[]'
            then (select string_agg(problem, ', ') from jsonb_array_elements_text(erp_list(p_fields -> 'problems')) problem) end,
        case when p_action_type in ('create_order', 'create_invoice') and erp_list(p_fields -> 'unread') <> '[]'
            then format('an attachment could not be read: %s', p_fields #>> '{unread,0,reason}') end
    ] || case when p_action_type in ('create_invoice', 'update_invoice')
              then erp_invoice_questions(e, p_fields) else '{}' end, null)
    from emails e where e.id = p_email_id
$$;

-- Whether two orders list the same things and no numbers tell them apart.
create or replace function erp_same_order(p_fields jsonb, p_others jsonb) returns boolean language sql immutable as $$
    select erp_list(p_fields -> 'lines') <> '[]'
       and erp_ordered(p_fields) = erp_ordered(p_others)
       and coalesce(erp_bare_number(p_fields #>> '{order_number,value}')
                    = erp_bare_number(p_others #>> '{order_number,value}'), true)
$$;

create or replace function erp_ordered(p_fields jsonb) returns jsonb language sql immutable as $$
    select jsonb_agg(thing order by thing)
    from (select jsonb_build_array(lower(line ->> 'item'), lower(line ->> 'article'), line -> 'quantity', line -> 'unit') as thing
          from jsonb_array_elements(erp_list(p_fields -> 'lines')) line) things
$$;

-- A document's number as people who copy it leave it: "RE-1/26" is "re126".
create or replace function erp_bare_number(p_number text) returns text language sql immutable as $$
    select nullif(regexp_replace(lower(p_number), '[^[:alnum:]]', '', 'g'), '')
$$;

-- A bank account that this supplier did not use before is the costliest lie in mail: it is never automatic.
create or replace function erp_invoice_questions(e emails, p_fields jsonb) returns text[] language sql stable as $$
    with known as (
        select k ->> 'value' as account
        from emails o
        join erp_actions a on a.email_id = o.id and a.status = 'success'
         and a.action_type in ('create_invoice', 'update_invoice')
        cross join jsonb_array_elements(erp_list(a.request_payload #> '{fields,bank_accounts}')) k
        where o.from_address = e.from_address
    ), named as (
        select n ->> 'value' as account from jsonb_array_elements(erp_list(p_fields -> 'bank_accounts')) n
    )
    select array[
        case when p_fields #>> '{invoice_number,value}' is null then 'no invoice number was found' end,
        case when not exists (select from erp_amounts(p_fields)) then 'no amount was found' end,
        case when exists (select from named where account not in (select account from known))
              and exists (select from known)
            then format('THE BANK ACCOUNT CHANGED: %s was not used by this supplier before', (
                     select string_agg(account, ', ') from named where account not in (select account from known)))
            when exists (select from named where account not in (select account from known))
            then format('the bank account %s is the first one from this supplier', (
                     select string_agg(account, ', ') from named))
        end,
        case when p_fields ->> 'bank_change' is not null then 'the message speaks of other bank details' end,
        case when p_fields ->> 'payment' is not null then 'the sender says that they paid: it may be no bill' end,
        case when p_fields ->> 'no_bill' is not null
            then format('it may be no new bill: "%s"', p_fields ->> 'no_bill') end,
        case when not exists (select from named)
            then 'no bank account can be read: it may stand in an attachment, or be told in another way' end,
        case when not exists (
                 select from jsonb_array_elements(erp_list(p_fields -> 'amounts')) a where a ->> 'kind' = 'total')
              and (select count(distinct value) from erp_amounts(p_fields)) > 1
            then 'it names several amounts, and which is to be paid can''t be read' end,
        case when exists (
                 select from emails o join erp_actions a on a.email_id = o.id
                 where o.from_address = e.from_address and o.id <> e.id
                   and a.action_type = 'create_invoice' and a.status <> 'cancelled'
                   and erp_bare_number(a.request_payload #>> '{fields,invoice_number,value}')
                       = erp_bare_number(p_fields #>> '{invoice_number,value}'))
            then 'an invoice with this number came from this sender before' end
    ]
$$;

-- ---------------------------------------------------------------------------------------------- proposals

-- Made of the message's content, so it is the same on every try, for every worker, and after a restore.
create or replace function erp_idempotency_key(
    p_content_sha256 bytea, p_request_no integer, p_action_type text, p_revision integer
) returns text language sql immutable as $$
    select encode(sha256(convert_to(
        format('emailq %s %s %s', encode(p_content_sha256, 'hex'), p_request_no, p_action_type)
        || case when p_revision > 0 then format(' revision %s', p_revision) else '' end, 'UTF8')), 'hex')
$$;

-- Messages of one sender, and of one thread, are planned and proposed one after the other: each knows of the one before,
-- where both would be sent otherwise. Held up to the end of the transaction; call it in a statement of its own.
create or replace function lock_erp_proposals(p_email_id uuid) returns void language plpgsql as $$
declare
    e emails;
begin
    select * into e from emails where id = p_email_id;
    perform pg_advisory_xact_lock(7720, hashtext(e.from_address));
    perform pg_advisory_xact_lock(7721, hashtext(e.thread_id::text));
end $$;

-- Records that an action is due and returns the row that counts. A row that is there already stays as it is, unless
-- nothing was sent yet: then it is brought up to date, but for a payload that a person approved.
create or replace function propose_erp_action(
    p_email_id uuid, p_request_no integer, p_rule text, p_action_type text, p_entity_type text, p_entity_id text,
    p_adapter text, p_payload jsonb, p_payload_sha256 bytea, p_questions text[]
) returns erp_actions language plpgsql as $$
declare
    v_action erp_actions;
    v_question text := array_to_string(p_questions, '; ');
begin
    insert into erp_actions as a (email_id, request_no, rule, action_type, entity_type, entity_id, adapter,
                                  idempotency_key, request_payload, payload_sha256, template, status, error_message)
    select e.id, p_request_no, p_rule, p_action_type, p_entity_type, p_entity_id, p_adapter,
           erp_idempotency_key(e.content_sha256, p_request_no, p_action_type, 0), p_payload, p_payload_sha256,
           (select to_jsonb(t) - 'action_type' from erp_templates t
            where t.action_type = p_action_type and p_adapter = 'http'),
           case when v_question <> '' then 'needs_review' else 'pending' end, nullif(v_question, '')
    from emails e where e.id = p_email_id
    on conflict (email_id, request_no, action_type) do update set
        rule = excluded.rule, adapter = excluded.adapter, template = excluded.template, entity_id = excluded.entity_id,
        request_payload = case when a.approved_at is null then excluded.request_payload else a.request_payload end,
        payload_sha256 = case when a.approved_at is null then excluded.payload_sha256 else a.payload_sha256 end,
        status = case when a.approved_at is null then excluded.status else a.status end,
        error_message = case when a.approved_at is null then excluded.error_message else a.error_message end
    where a.status in ('pending', 'needs_review', 'cancelled')
      and not exists (select from erp_action_attempts t where t.action_id = a.id)
      and not exists (select from erp_action_decisions d where d.action_id = a.id and d.decision = 'rejected')
    returning a.* into v_action;
    if not found then
        select a.* into v_action from erp_actions a
        where a.email_id = p_email_id and a.request_no = p_request_no and a.action_type = p_action_type;
    elsif v_action.status = 'needs_review' then
        perform request_review(p_email_id, 'ERP action: ' || v_action.error_message);
    end if;
    perform align_email_with_erp(p_email_id);
    return v_action;
end $$;

-- A message with another label leads to something else: what was proposed and not sent is withdrawn.
create or replace function withdraw_erp_actions() returns trigger language plpgsql as $$
begin
    update erp_actions a set status = 'cancelled', error_message = 'the message has another label now'
    where a.email_id = new.id and a.status in ('pending', 'needs_review')
      and not exists (select from erp_action_attempts t where t.action_id = a.id);
    if found then
        perform align_email_with_erp(new.id);
    end if;
    return null;
end $$;
create or replace trigger emails_withdraw_erp after update of intent, requests on emails for each row
    when (old.intent is not null and (old.intent, old.requests) is distinct from (new.intent, new.requests)) execute function withdraw_erp_actions();

-- ---------------------------------------------------------------------------------------------- tries

-- What earlier tries of an action left: the answer of one that succeeded, and for how long (first and last) the outcome
-- of one has been unknown.
create or replace function earlier_erp_attempts(p_action_id uuid)
returns table (succeeded boolean, entity_id text, response jsonb, unknown_for interval, last_unknown_for interval)
language sql stable as $$
    select done.id is not null, done.entity_id, done.response, queue_now() - open.first, queue_now() - open.last
    from (
        select min(t.created_at) as first, max(t.created_at) as last
        from erp_action_attempts t where t.action_id = p_action_id and t.outcome = 'unknown'
    ) open
    left join lateral (
        select t.* from erp_action_attempts t
        where t.action_id = p_action_id and t.outcome = 'success' order by t.attempt limit 1
    ) done on true
$$;

-- Before a call: logs the attempt, its outcome unknown until end_erp_attempt says better. `obstacle`: why nothing may be
-- sent. The job must be the caller's still: whoever was given up, or cancelled, does not begin. A failed action may be
-- tried again: a person asked for it.
create or replace function begin_erp_attempt(p_action_id uuid, p_job_id uuid, p_worker_id integer, p_job_attempt integer)
returns table (attempt_id uuid, attempt integer, obstacle text) language plpgsql as $$
#variable_conflict use_column
declare
    v_action erp_actions;
    v_paused text;
begin
    select coalesce(c.reason, 'the queue is paused') into v_paused
    from queue_controls c where c.queue_name = 'erp_action' and c.paused;
    if found then
        return query select null::uuid, null::integer, v_paused;
        return;
    end if;
    select * into v_action from erp_actions a where a.id = p_action_id for update;
    if v_action.status not in ('pending', 'retrying', 'failed') or not exists (
        select from processing_queue q
        where q.id = p_job_id and q.worker_id = p_worker_id and q.attempts = p_job_attempt and q.status = 'processing')
    then
        return;
    end if;
    -- an attempt that certainly did nothing gives its place to the next: an outage is one row, not thousands
    return query
    insert into erp_action_attempts as t (action_id, attempt, created_at)
    select p_action_id, coalesce(max(t.attempt) + (max(t.attempt) filter (where t.outcome = 'unavailable')
                                                   is distinct from max(t.attempt))::integer, 1), queue_now()
    from erp_action_attempts t where t.action_id = p_action_id
    on conflict (action_id, attempt) do update
    set created_at = excluded.created_at, outcome = 'unknown', http_status = null, request = null, response = null,
        error_message = null, latency_ms = null
    returning t.id, t.attempt, null::text;

    update erp_actions set
        status = 'retrying', executed_at = queue_now(), completed_at = null, error_message = null,
        retry_count = (select count(*) - 1 from erp_action_attempts t where t.action_id = p_action_id)
    where id = p_action_id;
    if v_action.status <> 'retrying' then
        perform align_email_with_erp(v_action.email_id);
    end if;
end $$;

-- What came back: a fact, whoever owns the job by now. A success ends the action here and now.
create or replace function end_erp_attempt(
    p_attempt_id uuid, p_outcome text, p_http_status integer, p_entity_id text, p_request jsonb, p_response jsonb,
    p_error text, p_latency_ms integer
) returns void language plpgsql as $$
declare
    v_action_id uuid;
begin
    update erp_action_attempts set
        outcome = p_outcome, http_status = p_http_status, entity_id = p_entity_id, request = p_request,
        response = p_response, error_message = p_error, latency_ms = p_latency_ms
    where id = p_attempt_id
    returning action_id into v_action_id;
    if p_outcome = 'success' then
        perform finish_erp_action(v_action_id, 'success', p_entity_id, p_response, null);
    end if;
end $$;

-- A document was found that an earlier try had made: the last try without an answer is the one that made it.
create or replace function found_erp_document(p_action_id uuid, p_entity_id text, p_response jsonb) returns void
language plpgsql as $$
begin
    update erp_action_attempts set
        outcome = 'success', entity_id = p_entity_id, response = p_response, error_message = 'found by its reference'
    where id = (select t.id from erp_action_attempts t
                where t.action_id = p_action_id and t.outcome = 'unknown' order by t.attempt desc limit 1);
    perform finish_erp_action(p_action_id, 'success', p_entity_id, p_response, null);
end $$;

-- How the action stands after a try. A success is final, so is a cancellation: who comes later changes nothing.
create or replace function finish_erp_action(
    p_action_id uuid, p_status text, p_entity_id text, p_response jsonb, p_error text
) returns void language plpgsql as $$
declare
    v_email_id uuid;
begin
    update erp_actions set
        status = p_status, entity_id = coalesce(p_entity_id, entity_id), response_payload = p_response,
        error_message = p_error, completed_at = case when p_status in ('success', 'failed') then queue_now() end
    where id = p_action_id and status not in ('success', 'cancelled')
    returning email_id into v_email_id;
    if not found then
        return;
    end if;
    if p_status = 'needs_review' then
        perform request_review(v_email_id, 'ERP action: ' || coalesce(p_error, 'it needs a decision'));
    end if;
    perform align_email_with_erp(v_email_id);
end $$;

-- A wrong credential or address would fail for every message: the queue stops until a person has looked. True for the
-- caller who stopped it.
create or replace function pause_erp_queue(p_reason text) returns boolean language plpgsql as $$
begin
    insert into queue_controls (queue_name, paused, reason, paused_at) values ('erp_action', true, p_reason, queue_now())
    on conflict (queue_name) do update
    set paused = true, reason = excluded.reason, paused_at = excluded.paused_at, updated_at = queue_now()
    where not queue_controls.paused;
    return found;
end $$;

-- An item that ends without its handler (cancelled, or its workers were lost too often) leaves nothing half done. It is
-- looked at when the transaction commits: a handler that failed has said by then how its action stands.
create or replace function review_unfinished_erp_action() returns trigger language plpgsql as $$
declare
    v_action_id uuid;
begin
    for v_action_id in
        select a.id from erp_actions a where a.email_id = new.email_id and a.status = 'retrying'
    loop
        perform finish_erp_action(v_action_id, 'needs_review', null, null, format(
            'its queue item was %s while a try was under way: look into the ERP', new.status));
    end loop;
    return null;
end $$;
do $$
begin
    if not exists (select from pg_trigger where tgname = 'processing_queue_unfinished_erp') then
        create constraint trigger processing_queue_unfinished_erp after update on processing_queue
            deferrable initially deferred for each row
            when (new.queue_name = 'erp_action' and new.status in ('failed', 'cancelled') and old.status <> new.status)
            execute function review_unfinished_erp_action();
    end if;
end $$;

-- ---------------------------------------------------------------------------------------------- the e-mail

-- The one place that maps an action's words to an e-mail's.
create or replace function email_erp_status(p_action_status text) returns text language sql immutable as $$
    select case p_action_status
        when 'pending' then 'pending'
        when 'needs_review' then 'pending'
        when 'retrying' then 'processing'
        when 'success' then 'completed'
        when 'failed' then 'failed'
    end
$$;

-- The e-mail shows its action; of several the one that most needs attention. Cancelled ones don't count.
create or replace function align_email_with_erp(p_email_id uuid) returns void language sql as $$
    update emails e
    set (erp_action_status, erp_entity_type, erp_entity_id, erp_action_result) = (
        select email_erp_status(a.status), a.entity_type, a.entity_id,
               jsonb_build_object('action_id', a.id, 'action_type', a.action_type, 'adapter', a.adapter,
                                  'status', a.status, 'response', a.response_payload, 'error', a.error_message)
        from erp_actions a
        where a.email_id = p_email_id and a.status <> 'cancelled'
        order by array_position(array['failed', 'needs_review', 'retrying', 'pending', 'success'], a.status),
                 a.request_no, a.created_at
        limit 1)
    where e.id = p_email_id
$$;

-- A person has to look at this message; the first reason stands.
create or replace function request_review(p_email_id uuid, p_reason text) returns void language sql as $$
    update emails set review_reason = left(p_reason, 500) where id = p_email_id and review_reason is null
$$;

-- ---------------------------------------------------------------------------------------------- people

-- A person says yes, to the payload as it was (p_seen_sha256) or as they changed it. Returns why that can't be, or null.
-- A payload that was sent and is changed gets a new key: an ERP refuses the old key with another body. Where the outcome
-- of a try was unknown, the person has looked and says that it did nothing.
create or replace function approve_erp_action(
    p_action_id uuid, p_by text, p_reason text, p_seen_sha256 bytea, p_payload jsonb, p_payload_sha256 bytea,
    p_changes jsonb
) returns text language plpgsql as $$
declare
    a erp_actions;
    v_is_new_key boolean;
begin
    select * into a from erp_actions where id = p_action_id for update;
    if a.status not in ('needs_review', 'failed') then
        return case a.status when 'retrying' then 'too late: it is being sent'
                             when 'pending' then 'it needs no approval'
                             when 'success' then format('it was sent already%s', ': it is ' || a.entity_id)
                             else format('it is %s', a.status) end;
    elsif a.payload_sha256 <> p_seen_sha256 then
        return 'its payload was changed meanwhile; look at it again';
    end if;
    v_is_new_key := p_payload_sha256 <> a.payload_sha256
        and exists (select from erp_action_attempts t where t.action_id = a.id);
    update erp_actions set
        status = 'pending', error_message = null, completed_at = null, approved_at = queue_now(),
        request_payload = p_payload, payload_sha256 = p_payload_sha256, revision = a.revision + v_is_new_key::integer,
        idempotency_key = erp_idempotency_key(
            (select e.content_sha256 from emails e where e.id = a.email_id), a.request_no, a.action_type,
            a.revision + v_is_new_key::integer)
    where id = a.id;
    update erp_action_attempts
    set outcome = 'rejected', error_message = concat_ws('; ', error_message, 'a person decided: it did nothing')
    where action_id = a.id and outcome = 'unknown';
    insert into erp_action_decisions (action_id, decision, decided_by, reason, changes)
    values (a.id, 'approved', p_by, p_reason, p_changes);
    update emails set review_reason = null where id = a.email_id;
    perform align_email_with_erp(a.email_id);
    perform enqueue_jobs(array[a.email_id], array['erp_action'], array[3]);
    return null;
end $$;

-- A person says no: the action is never sent. Returns why that can't be, or null.
create or replace function reject_erp_action(p_action_id uuid, p_by text, p_reason text) returns text
language plpgsql as $$
declare
    a erp_actions;
begin
    select * into a from erp_actions where id = p_action_id for update;
    if a.status not in ('pending', 'needs_review', 'failed') then
        return case a.status when 'retrying' then 'too late: it is being sent' else format('it is %s', a.status) end;
    end if;
    update erp_actions set status = 'cancelled', error_message = concat_ws(': ', 'rejected', p_reason),
                           completed_at = null
    where id = a.id;
    insert into erp_action_decisions (action_id, decision, decided_by, reason) values (a.id, 'rejected', p_by, p_reason);
    update emails set review_reason = null where id = a.email_id and a.status <> 'pending';
    perform align_email_with_erp(a.email_id);
    return null;
end $$;
