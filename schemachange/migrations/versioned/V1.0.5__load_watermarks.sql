create table if not exists raw.load_watermarks (
    family varchar not null comment 'stocks or options',
    settled_through varchar comment 'Newest manifest id up to which a sweep found each manifest loaded or refused',
    swept_at timestamp_ntz(6) comment 'UTC, when it was moved'
)
comment = 'One row per family: where a sweep begins to list. It saves time; what is loaded is for the ledger to say';

insert into raw.load_watermarks (family)
select families.family
from (
    select 'stocks' as family
    union all
    select 'options' as family
) as families
where not exists (
    select 1
    from raw.load_watermarks as present
    where present.family = families.family
);
