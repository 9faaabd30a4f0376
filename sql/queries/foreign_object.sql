-- Something of ours that does not belong to :owner yet, as ALTER names it; `schema_migrations` after all others. Ours is
-- what belongs to the same role as `schema_migrations`, but for parts of extensions; sequences go with their table.
with ours as (
    select relowner as owner, relnamespace as namespace from pg_class where oid = 'schema_migrations'::regclass
)
select what from (
    select case c.relkind when 'v' then 'view ' else 'table ' end || c.oid::regclass as what, 'pg_class' as catalog, c.oid
    from pg_class c join ours on c.relowner = ours.owner and c.relnamespace = ours.namespace
    where c.relkind in ('r', 'p', 'v')
    union all
    select 'routine ' || p.oid::regprocedure, 'pg_proc', p.oid
    from pg_proc p join ours on p.proowner = ours.owner and p.pronamespace = ours.namespace
) o
where not exists (
          select from pg_depend d where d.classid = o.catalog::regclass and d.objid = o.oid and d.deptype = 'e')
  and (select owner from ours) <> %(owner)s::regrole
order by o.oid = 'schema_migrations'::regclass, o.oid
limit 1
