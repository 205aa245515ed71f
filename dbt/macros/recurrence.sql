{#
    First-order recurrences, y(i) = ratio × y(i-1) + (1 - ratio) × x(i), as sums over sets of bars instead of bar by bar.
    docs/adr/0006 says why this is exact. y starts as the plain mean of the bars seed_from … seed_until.

    Written out, y(i) is the sum of x(l) × weight(l) × ratio^(i - l): `weight` gives 1 - ratio after the seed, and in the
    seed what makes the mean of it come out at seed_until. The sum is taken block by block (recurrence_block bars each):
    `recurrence_term` scales a bar's share to the first bar of its block, so that a running sum over the block is left;
    `recurrence_value` scales that sum to the bar and adds what the blocks before leave.

    ratio: below 1.  place: a bar's place in its block, from 0.  bar: its number in the listing, from 1.
#}
{% macro recurrence_block() %}{{ return(512) }}{% endmacro %}

{% macro recurrence_term(value, ratio, seed_from, seed_until, bar, place) -%}
    {{ value }} * case
            when {{ bar }} < {{ seed_from }} then 0
            when {{ bar }} <= {{ seed_until }}
                then pow({{ ratio }}::float, {{ bar }} - {{ seed_until }}) / {{ seed_until - seed_from + 1 }}
            else {{ 1 - ratio }}::float
        end * pow({{ ratio }}::float, -{{ place }})
{%- endmacro %}

{# What the bars of a block leave to the bar after its last one; total: the block's sum of terms. #}
{% macro recurrence_carry(total, ratio) -%}
    {{ total }} * pow({{ ratio }}::float, {{ recurrence_block() - 1 }})
{%- endmacro %}

{% macro recurrence_value(total, carry, ratio, place) -%}
    (
        {{ total }} * pow({{ ratio }}::float, {{ place }})
        + {{ carry }} * pow({{ ratio }}::float, {{ place }} + 1)
    )
{%- endmacro %}
