{#
    What complete answers end: CTEs of a history.

    An observation of a key lasts until the next one, or until an answer that should hold the key (by symbol and date, as
    they were observed last) and doesn't. A rejected row shows that its key is there; one that doesn't say which key it
    speaks of, or that another row contradicts, makes the whole answer doubtful. So does a lack of more rows than are ever
    withdrawn at once: it is counted against all that was ever seen, so that it doesn't depend on what other answers were
    believed to end.
#}

{# answers: those that are a fact for what they lack, among the manifests that this build takes up. #}
{% macro complete_answers(dataset) -%}
answers as (
    select
        told.answer_object_key,
        told.answer_line_number,
        told.asked_at,
        told.answered_at,
        told.result_rows,
        told.usual_rows,
        told.symbol,
        told.from_date,
        told.until_date
    from (
        select
            pages.*,
            {# Contracts that were listed since are not on the list of an earlier day. #}
            max(pages.as_of_date) over (
                partition by pages.symbol
                order by pages.answered_at
                rows between unbounded preceding and current row
            ) as newest_as_of_date,
            {# Of the five complete answers before, the longest. #}
            max(iff(pages.incomplete_reason is null, pages.result_rows, null)) over (
                order by pages.answered_at
                rows between 5 preceding and 1 preceding
            ) as usual_rows
        from {{ ref('stg_polygon__answers') }} as pages
        where
            pages.dataset = '{{ dataset }}'
            and pages.page_number = 1
    ) as told
    where
        told.incomplete_reason is null
        and coalesce(told.as_of_date >= told.newest_as_of_date, true)
        {%- if is_incremental() %}
        and told.manifest_id in (
            select pending.manifest_id
            from {{ ref('stg_polygon__manifests_pending') }} as pending
            where pending.dataset = '{{ dataset }}'
        )
        and told.answered_at >= {{ first_new_moment(dataset) }}
        {%- endif %}
),
{%- endmacro %}

{% macro should_hold(dataset, answer, row) -%}
{%- set columns = history_columns(dataset) -%}
            {%- if dataset == 'stock_bars' %}
            {{ row }}.session_date = {{ answer }}.from_date
            and not {{ row }}.is_otc
            {%- elif dataset == 'tickers' %}
            {# The whole list of active tickers; what is delisted is not on it. #}
            {{ row }}.is_active
            and {{ row }}.market = 'stocks'
            and {{ answer }}.from_date is not null
            {%- else %}
            {{ row }}.{{ columns.date }} >= {{ answer }}.from_date
            and coalesce({{ row }}.{{ columns.date }} <= {{ answer }}.until_date, true)
            {%- if columns.symbol %}
            and coalesce({{ row }}.{{ columns.symbol }} = {{ answer }}.symbol, {{ answer }}.symbol is null)
            {%- endif %}
            {%- endif %}
{%- endmacro %}

{# withdrawn: keys and the moments at which an answer that should hold them didn't; also those that are recorded. #}
{% macro withdrawals(dataset) -%}
{%- set columns, most = history_columns(dataset), bounds() -%}
{%- set key = columns.key -%}
lasting as (
    select
        moments.*,
        {{ row_key(dataset, 'moments') }} as row_key,
        lead(moments.fetched_at) over ({{ _in_order(key, 'moments') }}) as next_fetched_at
    from moments
),

rejected as (
    select
        pages.answer_object_key,
        pages.answer_line_number,
        rows_rejected.row_key,
        rows_rejected.rejection_reason = '{{ contradiction() }}' as is_contradiction
    from {{ ref('stg_polygon__rows_rejected') }} as rows_rejected
    inner join {{ ref('stg_polygon__answers') }} as pages
        on
            rows_rejected.dataset = pages.dataset
            and rows_rejected.manifest_id = pages.manifest_id
            and rows_rejected.object_key = pages.object_key
            and rows_rejected.line_number = pages.line_number
    where rows_rejected.dataset = '{{ dataset }}'
),

lacking as (
    select
        {%- for column in key %}
        lasting.{{ column }},
        {%- endfor %}
        answers.answer_object_key,
        answers.answer_line_number,
        answers.answered_at,
        lasting.fetched_at
    from lasting
    inner join answers
        on
            lasting.fetched_at < answers.asked_at
            and coalesce(lasting.next_fetched_at > answers.answered_at, true)
            and {{ should_hold(dataset, 'answers', 'lasting') }}
    left join rejected
        on
            answers.answer_object_key = rejected.answer_object_key
            and answers.answer_line_number = rejected.answer_line_number
            and lasting.row_key = rejected.row_key
    where rejected.row_key is null
),

rejections as (
    select
        answer_object_key,
        answer_line_number,
        count(*) as rejected_rows,
        count_if(row_key is not null and not is_contradiction) as recognised_rows
    from rejected
    group by
        answer_object_key,
        answer_line_number
),

lacks as (
    select
        answer_object_key,
        answer_line_number,
        count(*) as lacking_rows
    from lacking
    group by
        answer_object_key,
        answer_line_number
),

believed as (
    select
        answers.answer_object_key,
        answers.answer_line_number,
        answers.result_rows - coalesce(rejections.rejected_rows, 0) as held_rows
    from answers
    inner join lacks
        on
            answers.answer_object_key = lacks.answer_object_key
            and answers.answer_line_number = lacks.answer_line_number
    left join rejections
        on
            answers.answer_object_key = rejections.answer_object_key
            and answers.answer_line_number = rejections.answer_line_number
    where
        coalesce(rejections.rejected_rows = rejections.recognised_rows, true)
        {%- if dataset == 'tickers' %}
        {# All that ever went is lacking: whether the list is whole shows beside the lists before it. #}
        and held_rows > 0
        and coalesce(
            answers.result_rows >= answers.usual_rows - {{ most.withdrawn_rows }}
            or answers.result_rows >= (1 - {{ most.withdrawn_share_of_tickers }}) * answers.usual_rows,
            true
        )
        {%- else %}
        {# An answer that holds nothing is lost as likely as not, unless there was but one row. #}
        and (held_rows > 0 or lacks.lacking_rows = 1)
        and (
            lacks.lacking_rows <= {{ most.withdrawn_rows }}
            or lacks.lacking_rows <= {{ most.withdrawn_share }} * (lacks.lacking_rows + held_rows)
        )
        {%- endif %}
        {%- if dataset == 'stock_bars' %}
        and held_rows > 0
        and (
            lacks.lacking_rows = 1
            or lacks.lacking_rows <= {{ most.withdrawn_share_of_session }} * (lacks.lacking_rows + held_rows)
        )
        {%- endif %}
),

withdrawn as (
    select
        {%- for column in key %}
        lacking.{{ column }},
        {%- endfor %}
        min(lacking.answered_at) as withdrawn_at
    from lacking
    inner join believed
        on
            lacking.answer_object_key = believed.answer_object_key
            and lacking.answer_line_number = believed.answer_line_number
    group by
        {%- for column in key %}
        lacking.{{ column }},
        {%- endfor %}
        lacking.fetched_at
    {%- if is_incremental() %}
    union all
    select
        {%- for column in key %}
        recorded.{{ column }},
        {%- endfor %}
        recorded.dbt_valid_to as withdrawn_at
    from recorded
    where
        recorded.dbt_valid_to < {{ first_new_moment(dataset) }}
        and coalesce(recorded.dbt_valid_to < recorded.next_valid_from, true)
    {%- endif %}
),
{%- endmacro %}
