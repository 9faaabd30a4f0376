-- Reading mailboxes: what of a folder is here, and how far it was read.

-- Those of these messages of a folder that are neither here nor left out, in the order given. What could not be read
-- counts as left out for an hour, then it is tried again.
create or replace function unknown_imap_uids(p_account text, p_folder text, p_uidvalidity bigint, p_uids bigint[])
returns setof bigint language sql stable
set jit = off set enable_seqscan = off
as $$
    select u.uid from unnest(p_uids) with ordinality u (uid, n)
    where not exists (
              select from email_deliveries d
              where d.account = p_account and d.folder = p_folder and d.uidvalidity = p_uidvalidity and d.uid = u.uid)
      and not exists (
              select from imap_left_out o
              where o.account = p_account and o.folder = p_folder and o.uidvalidity = p_uidvalidity and o.uid = u.uid
                and (o.reason <> 'unreadable' or o.created_at > queue_now() - interval '1 hour'))
    order by u.n
$$;

-- Those of these messages that are here: the ones that may be marked or moved on the server.
create or replace function stored_imap_uids(p_account text, p_folder text, p_uidvalidity bigint, p_uids bigint[])
returns setof bigint language sql stable
set jit = off set enable_seqscan = off
as $$
    select u.uid from unnest(p_uids) u (uid)
    where exists (
        select from email_deliveries d
        where d.account = p_account and d.folder = p_folder and d.uidvalidity = p_uidvalidity and d.uid = u.uid)
$$;

create or replace function leave_out_imap_message(
    p_account text, p_folder text, p_uidvalidity bigint, p_uid bigint, p_reason text, p_size_bytes bigint
) returns void language sql as $$
    insert into imap_left_out (account, folder, uidvalidity, uid, reason, size_bytes)
    values (p_account, p_folder, p_uidvalidity, p_uid, p_reason, p_size_bytes)
    on conflict (account, folder, uidvalidity, uid) do update
    set reason = excluded.reason, size_bytes = excluded.size_bytes, created_at = queue_now()
$$;

-- The range that was read grows; two readers of one folder don't undo each other's progress.
create or replace function advance_imap_folder(
    p_account text, p_folder text, p_uidvalidity bigint, p_low bigint, p_high bigint
) returns void language sql as $$
    insert into imap_folders as f (account, folder, uidvalidity, low_uid, high_uid)
    values (p_account, p_folder, p_uidvalidity, p_low, p_high)
    on conflict (account, folder, uidvalidity) do update
    set low_uid = least(f.low_uid, excluded.low_uid), high_uid = greatest(f.high_uid, excluded.high_uid),
        updated_at = queue_now()
$$;
