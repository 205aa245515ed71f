{# Open until a later answer for the session is neither suspect nor contradicts itself. What the ledger calls suspect was
   asked for twice in its run; a contradiction is suspect also where the ledger doesn't say so. #}
with contradicting as (
    select
        pages.answer_object_key,
        pages.answer_line_number,
        rejected.row_date as session_date,
        count(*) - count(distinct rejected.row_key) as rows_too_many
    from {{ ref('stg_polygon__rows_rejected') }} as rejected
    inner join {{ ref('stg_polygon__answers') }} as pages
        on
            rejected.dataset = pages.dataset
            and rejected.manifest_id = pages.manifest_id
            and rejected.object_key = pages.object_key
            and rejected.line_number = pages.line_number
    where
        rejected.dataset = 'stock_bars'
        and rejected.rejection_reason = '{{ contradiction() }}'
    group by
        pages.answer_object_key,
        pages.answer_line_number,
        rejected.row_date
),

answers as (
    select *
    from {{ ref('stg_polygon__answers') }}
    where
        dataset = 'stock_bars'
        and page_number = 1
),

noted as (
    select
        load_ledger.manifest_id,
        load_ledger.family,
        suspects.value:dataset::varchar as dataset,
        try_to_date(suspects.value:session::varchar, 'YYYY-MM-DD') as session_date,
        suspects.value:result_rows::number as result_rows,
        suspects.value:expected_rows::number as expected_rows,
        suspects.value:fetches::number as fetches,
        load_ledger.loaded_at
    from {{ source('raw', 'load_ledger') }} as load_ledger,
        lateral flatten(input => load_ledger.suspect_sessions) as suspects
),

contradicted as (
    select
        answers.manifest_id,
        load_ledger.family,
        answers.dataset,
        contradicting.session_date,
        max(answers.result_rows) as result_rows,
        max(answers.result_rows - contradicting.rows_too_many) as expected_rows,
        count(*) as fetches,
        max(load_ledger.loaded_at) as loaded_at
    from contradicting
    inner join answers
        on
            contradicting.answer_object_key = answers.answer_object_key
            and contradicting.answer_line_number = answers.answer_line_number
    inner join {{ source('raw', 'load_ledger') }} as load_ledger
        on
            answers.manifest_id = load_ledger.manifest_id
            and load_ledger.family = 'stocks'
    left join noted
        on
            answers.manifest_id = noted.manifest_id
            and answers.dataset = noted.dataset
            and contradicting.session_date = noted.session_date
    where noted.manifest_id is null
    group by
        answers.manifest_id,
        load_ledger.family,
        answers.dataset,
        contradicting.session_date
),

suspected as (
    select *
    from noted
    union all
    select *
    from contradicted
),

{# A session that was fetched ticker by ticker is answered again by any of them; one of the whole market only whole. #}
answered as (
    select
        suspected.manifest_id,
        suspected.session_date,
        suspected.fetches,
        max(answers.answered_at) as suspect_answer_at,
        max(iff(answers.is_of_one_ticker, 1, 0)) = 1 as is_by_ticker
    from suspected
    inner join answers
        on
            suspected.manifest_id = answers.manifest_id
            and suspected.session_date >= answers.from_date
            and suspected.session_date <= answers.until_date
    left join contradicting
        on
            answers.answer_object_key = contradicting.answer_object_key
            and answers.answer_line_number = contradicting.answer_line_number
            and suspected.session_date = contradicting.session_date
    where
        answers.is_suspect
        or answers.is_of_one_ticker
        or contradicting.session_date is not null
    group by
        suspected.manifest_id,
        suspected.session_date,
        suspected.fetches
),

closings as (
    select
        answered.manifest_id,
        answered.session_date,
        min(answers.answered_at) as closed_at,
        min_by(answers.manifest_id, answers.answered_at) as closed_by_manifest_id
    from answered
    inner join answers
        on
            answered.session_date >= answers.from_date
            and answered.session_date <= answers.until_date
            and answered.suspect_answer_at < answers.answered_at
            and (answered.is_by_ticker or not answers.is_of_one_ticker)
    left join contradicting
        on
            answers.answer_object_key = contradicting.answer_object_key
            and answers.answer_line_number = contradicting.answer_line_number
            and answered.session_date = contradicting.session_date
    left join noted
        on
            answers.manifest_id = noted.manifest_id
            and answers.dataset = noted.dataset
            and answered.session_date = noted.session_date
    where
        contradicting.session_date is null
        and noted.manifest_id is null
        and not answers.is_broken
    group by
        answered.manifest_id,
        answered.session_date
)

select
    suspected.manifest_id,
    suspected.family,
    suspected.dataset,
    suspected.session_date,
    suspected.result_rows,
    suspected.expected_rows,
    suspected.fetches,
    suspected.loaded_at,
    iff(
        suspected.result_rows > suspected.expected_rows,
        'bars that contradict each other',
        'fewer tickers than its neighbours'
    ) as reason,
    iff(closings.closed_at is null, 'open', 'closed') as state,
    closings.closed_at,
    closings.closed_by_manifest_id
from suspected
left join closings
    on
        suspected.manifest_id = closings.manifest_id
        and suspected.session_date = closings.session_date
        and suspected.dataset = 'stock_bars'
