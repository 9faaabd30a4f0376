-- Who a message is from, and how sure that is. Data for policy (erp.sql), decided once, when the message is parsed.
--
--   trusted     a partner (customer, supplier, colleague, somebody we wrote to), and our servers vouch for the domain
--   known       a partner, or somebody who wrote before
--   new         first contact; or somebody known whom our servers did not confirm this time
--   suspicious  something is wrong with the sender; the reasons say what
--
-- Reasons, in favour: dmarc-pass, dkim-aligned, spf-aligned, colleague, customer, supplier, correspondent, earlier-mail.
-- Against: no-sender, from-multiple, dmarc-fail, own-domain-unverified, look-alike-domain, mixed-script-domain,
-- name-shows-other-address, name-of-colleague, reply-to-differs (harmless where our servers vouch for the domain).
-- Neither: first-contact. Less than known: spf-fail, and unconfirmed (our servers vouched for earlier mail of that address).

-- p_signs: what the message itself tells (emailq/parse/sender.py and authentication.py); p_domain: the sender's
-- registered domain; p_is_ours: whether the address is one of ours. Reads contacts, changes nothing.
drop function if exists judge_sender(emails, text[], text, boolean);  -- it gave a record once
create function judge_sender(e emails, p_signs text[], p_domain text, p_is_ours boolean)
returns table (trust text, reasons text[]) language sql stable as $$
    -- one query without calls, which becomes part of the query that asks: judged one by one, each message costs as much as
    -- a few statements
    select case
        when found.reasons && '{no-sender,from-multiple,dmarc-fail,own-domain-unverified,look-alike-domain}'
             or found.reasons && '{mixed-script-domain,name-shows-other-address,name-of-colleague}'
             or 'reply-to-differs' = any (found.reasons)
                and not p_signs && '{dmarc-pass,dkim-aligned,spf-aligned}' and not 'colleague' = any (found.reasons)
            then 'suspicious'
        when found.reasons && '{spf-fail,unconfirmed}' then 'new'
        when found.is_partner and p_signs && '{dmarc-pass,dkim-aligned,spf-aligned}' then 'trusted'
        when found.is_partner or 'earlier-mail' = any (found.reasons) then 'known'
        else 'new'
    end, found.reasons
    from (
        select p_is_ours or coalesce(c.is_partner, false) as is_partner, p_signs || array_remove(array[
            case when p_is_ours or c.is_internal then 'colleague' end,
            case when c.is_customer then 'customer' end,
            case when c.is_supplier then 'supplier' end,
            case when c.written_to_at is not null then 'correspondent' end,
            -- (our own mail may come on ways where nothing is checked)
            case when c.vouched_at < e.received_at and not p_is_ours
                  and not p_signs && '{dmarc-pass,dkim-aligned,spf-aligned}'
                 then 'unconfirmed' end,
            case when e.from_address is null then null
                 when exists (
                     select from emails o where o.from_address = e.from_address and o.received_at < e.received_at)
                 then 'earlier-mail' else 'first-contact' end,
            -- no partner has the domain, and it looks like one that a partner has
            case when p_domain is not null
                  and not exists (select from contacts p where p.is_partner and p.domain = p_domain)
                  and exists (
                      select from contacts p
                      where p.is_partner and p.domain_looks && looks_of(p_domain) and looks_alike(p_domain, p.domain))
                 then 'look-alike-domain' end,
            -- the shown name is a colleague's (first and last name), and the address one of neither theirs nor ours
            case when e.from_name like '% %'
                  and exists (
                      select from contacts p
                      where p.is_internal and p.name is not null and lower(p.name) = lower(e.from_name))
                  and not exists (
                      select from contacts p
                      where p.is_internal and (p.email = e.from_address or p.domain = p_domain))
                 then 'name-of-colleague' end
        ], null) as reasons
        from (values (1)) one left join contacts c on c.email = e.from_address
        offset 0  -- else each use of `reasons` looks all of it up again
    ) found
$$;

-- The first label of a domain as it looks: letters that are taken for one another are the same letter here (a few of
-- UTS #39's confusables: the Cyrillic and Greek ones that look Latin, digits, rn and vv).
create or replace function look_of(p_domain text) returns text
language sql immutable strict parallel safe as $$
    select replace(replace(
        translate(replace(split_part(p_domain, '.', 1), '-', ''),
                  'аеорсхуіјѕһԁԛԝѵкмнтвгαεορτυνκιβɡı01',
                  'aeopcxyijshdqwvkmhtbraeoptuvkibgiol'),
        'rn', 'm'), 'vv', 'w')
$$;

-- What two domains have in common if they look alike: the look, and for long ones the look without any one letter.
create or replace function looks_of(p_domain text) returns text[]
language plpgsql immutable strict parallel safe as $$
declare
    v_look text := look_of(p_domain);
    v_looks text[] := array[v_look];
begin
    if length(v_look) between 6 and 63 then
        for i in 1..length(v_look) loop
            v_looks := v_looks || (left(v_look, i - 1) || substr(v_look, i + 1));
        end loop;
    end if;
    return v_looks;
end $$;

-- Whether two domains differ, and look the same; or for names of six letters and more: one letter added, left out or
-- replaced, or two neighbours swapped. The same name under another top-level domain is no sign, but for .com misspelt.
create or replace function looks_alike(p_domain text, p_other text) returns boolean
language plpgsql immutable strict parallel safe as $$
declare
    v_one text := look_of(p_domain);
    v_two text := look_of(p_other);
    v_same integer := 0;
begin
    if split_part(p_domain, '.', 1) = split_part(p_other, '.', 1) then
        return p_domain <> p_other and p_other like '%.com' and p_domain ~ '\.(co|cm|om|con|corn|comm)$';
    elsif v_one = v_two then
        return true;
    elsif abs(length(v_one) - length(v_two)) > 1 or least(length(v_one), length(v_two)) < 6 then
        return false;
    end if;
    while v_same < length(v_one) and substr(v_one, v_same + 1, 1) = substr(v_two, v_same + 1, 1) loop
        v_same := v_same + 1;
    end loop;
    return case sign(length(v_one) - length(v_two))
        when 1 then substr(v_one, v_same + 2) = substr(v_two, v_same + 1)
        when -1 then substr(v_one, v_same + 1) = substr(v_two, v_same + 2)
        else substr(v_one, v_same + 2) = substr(v_two, v_same + 2)
             or (substr(v_one, v_same + 3) = substr(v_two, v_same + 3)
                 and substr(v_one, v_same + 1, 2) = reverse(substr(v_two, v_same + 1, 2)))
    end;
end $$;

-- A partner whom somebody put in by SQL has a domain and its looks as one that mail brought: that of the address, if the
-- registered one is not given.
create or replace function note_partners_domain() returns trigger language plpgsql as $$
begin
    new.domain := coalesce(new.domain, lower(split_part(new.email, '@', 2)));
    new.domain_looks := coalesce(looks_of(new.domain), '{}');
    return new;
end $$;
create or replace trigger contacts_partners_domain before insert or update on contacts for each row
    when (new.domain_looks = '{}' and (new.is_customer or new.is_supplier or new.is_internal or new.written_to_at is not null))
    execute function note_partners_domain();
