-- A contact is called as its newest mail has it, whatever the order in which mail is parsed; the names that are there are
-- as old as can be. (Who sets a name by hand and wants it to stay sets named_at = 'infinity', is_own_name = true.)
alter table contacts
    add column is_own_name boolean not null default false,          -- what it calls itself, not what others call it
    add column named_at timestamptz not null default '-infinity';   -- the date of the message that has the name
