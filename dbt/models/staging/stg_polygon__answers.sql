{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['dataset', 'manifest_id']
    )
}}
-- depends_on: {{ ref('stg_polygon__manifests_pending') }}
{# A row a page. Which rows an answer should hold, so that what it lacks is known too: docs/adr/0010.
   Snowflake ends a recursion after 100 steps; an answer with more pages than that counts as incomplete. #}
{%- set most_pages = 90 %}
{%- set paged = ['stock_bars', 'splits', 'dividends', 'tickers', 'ticker_events', 'treasury_yields'] %}
{%- set paged = paged + ['option_contracts', 'option_chain'] %}
with recursive lines as (
    {%- for dataset in paged %}
    {{ answer_lines(dataset, pending_only=is_incremental()) }}
    union all
    {%- endfor %}
    {{ file_answers('stock_bars', pending_only=is_incremental()) }}
),

pages (
    dataset,
    manifest_id,
    object_key,
    line_number,
    fetched_at,
    page_rows,
    has_next,
    is_cut,
    next_cursor,
    page_number,
    answer_object_key,
    answer_line_number
) as (
    select
        dataset,
        manifest_id,
        object_key,
        line_number,
        fetched_at,
        page_rows,
        has_next,
        is_cut,
        next_cursor,
        1 as page_number,
        object_key as answer_object_key,
        line_number as answer_line_number
    from lines
    where page_cursor is null
    union all
    select
        lines.dataset,
        lines.manifest_id,
        lines.object_key,
        lines.line_number,
        lines.fetched_at,
        lines.page_rows,
        lines.has_next,
        lines.is_cut,
        lines.next_cursor,
        pages.page_number + 1 as page_number,
        pages.answer_object_key,
        pages.answer_line_number
    from pages
    inner join lines
        on
            pages.dataset = lines.dataset
            and pages.manifest_id = lines.manifest_id
            and pages.next_cursor = lines.page_cursor
    where pages.page_number < {{ most_pages }}
),

{# Two answers may lead to the same page: it belongs to one of them. #}
told_once as (
    select *
    from pages
    qualify row_number() over (
        partition by dataset, manifest_id, object_key, line_number
        order by answer_object_key, answer_line_number
    ) = 1
),

answers as (
    select
        dataset,
        manifest_id,
        answer_object_key,
        answer_line_number,
        min(fetched_at) as asked_at,
        max(fetched_at) as answered_at,
        sum(page_rows) as result_rows,
        boolor_agg(is_cut) as is_cut,
        max_by(has_next, page_number) as is_unfinished
    from told_once
    group by
        dataset,
        manifest_id,
        answer_object_key,
        answer_line_number
),

asked as (
    select
        lines.*,
        lines.request_path like '/v2/aggs/grouped/%' or lines.request_path like '%.csv.gz' as is_grouped,
        lines.dataset = 'stock_bars' and not is_grouped as is_of_one_ticker,
        count(*) over (
            partition by lines.dataset, lines.manifest_id, lines.request_path, to_json(lines.request_params)
        ) as times_asked,
        {# The live contracts of a day expire after it, or on it; the others have expired before. #}
        case
            when lines.request_path like '%.csv.gz'
                then try_to_date(split_part(lines.request_path, '/', 3), 'YYYY-MM-DD')
            when lines.dataset = 'stock_bars'
                then try_to_date(split_part(lines.request_path, '/', iff(is_grouped, -1, -2)), 'YYYY-MM-DD')
            when lines.dataset = 'option_contracts' and not lines.is_of_expired
                then greatest(
                    dateadd('day', 1, lines.as_of_date), coalesce(lines.gte_date, lines.as_of_date)
                )
            {# How far back the plan goes, nobody says: from the first day that the answer has. #}
            when lines.dataset = 'treasury_yields' then lines.told_from
            {# All active tickers, and all events that a security ever had. #}
            when lines.dataset = 'ticker_events' or lines.request_params:active::varchar = 'true'
                then '{{ bounds().first_year }}-01-01'::date
            else lines.gte_date
        end as from_date,
        case
            when lines.request_path like '%.csv.gz'
                then try_to_date(split_part(lines.request_path, '/', 3), 'YYYY-MM-DD')
            when lines.dataset = 'stock_bars'
                then try_to_date(split_part(lines.request_path, '/', -1), 'YYYY-MM-DD')
            when lines.dataset = 'option_contracts' and lines.is_of_expired
                then least(
                    dateadd('day', -1, lines.as_of_date), coalesce(lines.lte_date, lines.as_of_date)
                )
            else lines.lte_date
        end as until_date,
        case
            when lines.dataset = 'ticker_events' then lines.told_of
            when is_of_one_ticker then replace(split_part(lines.request_path, '/', 5), '%3A', ':')
            else coalesce(
                {{ underlying_of('lines.request_params:underlying_ticker::varchar') }}, lines.request_params:ticker::varchar
            )
        end as symbol
    from lines
    where lines.page_cursor is null
),

suspects as (
    select
        load_ledger.manifest_id,
        load_ledger.family,
        suspected.value:dataset::varchar as dataset,
        try_to_date(suspected.value:session::varchar, 'YYYY-MM-DD') as session_date
    from {{ source('raw', 'load_ledger') }} as load_ledger,
        lateral flatten(input => load_ledger.suspect_sessions) as suspected
),

judged as (
    select
        answers.*,
        asked.symbol,
        asked.from_date,
        asked.until_date,
        asked.as_of_date,
        asked.is_of_one_ticker,
        suspects.session_date is not null as is_suspect,
        not coalesce(load_ledger.is_complete, false) or answers.is_unfinished or answers.is_cut as is_broken,
        case
            when not coalesce(load_ledger.is_complete, false) then 'the manifest is incomplete'
            when answers.is_unfinished then 'the last page is missing'
            when answers.is_cut then 'fewer results than the answer counts'
            when suspects.session_date is not null then 'the session is suspect'
            when asked.dataset = 'option_chain' then 'a snapshot has no range'
            when asked.is_of_one_ticker then 'a range may begin where the plan does'
            when asked.is_narrowed then 'not everything in the range was asked for'
            when
                asked.from_date is null
                or (asked.dataset = 'option_contracts' and (asked.as_of_date is null or asked.symbol is null))
                then 'no range was asked for'
            when asked.times_asked > 1 then 'asked for more than once'
        end as incomplete_reason
    from answers
    inner join asked
        on
            answers.dataset = asked.dataset
            and answers.manifest_id = asked.manifest_id
            and answers.answer_object_key = asked.object_key
            and answers.answer_line_number = asked.line_number
    left join {{ source('raw', 'load_ledger') }} as load_ledger
        on
            answers.manifest_id = load_ledger.manifest_id
            and load_ledger.family = iff(answers.dataset like 'option%', 'options', 'stocks')
    left join (
        select distinct
            manifest_id,
            family,
            dataset,
            session_date
        from suspects
    ) as suspects
        on
            answers.manifest_id = suspects.manifest_id
            and answers.dataset = suspects.dataset
            and asked.is_grouped
            and asked.from_date = suspects.session_date
)

select
    told_once.dataset,
    told_once.manifest_id,
    told_once.object_key,
    told_once.line_number,
    told_once.page_number,
    told_once.answer_object_key,
    told_once.answer_line_number,
    judged.asked_at,
    judged.answered_at,
    judged.result_rows,
    judged.symbol,
    judged.from_date,
    judged.until_date,
    judged.as_of_date,
    judged.is_of_one_ticker,
    judged.is_suspect,
    judged.is_broken,
    judged.incomplete_reason
from told_once
inner join judged
    on
        told_once.dataset = judged.dataset
        and told_once.manifest_id = judged.manifest_id
        and told_once.answer_object_key = judged.answer_object_key
        and told_once.answer_line_number = judged.answer_line_number
