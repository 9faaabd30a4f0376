-- Who may do what in the database. The roles have no login: `emailq migrate --roles` makes them, and each migrate gives
-- them what they need and no more.
--
--   emailq_owner    owns all of it; nobody logs in as it
--   emailq_migrate  deploys: may act as the owner, which `emailq migrate` does, and has no rights by itself
--   emailq_worker   workers, ingest and the commands of operators: rows of mail, queue, labels and actions
--   emailq_api      emailq serve: what its routes do; it does not delete
--   emailq_reader   looks: everything but tokens
--
-- History and audit (classification_history, erp_action_decisions) are added to and never changed by the last three.

create or replace function grant_roles() returns void language plpgsql as $$
declare
    v_role text;
    v_function regprocedure;
begin
    -- a function does what its caller may do; where it is not everybody's to call, as it is by default, it is these roles'
    for v_role, v_function in
        select r.rolname, p.oid
        from pg_roles r cross join pg_proc p
        where r.rolname in ('emailq_reader', 'emailq_worker', 'emailq_api') and not has_function_privilege(r.oid, p.oid, 'execute')
          and p.pronamespace = 'public'::regnamespace and pg_get_userbyid(p.proowner) = current_user
    loop
        execute format('grant execute on function %s to %I', v_function, v_role);
    end loop;

    if exists (select from pg_roles where rolname = 'emailq_reader') then
        grant select on all tables in schema public to emailq_reader;
        revoke select on api_tokens, api_answers from emailq_reader;
    end if;

    if exists (select from pg_roles where rolname = 'emailq_worker') then
        grant select on all tables in schema public to emailq_worker;
        revoke select on api_tokens, api_answers from emailq_worker;
        grant insert, update on emails, email_search, email_deliveries, thread_message_ids, threads, attachments,
            contacts, processing_queue, queue_controls, queue_slots, queue_credits, queue_sleepers, workers, erp_actions,
            erp_action_attempts, imap_folders, imap_left_out, classifier_thresholds to emailq_worker;
        grant insert on classification_history, erp_action_decisions to emailq_worker;
        grant delete on attachments, threads, thread_message_ids, email_search, processing_queue, queue_slots, queue_credits,
            queue_sleepers, workers, imap_folders, imap_left_out, erp_action_attempts to emailq_worker;
        grant usage on all sequences in schema public to emailq_worker;
        grant update on sequence queue_sleeping to emailq_worker;
    end if;

    if exists (select from pg_roles where rolname = 'emailq_api') then
        grant select on all tables in schema public to emailq_api;
        grant insert, update on emails, email_search, email_deliveries, thread_message_ids, threads, attachments,
            contacts, processing_queue, queue_controls, erp_actions, erp_action_attempts to emailq_api;
        grant insert on classification_history, erp_action_decisions, api_metrics to emailq_api;
        grant update (last_used_at) on api_tokens to emailq_api;
        grant insert, update, delete on api_answers to emailq_api;
        grant delete on attachments, threads, thread_message_ids to emailq_api;  -- a message that is parsed anew
    end if;
end $$;
