-- Mailboxes on IMAP servers: how far each folder was read, and what was left out of it.

-- Every message from low_uid to high_uid is here (email_deliveries) or among imap_left_out. A new UIDVALIDITY means that
-- the server numbered the folder anew: a new row (RFC 3501 §2.3.1.1).
create table imap_folders (
    account text not null,
    folder text not null,
    uidvalidity bigint not null,
    low_uid bigint not null,
    high_uid bigint not null,
    updated_at timestamptz not null default now(),
    primary key (account, folder, uidvalidity)
);

create table imap_left_out (
    account text not null,
    folder text not null,
    uidvalidity bigint not null,
    uid bigint not null,
    reason text not null check (reason in ('too large', 'empty', 'unreadable', 'erased')),
    size_bytes bigint,                              -- as the server says
    created_at timestamptz not null default now(),
    primary key (account, folder, uidvalidity, uid)
);
