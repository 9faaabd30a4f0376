-- The life of a job
--
--   pending ──claim_jobs──▶ processing ──complete_jobs──▶ completed
--      ▲                        │ ├──────fail_jobs──────▶ failed ──requeue_jobs──▶ pending
--      ├──────retry_jobs────────┤ └──────cancel_jobs────▶ cancelled ──requeue_jobs──▶ pending
--      ├─────release_jobs───────┤
--      └───release_lost_jobs────┘
--
-- A row of processing_queue with a queue_name and an email_id is a complete request; any INSERT makes one. A worker
-- registers (register_worker) on a connection that it keeps: that session's advisory lock (7715, worker id) says that it
-- lives. It claims in batches, lane by lane (priority 1 first). A claim counts an attempt and writes the worker's id:
-- (id, worker_id, attempts) is the fence that every later change must name. Functions that finish jobs return the ids
-- that are not the caller's any more; the caller drops the effects of those. complete and retry, fail and release run
-- in the same transaction as the job's effects.
--
-- release_lost_jobs gives back what belongs to workers whose session is gone; it looks at locks, never at clocks, so
-- a job that takes hours is left alone while its worker lives. (Behind a pooler nobody has a session of his own: such a
-- worker has a lease and renews it.) Which of a dead worker's jobs killed it can't be known:
-- they all get their attempt back, and one that was there twice is a suspect, which runs alone (p_suspects) in a
-- process of its own. (One that held up its worker's event loop is known: suspect_job spares it the second time.) A
-- suspect that crashes has used an attempt, and fails when the attempts are used up.
--
-- Limits of a queue (queue_controls.max_running, max_per_s) are exact over all workers: claims of a limited queue take
-- turns at its row, and each notes in queue_slots which jobs it took. Places are free when those jobs don't run any more:
-- that is looked up in processing_queue, never counted, so no end of a job can be missed. Who sets a limit notes what runs
-- at that moment as slot -1 (note_running_jobs); claims without a limit hold a shared lock (7718, queue), so none is missed.
-- What a rate has left stands in queue_credits, and before the first claim in queue_controls.
--
-- Locks: a claim takes the row of a limited queue (it waits for that one alone, and not for long), then queue rows, then its
-- worker's row; the sweeper takes workers' rows (skipping locked ones), then queue rows. All times are the database's, read
-- through queue_now(), which a test can set with `set emailq.now = '…'`.
--
-- What others than emailq's own sessions call (triggers, and functions to steer with) finds its tables under any search_path.

create or replace function queue_now() returns timestamptz
language sql stable parallel safe as $$
    select coalesce(nullif(current_setting('emailq.now', true), '')::timestamptz, clock_timestamp())
$$;

-- ---------------------------------------------------------------------------------------------- workers

create or replace function register_worker(p_host text, p_pid integer, p_queues text[], p_version text)
returns integer language plpgsql as $$
declare
    v_id integer;
begin
    -- the lock first: a row without its lock would be swept
    v_id := nextval(pg_get_serial_sequence('workers', 'id'));
    perform pg_advisory_lock(7715, v_id);
    insert into workers (id, host, pid, queues, version) overriding system value
    values (v_id, p_host, p_pid, p_queues, p_version);
    return v_id;
end $$;

-- Behind a pooler no session is a worker's own. There it lives by a lease of p_lease seconds, which it renews.
create or replace function register_leased_worker(
    p_host text, p_pid integer, p_queues text[], p_version text, p_lease double precision
) returns integer language sql as $$
    insert into workers (host, pid, queues, version, lease_until)
    values (p_host, p_pid, p_queues, p_version, queue_now() + make_interval(secs => p_lease))
    returning id
$$;

-- False: the worker is not known any more, so its jobs are somebody else's; it must register again.
create or replace function renew_lease(p_worker integer, p_lease double precision) returns boolean
language sql as $$
    with renewed as (
        update workers set lease_until = queue_now() + make_interval(secs => p_lease)
        where id = p_worker and lease_until is not null
        returning id
    )
    select exists (select from renewed)
$$;

-- A worker leaves, and knows of no job of its own that runs. What it could not commit runs again: nothing crashed.
create or replace function unregister_worker(p_worker integer) returns void
language sql as $$
    delete from queue_sleepers where worker_id = p_worker;
    update processing_queue
    set status = 'pending', attempts = greatest(attempts - 1, 0), worker_id = null, slot = null, started_at = null,
        last_error = 'worker stopped before the result was committed'
    where completed_at is null and status = 'processing' and worker_id = p_worker;
    with gone as (delete from workers where id = p_worker returning id, lease_until)
    select pg_advisory_unlock(7715, id) from gone where lease_until is null;
$$;

-- A standby knows no session of the primary's: there a worker lives until another one has swept it.
create or replace function live_worker_ids() returns setof integer
language sql stable set search_path = public, pg_temp as $$
    select w.id from workers w where w.lease_until > queue_now() or pg_is_in_recovery()
    union all
    select l.objid::integer
    from pg_locks l
    where l.locktype = 'advisory' and l.classid = 7715 and l.objsubid = 2 and l.granted
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
$$;

-- ---------------------------------------------------------------------------------------------- claim

-- Claims up to p_limit due jobs of one queue. Lanes (priorities) are read in order, each from the caller's mark
-- (scheduled_at, id) on, so that a claim does not wade through rows it has already passed; a caller looks behind its
-- marks (look_behind) each time less than a second has passed. p_fair starts at the lane whose head has waited longest,
-- which bounds starvation.
create or replace function claim_jobs(
    p_queue text,
    p_worker integer,
    p_limit integer,
    p_low_at timestamptz[] default null,
    p_low_id uuid[] default null,
    p_fair boolean default false,
    p_suspects boolean default false
) returns table (
    id uuid, email_id uuid, priority integer, attempt integer, max_attempts integer,
    scheduled_at timestamptz, created_at timestamptz
) language plpgsql
set jit = off set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_now timestamptz := queue_now();
    v_lock_timeout text;
    v_lanes integer[] := '{1,2,3,4,5,6,7,8,9,10}';
    v_limit integer := p_limit;
    v_controls queue_controls;
    v_slot integer;
    v_last queue_credits;
    v_credit double precision;
    v_claimed integer;
begin
    if not exists (select from workers w where w.id = p_worker) then  -- swept: it must register again
        raise exception 'worker % is not registered', p_worker using errcode = 'EQ001';
    end if;

    select * into v_controls from queue_controls c where c.queue_name = p_queue;
    if v_controls.paused then
        return;
    end if;
    if v_controls.probe_at is not null then  -- its dependency is down: one job at a time finds out whether it is back
        perform from queue_controls c where c.queue_name = p_queue and c.probe_at <= v_now for update skip locked;
        if not found then
            return;
        end if;
        update queue_controls c set probe_at = v_now + interval '5 seconds' where c.queue_name = p_queue;
        v_limit := 1;
    end if;
    if v_controls.max_running is not null or v_controls.max_per_s is not null then
        -- The next one's turn must not wait for our disk: a claim that a crash of PostgreSQL undoes is the same as one
        -- that the crash cut off, since all workers are lost with it.
        perform set_config('synchronous_commit', 'off', true);
        select * into v_controls from queue_controls c where c.queue_name = p_queue for update skip locked;
        if not found then  -- another claim's turn; or somebody changes the row, and our worker has other queues
            v_lock_timeout := current_setting('lock_timeout');
            perform set_config('lock_timeout', '500ms', true);
            select * into v_controls from queue_controls c where c.queue_name = p_queue for update;
            perform set_config('lock_timeout', v_lock_timeout, true);
        end if;
        if v_controls.max_running is not null then
            v_slot := nextval('queue_slot_numbers');
            v_limit := least(v_limit, free_places(v_controls, v_slot, v_limit));
        end if;
        v_now := queue_now();  -- the wait for our turn is over, and whatever made us places has ended before
        if v_controls.max_per_s is not null then  -- credit grows with time, up to a tenth of a second's worth
            select * into v_last from queue_credits c where c.queue_name = p_queue order by c.n desc limit 1;
            v_credit := least(
                greatest(1, v_controls.max_per_s / 10),
                coalesce(v_last.credit, v_controls.credit)
                + v_controls.max_per_s
                  * greatest(0, extract(epoch from v_now - coalesce(v_last.credit_at, v_controls.credit_at))));
            v_limit := least(v_limit, floor(v_credit)::integer);
        end if;
        if v_limit <= 0 then
            return;
        end if;
    elsif not pg_try_advisory_xact_lock_shared(7718, hashtext(p_queue)) then  -- somebody sets a limit
        return;
    elsif exists (select from queue_controls c where c.queue_name = p_queue and c.max_running is not null) then
        return;  -- somebody just did: the next claim keeps to it
    end if;  -- until this claim is committed nobody sets one

    if p_suspects then
        return query
        with suspect as materialized (
            select q.ctid from processing_queue q
            where q.queue_name = p_queue and q.completed_at is null and q.crashes > 1 and q.status = 'pending'
              and q.scheduled_at <= v_now
            order by q.crashes, q.id  -- one that went down alone lets go first who has not been tried yet
            limit least(v_limit, 1) for update skip locked
        ), claimed as (
            update processing_queue q
            set status = 'processing', attempts = least(q.attempts, 2147483646) + 1, worker_id = p_worker, started_at = v_now, slot = v_slot
            from suspect
            where q.ctid = suspect.ctid and q.status = 'pending'
            returning q.id, q.email_id, q.priority, q.attempts, q.max_attempts, q.scheduled_at, q.created_at
        ), noted as (
            insert into queue_slots (queue_name, slot, job_ids, running)
            select p_queue, v_slot, array_agg(c.id), count(*) from claimed c where v_slot is not null having count(*) > 0
        )
        select * from claimed;
    else
        if p_fair then
            v_lanes := array(
                select lane from generate_series(1, 10) lane
                cross join lateral (
                    select q.scheduled_at from processing_queue q
                    where q.queue_name = p_queue and q.completed_at is null and q.status = 'pending'
                      and q.crashes <= 1 and q.priority = lane
                      and (q.scheduled_at, q.id) > (coalesce(p_low_at[lane], '-infinity'),
                                                    coalesce(p_low_id[lane], '00000000-0000-0000-0000-000000000000'))
                      and q.scheduled_at <= v_now
                    order by q.scheduled_at, q.id limit 1
                ) head
                order by head.scheduled_at, lane
            );
        end if;

        return query
        with due as materialized (
            -- rows come lane by lane and are locked one by one as the limit asks for them
            select due.ctid
            from unnest(v_lanes) lane
            cross join lateral (
                select q.ctid from processing_queue q
                where q.queue_name = p_queue and q.completed_at is null and q.status = 'pending'
                  and q.crashes <= 1 and q.priority = lane
                  and (q.scheduled_at, q.id) > (coalesce(p_low_at[lane], '-infinity'),
                                                coalesce(p_low_id[lane], '00000000-0000-0000-0000-000000000000'))
                  and q.scheduled_at <= v_now
                order by q.scheduled_at, q.id
                limit v_limit
                for update skip locked
            ) due
            limit v_limit
        ), claimed as (
            update processing_queue q
            set status = 'processing', attempts = least(q.attempts, 2147483646) + 1, worker_id = p_worker, started_at = v_now, slot = v_slot
            from due
            where q.ctid = due.ctid and q.status = 'pending'
            returning q.id, q.email_id, q.priority, q.attempts, q.max_attempts, q.scheduled_at, q.created_at
        ), noted as (
            insert into queue_slots (queue_name, slot, job_ids, running)
            select p_queue, v_slot, array_agg(c.id), count(*) from claimed c where v_slot is not null having count(*) > 0
        )
        select * from claimed;
    end if;

    get diagnostics v_claimed = row_count;
    if v_claimed > 0 then
        -- keeps the sweeper away until this claim is committed; it is not waited for, since it has given us up then
        perform from workers w where w.id = p_worker for key share skip locked;
        if not found then
            raise exception 'worker % is not registered', p_worker using errcode = 'EQ001';
        end if;
    end if;
    if v_controls.max_per_s is not null and v_claimed > 0 then
        insert into queue_credits (queue_name, credit, credit_at) values (p_queue, v_credit - v_claimed, v_now);
        delete from queue_credits c where c.queue_name = p_queue and c.n = v_last.n;
    end if;
end $$;

-- For a worker that got less than it asked for: whether places of this queue are limited, so that any end of a job makes
-- one, and in how many seconds the limit of rate lets the next item start (0: now; null: no such limit). No row: no limits.
create or replace function claim_limits(p_queue text) returns table (has_places boolean, next_start_s double precision)
language sql stable as $$
    select c.max_running is not null,
           greatest(0, 1 - coalesce(l.credit, c.credit)
                         - c.max_per_s * extract(epoch from queue_now() - coalesce(l.credit_at, c.credit_at)))
           / c.max_per_s
    from queue_controls c
    left join lateral (
        select * from queue_credits l where l.queue_name = c.queue_name order by l.n desc limit 1
    ) l on true
    where c.queue_name = p_queue and (c.max_running is not null or c.max_per_s is not null)
$$;

-- Which of a caller's marks are to move, and where to. A lane that was read past due jobs goes back to the first of them: it
-- was given back, got this priority, or was committed late. (One that somebody locks is being claimed.) A lane without a
-- mark in which nothing is due is read from now on. This reads what every job of the last time left in the index, dead
-- rows under an old transaction too, so it may be long; claims go on meanwhile.
create or replace function look_behind(p_queue text, p_low_at timestamptz[], p_low_id uuid[])
returns table (priority integer, mark_at timestamptz) language plpgsql
set jit = off set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
declare
    v_now timestamptz := queue_now();
begin
    return query
    select lane, coalesce(due.scheduled_at, v_now)
    from generate_series(1, 10) lane
    left join lateral (
        select q.scheduled_at from processing_queue q
        where q.queue_name = p_queue and q.completed_at is null and q.status = 'pending'
          and q.crashes <= 1 and q.priority = lane
          and (q.scheduled_at, q.id) <= (coalesce(p_low_at[lane], v_now),
                                         coalesce(p_low_id[lane], 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
          and q.scheduled_at <= v_now
        order by q.scheduled_at, q.id
        limit 1
        for update skip locked
    ) due on true
    where due.scheduled_at is not null or p_low_at[lane] is null;
end $$;

-- How many more jobs of a queue may run, if they are fewer than p_wanted; for a claim whose turn it is and which will note
-- p_slot. Claims whose jobs were all completed together are gone (complete_jobs); others are looked at, the oldest first,
-- until enough of their jobs have ended. Where the first one stands is noted now and then only: under an old transaction
-- each version of that row stays, and all claims read it.
drop function if exists free_places(text, integer, integer);
create or replace function free_places(p_controls queue_controls, p_slot integer, p_wanted integer) returns integer
language plpgsql as $$
declare
    v_from integer := case when p_slot < p_controls.first_slot then 0 else p_controls.first_slot end;  -- numbers begin anew
    v_first integer;
    v_free integer;
    v_past queue_slots;
    v_running uuid[];
begin
    select p_controls.max_running - coalesce(sum(s.running), 0), coalesce(min(s.slot), p_slot) into v_free, v_first
    from queue_slots s where s.queue_name = p_controls.queue_name and s.slot >= v_from;
    if v_first - p_controls.first_slot not between 0 and 100 then
        update queue_controls c set first_slot = v_first where c.queue_name = p_controls.queue_name;
    end if;
    v_free := v_free - coalesce((
        select s.running from queue_slots s where s.queue_name = p_controls.queue_name and s.slot = -1), 0);
    if v_free >= p_wanted then
        return v_free;
    end if;
    for v_past in
        (select * from queue_slots s where s.queue_name = p_controls.queue_name and s.slot = -1)
        union all
        (select * from queue_slots s where s.queue_name = p_controls.queue_name and s.slot >= v_from order by s.slot)
    loop
        v_running := array(
            select q.id from processing_queue q
            where q.id = any (v_past.job_ids) and q.queue_name = p_controls.queue_name and q.status = 'processing'
              and coalesce(q.slot, -1) = v_past.slot);
        if v_running = '{}' then
            delete from queue_slots s where s.queue_name = p_controls.queue_name and s.slot = v_past.slot;
        elsif cardinality(v_running) < v_past.running then
            update queue_slots s set job_ids = v_running, running = cardinality(v_running)
            where s.queue_name = p_controls.queue_name and s.slot = v_past.slot;
        end if;
        v_free := v_free + v_past.running - cardinality(v_running);
        exit when v_free >= p_wanted;
    end loop;
    return v_free;
end $$;

-- For the queues and slots of jobs that were just completed: a claim all of whose jobs are among them need not be looked
-- at. (Who looks meanwhile sees jobs that run, and leaves its row alone, so neither waits for the other.)
create or replace function forget_completed_claims(p_queues text[], p_slots integer[]) returns void
language plpgsql set enable_indexscan = on set enable_nestloop = on as $$
begin
    delete from queue_slots s
    using (
        select queue_name, slot, count(*) from unnest(p_queues, p_slots) completed (queue_name, slot) group by 1, 2
    ) c
    where s.queue_name = c.queue_name and s.slot = c.slot and s.running = c.count;
end $$;

-- A limit of running jobs is set: those that were claimed without one have their places too.
create or replace function note_running_jobs() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7718, hashtext(new.queue_name));  -- claims in flight are committed first
    delete from queue_slots s where s.queue_name = new.queue_name and s.slot = -1;
    insert into queue_slots (queue_name, slot, job_ids, running)
    select new.queue_name, -1, array_agg(q.id), count(*) from processing_queue q
    where q.queue_name = new.queue_name and q.completed_at is null and q.status = 'processing' and q.slot is null
    having count(*) > 0;
    return null;
end $$;

create or replace trigger queue_controls_limit after insert or update of max_running on queue_controls for each row
    when (new.max_running is not null) execute function note_running_jobs();

-- A limit of rate that is taken away and set again knows nothing of what the former one had left.
create or replace function forget_credit() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    delete from queue_credits c where c.queue_name = new.queue_name;
    return null;
end $$;

create or replace trigger queue_controls_rate after insert on queue_controls for each row
    when (new.max_per_s is not null) execute function forget_credit();

-- The functions of an older version went on claiming after migration 0012, and noted nothing.
update processing_queue q set slot = null
from queue_controls c
where c.queue_name = q.queue_name and c.max_running is not null and q.completed_at is null and q.slot is not null
  and not exists (
      select from queue_slots s
      where s.queue_name = q.queue_name and s.slot = q.slot and q.id = any (s.job_ids));
update queue_controls set max_running = max_running where max_running is not null;

-- ---------------------------------------------------------------------------------------------- outcomes
-- Each takes parallel arrays and returns the ids that are no longer held under (worker, attempt).
-- The settings leave the planner one way only, whatever the statistics say: the primary key's bitmap for these ids,
-- hashed against the fences. A VACUUM while a large INSERT runs says that the table is empty, and the plan that is
-- best for an empty table, made then and kept, costs the square of the batch.

create or replace function complete_jobs(p_ids uuid[], p_workers integer[], p_attempts integer[])
returns setof uuid language plpgsql
set jit = off set enable_seqscan = off set enable_indexscan = off set enable_nestloop = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_now timestamptz := queue_now();
    v_done uuid[];
    v_queues text[];
    v_slots integer[];
begin
    with done as (
        update processing_queue q
        set status = 'completed', completed_at = v_now, last_error = null, worker_id = null
        from unnest(p_ids, p_workers, p_attempts) j (id, worker, attempt)
        where q.id = any (p_ids) and q.id = j.id and q.worker_id = j.worker and q.attempts = j.attempt
          and q.status = 'processing'
        returning q.id, q.queue_name, q.slot
    )
    select array_agg(done.id), array_agg(done.queue_name) filter (where done.slot is not null),
           array_agg(done.slot) filter (where done.slot is not null)
    into v_done, v_queues, v_slots from done;
    if v_slots is not null then
        perform forget_completed_claims(v_queues, v_slots);
    end if;
    perform untrip_queues(v_done);
    if coalesce(cardinality(v_done), 0) < cardinality(p_ids) then
        return query select unnest(p_ids) except select unnest(v_done);
    end if;
end $$;

-- Back to pending after p_delays seconds, or failed when the attempts are used up.
create or replace function retry_jobs(
    p_ids uuid[], p_workers integer[], p_attempts integer[], p_delays double precision[], p_reasons text[]
) returns setof uuid language plpgsql
set jit = off set enable_seqscan = off set enable_indexscan = off set enable_nestloop = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_now timestamptz := queue_now();
begin
    return query
    with retried as (
        update processing_queue q
        set status = case when q.attempts >= q.max_attempts then 'failed' else 'pending' end,
            completed_at = case when q.attempts >= q.max_attempts then v_now end,
            failed_at = case when q.attempts >= q.max_attempts then v_now end,
            scheduled_at = case when q.attempts >= q.max_attempts then q.scheduled_at
                                else v_now + make_interval(secs => j.delay) end,
            last_error = j.reason,
            worker_id = null, slot = null
        from unnest(p_ids, p_workers, p_attempts, p_delays, p_reasons) j (id, worker, attempt, delay, reason)
        where q.id = any (p_ids) and q.id = j.id and q.worker_id = j.worker and q.attempts = j.attempt
          and q.status = 'processing'
        returning q.id
    )
    select unnest(p_ids) except select id from retried;
end $$;

create or replace function fail_jobs(p_ids uuid[], p_workers integer[], p_attempts integer[], p_reasons text[])
returns setof uuid language plpgsql
set jit = off set enable_seqscan = off set enable_indexscan = off set enable_nestloop = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_now timestamptz := queue_now();
    v_failed uuid[];
begin
    with failed as (
        update processing_queue q
        set status = 'failed', completed_at = v_now, failed_at = v_now, last_error = j.reason,
            worker_id = null, slot = null
        from unnest(p_ids, p_workers, p_attempts, p_reasons) j (id, worker, attempt, reason)
        where q.id = any (p_ids) and q.id = j.id and q.worker_id = j.worker and q.attempts = j.attempt
          and q.status = 'processing'
        returning q.id
    )
    select array_agg(failed.id) into v_failed from failed;
    perform untrip_queues(v_failed);
    return query select unnest(p_ids) except select unnest(v_failed);
end $$;

-- Gives jobs back with their attempt: a shutdown, or a dependency that is down, is not the job's fault. Each is due again
-- after its delay; without one it has its old place.
create or replace function release_jobs(
    p_ids uuid[], p_workers integer[], p_attempts integer[], p_reasons text[], p_delays double precision[]
) returns setof uuid language plpgsql
set jit = off set enable_seqscan = off set enable_indexscan = off set enable_nestloop = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
    v_now timestamptz := queue_now();
begin
    return query
    with released as (
        update processing_queue q
        set status = 'pending', attempts = q.attempts - 1, worker_id = null, slot = null, started_at = null,
            scheduled_at = case when j.delay > 0 then v_now + make_interval(secs => j.delay) else q.scheduled_at end,
            last_error = coalesce(j.reason, q.last_error)
        from unnest(p_ids, p_workers, p_attempts, p_reasons, p_delays) j (id, worker, attempt, reason, delay)
        where q.id = any (p_ids) and q.id = j.id and q.worker_id = j.worker and q.attempts = j.attempt
          and q.status = 'processing'
        returning q.id
    )
    select unnest(p_ids) except select id from released;
end $$;

create or replace function release_jobs(p_ids uuid[], p_workers integer[], p_attempts integer[], p_reasons text[])
returns setof uuid language sql as $$
    select release_jobs(p_ids, p_workers, p_attempts, p_reasons, null)
$$;

-- Which of these jobs, that run, are not their workers' any more: cancelled, deleted, or given to another worker.
create or replace function lost_jobs(p_ids uuid[], p_workers integer[], p_attempts integer[]) returns setof uuid
language sql stable as $$
    select j.id from unnest(p_ids, p_workers, p_attempts) j (id, worker, attempt)
    where not exists (
        select from processing_queue q
        where q.id = j.id and q.worker_id = j.worker and q.attempts = j.attempt and q.status = 'processing')
$$;

-- Gives back the jobs of workers whose session is gone, at once and in their old place. Returns how many.
-- p_all also looks for jobs whose worker was never registered (a row set to processing by hand).
create or replace function release_lost_jobs(p_all boolean default false) returns integer
language plpgsql as $$
declare
    v_now timestamptz := queue_now();
    v_lost integer[];
    v_count integer;
begin
    if not pg_try_advisory_xact_lock(7715, 0) then  -- another worker is at it
        return 0;
    end if;
    v_lost := array(
        select w.id from workers w
        where w.id not in (select live_worker_ids())
          and (w.lease_until is null or w.lease_until <= v_now)  -- asked again of a row that was renewed meanwhile
        for update skip locked  -- a claim in flight: next time
    );
    if v_lost = '{}' and not p_all then
        return 0;
    end if;
    update processing_queue q set crashes = greatest(q.crashes, 1)
    from workers w
    where w.id = any (v_lost) and q.id = w.held_up_by and q.worker_id = w.id and q.status = 'processing';
    update processing_queue q
    set status = case when q.crashes > 1 and q.attempts >= q.max_attempts then 'failed' else 'pending' end,
        completed_at = case when q.crashes > 1 and q.attempts >= q.max_attempts then v_now end,
        failed_at = case when q.crashes > 1 and q.attempts >= q.max_attempts then v_now end,
        attempts = case when q.crashes > 1 then q.attempts else greatest(q.attempts - 1, 0) end,
        crashes = q.crashes + 1,
        last_error = format('worker lost, %s times by now', q.crashes + 1),
        worker_id = null, slot = null, started_at = null
    where q.completed_at is null and q.status = 'processing'
      and (q.worker_id = any (v_lost)
           or (p_all and not exists (select from workers w where w.id = q.worker_id)));
    get diagnostics v_count = row_count;
    delete from queue_sleepers where worker_id = any (v_lost);
    delete from workers where id = any (v_lost);
    return v_count;
end $$;

-- Whether a worker's minute has come to look at all live rows, release_lost_jobs(true): of n workers that ask once a minute
-- one does, on average. None in particular has to be there, and a stopped one keeps nobody from it.
create or replace function my_turn_to_look() returns boolean language sql as $$
    select random() * count(*) < 1 from workers
$$;

-- A worker says which job holds up its event loop. Should it be lost, that job is a suspect, and needs no second worker
-- to prove it. (The attempt is of no account, and there for workers of older versions.)
create or replace function suspect_job(p_id uuid, p_worker integer, p_attempt integer) returns void
language sql set search_path = public, pg_temp as $$
    update workers w set held_up_by = p_id where w.id = p_worker
$$;

-- ---------------------------------------------------------------------------------------------- enqueue, change

-- A random UUID whose first four bytes are the time in which it was made, in 1/262,144 s, for items and e-mails. What is
-- made at the same time stands together in the indexes then, however many finished rows there are. With ids random all
-- through, each insert and each end of a job touched pages of its own, and with e-mails' ids random both cost a third more.
-- Not version 7: its first eight digits, which people type, would be the same for a minute.
create or replace function new_item_id() returns uuid language sql volatile parallel safe as $$
    select overlay(gen_random_uuid()::text
                   placing right(to_hex((date_part('epoch', clock_timestamp()) * 262144)::bigint), 8) from 1)::uuid
$$;

-- Enqueues items, one for each position of the arrays. Returns the positions (from 1) that are new; the others
-- have a live item already.
create or replace function enqueue_jobs(
    p_email_ids uuid[], p_queues text[], p_priorities integer[] default null, p_delays double precision[] default null
) returns setof bigint language plpgsql set search_path = public, pg_temp as $$
begin
    return query
    with wanted as (
        select *, new_item_id() as item_id
        from unnest(p_email_ids, p_queues, p_priorities, p_delays)
            with ordinality w (email_id, queue_name, priority, delay, n)
    ), added as (
        insert into processing_queue (id, email_id, queue_name, priority, scheduled_at)
        select item_id, email_id, queue_name, coalesce(priority, 5),
               queue_now() + make_interval(secs => coalesce(delay, 0))
        from wanted order by n
        on conflict do nothing
        returning id
    )
    select w.n from wanted w join added a on a.id = w.item_id;
end $$;

-- Failed and cancelled items start again with all attempts, unless the message has a live item in that queue.
create or replace function requeue_jobs(p_ids uuid[]) returns setof uuid language sql set search_path = public, pg_temp as $$
    with candidate as (
        select distinct on (q.email_id, q.queue_name) q.id
        from processing_queue q
        where q.id = any (p_ids) and q.status in ('failed', 'cancelled')
          and not exists (
              select from processing_queue live
              where live.email_id = q.email_id and live.queue_name = q.queue_name and live.completed_at is null)
        order by q.email_id, q.queue_name, q.completed_at desc
    )
    update processing_queue q
    set status = 'pending', attempts = 0, completed_at = null, failed_at = null, started_at = null, worker_id = null,
        crashes = 0, acknowledged_at = null, scheduled_at = queue_now()
    from candidate where q.id = candidate.id
    returning q.id
$$;

-- Cancels live items; a running one loses its fence: its handler is stopped, and what it returns is dropped.
create or replace function cancel_jobs(p_ids uuid[]) returns setof uuid language sql set search_path = public, pg_temp as $$
    update processing_queue q
    set status = 'cancelled', completed_at = queue_now(), worker_id = null, slot = null
    where q.id = any (p_ids) and q.completed_at is null
    returning q.id
$$;

drop function if exists acknowledge_jobs(uuid[]);  -- an UPDATE of acknowledged_at does it

create or replace function pause_queue(p_queue text, p_reason text default null) returns void language sql set search_path = public, pg_temp as $$
    insert into queue_controls (queue_name, paused, reason, paused_at) values (p_queue, true, p_reason, queue_now())
    on conflict (queue_name) do update
    set paused = true, reason = excluded.reason, paused_at = excluded.paused_at, updated_at = queue_now()
$$;

create or replace function resume_queue(p_queue text) returns void language plpgsql set search_path = public, pg_temp as $$
begin
    update queue_controls
    set paused = false, reason = null, paused_at = null, probe_at = null, failures = 0, updated_at = queue_now()
    where queue_name = p_queue;
    perform wake_queue(p_queue);
end $$;

-- The queue's dependency is down: nothing is claimed until p_wait seconds have passed, then one probe at a time.
create or replace function trip_queue(p_queue text, p_wait double precision, p_reason text) returns void language sql as $$
    insert into queue_controls as c (queue_name, probe_at, failures, reason)
    values (p_queue, queue_now() + make_interval(secs => p_wait), 1, p_reason)
    on conflict (queue_name) do update
    set probe_at = excluded.probe_at, failures = c.failures + 1, updated_at = queue_now(),
        reason = case when c.paused then c.reason else excluded.reason end
$$;

-- Jobs of tripped queues came to an end, so what they depend on answers: the queues flow again.
create or replace function untrip_queues(p_ended uuid[]) returns void language plpgsql as $$
begin
    if exists (select from queue_controls c where c.probe_at is not null) then
        update queue_controls c
        set probe_at = null, failures = 0, reason = case when c.paused then c.reason end, updated_at = queue_now()
        where c.probe_at is not null
          and c.queue_name in (select q.queue_name from processing_queue q where q.id = any (p_ended));
    end if;
end $$;

-- ---------------------------------------------------------------------------------------------- wake

-- Another application may have filled the queue of NOTIFYs, and each commit with one would fail then: workers poll anyhow.
create or replace function wake_queue(p_queue text) returns void language sql as $$
    select case when pg_notification_queue_usage() < 0.9 then pg_notify('emailq', p_queue) end
$$;

create or replace function set_asleep(p_queue text, p_worker integer, p_asleep boolean) returns void
language plpgsql as $$
begin
    insert into queue_sleepers values (p_queue, p_worker, p_asleep)
    on conflict (queue_name, worker_id) do update set asleep = excluded.asleep;
end $$;

-- Sets the bits that wake_sleepers() reads. setval is no part of its transaction: who writes must be alone, and see what the
-- one before him has committed.
create or replace function note_sleepers() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7719, 0);
    perform setval('queue_sleeping', (
        select coalesce(bit_or(1::bigint << (hashtext(s.queue_name) & 63)), 0) from queue_sleepers s where s.asleep));
    return null;
end $$;

-- NOTIFY takes a lock over the whole database until after the commit, so it is used only while somebody sleeps. Each INSERT
-- pays for this question, so it is no query. Queues that share a bit are woken for each other; workers poll what a bit may
-- have missed. Named twice in a transaction, a queue is notified once.
create or replace function wake_sleepers() returns trigger language plpgsql as $$
begin
    if (pg_sequence_last_value('public.queue_sleeping') >> (hashtext(new.queue_name) & 63)) & 1 = 1
        and new.status = 'pending' and new.scheduled_at <= clock_timestamp()
    then
        perform public.wake_queue(new.queue_name);
    end if;
    return null;
end $$;

-- Keeps a row consistent when somebody changes its status with a plain UPDATE.
create or replace function align_queue_item() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    new.completed_at := case when new.status in ('pending', 'processing') then null
                             else coalesce(new.completed_at, queue_now()) end;
    new.failed_at := case when new.status = 'failed' then coalesce(new.failed_at, new.completed_at) end;
    if new.status <> 'processing' then
        new.worker_id := null;
        new.slot := null;
    end if;
    return new;
end $$;

create or replace trigger queue_sleepers_note after insert or update or delete or truncate on queue_sleepers
    for each statement execute function note_sleepers();
create or replace trigger processing_queue_wake after insert on processing_queue
    for each row execute function wake_sleepers();
create or replace trigger processing_queue_wake_update after update on processing_queue for each row
    when (new.status = 'pending' and (old.status <> 'pending' or new.scheduled_at < old.scheduled_at))
    execute function wake_sleepers();
create or replace trigger processing_queue_align before update on processing_queue for each row
    when ((new.completed_at is null) <> (new.status in ('pending', 'processing'))
          or (new.failed_at is not null) <> (new.status = 'failed')
          or (new.slot is not null and new.status not in ('processing', 'completed')))
    execute function align_queue_item();

-- ---------------------------------------------------------------------------------------------- cleanup

-- Deletes finished items that are older than queue_retention says, at most p_limit in one call so that the call is
-- short; pg_cron or a worker's sweeper calls it again. Returns how many went.
create or replace function cleanup_old_queue_items(p_limit integer default 10000) returns bigint language plpgsql
set search_path = public, pg_temp set jit = off set enable_seqscan = off
as $$
declare
    v_now timestamptz := queue_now();  -- once: where no summary of the newest pages is yet, each of their rows is looked at
    v_deleted bigint;
begin
    with old as (
        select q.id from processing_queue q
        where q.completed_at < v_now - (
                  select min(r.keep) from queue_retention r)
          and q.completed_at < v_now - (
                  select r.keep from queue_retention r
                  where r.status = case when q.acknowledged_at is not null then 'completed' else q.status end)
        limit p_limit
        for update skip locked
    )
    delete from processing_queue q using old where q.id = old.id;
    get diagnostics v_deleted = row_count;
    perform ensure_api_metrics_partitions();
    return v_deleted;
end $$;

-- Lets pg_cron run the cleanup each minute; false where the extension is not in this database, or for a role that may not
-- log in: pg_cron would run the job as that role.
create or replace function schedule_cleanup() returns boolean language plpgsql as $$
begin
    if not exists (select from pg_extension where extname = 'pg_cron')
        or not (select rolcanlogin from pg_roles where rolname = current_user)
    then
        return false;
    end if;
    perform cron.schedule('emailq-cleanup', '* * * * *', 'select cleanup_old_queue_items()');
    return true;
end $$;

-- The queues among these that have suspects to run.
create or replace function queues_with_suspects(p_queues text[]) returns setof text language sql as $$
    select distinct q.queue_name from processing_queue q
    where q.queue_name = any (p_queues) and q.crashes > 1 and q.completed_at is null
      and q.status = 'pending' and q.scheduled_at <= queue_now()
$$;

-- Whether a job of these queues could be claimed right now (for a worker that ends when nothing is due).
create or replace function has_due_jobs(p_queues text[]) returns boolean language sql as $$
    select exists (
        select from unnest(p_queues) q (queue_name)
        cross join generate_series(1, 10) lane
        where exists (
                  select from processing_queue i
                  where i.queue_name = q.queue_name and i.priority = lane and i.completed_at is null
                    and i.status = 'pending' and i.scheduled_at <= queue_now())
          and not exists (
                  select from queue_controls c
                  where c.queue_name = q.queue_name
                    and (c.paused or c.max_running = 0 or c.probe_at > queue_now()))
    )
$$;
