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
-- What the scanner last said of some bytes, and with which signatures; the same bytes are not scanned twice with them.
create table virus_scans (
    sha256 bytea primary key check (length(sha256) = 32),
    signatures text not null,                       -- as clamd names itself and its database
    status text not null check (status in ('clean', 'infected', 'failed')),
    detail text,                                    -- the signature's name, or why there is no verdict
    scanned_at timestamptz not null default now()
);

-- Messages that were erased and must not come back with the next reading of a mailbox: nothing but a keyed hash of each, and
-- the key, which is this database's own.
create table erased_emails (
    mark bytea primary key check (length(mark) = 32),
    erased_at timestamptz not null default now()
);
create table erasure_key (
    key bytea not null check (length(key) = 32)
);
insert into erasure_key values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

-- How long messages stay, counted from their arrival; null: for ever. Change it with plain SQL; `emailq retention` acts on it.
create table email_retention (
    state text primary key check (state in ('done', 'review', 'failed', 'prompts')),
    keep interval check (keep >= interval '1 day')
);
insert into email_retention values ('done', null), ('review', null), ('failed', null), ('prompts', null);
