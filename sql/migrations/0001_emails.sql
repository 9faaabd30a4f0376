-- E-mails and what hangs on them: threads, deliveries, attachments, contacts, classifications, ERP actions.
-- Names are the specification's; lengths and NOT NULLs that real mail breaks are loosened.

create table threads (
    id uuid primary key default gen_random_uuid(),
    subject text,                                   -- of the first message
    participant_emails text[] not null default '{}',
    email_count integer not null default 0,
    last_email_at timestamptz,
    intent text check (intent in ('invoice', 'order', 'complaint', 'inquiry', 'newsletter', 'spam', 'other')),
    status text not null default 'active' check (status in ('active', 'resolved', 'archived')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index idx_threads_last_email_at on threads (last_email_at desc);
create index idx_threads_status on threads (status);

-- A conversation's subject in the words of one sender, short enough for an index.
create function subject_key(p_thread_subject text, p_from_address text) returns bigint
language sql immutable strict parallel safe return hashtextextended(p_thread_subject, hashtextextended(p_from_address, 0));

-- One row a message (content). The same content delivered twice is one row here and two deliveries.
create table emails (
    id uuid primary key default gen_random_uuid(),

    -- identity; the defaults are for rows that are made by hand, which have no raw message
    content_sha256 bytea not null unique default sha256(uuid_send(gen_random_uuid()))
        check (length(content_sha256) = 32),        -- author's headers + body, no trace headers
    raw_sha256 bytea not null default sha256('') check (length(raw_sha256) = 32),  -- blob of the first delivery
    message_id text not null check (length(message_id) <= 998),                -- no <>; 'synthetic:<hex>' where missing
    message_id_conflict boolean not null default false,                        -- same id, other content, seen earlier
    imap_uid bigint,                                                           -- of the first delivery
    imap_folder text not null default 'INBOX',

    -- headers
    from_address text,                              -- lower case; null for <> or none
    from_name text,
    to_addresses text[] not null default '{}',
    cc_addresses text[] not null default '{}',
    bcc_addresses text[] not null default '{}',
    reply_to text,
    headers jsonb not null default '[]',            -- [[name, value], …] in order, decoded

    -- who it is really from
    authentication jsonb,                           -- SPF, DKIM, DMARC as our own servers saw them; null: not known
    sender_trust text check (sender_trust in ('trusted', 'known', 'new', 'suspicious')),
    trust_reasons text[] not null default '{}',     -- codes, see judge_sender

    -- content
    subject text,
    body_text text,                                 -- derived from HTML where there is no plain text
    body_html text,                                 -- as received: sanitise before showing
    new_text text,                                  -- the newest text alone: no quotes, no signature
    language text,

    -- threading
    thread_id uuid references threads (id) on delete set null,
    in_reply_to text[] not null default '{}',
    "references" text[] not null default '{}',
    thread_subject text,                            -- lower case, without Re:, Fwd:
    is_orphan_reply boolean not null default false, -- says Re: but names no parent

    -- classification (null until decided)
    automation text,                                -- bounce, auto_reply, mailing_list …; null: a person wrote it
    automation_details jsonb,                       -- reasons, delivery status, original message id
    intent text check (intent in ('invoice', 'order', 'complaint', 'inquiry', 'newsletter', 'spam', 'other')),
    sentiment text check (sentiment in ('positive', 'neutral', 'negative')),
    priority text check (priority in ('low', 'normal', 'high', 'urgent')),
    confidence_score double precision check (confidence_score between 0 and 1),
    review_reason text,                             -- not null: a person has to look

    -- ERP (null until an action is due)
    erp_entity_type text,
    erp_entity_id text,
    erp_action_status text check (erp_action_status in ('pending', 'processing', 'completed', 'failed')),
    erp_action_result jsonb,

    -- metadata
    size_bytes bigint not null default 0,
    has_attachments boolean not null default false,
    attachment_count integer not null default 0,
    flags text[] not null default '{}',             -- IMAP flags of the first delivery
    defects text[] not null default '{}',           -- what the parser had to forgive

    received_at timestamptz not null,
    sent_at timestamptz,
    parsed_at timestamptz,
    classified_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index idx_emails_message_id on emails using hash (message_id);
create index idx_emails_from_address on emails (from_address, received_at);  -- the parser caps addresses at 500 letters
create index idx_emails_thread_id on emails (thread_id, coalesce(sent_at, received_at), id) where thread_id is not null;
create index idx_emails_thread_subject on emails (subject_key(thread_subject, from_address), is_orphan_reply,
                                                  coalesce(sent_at, received_at)) where thread_subject is not null;
create index idx_emails_received_at on emails (received_at desc, id);
create index idx_emails_intent on emails (intent, received_at desc) where intent is not null;
create index idx_emails_erp_status on emails (erp_action_status) where erp_action_status is not null;
create index idx_emails_has_attachments on emails (received_at desc) where has_attachments;
create index idx_emails_review on emails (received_at) where review_reason is not null;

-- Full text of subject and body, apart from `emails` so that a change of labels does not index the text again.
create table email_search (
    email_id uuid primary key references emails (id) on delete cascade,
    search tsvector not null
);
create index idx_email_search on email_search using gin (search);

-- One row each time a message reached a mailbox.
create table email_deliveries (
    id uuid primary key default gen_random_uuid(),
    email_id uuid not null references emails (id) on delete cascade,
    account text not null,
    folder text not null default 'INBOX',
    uidvalidity bigint,                             -- null outside IMAP
    uid bigint,
    raw_sha256 bytea not null check (length(raw_sha256) = 32),
    source text,                                    -- file name, 'stdin', host …
    flags text[] not null default '{}',
    delivered_at timestamptz not null,
    created_at timestamptz not null default now(),
    check ((uidvalidity is null) = (uid is null))
);
create unique index email_deliveries_imap on email_deliveries (account, folder, uidvalidity, uid) where uid is not null;
create unique index email_deliveries_raw on email_deliveries (account, folder, raw_sha256) where uid is null;
create index email_deliveries_email_id on email_deliveries (email_id);

-- Every Message-ID seen, also those only referred to (phantom parents), and the thread it belongs to.
create table thread_message_ids (
    message_id_sha256 bytea primary key check (length(message_id_sha256) = 32),
    thread_id uuid not null references threads (id) on delete cascade
);
create index thread_message_ids_thread_id on thread_message_ids (thread_id);

create table attachments (
    id uuid primary key default gen_random_uuid(),
    email_id uuid not null references emails (id) on delete cascade,
    position integer not null,                      -- order in the message, from 0
    part_id text not null,                          -- MIME part, as in `emailq parse`
    filename text not null,                         -- cleaned for display, never used as a path
    content_type text,
    sniffed_type text,                              -- what the bytes look like, where that differs
    size_bytes bigint not null check (size_bytes >= 0),
    md5_hash text,                                  -- for lookups by other systems; identity is sha256
    sha256 bytea not null check (length(sha256) = 32),
    s3_bucket text,                                 -- null: the blob directory
    s3_key text not null,
    s3_url text,                                    -- stays null: a URL is made on demand and expires
    is_inline boolean not null default false,
    content_id text,
    virus_scan_status text not null default 'pending'
        check (virus_scan_status in ('pending', 'clean', 'infected', 'failed', 'skipped')),
    virus_scan_result jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (email_id, position)
);
create index idx_attachments_sha256 on attachments using hash (sha256);
create index idx_attachments_content_type on attachments (content_type);

create table contacts (
    id uuid primary key default gen_random_uuid(),
    email text not null,                            -- lower case
    name text,
    emails_sent_count integer not null default 0,       -- messages from this contact
    emails_received_count integer not null default 0,   -- messages to this contact (To, Cc, Bcc)
    last_email_at timestamptz,
    domain text,                                        -- the registered one: example.co.uk
    domain_looks text[] not null default '{}',          -- see looks_of
    is_customer boolean not null default false,
    is_supplier boolean not null default false,
    is_internal boolean not null default false,         -- one of us (the setting own_addresses)
    written_to_at timestamptz,                          -- when one of us first wrote to it, beyond doubt
    is_partner boolean not null
        generated always as (is_customer or is_supplier or is_internal or written_to_at is not null) stored,
    erp_customer_id text,
    erp_supplier_id text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index contacts_email on contacts (email);
create index contacts_partner_domain on contacts (domain) where is_partner;
create index contacts_partner_looks on contacts using gin (domain_looks) where is_partner;
create index contacts_colleague_name on contacts (lower(name)) where is_internal and name is not null;
create index idx_contacts_is_customer on contacts (is_customer) where is_customer;
create index idx_contacts_erp_customer_id on contacts (erp_customer_id) where erp_customer_id is not null;

-- Audit: rows are added, never changed; a message with history is erased by procedure, not by cascade.
create table classification_history (
    id uuid primary key default gen_random_uuid(),
    email_id uuid not null references emails (id) on delete restrict,
    intent text not null check (intent in ('invoice', 'order', 'complaint', 'inquiry', 'newsletter', 'spam', 'other')),
    sentiment text check (sentiment in ('positive', 'neutral', 'negative')),
    priority text check (priority in ('low', 'normal', 'high', 'urgent')),
    confidence_score double precision check (confidence_score between 0 and 1),
    decided_by text not null default 'model' check (decided_by in ('model', 'rule', 'person')),
    person text,                                    -- who, where a person decided
    note text,                                      -- what that person had to say
    decision text not null default 'accepted' check (decision in ('accepted', 'needs_review', 'superseded')),
    provider text,                                  -- local, ollama, openai
    llm_model text,
    llm_digest text,                                -- of the model: a name may be given to another one
    llm_parameters jsonb,                           -- temperature, seed, size of the context …
    llm_prompt text,                                -- the messages of the chat; null with the setting log_content off
    prompt_sha256 bytea,
    llm_response text,                              -- as it came, at most 16,000 characters; null with log_content off
    llm_prompt_tokens integer,
    llm_answer_tokens integer,
    llm_latency_ms integer,
    details jsonb not null default '{}',            -- probabilities, reasoning, problems, what was cut or hidden
    classified_at timestamptz not null default now()
);
create index idx_classification_email_id on classification_history (email_id, classified_at);
create index idx_classification_created_at on classification_history (classified_at desc);
