{#
    First-order recurrences, y(i) = ratio × y(i-1) + share × x(i) with ratio = 1 - share, as sums over sets of bars
    instead of bar by bar. docs/adr/0006 says why this is exact. y starts as the plain mean of the bars seed_from … seed_until.

    Written out, y(i) is the sum of x(l) × weight(l) × ratio^(i - l): `weight` gives the share after the seed, and in the
    seed what makes the mean of it come out at seed_until. The sum is taken block by block (recurrence_block bars each):
    `recurrence_term` scales a bar's share to the first bar of its block, so that a running sum over the block is left;
    `recurrence_value` scales that sum to the bar and adds what the blocks before leave.

    share: what a new value counts, 2 / (n + 1) or Wilder's 1 / n.  place: a bar's place in its block, from 0.
    bar: its number in the listing, from 1.
#}
{% macro recurrence_block() %}{{ return(512) }}{% endmacro %}

{% macro recurrence_term(value, share, seed_from, seed_until, bar, place) -%}
    {%- set ratio = 1 - share -%}
    {{ value }} * case
            when {{ bar }} < {{ seed_from }} then 0
            when {{ bar }} <= {{ seed_until }}
                then pow({{ ratio }}::float, {{ bar }} - {{ seed_until }}) / {{ seed_until - seed_from + 1 }}
            else {{ share }}::float
        end * pow({{ ratio }}::float, -{{ place }})
{%- endmacro %}

{# What the bars of a block leave to the bar after its last one; total: the block's sum of terms. #}
{% macro recurrence_carry(total, share) -%}
    {{ total }} * pow({{ 1 - share }}::float, {{ recurrence_block() - 1 }})
{%- endmacro %}

{% macro recurrence_value(total, carry, share, place) -%}
    {%- set ratio = 1 - share -%}
    (
        {{ total }} * pow({{ ratio }}::float, {{ place }})
        + {{ carry }} * pow({{ ratio }}::float, {{ place }} + 1)
    )
{%- endmacro %}
