-- What people and programs read: the specification's three views, and the state of the queues.

create or replace view email_stats_by_sender as
select
    from_address,
    count(*) as total_emails,
    count(*) filter (where has_attachments) as emails_with_attachments,
    avg(size_bytes)::bigint as avg_size_bytes,
    max(received_at) as last_email_at,
    array_agg(distinct intent) filter (where intent is not null) as intents
from emails
group by from_address;

create or replace view email_volume_daily as
select
    (received_at at time zone 'UTC')::date as date,
    count(*) as total_emails,
    count(*) filter (where intent = 'invoice') as invoices,
    count(*) filter (where intent = 'order') as orders,
    count(*) filter (where intent = 'complaint') as complaints,
    avg(extract(epoch from classified_at - created_at))::bigint as avg_classification_time_sec
from emails
group by 1;

create or replace view erp_action_stats as
select
    action_type,
    count(*) as total_actions,
    count(*) filter (where status = 'success') as successful,
    count(*) filter (where status = 'failed') as failed,
    (100.0 * count(*) filter (where status = 'success') / nullif(count(*), 0))::numeric(5, 2) as success_rate_pct,
    (avg(extract(epoch from completed_at - executed_at)) filter (where status in ('success', 'failed')))::bigint
        as avg_duration_sec
from erp_actions
group by action_type;

-- Workers as they are now; one without a session is about to be swept.
create or replace view queue_workers as
select w.id, w.host, w.pid, w.queues, w.version, w.started_at,
       w.id in (select live_worker_ids()) as alive,
       (select count(*) from processing_queue q
        where q.completed_at is null and q.status = 'processing' and q.worker_id = w.id) as processing
from workers w;

-- One row a queue. rate_per_s: completed in the last minute; drain_s: seconds until the due items are done at that rate.
-- (The clock is asked once, not for each row.)
create or replace view queue_status as
with live as (
    select queue_name,
           count(*) filter (where status = 'pending' and scheduled_at <= (select queue_now())) as pending,
           count(*) filter (where status = 'pending' and scheduled_at > (select queue_now())) as scheduled,
           count(*) filter (where status = 'processing') as processing,
           extract(epoch from (select queue_now()) - min(scheduled_at)
                   filter (where status = 'pending' and scheduled_at <= (select queue_now()))) as oldest_s
    from processing_queue where completed_at is null group by queue_name
), failed as (
    select queue_name, count(*) as failed
    from processing_queue where failed_at is not null and acknowledged_at is null group by queue_name
), recent as (
    select queue_name, count(*) as completed
    from processing_queue
    where completed_at > (select queue_now()) - interval '1 minute' and status = 'completed' group by queue_name
), served as (
    select q as queue_name, count(*) as workers
    from workers w cross join unnest(w.queues) q
    where w.id in (select live_worker_ids()) group by q
), names as (
    select queue_name from live union select queue_name from failed union select queue_name from recent
    union select queue_name from served union select queue_name from queue_controls
    union values ('parsing'), ('classification'), ('erp_action')
)
select n.queue_name,
       coalesce(l.pending, 0) as pending,
       coalesce(l.scheduled, 0) as scheduled,
       coalesce(l.processing, 0) as processing,
       coalesce(f.failed, 0) as failed,
       l.oldest_s::double precision as oldest_s,
       coalesce(r.completed, 0) / 60.0::double precision as rate_per_s,
       case when l.pending > 0 and r.completed > 0 then l.pending * 60.0::double precision / r.completed end as drain_s,
       coalesce(s.workers, 0) as workers,
       coalesce(c.paused or c.max_running = 0, false) as paused,
       c.probe_at is not null as waiting_for_dependency,
       coalesce(c.reason, case when c.max_running = 0 then 'queue_controls.max_running is 0' end) as reason
from names n
left join live l using (queue_name)
left join failed f using (queue_name)
left join recent r using (queue_name)
left join served s using (queue_name)
left join queue_controls c using (queue_name);

-- How much mail waits for a person, and ERP actions that have not succeeded. Partial indexes answer, however much is done.
create or replace view open_work as
select 'review' as kind, 'emails' as status, count(*) as n from emails where review_reason is not null
union all
select 'erp_action', status, count(*) from erp_actions where status not in ('success', 'cancelled') group by status;

-- What is wrong with the workers of one host, a sentence each; no rows: they are connected and get on with their queues.
-- A queue that is paused or waits for what it depends on is nobody's fault.
create or replace function host_troubles(p_host text, p_patience interval) returns setof text
language sql stable set search_path = public, pg_temp as $$
    with served as (
        select distinct queue_name from workers w cross join unnest(w.queues) queue_name
        where w.host = p_host and w.id in (select live_worker_ids())
    )
    select format('no worker on host %s is connected', p_host) where not exists (select from served)
    union all
    -- its session asks something each quarter of a second, while its event loop turns
    select format('worker %s (pid %s) has said nothing for %s s', w.id, w.pid,
                  round(extract(epoch from now() - a.state_change)))
    from workers w
    join pg_locks l on l.locktype = 'advisory' and l.classid = 7715 and l.objid::integer = w.id and l.objsubid = 2 and l.granted
    join pg_stat_activity a on a.pid = l.pid and a.datname = current_database()
    where w.host = p_host and a.state = 'idle' and a.state_change < now() - least(p_patience, interval '1 minute')
    union all
    select format('worker %s (pid %s) gets no connection to commit results', w.id, w.pid)
    from workers_cut_off() w where w.host = p_host
    union all
    select format('queue %s: an item has been due for %s s, and none was completed meanwhile', s.queue_name,
                  round(s.oldest_s))
    from queue_status s join served using (queue_name)
    where not s.paused and not s.waiting_for_dependency and s.oldest_s > extract(epoch from p_patience)
      and not exists (select from processing_queue q where q.queue_name = s.queue_name
                      and q.status = 'completed' and q.completed_at > (select queue_now()) - p_patience)
$$;

-- Workers whose sessions say that they get no connection to commit results. Their jobs may be done.
create or replace function workers_cut_off() returns setof workers language sql stable set search_path = public, pg_temp as $$
    select w.* from workers w join pg_stat_activity a on a.pid = w.backend_pid
    where a.datname = current_database() and a.application_name = 'emailq session, no commits'
$$;

-- The session, not one of workers, for which those of this name wait that claim or commit.
create or replace function who_keeps_waiting(p_name text) returns integer language sql stable as $$
    select blocker
    from pg_stat_activity a cross join unnest(pg_blocking_pids(a.pid)) blocker
    where a.datname = current_database() and a.application_name = p_name
      and blocker not in (
          select o.pid from pg_stat_activity o where o.application_name in ('emailq claim', 'emailq commit'))
    limit 1
$$;

-- The session that has changed a queue's settings and not committed, so that nothing of it is claimed; 0: none has, it is
-- a prepared transaction. (What note_running_jobs locks tells who sets the first limit of a queue.)
create or replace function who_changes_settings(p_queue text) returns integer language sql stable as $$
    select coalesce(l.pid, 0)
    from pg_locks l
    where l.granted
      and (l.transactionid = (
               select c.xmax from queue_controls c
               where c.queue_name = p_queue and (c.max_running is not null or c.max_per_s is not null))
           or l.locktype = 'advisory' and l.classid = 7718 and l.objsubid = 2 and l.mode = 'ExclusiveLock'
              and l.objid::bigint::bit(32)::integer = hashtext(p_queue)
              and l.database = (select d.oid from pg_database d where d.datname = current_database()))
      and not exists (
          select from pg_stat_activity a where a.pid = l.pid and a.application_name in ('emailq claim', 'emailq commit'))
    limit 1
$$;

-- How people are told of it. A prepared transaction has no session; of several the oldest was forgotten.
create or replace function open_transaction(p_pid integer) returns text language sql stable as $$
    select case when p_pid is null then null
                when p_pid > 0 then format('a transaction of pid %s that is still open', p_pid)
                else 'the prepared transaction ' || coalesce(
                    (select quote_literal(p.gid) from pg_prepared_xacts p where p.database = current_database()
                     order by p.prepared limit 1), 'that just ended') end
$$;

-- For how many seconds a worker had said nothing at that time. It sweeps four times a second; roles that may not see when
-- don't learn of this.
create or replace function silent_s(p_worker workers, p_at timestamptz) returns integer language sql stable as $$
    select coalesce(max(extract(epoch from p_at - a.state_change)::integer), 0) from pg_stat_activity a
    where a.pid = p_worker.backend_pid and a.state = 'idle' and p_worker.lease_until is null
$$;

-- A word as a shell takes it: whoever may insert an item names a queue, and people copy the commands that we print.
create or replace function shell_word(p_text text) returns text language sql immutable as $$
    select case when p_text ~ '^[[:alnum:]_.=:-]+$' then p_text
                else '''' || replace(p_text, '''', '''"''"''') || '''' end
$$;

-- How to start a worker for a queue; those that emailq has no handler for need their owner's.
create or replace function worker_command(p_queue text) returns text language sql immutable as $$
    select 'emailq worker --queue ' || shell_word(p_queue)
           || case when p_queue in ('parsing', 'virus_scan', 'classification', 'llm', 'erp_action') then ''
                   else ' --handler ' || shell_word(p_queue || '=module:function') end
$$;

-- Why an item is where it is, in one sentence.
create or replace function queue_why(p_id uuid) returns text language plpgsql stable
set search_path = public, pg_temp set jit = off set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
    q processing_queue;
    c queue_controls;
    v_worker workers;
    v_ahead bigint;
    v_text text;
    v_locked_by integer;
    v_talker record;
    v_running bigint;
    v_began timestamptz := queue_now() - (clock_timestamp() - now());  -- pg_stat_activity stays as this transaction saw it
begin
    select * into q from processing_queue where id = p_id;
    if not found then
        return null;
    end if;
    select * into c from queue_controls where queue_name = q.queue_name;
    if q.status = 'completed' then
        return format('completed at %s, in attempt %s', q.completed_at::timestamptz(0), q.attempts);
    elsif q.status = 'cancelled' then
        return format('cancelled at %s', q.completed_at::timestamptz(0));
    elsif q.status = 'failed' then
        return format('failed at %s after %s of %s attempts: %s', q.failed_at::timestamptz(0), q.attempts,
                      q.max_attempts, coalesce(q.last_error, 'no reason was recorded'));
    elsif q.status = 'processing' and q.worker_id in (select live_worker_ids()) then
        select * into v_worker from workers where id = q.worker_id;
        v_text := format('running since %s on worker %s (host %s, pid %s), attempt %s of %s', q.started_at::timestamptz(0),
                         q.worker_id, v_worker.host, v_worker.pid, q.attempts, q.max_attempts)
                  || case when q.crashes > 1 then format(', alone, as it was there when %s workers were lost', q.crashes)
                          else '' end;
        if silent_s(v_worker, v_began) > 5 then
            return format('%s; but it has said nothing for %s s: it is stopped, or a handler blocks it', v_text,
                          silent_s(v_worker, v_began));
        elsif exists (select from workers_cut_off() cut_off where cut_off.id = q.worker_id) then
            return v_text || '; or done, for this worker gets no connection to commit results';
        end if;
        v_locked_by := who_keeps_waiting('emailq commit');
        return v_text || coalesce('; or done, for commits of workers wait for ' || open_transaction(v_locked_by), '');
    elsif q.status = 'processing' and not exists (select live_worker_ids()) then
        return 'its worker is gone, and there is no other that would give the item back; start one with: emailq worker';
    elsif q.status = 'processing' then
        return 'its worker is gone; the next sweep of any worker gives the item back';
    elsif c.paused then
        return format('the queue %s is paused%s', q.queue_name, coalesce(': ' || c.reason, ''));
    elsif q.scheduled_at > queue_now() then
        return format('scheduled for %s%s', q.scheduled_at::timestamptz(0),
                      coalesce('; last error: ' || q.last_error, ''));
    elsif c.probe_at is not null then
        return format('the queue waits for what it depends on (next probe at %s): %s', c.probe_at::timestamptz(0),
                      c.reason);
    elsif not exists (select from workers w
                      where q.queue_name = any (w.queues) and w.id in (select live_worker_ids())) then
        return format('no worker serves the queue %s; start one with: %s', q.queue_name, worker_command(q.queue_name));
    elsif c.max_running = 0 then
        return format('the queue %s may run 0 items at a time (queue_controls.max_running)', q.queue_name);
    elsif c.max_running is not null and c.max_running <= (
        select count(*) from processing_queue o
        where o.queue_name = q.queue_name and o.completed_at is null and o.status = 'processing') then
        return format('the queue %s runs %s items at a time and all places are taken', q.queue_name, c.max_running);
    elsif q.crashes > 1 then
        return format('it was there when %s workers were lost, so it waits to run alone', q.crashes);
    end if;
    -- whoever changed or locked the row and has not committed stands in its xmax; a claim passes such a row over
    select coalesce(l.pid, 0) into v_locked_by from pg_locks l join processing_queue o on o.xmax = l.transactionid
    where o.id = p_id and l.locktype = 'transactionid' and l.granted and l.pid is distinct from pg_backend_pid();
    if found then
        return format('due, but %s locks it', open_transaction(v_locked_by));
    end if;
    v_locked_by := who_changes_settings(q.queue_name);
    if v_locked_by is not null then
        return format('due, but %s has changed the settings of the queue %s', open_transaction(v_locked_by), q.queue_name);
    end if;
    -- a claim waits for whoever holds the table
    v_locked_by := who_keeps_waiting('emailq claim');
    if v_locked_by is not null then
        return format('due, but claims of workers wait for %s', open_transaction(v_locked_by));
    end if;
    select w.id, w.host, w.pid, w.held_up_by, silent_s(w, v_began) as silent_s into v_talker
    from workers w
    where q.queue_name = any (w.queues) and w.id in (select live_worker_ids())
    order by silent_s limit 1;
    if v_talker.silent_s > 5 then
        return format('due, but worker %s (host %s, pid %s) has said nothing for %s s: it is stopped, or a handler blocks it%s',
                      v_talker.id, v_talker.host, v_talker.pid, v_talker.silent_s,
                      ' (last the one of item ' || v_talker.held_up_by || ')');
    end if;
    select count(*) into v_ahead from (  -- in two, since an index scan ends at a row's first column only (PostgreSQL < 18)
        select from processing_queue o
        where o.queue_name = q.queue_name and o.completed_at is null and o.status = 'pending'
          and o.priority < q.priority and o.scheduled_at <= (select queue_now())
        union all
        select from processing_queue o
        where o.queue_name = q.queue_name and o.completed_at is null and o.status = 'pending'
          and o.priority = q.priority and o.scheduled_at <= q.scheduled_at
          and (o.scheduled_at, o.id) < (q.scheduled_at, q.id)
        limit 10001
    ) ahead;
    v_text := format('due, with %s items ahead of it', case when v_ahead > 10000 then 'more than 10000' else v_ahead::text end);
    if c.max_per_s is not null then
        return format('%s in a queue that starts %s items a second (queue_controls.max_per_s)', v_text, c.max_per_s);
    elsif v_ahead > 10000 then  -- that is reason enough, and whoever asks for many items need not wait
        return v_text;
    end if;
    select count(*) filter (where o.status = 'processing') into v_running from (  -- they were the first once
        select o.status from processing_queue o
        where o.queue_name = q.queue_name and o.completed_at is null
        order by o.priority, o.scheduled_at, o.id limit 10000
    ) o;
    return v_text || case when v_running > 0 then format(', while its workers are at %s others', v_running) else '' end;
end $$;
