-- ERP actions: what is due, and the life of an action. The row with its idempotency key and payload is committed before
-- any call, and each call is in the log before it is made: whatever is killed when, it is known what may have happened.
--
--   propose_erp_action ──▶ pending ──begin_erp_attempt──▶ retrying ──finish_erp_action──▶ success | failed
--                             │                              │  ▲                          needs_review
--                             └─ needs_review (approval)     └──┘ one attempt after the other, with the same key
--
-- A dry run stays `pending`: proposed, not sent. Each function that changes an action brings its e-mail into line in the
-- same transaction. Locks are taken in this order: the action, then the e-mail.

-- The action that policy has for this message with this label, or no row. `refusal`: why it is not taken without a
-- person. Automatic mail (auto-replies, bounces, lists …) leads to no action unless policy names its kind.
create or replace function erp_action_for(p_email_id uuid, p_intent text, p_confidence double precision)
returns table (action_type text, entity_type text, adapter text, approval boolean, refusal text)
language sql stable as $$
    select p.action_type, p.entity_type, p.adapter, p.approval,
           case
               when p_confidence < p.min_confidence
                   then format('%s needs a confidence of %s', p.action_type, p.min_confidence)
               when e.message_id_conflict then 'an earlier message has the same Message-ID and other content'
               when exists (select from attachments a where a.email_id = e.id and a.virus_scan_status = 'infected')
                   then 'an attachment is infected'
           end
    from erp_policy p
    join emails e on e.id = p_email_id
    where p.intent = p_intent and (e.automation is null or e.automation = any (p.automation))
$$;

-- Made of the message's content, so it is the same on every try, for every worker, and after a restore.
create or replace function erp_idempotency_key(p_content_sha256 bytea, p_request_no integer, p_action_type text)
returns text language sql immutable as $$
    select encode(sha256(convert_to(
        format('emailq %s %s %s', encode(p_content_sha256, 'hex'), p_request_no, p_action_type), 'UTF8')), 'hex')
$$;

-- Records that an action is due and returns the row that counts. A row that is there already stays as it is, unless it
-- is a dry run: that one is brought up to date, and becomes real when the adapter has changed.
create or replace function propose_erp_action(
    p_email_id uuid, p_request_no integer, p_action_type text, p_entity_type text, p_adapter text,
    p_payload jsonb, p_payload_sha256 bytea, p_approval boolean
) returns erp_actions language plpgsql as $$
declare
    v_action erp_actions;
begin
    insert into erp_actions as a (email_id, request_no, action_type, entity_type, adapter, idempotency_key,
                                  request_payload, payload_sha256, status)
    select e.id, p_request_no, p_action_type, p_entity_type, p_adapter,
           erp_idempotency_key(e.content_sha256, p_request_no, p_action_type), p_payload, p_payload_sha256,
           case when p_approval then 'needs_review' else 'pending' end
    from emails e where e.id = p_email_id
    on conflict (email_id, request_no, action_type) do update
    set adapter = excluded.adapter, request_payload = excluded.request_payload,
        payload_sha256 = excluded.payload_sha256, status = excluded.status
    where a.status = 'pending' and a.adapter = 'dry_run'
    returning a.* into v_action;
    if found then
        perform align_email_with_erp(p_email_id);
        return v_action;
    end if;
    select a.* into v_action from erp_actions a
    where a.email_id = p_email_id and a.request_no = p_request_no and a.action_type = p_action_type;
    return v_action;
end $$;

-- What earlier tries of an action left: the answer of one that succeeded, and since when the outcome of one is unknown.
create or replace function earlier_erp_attempts(p_action_id uuid)
returns table (succeeded boolean, entity_id text, response jsonb, unknown_for interval) language sql stable as $$
    select done.id is not null, done.entity_id, done.response,
           (select queue_now() - min(t.created_at) from erp_action_attempts t
            where t.action_id = p_action_id and t.outcome = 'unknown')
    from (select) one
    left join lateral (
        select t.* from erp_action_attempts t
        where t.action_id = p_action_id and t.outcome = 'success' order by t.attempt limit 1
    ) done on true
$$;

-- Before a call: logs the attempt, its outcome unknown until end_erp_attempt says better. No row: the action is not to
-- be sent (any more). A failed action may be tried again: a person asked for it.
create or replace function begin_erp_attempt(p_action_id uuid) returns table (attempt_id uuid, attempt integer)
language plpgsql as $$
#variable_conflict use_column
declare
    v_action erp_actions;
begin
    select * into v_action from erp_actions a where a.id = p_action_id for update;
    if v_action.status not in ('pending', 'retrying', 'failed') then
        return;
    end if;
    -- an attempt that certainly did nothing gives its place to the next: an outage is one row, not thousands
    return query
    insert into erp_action_attempts as t (action_id, attempt, created_at)
    select p_action_id, coalesce(max(t.attempt) + (max(t.attempt) filter (where t.outcome = 'unavailable')
                                                   is distinct from max(t.attempt))::integer, 1), queue_now()
    from erp_action_attempts t where t.action_id = p_action_id
    on conflict (action_id, attempt) do update
    set created_at = excluded.created_at, outcome = 'unknown', http_status = null, response = null,
        error_message = null, latency_ms = null
    returning t.id, t.attempt;

    update erp_actions set
        status = 'retrying', executed_at = queue_now(), completed_at = null,
        retry_count = (select count(*) - 1 from erp_action_attempts t where t.action_id = p_action_id)
    where id = p_action_id;
    if v_action.status <> 'retrying' then
        perform align_email_with_erp(v_action.email_id);
    end if;
end $$;

create or replace function end_erp_attempt(
    p_attempt_id uuid, p_outcome text, p_http_status integer, p_entity_id text, p_response jsonb, p_error text,
    p_latency_ms integer
) returns void language sql as $$
    update erp_action_attempts set
        outcome = p_outcome, http_status = p_http_status, entity_id = p_entity_id, response = p_response,
        error_message = p_error, latency_ms = p_latency_ms
    where id = p_attempt_id
$$;

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
        perform request_review(v_email_id, coalesce(p_error, 'an ERP action needs a decision'));
    end if;
    perform align_email_with_erp(v_email_id);
end $$;

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

-- A person says yes to an action that waits for one: it is sent with its payload and key as they are. Where the outcome
-- of an attempt was unknown, the person has looked and says that it did nothing.
create or replace function approve_erp_action(p_action_id uuid) returns void language plpgsql as $$
declare
    v_email_id uuid;
begin
    update erp_actions set status = 'pending', error_message = null
    where id = p_action_id and status = 'needs_review'
    returning email_id into v_email_id;
    if found then
        update erp_action_attempts
        set outcome = 'rejected', error_message = concat_ws('; ', error_message, 'a person decided: it did nothing')
        where action_id = p_action_id and outcome = 'unknown';
        update emails set review_reason = null where id = v_email_id;
        perform align_email_with_erp(v_email_id);
        perform enqueue_jobs(array[v_email_id], array['erp_action']);
    end if;
end $$;

-- A person has to look at this message; the first reason stands.
create or replace function request_review(p_email_id uuid, p_reason text) returns void language sql as $$
    update emails set review_reason = p_reason where id = p_email_id and review_reason is null
$$;
