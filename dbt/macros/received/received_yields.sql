{# Treasury yields as responses held them, a day a row. A day on which a yield can't be true is rejected as a whole: the
   others of that day were read off the same curve. A day without any yield is one on which bonds were not traded. #}
{% macro received_treasury_yields(pending_only=false) -%}
{%- set most = bounds() -%}
{%- set numbers, beyond_bounds = {}, [] -%}
{%- for column in yield_columns() -%}
{%- do numbers.update({column.removesuffix('_pct'): column}) -%}
{%- do beyond_bounds.append(column ~ ' not between -' ~ most.yield_below_zero_pct ~ ' and ' ~ most.yield_pct) -%}
{%- endfor -%}
treasury_yields_told as (
    select
        {{ result_columns() }},
        {{ result_date('date') }} as yield_date,
        {%- for path, column in numbers.items() %}
        {{ result_number(path) }} as {{ column }},
        {%- endfor %}
        {{ unreadable(numbers) }} as is_unreadable
    {{ raw_results('treasury_yields', pending_only) }}
),

{{ with_answers('treasury_yields') }}

{{ judged(
    'treasury_yields',
    answer=['answer_object_key', 'answer_line_number'],
    not_identified=[('yield_date is null', 'no date')],
    not_true=[
        (beyond_bounds | join(' or '), 'a yield that no market has shown'),
        (is_in_the_future('yield_date'), 'a day in the future'),
        ('dayofweekiso(yield_date) > 5', 'a day of the weekend'),
    ]
) }}
{%- endmacro %}
