{# Of every data test that failed or warned, the first rows that it returned, in ops.dbt_failing_rows: what is
   wrong can be looked at later too, when the data is right again. The statement has just run; it runs once more. #}
{% macro record_failing_rows(results) %}
    {%- if execute and flags.WHICH in ('build', 'test', 'retry') and not var('as_of', none) -%}
        {%- for result in results -%}
            {%- if result.node.resource_type == 'test' and result.status in ('fail', 'warn') -%}
                {%- do run_query(first_failing_rows(result.node.unique_id, result.node.compiled_code)) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro first_failing_rows(test_id, statement, most=20) %}
    insert into {{ target.database }}.ops.dbt_failing_rows (
        invocation_id,
        test_id,
        row_number,
        failing_row,
        recorded_at
    )
    with failing as (
        {{ statement }}
    ),

    kept as (
        select to_json(object_construct_keep_null(*)) as failing_row
        from failing
        limit {{ most }}
    )

    select
        '{{ invocation_id }}' as invocation_id,
        '{{ test_id }}' as test_id,
        row_number() over (order by kept.failing_row) as row_number,
        left(kept.failing_row, 4000) as failing_row,
        convert_timezone('UTC', current_timestamp())::timestamp_ntz as recorded_at
    from kept
{% endmacro %}
