-- The HTTP API's tokens, and its promise that a write with the same Idempotency-Key happens once.

create or replace function create_api_token(p_name text, p_token_sha256 bytea, p_scopes text[], p_lifetime interval)
returns uuid language sql as $$
    insert into api_tokens (name, token_sha256, scopes, expires_at)
    values (p_name, p_token_sha256, p_scopes, now() + p_lifetime)
    returning id
$$;

create or replace function revoke_api_token(p_name text) returns boolean language sql as $$
    with revoked as (
        update api_tokens set revoked_at = now() where name = p_name and revoked_at is null returning id
    )
    select exists (select from revoked)
$$;

-- The token that a request shows, unless it is revoked or out of date. Its last use is kept to the minute.
create or replace function use_api_token(p_token_sha256 bytea) returns table (id uuid, name text, scopes text[])
language plpgsql as $$
#variable_conflict use_column
begin
    update api_tokens t set last_used_at = now()
    where t.token_sha256 = p_token_sha256 and t.revoked_at is null
      and (t.last_used_at is null or t.last_used_at < now() - interval '1 minute');
    return query
    select t.id, t.name, t.scopes from api_tokens t
    where t.token_sha256 = p_token_sha256 and t.revoked_at is null and (t.expires_at is null or t.expires_at > now());
end $$;

-- Begins a write under a key. No row: go on, the key is new. A row: the answer that was given (status null: not yet).
-- A write that nobody finished in ten minutes died with its process; the key is free again.
create or replace function begin_api_answer(p_token_id uuid, p_key text, p_request_sha256 bytea)
returns table (same_request boolean, status integer, body bytea) language plpgsql as $$
#variable_conflict use_column
begin
    delete from api_answers a
    where a.token_id = p_token_id and a.key = p_key
      and (a.created_at < now() - interval '1 day'
           or (a.status is null and a.created_at < now() - interval '10 minutes'));
    insert into api_answers (token_id, key, request_sha256) values (p_token_id, p_key, p_request_sha256)
    on conflict do nothing;
    if not found then
        return query
        select a.request_sha256 = p_request_sha256, a.status, a.body from api_answers a
        where a.token_id = p_token_id and a.key = p_key;
    end if;
end $$;

-- Keeps the answer; an answer that is no decision (a server's error, too many requests) frees the key instead.
create or replace function end_api_answer(p_token_id uuid, p_key text, p_status integer, p_body bytea)
returns void language sql as $$
    delete from api_answers where token_id = p_token_id and key = p_key and (p_status >= 500 or p_status = 429);
    update api_answers set status = p_status, body = p_body where token_id = p_token_id and key = p_key
$$;

create or replace function record_api_requests(p_rows jsonb) returns void language sql as $$
    insert into api_metrics (endpoint, method, status_code, latency_ms, client_ip, user_agent, created_at)
    select r.endpoint, r.method, r.status_code, r.latency_ms, r.client_ip, r.user_agent, r.created_at
    from jsonb_to_recordset(p_rows) as r (endpoint text, method text, status_code integer, latency_ms integer,
                                          client_ip inet, user_agent text, created_at timestamptz)
$$;

-- A person's or program's request did an item's work at once: the item is done if nobody has claimed it meanwhile.
create or replace function complete_unclaimed_job(p_email_id uuid, p_queue text) returns boolean language sql as $$
    with done as (
        update processing_queue q
        set status = 'completed', completed_at = queue_now(), started_at = queue_now(), attempts = q.attempts + 1
        where q.email_id = p_email_id and q.queue_name = p_queue and q.completed_at is null and q.status = 'pending'
        returning q.id
    )
    select exists (select from done)
$$;

-- The specification's MetricsResponse. Averages are over the last day.
create or replace view api_stats as
select
    case when (select reltuples from pg_class where oid = 'emails'::regclass) < 100000
        then (select count(*) from emails)
        else (select reltuples::bigint from pg_class where oid = 'emails'::regclass)  -- as of the last (auto)vacuum
    end as total_emails,
    (select count(*) from emails where received_at > now() - interval '24 hours') as emails_last_24h,
    (select count(*) from processing_queue where queue_name in ('classification', 'llm') and completed_at is null)
        as emails_pending_classification,
    (select count(*) from processing_queue where queue_name = 'erp_action' and completed_at is null)
        as emails_pending_erp_action,
    (select coalesce(avg(extract(epoch from completed_at - started_at)) * 1000, 0)::double precision
     from processing_queue
     where queue_name = 'classification' and status = 'completed' and completed_at > now() - interval '1 day')
        as avg_classification_time_ms,
    (select coalesce(avg(extract(epoch from completed_at - started_at)) * 1000, 0)::double precision
     from processing_queue
     where queue_name = 'parsing' and status = 'completed' and completed_at > now() - interval '1 day')
        as avg_parse_time_ms;
