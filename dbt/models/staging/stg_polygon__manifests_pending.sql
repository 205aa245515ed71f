{{
    config(
        materialized='table',
        pre_hook="{{ create_absorbed_manifests() }}"
    )
}}

{# Absorbed again besides what is new: manifests fetched at or after the earliest new one. Usually there are none;
   when a manifest comes late, they let its bars find their place between versions that are already recorded. #}
with datasets as (
    {% for dataset in datasets() %}
    select
        '{{ dataset }}' as dataset,
        '{{ family_of(dataset) }}' as family
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

{# Joined, not asked by NOT EXISTS: Snowflake documents no subquery that is correlated by a function of an outer column. #}
ledger as (
    select
        load_ledger.family,
        load_ledger.manifest_id,
        {{ objects_digest('load_ledger') }} as objects_digest
    from {{ source('raw', 'load_ledger') }} as load_ledger
),

unabsorbed as (
    select
        datasets.dataset,
        ledger.manifest_id,
        ledger.objects_digest
    from ledger
    inner join datasets
        on ledger.family = datasets.family
    left join {{ absorbed_manifests() }} as absorbed
        on
            datasets.dataset = absorbed.dataset
            and ledger.manifest_id = absorbed.manifest_id
            and ledger.objects_digest = absorbed.objects_digest
    where absorbed.manifest_id is null
),

fetched_lines as (
    {% for dataset in datasets() %}
    {%- set is_last_dataset = loop.last %}
    {%- for table in raw_tables(dataset) %}
    select
        '{{ dataset }}' as dataset,
        lines.manifest_id,
        min(lines.fetched_at) as first_fetched_at,
        max(lines.fetched_at) as last_fetched_at
    from {{ source('raw', table) }} as lines
    where lines.manifest_id in (
        select unabsorbed.manifest_id
        from unabsorbed
        where unabsorbed.dataset = '{{ dataset }}'
    )
    group by lines.manifest_id
    {% if not (is_last_dataset and loop.last) %}
    union all
    {% endif %}
    {%- endfor %}
    {% endfor %}
),

{# A manifest may have bars in several raw tables. #}
fetched as (
    select
        fetched_lines.dataset,
        fetched_lines.manifest_id,
        min(fetched_lines.first_fetched_at) as first_fetched_at,
        max(fetched_lines.last_fetched_at) as last_fetched_at
    from fetched_lines
    group by
        fetched_lines.dataset,
        fetched_lines.manifest_id
),

earliest as (
    select
        fetched.dataset,
        min(fetched.first_fetched_at) as first_fetched_at
    from fetched
    group by fetched.dataset
)

select
    unabsorbed.dataset,
    unabsorbed.manifest_id,
    true as is_new,
    fetched.first_fetched_at,
    fetched.last_fetched_at,
    unabsorbed.objects_digest
from unabsorbed
left join fetched
    on
        unabsorbed.dataset = fetched.dataset
        and unabsorbed.manifest_id = fetched.manifest_id
union all
select
    absorbed.dataset,
    absorbed.manifest_id,
    false as is_new,
    null as first_fetched_at,
    absorbed.last_fetched_at,
    absorbed.objects_digest
from {{ absorbed_manifests() }} as absorbed
inner join earliest
    on
        absorbed.dataset = earliest.dataset
        and absorbed.last_fetched_at >= earliest.first_fetched_at
where not exists (
    select 1
    from unabsorbed
    where
        unabsorbed.dataset = absorbed.dataset
        and unabsorbed.manifest_id = absorbed.manifest_id
)
