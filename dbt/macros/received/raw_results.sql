{# The results of a raw table's responses: of all lines, or of the manifests that this build takes up.
   FLATTEN stands on the table itself, so that filters reach it and no response is carried along with its results. #}
{% macro raw_results(dataset, pending_only) -%}
    from {{ source('raw', dataset) }} as lines,
        lateral flatten(input => lines.response:results) as results
    {%- if pending_only %}
    where lines.manifest_id in (
        select pending.manifest_id
        from {{ ref('stg_polygon__manifests_pending') }} as pending
        where pending.dataset = '{{ dataset }}'
    )
    {%- endif %}
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

{# A number however the API spells it (7, 7.0, 1e9, "7"); NULL where it is none. #}
{% macro result_number(path) -%}
    try_to_double(results.value:{{ path }}::varchar)
{%- endmacro %}

{% macro result_text(path) -%}
    nullif(trim(results.value:{{ path }}::varchar), '')
{%- endmacro %}

{% macro result_date(path) -%}
    try_to_date(left(results.value:{{ path }}::varchar, 10), 'YYYY-MM-DD')
{%- endmacro %}

{# The New York date of a time in milliseconds: the API gives 00:00 there for ranges and 16:00 for grouped bars. #}
{% macro result_session(path) -%}
    to_date(
            convert_timezone(
                'UTC',
                'America/New_York',
                to_timestamp_ntz(
                    iff(
                        try_to_number(results.value:{{ path }}::varchar) between 0 and 253402300799999,
                        try_to_number(results.value:{{ path }}::varchar),
                        null
                    ),
                    3
                )
            )
        )
{%- endmacro %}
