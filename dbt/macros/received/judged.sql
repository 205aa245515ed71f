{#
    The one place that decides what becomes a version: <dataset>_received is <dataset>_results with the reason why a row
    is rejected, NULL where it counts.

    not_identified, not_true: lists of (condition, reason). A row that can't be identified belongs to no key. Of rows of
    one key that contradict each other in one answer none counts, true or not: had one of them repeated the version in
    force, counting it would change nothing. An exact repeat is harmless.
    answer: the columns that tell an answer's rows; two answers at two times are a restatement, not a contradiction.
#}
{% macro judged(dataset, not_identified, not_true, answer) %}
{%- set columns = history_columns(dataset) %}
{{ dataset }}_identified as (
    select
        *,
        case
            {%- for condition, reason in not_identified %}
            when {{ condition }} then '{{ reason }}'
            {%- endfor %}
        end as identity_reason,
        case
            when is_unreadable then 'a number that cannot be read'
            {%- for condition, reason in not_true %}
            when {{ condition }} then '{{ reason }}'
            {%- endfor %}
        end as truth_reason,
        hash({{ columns['values'] | join(', ') }}) as values_hash
    from {{ dataset }}_results
),

{{ dataset }}_received as (
    select
        *,
        case
            when identity_reason is not null then identity_reason
            when
                min(values_hash) over ({{ _told_of_one(columns, answer) }})
                <> max(values_hash) over ({{ _told_of_one(columns, answer) }})
                then '{{ contradiction() }}'
            else truth_reason
        end as rejection_reason
    from {{ dataset }}_identified
)
{%- endmacro %}

{% macro _told_of_one(columns, answer) -%}
    partition by {{ (answer + columns.key) | join(', ') }}, identity_reason is null
{%- endmacro %}

{% macro contradiction() -%}
    contradicts another row of the same answer
{%- endmacro %}

{# A ticker as any exchange or the vendor spells it: a capital first (a number or `true` is none), no control character, no
   blank, not too long. ingest/datasets.py goes by the same. #}
{% macro is_symbol(column) -%}
    regexp_like({{ column }}, '[A-Z][A-Za-z0-9./:_-]{0,{{ bounds().symbol_characters - 1 }}}')
{%- endmacro %}

{# New York is four or five hours behind UTC. #}
{% macro is_in_the_future(column) -%}
    {{ column }} > dateadd('hour', -4, fetched_at)::date
{%- endmacro %}

{# Whether a date lies further ahead than anything is announced, or before there was a market. #}
{% macro is_no_day(column, days_ahead) -%}
    {{ column }} > dateadd('day', {{ days_ahead }}, fetched_at)::date
                or {{ column }} < '{{ bounds().first_year }}-01-01'::date
{%- endmacro %}
