-- What the scanner last said of some bytes, and with which signatures; the same bytes are not scanned twice with them.
create table virus_scans (
    sha256 bytea primary key check (length(sha256) = 32),
    signatures text not null,                       -- as clamd names itself and its database
    status text not null check (status in ('clean', 'infected', 'failed')),
    detail text,                                    -- the signature's name, or why there is no verdict
    scanned_at timestamptz not null default now()
);
