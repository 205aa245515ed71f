{# The results of a raw table's responses: of all lines, or of the manifests that this build takes up.
   FLATTEN stands on the table itself, so that filters reach it and no response is carried along with its results. #}
{% macro raw_results(dataset, pending_only) -%}
    from {{ source('raw', dataset) }} as lines,
        lateral flatten(input => lines.response:results) as results
    {%- if pending_only %}
    where {{ is_pending(dataset) }}
    {%- endif %}
{%- endmacro %}

{# Whether a line is of a manifest that this build takes up. #}
{% macro is_pending(dataset) -%}
    lines.manifest_id in (
        select pending.manifest_id
        from {{ ref('stg_polygon__manifests_pending') }} as pending
        where pending.dataset = '{{ dataset }}'
    )
{%- endmacro %}

{# Where a result came from, and the result: the columns that every received_<dataset> has besides its own. #}
{% macro result_columns() -%}
    lines.manifest_id,
        lines.object_key,
        lines.line_number,
        lines.fetched_at,
        results.index as result_index,
        results.value as result
{%- endmacro %}

{# Results of paged answers, with the first page of each and what it was asked about, which a page that follows doesn't
   say: <dataset>_told is made <dataset>_results. #}
{% macro with_answers(dataset) -%}
{{ dataset }}_results as (
    select
        told.*,
        coalesce(pages.answer_object_key, told.object_key) as answer_object_key,
        coalesce(pages.answer_line_number, told.line_number) as answer_line_number,
        pages.symbol as requested_symbol
    from {{ dataset }}_told as told
    left join {{ ref('stg_polygon__answers') }} as pages
        on
            told.manifest_id = pages.manifest_id
            and told.object_key = pages.object_key
            and told.line_number = pages.line_number
            and pages.dataset = '{{ dataset }}'
),
{%- endmacro %}

{# A number however the API spells it (7, 7.0, 1e9, "7"); NULL where there is none. #}
{% macro result_number(path) -%}
    try_to_double(results.value:{{ path }}::varchar)
{%- endmacro %}

{% macro result_text(path) -%}
    nullif(trim(results.value:{{ path }}::varchar), '')
{%- endmacro %}

{% macro result_date(path) -%}
    try_to_date(left(results.value:{{ path }}::varchar, 10), 'YYYY-MM-DD')
{%- endmacro %}

{# Whether one of these fields (path: column) holds something else than a number: words, NaN, Infinity.
   text: the field as text, {} for its path. #}
{% macro unreadable(numbers, text='results.value:{}::varchar') -%}
    iff(
            {%- for path, column in numbers.items() %}
            {{ 'and ' if not loop.first }}coalesce({{ column }} between -1e300 and 1e300, {{ text.format(path) }} is null)
            {%- endfor %},
            false,
            true
        )
{%- endmacro %}

{# The New York date of a time in milliseconds, or in nanoseconds: the API gives 00:00 there for ranges and 16:00 for
   grouped bars. #}
{% macro result_session(path) -%}
    {{ session_at('results.value:' ~ path ~ '::varchar') }}
{%- endmacro %}

{% macro session_at(text) -%}
    to_date(
            convert_timezone(
                'UTC',
                'America/New_York',
                to_timestamp_ntz(
                    case
                        when try_to_number({{ text }}) between 0 and 253402300799999
                            then try_to_number({{ text }})
                        when try_to_number({{ text }}) between 1e16 and 9e18
                            then floor(try_to_number({{ text }}) / 1000000)
                    end,
                    3
                )
            )
        )
{%- endmacro %}
